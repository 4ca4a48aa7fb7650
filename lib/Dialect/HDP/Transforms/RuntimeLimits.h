//===- RuntimeLimits.h - N0 and shapes, checked at run time -----*- C++ -*-===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RUNTIMELIMITS_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RUNTIMELIMITS_H

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hdp {

/// Emits a `cf.assert` for every condition that the verifier of `op` could not
/// decide because a size is dynamic: sizes that must be equal, N0 and N13.
void emitRuntimeLimits(mlir::ImplicitLocOpBuilder &builder, AttentionOp op);

} // namespace hdp

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RUNTIMELIMITS_H
