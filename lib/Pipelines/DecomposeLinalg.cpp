//===- DecomposeLinalg.cpp - composite linalg ops as plain ones -----------===//
//
// Softmax, pack and unpack have no loop nest of their own.
//
//===----------------------------------------------------------------------===//

#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace hdp {
#define GEN_PASS_DEF_DECOMPOSELINALG
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

/// Replaces `op` by its decomposition, if it has one.
static bool decompose(IRRewriter &rewriter, Operation *op) {
  rewriter.setInsertionPoint(op);
  if (auto pack = dyn_cast<linalg::PackOp>(op))
    return succeeded(linalg::lowerPack(rewriter, pack));
  if (auto unpack = dyn_cast<linalg::UnPackOp>(op))
    return succeeded(linalg::lowerUnPack(rewriter, unpack));
  auto composite = dyn_cast<linalg::AggregatedOpInterface>(op);
  if (!composite)
    return false;
  FailureOr<SmallVector<Value>> values = composite.decomposeOperation(rewriter);
  if (failed(values))
    return false;
  rewriter.replaceOp(op, *values);
  return true;
}

namespace {
struct DecomposeLinalgPass
    : public hdp::impl::DecomposeLinalgBase<DecomposeLinalgPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<linalg::PackOp, linalg::UnPackOp, linalg::AggregatedOpInterface>(
              op))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : ops)
      numDecomposed += decompose(rewriter, op);
  }
};
} // namespace
