//===- DecomposeUnfused.cpp - parts where there is no fused kernel --------===//
//
// The fork between the two ways of pruned attention on the CPU.
//
//===----------------------------------------------------------------------===//

#include "hdp/Conversion/HDPToVector.h"
#include "hdp/Dialect/HDP/Transforms/Decompose.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

namespace hdp {
#define GEN_PASS_DEF_DECOMPOSEUNFUSED
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

namespace {
struct DecomposeUnfusedPass
    : public hdp::impl::DecomposeUnfusedBase<DecomposeUnfusedPass> {
  void runOnOperation() override {
    SmallVector<hdp::AttentionOp> ops;
    getOperation().walk([&](hdp::AttentionOp op) {
      if (op.getPolicy() && op.getNumResults() > 0)
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (hdp::AttentionOp op : ops) {
      if (hdp::isFusable(op)) {
        ImplicitLocOpBuilder builder(op.getLoc(), op);
        hdp::emitRuntimeLimits(builder, op);
        continue;
      }
      remark::missed(op.getLoc(),
                     remark::RemarkOpts::name("no-kernel").category("hdp"))
          << remark::reason("{0}", hdp::getUnfusableReason(op));
      auto parts = hdp::decomposeAttention(rewriter, op);
      if (failed(parts))
        return signalPassFailure();
      rewriter.replaceOp(op, parts->back().value);
      ++numDecomposed;
    }
  }
};
} // namespace
