//===- RaiseFrontend.h - attention ops of other projects --------*- C++ -*-===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEFRONTEND_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEFRONTEND_H

#include "RaiseReport.h"
#include "mlir/IR/PatternMatch.h"

namespace hdp::raise {

/// Whether `op` is an attention op of a front end.
bool isFrontendAttention(mlir::Operation *op);

/// Replaces such an op by `hdp.attention`; false with a reason when it says
/// something that hdp.attention cannot.
bool convertFrontendAttention(mlir::RewriterBase &rewriter, mlir::Operation *op,
                              Refusal &refusal);

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEFRONTEND_H
