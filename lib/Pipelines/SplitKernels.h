//===- SplitKernels.h - kernels that several threads share ------*- C++ -*-===//

#ifndef HDP_LIB_PIPELINES_SPLITKERNELS_H
#define HDP_LIB_PIPELINES_SPLITKERNELS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hdp {

/// In a kernel that was split: linalg ops, which are left to be emitted without
/// regard to parts, are done by the first part. Nothing happens elsewhere.
void shareUnaware(mlir::func::FuncOp function);

} // namespace hdp

#endif // HDP_LIB_PIPELINES_SPLITKERNELS_H
