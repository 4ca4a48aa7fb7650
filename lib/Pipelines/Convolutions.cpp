//===- Convolutions.cpp - convolutions as matrix products -----------------===//
//
// The windows that a convolution reads are copied side by side, loops that then
// run over neighbours become one, and what is left is a product of matrices.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace hdp {
#define GEN_PASS_DEF_CONVOLUTIONSTOPRODUCTS
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;

/// Channels of the result that read the same window: with fewer, copies cost
/// more than they save.
static constexpr int64_t kMinChannels = 4;
/// Elements of a copy that no model should need memory for.
static constexpr int64_t kMaxWindows = int64_t(1) << 28;

namespace {
/// A sum of products of an image, read at sums of loops, and a filter. Loops of
/// the result are in the order in which it holds them, those of the sum in the
/// filter's.
struct Convolution {
  unsigned image, filter;
  SmallVector<unsigned> outer, inner;
};
} // namespace

static SmallVector<unsigned> getDims(AffineMap map) {
  SmallVector<unsigned> dims;
  for (unsigned i = 0; i < map.getNumResults(); ++i)
    dims.push_back(map.getDimPosition(i));
  return dims;
}

static AffineMap getMap(linalg::GenericOp op, unsigned operand) {
  return op.getIndexingMapsArray()[operand];
}

/// Sums of products; the operand `image` is read at any sums of loops.
static std::optional<Convolution> getLoops(linalg::GenericOp op,
                                           unsigned image) {
  Convolution c{image, 1 - image, {}, {}};
  AffineMap in = getMap(op, c.image), filter = getMap(op, c.filter);
  AffineMap out = getMap(op, 2);
  if (!filter.isProjectedPermutation() || !out.isProjectedPermutation() ||
      in.getNumSymbols() != 0 || op.getNumReductionLoops() == 0 ||
      !llvm::all_of(in.getResults(),
                    [](AffineExpr expr) { return expr.isPureAffine(); }))
    return std::nullopt;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim) {
    bool inImage = in.isFunctionOfDim(dim);
    bool inFilter = filter.isFunctionOfDim(dim);
    if (out.isFunctionOfDim(dim) ? !inImage && !inFilter
                                 : !inImage || !inFilter)
      return std::nullopt;
  }
  c.outer = getDims(out);
  for (unsigned dim : getDims(filter))
    if (!out.isFunctionOfDim(dim))
      c.inner.push_back(dim);
  return c;
}

/// Which operand is the image of a convolution that is worth a product.
static std::optional<unsigned> getImage(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || !isSumOfProducts(op))
    return std::nullopt;
  unsigned image = getMap(op, 0).isProjectedPermutation() ? 1 : 0;
  std::optional<Convolution> c = getLoops(op, image);
  if (!c || getMap(op, image).isProjectedPermutation())
    return std::nullopt;
  int64_t channels = 1, windows = 1;
  for (auto [dim, size] : llvm::enumerate(op.getStaticLoopRanges())) {
    int64_t known = ShapedType::isDynamic(size) ? 1 : size;
    if (getMap(op, image).isFunctionOfDim(dim))
      windows *= known;
    else
      channels *= ShapedType::isDynamic(size) ? kMinChannels : known;
  }
  if (channels < kMinChannels || windows > kMaxWindows)
    return std::nullopt;
  return image;
}

/// The size of loop `dim`, which the result or the filter has as a dimension.
static OpFoldResult getSize(RewriterBase &rewriter, linalg::GenericOp op,
                            const Convolution &c, unsigned dim) {
  for (unsigned operand : {2u, c.filter})
    for (auto [i, expr] : llvm::enumerate(getMap(op, operand).getResults()))
      if (expr == getAffineDimExpr(dim, op.getContext()))
        return tensor::getMixedSize(rewriter, op.getLoc(),
                                    op->getOperand(operand), i);
  llvm_unreachable("a loop of a convolution runs over its result or filter");
}

