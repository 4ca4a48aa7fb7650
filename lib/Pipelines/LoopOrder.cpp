//===- LoopOrder.cpp - linalg ops whose inner loops vectorise -------------===//
//
// Fusion and loop interchange that change no bit of any result: every value is
// computed by the same operations, every sum adds its terms in the same order.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "VectorAccess.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace hdp {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#define GEN_PASS_DEF_INTERCHANGEREDUCTIONS
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;

//===----------------------------------------------------------------------===//
// Fusion
//===----------------------------------------------------------------------===//

/// `operand` is the only use of its producer, and its owner reads each element
/// exactly once: the map is a permutation of all the owner's loops.
static bool isReadOnce(OpOperand *operand) {
  Operation *producer = operand->get().getDefiningOp();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  return producer && producer->hasOneUse() && consumer &&
         consumer.getMatchingIndexingMap(operand).isPermutation();
}

/// `operand` copies another tensor, or with `widen` also widens it from 16 bits
/// to f32, and its owner is a contraction, which may read it in any layout.
static bool isCopyIntoContraction(OpOperand *operand, bool widen) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || producer.getNumDpsInputs() != 1 ||
      producer.getNumDpsInits() != 1)
    return false;
  Block &body = *producer.getBody();
  Value result = body.getTerminator()->getOperand(0);
  unsigned numOps = 1;
  if (auto wide = result.getDefiningOp<arith::ExtFOp>();
      wide && widen && wide.getType().isF32()) {
    result = wide.getIn();
    numOps = 2;
  }
  AffineMap source =
      producer.getMatchingIndexingMap(producer.getDpsInputOperand(0));
  return llvm::hasNItems(body, numOps) && result == body.getArgument(0) &&
         source.isProjectedPermutation() && hdp::matchContraction(consumer);
}

/// The op does the same for each element, wherever it is.
static bool isElementwise(Operation *op) {
  auto generic = dyn_cast_if_present<linalg::GenericOp>(op);
  return generic && generic.getNumParallelLoops() == generic.getNumLoops() &&
         llvm::all_of(generic.getBody()->without_terminator(),
                      [](Operation &o) {
                        return isa<arith::ConstantOp>(o) ||
                               OpTrait::hasElementwiseMappableTraits(&o);
                      });
}

namespace {
struct FuseElementwisePass
    : public hdp::impl::FuseElementwiseBase<FuseElementwisePass> {
  using FuseElementwiseBase::FuseElementwiseBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    auto control = [this](OpOperand *operand) {
      bool fuse =
          (isReadOnce(operand) || isCopyIntoContraction(operand, widen)) &&
          linalg::areElementwiseOpsFusable(operand);
      numFused += fuse;
      return fuse;
    };
    linalg::populateElementwiseOpsFusionPatterns(patterns, control);
    // An op between reshapes runs over the loops of what it reads.
    linalg::populateFoldReshapeOpsByCollapsingPatterns(
        patterns, [this](OpOperand *operand) {
          bool fold = isElementwise(operand->getOwner()) ||
                      isElementwise(operand->get().getDefiningOp());
          numCollapsed += fold;
          return fold;
        });
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Interchange
//===----------------------------------------------------------------------===//

/// The loop over the result's last dimension, if `op` is a reduction that may
/// have it innermost and gains by it.
static std::optional<unsigned> getInnerLoop(linalg::GenericOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInits() != 1)
    return std::nullopt;
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!result.isProjectedPermutation() || result.getNumResults() == 0)
    return std::nullopt;
  unsigned dim = result.getDimPosition(result.getNumResults() - 1);
  if (op.getIteratorTypesArray()[dim] != utils::IteratorType::parallel)
    return std::nullopt;
  int64_t size = op.getStaticLoopRanges()[dim];
  if (!ShapedType::isDynamic(size) && size < 4)
    return std::nullopt;
  return dim;
}

/// An element of this input is read by at least eight iterations.
static bool isReadOften(linalg::GenericOp op, AffineMap map) {
  int64_t reads = 1;
  for (auto [dim, size] : llvm::enumerate(op.getStaticLoopRanges()))
    if (!map.isFunctionOfDim(dim))
      reads =
          ShapedType::isDynamic(size) ? 8 : reads * std::min<int64_t>(size, 8);
  return reads >= 8;
}

/// The loops except `inner`: parallel ones, then reductions, each in the order
/// they had; `inner` last.
static SmallVector<unsigned> getLoopOrder(linalg::GenericOp op,
                                          unsigned inner) {
  SmallVector<unsigned> order;
  for (auto kind :
       {utils::IteratorType::parallel, utils::IteratorType::reduction})
    for (auto [dim, type] : llvm::enumerate(op.getIteratorTypesArray()))
      if (type == kind && dim != inner)
        order.push_back(dim);
  order.push_back(inner);
  return order;
}

/// A copy of `operand` with the dimension that loop `inner` runs over last.
static void transposeOperand(RewriterBase &rewriter, linalg::GenericOp op,
                             OpOperand *operand, unsigned inner) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  SmallVector<int64_t> permutation;
  int64_t position = 0;
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    if (map.getDimPosition(i) == inner)
      position = i;
    else
      permutation.push_back(i);
  }
  permutation.push_back(position);

  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(operand->get().getType());
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(rewriter, loc, operand->get());
  SmallVector<OpFoldResult> permuted;
  SmallVector<AffineExpr> results;
  for (int64_t source : permutation) {
    permuted.push_back(sizes[source]);
    results.push_back(map.getResult(source));
  }
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, permuted, type.getElementType());
  auto transpose = linalg::TransposeOp::create(rewriter, loc, operand->get(),
                                               empty, permutation);
  FailureOr<linalg::GenericOp> generic =
      linalg::generalizeNamedOp(rewriter, transpose);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps[operand->getOperandNumber()] = AffineMap::get(
      map.getNumDims(), map.getNumSymbols(), results, map.getContext());
  rewriter.modifyOpInPlace(op, [&] {
    operand->set((*generic)->getResult(0));
    op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
  });
}

namespace {
struct InterchangeReductionsPass
    : public hdp::impl::InterchangeReductionsBase<InterchangeReductionsPass> {
  using InterchangeReductionsBase::InterchangeReductionsBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (linalg::GenericOp op : ops) {
      if (!contractions && hdp::matchContraction(op))
        continue;
      if (std::optional<unsigned> inner = getInnerLoop(op))
        interchange(op, *inner);
    }
  }

  void interchange(linalg::GenericOp op, unsigned inner) {
    bool contiguous = false;
    SmallVector<OpOperand *> strided;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      switch (getAccess(map, inner)) {
      case Access::Same:
        break;
      case Access::Next:
        contiguous = true;
        break;
      case Access::Far:
        if (!op.hasPureTensorSemantics() || !map.isProjectedPermutation() ||
            !isReadOften(op, map))
          return;
        strided.push_back(operand);
      }
    }
    if (!contiguous && strided.empty())
      return;

    IRRewriter rewriter(op);
    for (OpOperand *operand : strided)
      transposeOperand(rewriter, op, operand, inner);
    numTransposed += strided.size();
    SmallVector<unsigned> order = getLoopOrder(op, inner);
    if (llvm::is_sorted(order))
      return;
    if (succeeded(linalg::interchangeGenericOp(rewriter, op, order)))
      ++numInterchanged;
  }
};
} // namespace
