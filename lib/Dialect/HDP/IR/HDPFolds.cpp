//===- HDPFolds.cpp - canonical forms of attention ------------------------===//

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace hdp;

namespace {

/// attention mask(dense<true>) -> attention
struct DropAllTrueMask : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr mask;
    if (!op.getMask() || !matchPattern(op.getMask(), m_Constant(&mask)) ||
        !mask.isSplat() || !mask.getSplatValue<bool>())
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getMaskMutable().clear(); });
    return success();
  }
};

/// attention bias(dense<0.0>) -> attention; only without a policy, where a bias
/// changes no exponent (N1)
struct DropZeroBias : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr bias;
    if (op.getPolicy() || !op.getBias() ||
        !matchPattern(op.getBias(), m_Constant(&bias)) || !bias.isSplat() ||
        !bias.getSplatValue<APFloat>().isZero())
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getBiasMutable().clear(); });
    return success();
  }
};

/// attention {causal} with one query row -> attention: j <= Lk - 1 always
struct DropCausalOfOneRow : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<int64_t> query = op.getQueryShape();
    if (!op.getCausal() || query[query.size() - 2] != 1)
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.removeCausalAttr(); });
    return success();
  }
};

/// attention {query_perm = [0, 1, 2]} -> attention, likewise the others
struct DropIdentityPermutations : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    auto isIdentity = [](std::optional<ArrayRef<int64_t>> perm) {
      if (!perm)
        return false;
      for (auto [index, dim] : llvm::enumerate(*perm))
        if (static_cast<int64_t>(index) != dim)
          return false;
      return true;
    };
    bool query = isIdentity(op.getQueryPerm()),
         key = isIdentity(op.getKeyPerm()),
         value = isIdentity(op.getValuePerm()),
         result = isIdentity(op.getResultPerm());
    if (!query && !key && !value && !result)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      if (query)
        op.removeQueryPermAttr();
      if (key)
        op.removeKeyPermAttr();
      if (value)
        op.removeValuePermAttr();
      if (result)
        op.removeResultPermAttr();
    });
    return success();
  }
};

} // namespace

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropAllTrueMask, DropZeroBias, DropCausalOfOneRow,
               DropIdentityPermutations>(context);
}
