//===- MachineFigures.cpp - tables of docs/Validation.md ------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "MachineFigures.h"

using namespace hdp;
using namespace hdp::bench;

llvm::Error bench::printFigures(llvm::raw_ostream &os) {
  os << "";
  return llvm::Error::success();
}
