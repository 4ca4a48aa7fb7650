//===- RaiseRewrite.h - a matched site becomes hdp.attention ----*- C++ -*-===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEREWRITE_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEREWRITE_H

#include "RaiseLayout.h"

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/IR/PatternMatch.h"

namespace hdp::raise {

/// Replaces the second contraction of `site` by an `hdp.attention`; nothing is
/// changed when it refuses. Ops that are dead afterwards stay.
AttentionOp rewriteSite(mlir::IRRewriter &rewriter, Expr &expr, Site &site,
                        Refusal &refusal);

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEREWRITE_H
