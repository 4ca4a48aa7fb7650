//===- HDPToLoops.cpp - the pass around the emitters of single ops --------===//

#include "LoopEmitter.h"
#include "hdp/Conversion/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;
using namespace hdp;

namespace hdp {
#define GEN_PASS_DEF_CONVERTHDPTOLOOPS
#include "hdp/Conversion/Passes.h.inc"
} // namespace hdp

namespace {

/// hdp.op(memrefs) -> loops
template <typename Op> struct OpToLoops : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto destination = cast<DestinationStyleOpInterface>(op.getOperation());
    if (!destination.hasPureBufferSemantics())
      return rewriter.notifyMatchFailure(op, "expected memrefs");
    if constexpr (std::is_same_v<Op, AttentionOp>)
      if (op.getPolicy())
        return rewriter.notifyMatchFailure(op, "expected no policy");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    LoopEmitter emitter(builder);
    emitLoops(emitter, op);
    rewriter.eraseOp(op);
    return success();
  }
};

template <typename... Ops> void addPatterns(RewritePatternSet &patterns) {
  patterns.add<OpToLoops<Ops>...>(patterns.getContext());
}

struct ConvertToLoops : hdp::impl::ConvertHDPToLoopsBase<ConvertToLoops> {
  using ConvertHDPToLoopsBase::ConvertHDPToLoopsBase;

  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (!isa_and_nonnull<HDPDialect>(op->getDialect()))
        return WalkResult::advance();
      auto attention = dyn_cast<AttentionOp>(op);
      if (!cast<DestinationStyleOpInterface>(op).hasPureBufferSemantics()) {
        op->emitOpError("expected memrefs, found tensors: bufferize first");
        return WalkResult::interrupt();
      }
      if (attention && attention.getPolicy()) {
        op->emitOpError("expected attention without a policy, found one: "
                        "decompose it first");
        return WalkResult::interrupt();
      }
      ++numConverted;
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    populateHDPToLoopsPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace

void hdp::populateHDPToLoopsPatterns(RewritePatternSet &patterns) {
  addPatterns<AttentionOp, SplitOp, QuantizeOp, DequantizeOp, ValidityOp,
              SplitMatmulOp, BlockImportanceOp, HeadGateOp, BlockMaskOp,
              SoftmaxOp, ApplyOp>(patterns);
}