/// Replaces the image by a copy with a dimension for each loop that it is read
/// with: those of the sum in front of the last places of the result, or last.
static void copyWindows(RewriterBase &rewriter, linalg::GenericOp op,
                        const Convolution &c) {
  AffineMap image = getMap(op, c.image), filter = getMap(op, c.filter);
  SmallVector<unsigned> dims, last;
  ArrayRef<unsigned> outer = c.outer;
  while (!outer.empty() && !filter.isFunctionOfDim(outer.back())) {
    last.insert(last.begin(), outer.back());
    outer = outer.drop_back();
  }
  llvm::copy_if(outer, std::back_inserter(dims),
                [&](unsigned dim) { return image.isFunctionOfDim(dim); });
  llvm::append_range(dims, c.inner);
  llvm::append_range(dims, last);

  Location loc = op.getLoc();
  MLIRContext *context = op.getContext();
  SmallVector<OpFoldResult> sizes;
  SmallVector<AffineExpr> results, positions(op.getNumLoops());
  for (auto [i, dim] : llvm::enumerate(dims)) {
    sizes.push_back(getSize(rewriter, op, c, dim));
    results.push_back(getAffineDimExpr(dim, context));
    positions[dim] = getAffineDimExpr(i, context);
  }
  for (AffineExpr &position : positions)
    if (!position)
      position = getAffineConstantExpr(0, context);
  Value source = op->getOperand(c.image);
  Value empty = tensor::EmptyOp::create(rewriter, loc, sizes,
                                        getElementTypeOrSelf(source));
  AffineMap read = image.replaceDimsAndSymbols(positions, {}, dims.size(), 0);
  SmallVector<AffineMap> maps = {
      read, AffineMap::getMultiDimIdentityMap(dims.size(), context)};
  SmallVector<utils::IteratorType> types(dims.size(),
                                         utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(
      rewriter, loc, empty.getType(), source, empty, maps, types,
      [](OpBuilder &b, Location loc, ValueRange arguments) {
        linalg::YieldOp::create(b, loc, arguments[0]);
      });
  maps = op.getIndexingMapsArray();
  maps[c.image] = AffineMap::get(op.getNumLoops(), 0, results, context);
  rewriter.modifyOpInPlace(op, [&] {
    op->setOperand(c.image, copy.getResult(0));
    op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
  });
}

/// Runs of loops that every operand holds side by side. The result goes back to
/// its shape, which upstream lowers with one unknown size in a run at most.
static SmallVector<ReassociationIndices> getRuns(linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto types = op.getIteratorTypesArray();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  auto isDynamic = [&](int64_t dim) {
    return types[dim] == utils::IteratorType::parallel &&
           ShapedType::isDynamic(sizes[dim]);
  };
  SmallVector<ReassociationIndices> runs;
  for (int64_t dim = 0; dim < int64_t(op.getNumLoops()); ++dim) {
    if (!runs.empty()) {
      ReassociationIndices longer = runs.back();
      longer.push_back(dim);
      if (types[dim] == types[longer.front()] &&
          llvm::count_if(longer, isDynamic) <= 1 &&
          linalg::areDimSequencesPreserved(maps, longer)) {
        runs.back() = longer;
        continue;
      }
    }
    runs.push_back({dim});
  }
  return runs;
}

namespace {
struct ConvolutionsToProductsPass
    : public hdp::impl::ConvolutionsToProductsBase<ConvolutionsToProductsPass> {
  void runOnOperation() override {
    SmallVector<std::pair<linalg::GenericOp, unsigned>> ops;
    getOperation().walk([&](linalg::GenericOp op) {
      if (std::optional<unsigned> image = getImage(op))
        ops.emplace_back(op, *image);
    });
    IRRewriter rewriter(&getContext());
    for (auto [op, image] : ops) {
      rewriter.setInsertionPoint(op);
      rewrite(rewriter, dropUnitDims(rewriter, op), image);
      ++numConvolutions;
    }
  }

private:
  static linalg::GenericOp dropUnitDims(RewriterBase &rewriter,
                                        linalg::GenericOp op) {
    FailureOr<linalg::DropUnitDimsResult> dropped =
        linalg::dropUnitDims(rewriter, op, linalg::ControlDropUnitDims());
    if (failed(dropped))
      return op;
    rewriter.replaceOp(op, dropped->replacements);
    return cast<linalg::GenericOp>(dropped->resultOp.getOperation());
  }

  void rewrite(RewriterBase &rewriter, linalg::GenericOp op, unsigned image) {
    std::optional<Convolution> c = getLoops(op, image);
    if (!c)
      return;
    SmallVector<unsigned> order(c->outer);
    llvm::append_range(order, c->inner);
    rewriter.setInsertionPoint(op);
    if (!llvm::is_sorted(order)) {
      FailureOr<linalg::GenericOp> ordered =
          linalg::interchangeGenericOp(rewriter, op, order);
      if (failed(ordered))
        return;
      op = *ordered;
      c = getLoops(op, image);
    }
    if (!getMap(op, image).isProjectedPermutation()) {
      rewriter.setInsertionPoint(op);
      copyWindows(rewriter, op, *c);
      ++numCopies;
    }
    SmallVector<ReassociationIndices> runs = getRuns(op);
    if (runs.size() == op.getNumLoops())
      return;
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::CollapseResult> collapsed =
        linalg::collapseOpIterationDims(op, runs, rewriter);
    if (succeeded(collapsed))
      rewriter.replaceOp(op, collapsed->results);
  }
};
} // namespace
