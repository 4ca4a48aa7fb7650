//===- LinalgToVector.cpp - linalg ops on buffers as vector code ----------===//
//
// Chooses the vectoriser of each op, and replaces math functions on vectors by
// polynomials where upstream has one; the others stay calls, lane by lane.
//
//===----------------------------------------------------------------------===//

#include "LinalgToVector.h"
#include "SplitKernels.h"
#include "hdp/Conversion/FunctionTarget.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace hdp {
#define GEN_PASS_DEF_LINALGTOVECTOR
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;

namespace {
/// math.fma on vectors -> arith.mulf, arith.addf
struct SplitMultiplyAdd : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
};

struct LinalgToVectorPass
    : public hdp::impl::LinalgToVectorBase<LinalgToVectorPass> {
  using LinalgToVectorBase::LinalgToVectorBase;

  void runOnOperation() override {
    std::optional<CPUTarget> found = getCPUTarget(target);
    if (!found) {
      mlir::emitError(getOperation().getLoc(), "expected target ")
          << getExpectedTargets() << ", found '" << target << "'";
      return signalPassFailure();
    }
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> mathWithFMA, mathWithout;
    llvm::DenseSet<Operation *> done;
    for (linalg::LinalgOp op : ops) {
      if (done.contains(op))
        continue;
      auto function = op->getParentOfType<func::FuncOp>();
      std::optional<Product> product =
          function ? getProduct(function) : std::nullopt;
      if (!product) {
        op = dropUnitDims(rewriter, op);
        product = Product{op, {}, {}};
      }
      rewriter.setInsertionPoint(product->contraction);
      ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
      CPUTarget chosen = getFunctionTarget(op, *found);
      VectorEmitter emitter(builder, chosen);
      emitter.sharePartOf(op);
      SmallVector<Operation *> &math =
          chosen.hasFMA ? mathWithFMA : mathWithout;
      SmallVector<linalg::LinalgOp> parts = {op};
      if (vectorizeContraction(emitter, *product, math)) {
        ++numContractions;
        parts = {product->fill, product->contraction, product->epilogue};
      } else if (vectorizeLoops(emitter, op, math)) {
        ++numLoops;
      } else {
        continue;
      }
      markVectorCode(op->getParentOfType<FunctionOpInterface>());
      for (linalg::LinalgOp part : parts)
        if (part) {
          done.insert(part);
          rewriter.eraseOp(part);
        }
    }
    approximate(mathWithFMA, true);
    approximate(mathWithout, false);
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      function->removeAttr(kProductAttr);
      shareUnaware(function);
    }
  }

private:
  /// The op without its dimensions of size 1, which hide what is contiguous.
  static linalg::LinalgOp dropUnitDims(IRRewriter &rewriter,
                                       linalg::LinalgOp op) {
    auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
    if (!generic)
      return op;
    linalg::ControlDropUnitDims options;
    options.rankReductionStrategy =
        linalg::ControlDropUnitDims::RankReductionStrategy::ExtractInsertSlice;
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::DropUnitDimsResult> result =
        linalg::dropUnitDims(rewriter, generic, options);
    if (failed(result))
      return op;
    rewriter.eraseOp(op);
    return cast<linalg::LinalgOp>(result->resultOp.getOperation());
  }

  void approximate(ArrayRef<Operation *> math, bool hasFMA) {
    if (math.empty())
      return;
    RewritePatternSet patterns(&getContext());
    populateMathAlgebraicSimplificationPatterns(patterns);
    // A reciprocal root stays one: upstream's needs another dialect.
    populateMathPolynomialApproximationPatterns(
        patterns, [](StringRef name) { return name != "math.rsqrt"; });
    if (!hasFMA)
      patterns.add<SplitMultiplyAdd>(&getContext());
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
    (void)applyOpPatternsGreedily(math, std::move(patterns), config);
  }
};
} // namespace
