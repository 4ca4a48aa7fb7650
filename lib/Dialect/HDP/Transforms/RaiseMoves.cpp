//===- RaiseMoves.cpp - looking through what only moves data --------------===//
//
// Reshapes, transposes, broadcasts, copies and casts: a load of their result
// is a load of their source at other indices. Also how the loops of a
// structured op are bound to the indices at which its result is read.
//
//===----------------------------------------------------------------------===//

#include "RaiseExpr.h"
#include "RaiseSizes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hdp::raise;

/// Every dimension's index must reach all of it: a constant 0 in a longer
/// dimension is a selection, which a reshape cannot be read through.
static bool coversShape(RankedTensorType type, const Access &access) {
  for (auto [size, index] : llvm::zip_equal(type.getShape(), access)) {
    int64_t extent = hdp::raise::extentOf(index);
    if (ShapedType::isDynamic(size)
            ? index.empty()
            : !ShapedType::isDynamic(extent) && extent != size)
      return false;
  }
  return true;
}

static Access concatGroups(ArrayRef<ReassociationIndices> groups,
                           const Access &access) {
  Access joined(groups.size());
  for (auto [group, index] : llvm::zip_equal(groups, joined))
    for (int64_t dim : group)
      append(index, access[dim]);
  return joined;
}

static std::optional<Access> splitGroups(ArrayRef<ReassociationIndices> groups,
                                         RankedTensorType source,
                                         const Access &access) {
  Access parts(source.getRank());
  for (auto [group, index] : llvm::zip_equal(groups, access)) {
    SmallVector<int64_t> shape;
    for (int64_t dim : group)
      shape.push_back(source.getDimSize(dim));
    std::optional<SmallVector<Index>> pieces = split(index, shape);
    if (!pieces)
      return std::nullopt;
    for (auto [dim, piece] : llvm::zip_equal(group, *pieces))
      parts[dim] = piece;
  }
  return parts;
}

std::optional<SmallVector<Index>>
Expr::bindLoops(linalg::LinalgOp op, unsigned result, const Access &access,
                SmallVectorImpl<unsigned> *reduced) {
  unsigned numLoops = op.getNumLoops();
  SmallVector<Index> loops(numLoops);
  llvm::SmallBitVector bound(numLoops);
  OpOperand *init = op.getDpsInitOperand(result);
  AffineMap map = op.getMatchingIndexingMap(init);
  auto type = dyn_cast<RankedTensorType>(init->get().getType());
  if (!type)
    return std::nullopt;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
      if (bound.test(loop.getPosition()))
        return std::nullopt;
      loops[loop.getPosition()] = access[dim];
      bound.set(loop.getPosition());
      continue;
    }
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (!constant || constant.getValue() != 0 || type.getDimSize(dim) != 1)
      return std::nullopt;
  }
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    if (ranges[loop] == 1) {
      loops[loop].clear();
      continue;
    }
    if (bound.test(loop)) {
      if (kinds[loop] != utils::IteratorType::parallel)
        return std::nullopt;
      continue;
    }
    if (!reduced || kinds[loop] != utils::IteratorType::reduction)
      return std::nullopt;
    unsigned atom = newAtom(ranges[loop]);
    reduced->push_back(atom);
    loops[loop] = wholeAtom(atom);
  }
  return loops;
}

std::optional<Access> Expr::operandAccess(AffineMap map,
                                          ArrayRef<Index> loops) {
  Access access;
  for (AffineExpr expr : map.getResults()) {
    if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
      access.push_back(loops[loop.getPosition()]);
      continue;
    }
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (!constant || constant.getValue() != 0)
      return std::nullopt;
    access.emplace_back();
  }
  return access;
}

/// A structured op that only yields an input: copy, transpose or broadcast.
bool Expr::throughCopy(linalg::LinalgOp op, unsigned result, Value &value,
                       Access &access) {
  if (op->getNumRegions() != 1 || op.getNumReductionLoops() != 0)
    return false;
  Operation *yield = op.getBlock()->getTerminator();
  auto arg = dyn_cast<BlockArgument>(yield->getOperand(result));
  if (!arg || arg.getOwner() != op.getBlock() ||
      arg.getArgNumber() >= unsigned(op.getNumDpsInputs()) ||
      &op.getBlock()->front() != yield)
    return false;
  OpOperand *input = op.getDpsInputOperand(arg.getArgNumber());
  if (!isa<RankedTensorType>(input->get().getType()))
    return false;
  auto loops = bindLoops(op, result, access, nullptr);
  if (!loops)
    return false;
  auto source = operandAccess(op.getMatchingIndexingMap(input), *loops);
  if (!source)
    return false;
  value = input->get();
  access = std::move(*source);
  return true;
}

bool Expr::stepThroughMove(Value &value, Access &access) {
  Operation *def = value.getDefiningOp();
  if (!def)
    return false;
  auto type = cast<RankedTensorType>(value.getType());
  if (auto op = dyn_cast<linalg::LinalgOp>(def))
    return throughCopy(op, cast<OpResult>(value).getResultNumber(), value,
                       access);
  if (auto op = dyn_cast<tensor::CollapseShapeOp>(def)) {
    auto parts =
        splitGroups(op.getReassociationIndices(), op.getSrcType(), access);
    if (!parts)
      return false;
    value = op.getSrc();
    access = std::move(*parts);
    return true;
  }
  if (auto op = dyn_cast<tensor::ExpandShapeOp>(def)) {
    if (!coversShape(type, access))
      return false;
    access = concatGroups(op.getReassociationIndices(), access);
    value = op.getSrc();
    return true;
  }
  if (auto op = dyn_cast<tensor::CastOp>(def)) {
    auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
    if (!source || source.getRank() != type.getRank())
      return false;
    value = op.getSource();
    return true;
  }
  if (auto op = dyn_cast<tensor::ExtractSliceOp>(def)) {
    // Only a slice that is all of its source.
    RankedTensorType source = op.getSourceType();
    if (source != type || !source.hasStaticShape() ||
        !llvm::all_of(op.getMixedOffsets(), isZeroInteger))
      return false;
    value = op.getSource();
    return true;
  }
  if (auto op = dyn_cast<tensor::ReshapeOp>(def)) {
    auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
    if (!source)
      return false;
    std::optional<ReshapeGroups> groups = sizes.groupsOf(op);
    if (!groups)
      return false;
    if (groups->collapses) {
      auto parts = splitGroups(groups->groups, source, access);
      if (!parts)
        return false;
      access = std::move(*parts);
    } else {
      if (!coversShape(type, access))
        return false;
      access = concatGroups(groups->groups, access);
    }
    value = op.getSource();
    return true;
  }
  return false;
}

Node *Expr::load(Value value, Access access) {
  do {
    auto type = cast<RankedTensorType>(value.getType());
    for (auto [size, index] : llvm::zip_equal(type.getShape(), access))
      if (size == 1)
        index.clear();
  } while (stepThroughMove(value, access));
  Node proto;
  proto.kind = NodeKind::Load;
  proto.type = cast<RankedTensorType>(value.getType()).getElementType();
  proto.value = value;
  proto.access = std::move(access);
  return uniqued(std::move(proto));
}
