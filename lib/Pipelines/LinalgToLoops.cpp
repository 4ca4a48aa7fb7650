//===- LinalgToLoops.cpp - loop nests with unrolled reductions ------------===//
//
// Upstream's loop nests, and unroll-and-jam of the reduction loop around an
// innermost parallel loop, which keeps a result in a register for several
// steps of its sum.
//
//===----------------------------------------------------------------------===//

#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace hdp {
#define GEN_PASS_DEF_LINALGTOLOOPS
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

/// for k in [0, n) { for j { body(k, j) } }   ->
/// for k in [0, n - n % u) step u { for j { body(k, j) .. body(k + u-1, j) } }
/// for k in [n - n % u, n) { for j { body(k, j) } }
static void unrollAndJam(RewriterBase &rewriter, scf::ForOp outer,
                         int64_t unroll) {
  // The bounds are upstream's: from 0 in steps of 1.
  Location loc = outer.getLoc();
  rewriter.setInsertionPoint(outer);
  Value factor = arith::ConstantIndexOp::create(rewriter, loc, unroll);
  Value rest =
      rewriter.createOrFold<arith::RemUIOp>(loc, outer.getUpperBound(), factor);
  Value split =
      rewriter.createOrFold<arith::SubIOp>(loc, outer.getUpperBound(), rest);

  auto main = cast<scf::ForOp>(rewriter.clone(*outer));
  main.setUpperBound(split);
  main.setStep(factor);
  outer.setLowerBound(split);

  auto body = cast<scf::ForOp>(main.getBody()->front());
  SmallVector<Operation *> ops;
  for (Operation &op : body.getBody()->without_terminator())
    ops.push_back(&op);
  for (int64_t step = 1; step < unroll; ++step) {
    rewriter.setInsertionPoint(body);
    Value offset = arith::ConstantIndexOp::create(rewriter, loc, step);
    Value index =
        arith::AddIOp::create(rewriter, loc, main.getInductionVar(), offset);
    IRMapping mapping;
    mapping.map(main.getInductionVar(), index);
    rewriter.setInsertionPoint(body.getBody()->getTerminator());
    for (Operation *op : ops)
      rewriter.clone(*op, mapping);
  }
}

/// The innermost loop and the reduction directly around it, with nothing
/// between them, if `op`'s nest ends so.
static void unrollReduction(RewriterBase &rewriter,
                            ArrayRef<utils::IteratorType> types,
                            const linalg::LinalgLoops &loops, int64_t unroll) {
  size_t count = types.size();
  if (count < 2 || loops.size() != count ||
      types[count - 1] != utils::IteratorType::parallel ||
      types[count - 2] != utils::IteratorType::reduction)
    return;
  auto outer = dyn_cast<scf::ForOp>(loops[count - 2]);
  auto inner = dyn_cast<scf::ForOp>(loops[count - 1]);
  if (!outer || !inner || inner->getParentOp() != outer ||
      !llvm::hasNItems(*outer.getBody(), 2))
    return;
  unrollAndJam(rewriter, outer, unroll);
}

namespace {
struct LinalgToLoopsPass
    : public hdp::impl::LinalgToLoopsBase<LinalgToLoopsPass> {
  using LinalgToLoopsBase::LinalgToLoopsBase;

  void runOnOperation() override {
    // More steps than this are no faster, and a nest is copied as often.
    constexpr int64_t most = 64;
    if (unroll < 1 || unroll > most) {
      mlir::emitError(getOperation().getLoc(), "expected unroll from 1 to ")
          << most << ", found " << int64_t(unroll);
      return signalPassFailure();
    }
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : ops) {
      FailureOr<linalg::LinalgLoops> loops = failure();
      SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
      rewriter.setInsertionPoint(op);
      if (op.hasPureBufferSemantics())
        loops = linalg::linalgOpToLoops(rewriter, op);
      if (failed(loops)) {
        op.emitOpError("must be on buffers to become loops");
        return signalPassFailure();
      }
      rewriter.eraseOp(op);
      if (unroll > 1)
        unrollReduction(rewriter, types, *loops, unroll);
    }
  }
};
} // namespace
