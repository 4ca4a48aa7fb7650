//===- SplitKernels.h - kernels that several threads share ------*- C++ -*-===//

#ifndef HDP_LIB_PIPELINES_SPLITKERNELS_H
#define HDP_LIB_PIPELINES_SPLITKERNELS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hdp {

/// In a kernel that was split: a loop around a call does its share of the
/// iterations, calls without a loop and linalg ops are done by the first part.
/// For what is emitted without regard to parts; nothing happens elsewhere.
void shareUnaware(mlir::func::FuncOp function);

} // namespace hdp

#endif // HDP_LIB_PIPELINES_SPLITKERNELS_H
