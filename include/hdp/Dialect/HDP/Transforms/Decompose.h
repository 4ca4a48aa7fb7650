//===- Decompose.h - pruned attention as its parts --------------*- C++ -*-===//

#ifndef HDP_DIALECT_HDP_TRANSFORMS_DECOMPOSE_H
#define HDP_DIALECT_HDP_TRANSFORMS_DECOMPOSE_H

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace hdp {

/// A value of the decomposition and the name that docs/Numerics.md gives it:
/// `sQ`, `qI`, `II`, `kept`, `out`, ...
struct NamedValue {
  llvm::StringRef name;
  mlir::Value value;
};

/// Refines `op`, which is on tensors and has a policy, into its parts before
/// it, without changing it. The last value is `out`, the result's replacement.
mlir::FailureOr<llvm::SmallVector<NamedValue>>
decomposeAttention(mlir::RewriterBase &rewriter, AttentionOp op);

/// Emits a `cf.assert` for every condition that the verifier of `op`, which is
/// on tensors, could not decide because a size is dynamic: sizes that must be
/// equal, N0 and N13.
void emitRuntimeLimits(mlir::ImplicitLocOpBuilder &builder, AttentionOp op);

/// The argument and result attribute that names the tensors of a site function.
inline constexpr llvm::StringLiteral kTensorNameAttrName = "hdp.tensor";

/// The attribute of a site function that holds those of its hdp.attention
/// (`scale`, `policy`, ..) in a dictionary: for who executes it as a whole.
inline constexpr llvm::StringLiteral kSiteAttrName = "hdp.site";

/// Which intermediates a site function returns beside `out`.
enum class SiteResults {
  OnlyOutput,
  /// What reports count: sQ, sK, sV, kind, kept, gate.
  Statistics,
  /// Every named value of the decomposition.
  All
};

/// Builds a private function `name` at the end of `module` that holds one
/// attention with the types and attributes of `op` (which may be on tensors or
/// memrefs): arguments q, k, v, then mask and bias if any; results `out`, then
/// the intermediates asked for, if the op has a policy. Arguments and results
/// carry their names in `hdp.tensor`, the function what the op said in
/// `hdp.site`. The attention is decomposed already when it has a policy.
mlir::FailureOr<mlir::func::FuncOp> buildSiteFunction(mlir::ModuleOp module,
                                                      AttentionOp op,
                                                      llvm::StringRef name,
                                                      SiteResults results);

} // namespace hdp

#endif // HDP_DIALECT_HDP_TRANSFORMS_DECOMPOSE_H
