//===- CHeader.h - compiled functions as C declarations ---------*- C++ -*-===//
//
// What a C or C++ program includes to call functions that were compiled ahead
// of time.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TARGET_CHEADER_H
#define HDP_TARGET_CHEADER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace hdp {

/// Declares every public function of `module`, as it is before
/// `--hdp-cpu-pipeline`: tensors, memrefs and scalars. Fails, with an error
/// there, at a function that C cannot call.
llvm::LogicalResult exportCHeader(mlir::ModuleOp module, llvm::raw_ostream &os);

/// Registers --hdp-to-c-header.
void registerCHeaderTranslation();

} // namespace hdp

#endif // HDP_TARGET_CHEADER_H
