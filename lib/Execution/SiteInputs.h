//===- SiteInputs.h - do inputs fit a site function -------------*- C++ -*-===//
//
// What the engines that do not compile a site function check first.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_SITEINPUTS_H
#define HDP_LIB_EXECUTION_SITEINPUTS_H

#include "hdp/Support/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

namespace hdp {

/// An error that names the first input whose type or shape is not the
/// argument's.
llvm::Error checkSiteInputs(mlir::func::FuncOp function,
                            llvm::ArrayRef<const HostTensor *> inputs);

/// `q` of an argument or result, or its number.
std::string getTensorName(mlir::Attribute name, size_t index);

} // namespace hdp

#endif // HDP_LIB_EXECUTION_SITEINPUTS_H
