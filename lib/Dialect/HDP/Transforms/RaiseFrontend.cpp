//===- RaiseFrontend.cpp - attention ops of other projects ----------------===//
//
// torch-mlir and IREE keep attention as one op of their own. What these say is
// read off their operands and maps; nothing has to be recognised.
//
//===----------------------------------------------------------------------===//

#include "RaiseFrontend.h"
#include "hdp/Dialect/Frontend/Frontend.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::raise;

namespace {

/// The operands and attributes of the hdp.attention to be made.
struct Parts {
  Value query, key, value, mask, init;
  double scale = 1.0;
  SmallVector<int64_t> queryPerm, keyPerm, valuePerm, resultPerm;
};

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}
Type elementOf(Value value) {
  return cast<ShapedType>(value.getType()).getElementType();
}
bool isDifferent(int64_t a, int64_t b) {
  return !ShapedType::isDynamic(a) && !ShapedType::isDynamic(b) && a != b;
}

/// Types that hdp.attention has: tensors of one float type, and a mask of i1 or
/// float.
bool checkTypes(const Parts &parts, Refusal &refusal) {
  for (Value value : {parts.query, parts.key, parts.value, parts.init}) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return refusal.because("types", "an operand is not a ranked tensor");
    if (!type.getElementType().isF32() && !type.getElementType().isF16() &&
        !type.getElementType().isBF16())
      return refusal.because("types", "an operand is not f32, f16 or bf16");
    if (type.getElementType() != elementOf(parts.query))
      return refusal.because("types",
                             "operands and result have different types");
  }
  if (!parts.mask)
    return true;
  Type mask = elementOf(parts.mask);
  if (!mask.isInteger(1) && !mask.isF32() && !mask.isF16() && !mask.isBF16())
    return refusal.because("types", "the mask is neither i1 nor a float");
  return true;
}

/// A constant f16, bf16, f32 or f64, also behind a conversion.
std::optional<double> getConstantReal(Value value) {
  while (Operation *def = value.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::TruncFOp>(def))
      break;
    value = def->getOperand(0);
  }
  APFloat real(0.0);
  if (!matchPattern(value, m_ConstantFloat(&real)))
    return std::nullopt;
  return real.convertToDouble();
}

bool readTorch(tm_tensor::AttentionOp op, Parts &parts, Refusal &refusal) {
  OperandRange inputs = op.getInputs();
  if (inputs.size() < 3 || inputs.size() > 4 || op.getOutputs().size() != 1 ||
      op->getNumResults() != 1)
    return refusal.because("operands",
                           "expected query, key, value and at most a mask");
  parts.query = inputs[0];
  parts.key = inputs[1];
  parts.value = inputs[2];
  if (inputs.size() == 4)
    parts.mask = inputs[3];
  parts.init = op.getOutputs()[0];
  if (!checkTypes(parts, refusal))
    return false;
  ArrayRef<int64_t> query = shapeOf(parts.query);
  if (query.size() < 2)
    return refusal.because("shapes", "the query has fewer than two dimensions");
  // torch-mlir repeats key and value heads itself: all heads are equal.
  for (Value other : {parts.key, parts.value}) {
    ArrayRef<int64_t> shape = shapeOf(other);
    if (shape.size() != query.size())
      return refusal.because("shapes", "operands have different ranks");
    for (size_t dim = 0; dim + 2 < query.size(); ++dim)
      if (isDifferent(shape[dim], query[dim]))
        return refusal.because("shapes",
                               "operands have different leading dimensions");
  }
  if (op.getScale()) {
    parts.scale = op.getScale()->convertToDouble();
    return true;
  }
  if (ShapedType::isDynamic(query.back()))
    return refusal.because("scale", "the default scale 1/sqrt(d) needs a "
                                    "static d, found a dynamic one");
  parts.scale = 1.0 / std::sqrt(static_cast<double>(query.back()));
  return true;
}

/// The dimensions of the iteration space, by what they do.
struct Space {
  SmallVector<unsigned> batch;
  unsigned row, depth, column, width;
};

bool readSpace(ArrayRef<AffineMap> maps, Space &space, Refusal &refusal) {
  AffineMap query = maps[0], key = maps[1], value = maps[2],
            output = maps.back();
  for (AffineMap map : maps)
    if (!map.isProjectedPermutation())
      return refusal.because("layout", "an indexing map is not a permutation "
                                       "of some dimensions");
  SmallVector<unsigned> rows, depths, columns, widths;
  auto uses = [](AffineMap map, unsigned dim) {
    return map.isFunctionOfDim(dim);
  };
  // Batch dimensions in the order of the output.
  SmallVector<unsigned> order;
  for (AffineExpr expr : output.getResults())
    order.push_back(cast<AffineDimExpr>(expr).getPosition());
  for (unsigned dim = 0; dim < query.getNumDims(); ++dim)
    if (!llvm::is_contained(order, dim))
      order.push_back(dim);
  for (unsigned dim : order) {
    bool q = uses(query, dim), k = uses(key, dim), v = uses(value, dim),
         o = uses(output, dim);
    if (q && k && v && o)
      space.batch.push_back(dim);
    else if (q && !k && !v && o)
      rows.push_back(dim);
    else if (q && k && !v && !o)
      depths.push_back(dim);
    else if (!q && k && v && !o)
      columns.push_back(dim);
    else if (!q && !k && v && o)
      widths.push_back(dim);
    else
      return refusal.because("layout", "a dimension of the iteration space is "
                                       "none of attention's");
  }
  if (rows.size() != 1 || depths.size() != 1 || columns.size() != 1 ||
      widths.size() != 1)
    return refusal.because("layout", "expected one dimension each of rows, "
                                     "depth, columns and values");
  space.row = rows[0];
  space.depth = depths[0];
  space.column = columns[0];
  space.width = widths[0];
  return true;
}

/// perm[i] = where the operand has the i-th of `dims`.
SmallVector<int64_t> getPerm(AffineMap map, ArrayRef<unsigned> batch,
                             unsigned second, unsigned last) {
  SmallVector<unsigned> dims(batch);
  dims.append({second, last});
  return llvm::map_to_vector(dims, [&](unsigned dim) {
    return static_cast<int64_t>(
        *map.getResultPosition(getAffineDimExpr(dim, map.getContext())));
  });
}

/// The mask as [B, row, column] with 1 where its map does not name a dimension.
Value arrangeMask(RewriterBase &rewriter, Value mask, AffineMap map,
                  const Space &space, Refusal &refusal) {
  SmallVector<unsigned> dims(space.batch);
  dims.append({space.row, space.column});
  if (!map.isFunctionOfDim(space.column)) {
    refusal.because("mask", "the mask does not depend on the column");
    return Value();
  }
  SmallVector<int64_t> present; // the mask's dimensions in the order wanted
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices pending;
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  Location loc = mask.getLoc();
  for (auto [index, dim] : llvm::enumerate(dims)) {
    pending.push_back(index);
    std::optional<unsigned> position =
        map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
    if (!position) {
      shape.push_back(1);
      sizes.push_back(rewriter.getIndexAttr(1));
      continue;
    }
    present.push_back(*position);
    shape.push_back(shapeOf(mask)[*position]);
    sizes.push_back(tensor::getMixedSize(rewriter, loc, mask, *position));
    groups.push_back(pending);
    pending.clear();
  }
  if (present.size() != map.getNumResults()) {
    refusal.because("mask", "the mask depends on a dimension that scores do "
                            "not have");
    return Value();
  }
  if (!llvm::is_sorted(present)) {
    SmallVector<OpFoldResult> permuted;
    for (int64_t position : present)
      permuted.push_back(tensor::getMixedSize(rewriter, loc, mask, position));
    Value empty =
        tensor::EmptyOp::create(rewriter, loc, permuted, elementOf(mask));
    mask = linalg::TransposeOp::create(rewriter, loc, mask, empty, present)
               ->getResult(0);
  }
  if (present.size() == dims.size())
    return mask;
  auto type = RankedTensorType::get(shape, elementOf(mask));
  return tensor::ExpandShapeOp::create(rewriter, loc, type, mask, groups,
                                       sizes);
}

bool readIREE(RewriterBase &rewriter, iree_linalg_ext::AttentionOp op,
              Parts &parts, Refusal &refusal) {
  parts.query = op.getQuery();
  parts.key = op.getKey();
  parts.value = op.getValue();
  parts.mask = op.getMask();
  parts.init = op.getOutput();
  if (op->getNumResults() != 1)
    return refusal.because("types", "expected one result");
  if (!checkTypes(parts, refusal))
    return false;
  SmallVector<AffineMap> maps =
      llvm::map_to_vector(op.getIndexingMaps().getAsValueRange<AffineMapAttr>(),
                          [](AffineMap map) { return map; });
  size_t expected = parts.mask ? 6 : 5;
  // Older IR gave no map for the scale.
  if (maps.size() + 1 == expected)
    maps.insert(maps.begin() + 3, AffineMap::get(maps[0].getNumDims(), 0, {},
                                                 rewriter.getContext()));
  if (maps.size() != expected)
    return refusal.because("layout", "expected " + Twine(expected) +
                                         " indexing maps, found " +
                                         Twine(maps.size()));
  Value tensors[] = {parts.query, parts.key, parts.value};
  for (unsigned i = 0; i < 3; ++i)
    if (maps[i].getNumResults() != shapeOf(tensors[i]).size())
      return refusal.because("layout", "an indexing map does not have the rank "
                                       "of its operand");
  if (maps.back().getNumResults() != shapeOf(parts.init).size() ||
      (parts.mask && maps[4].getNumResults() != shapeOf(parts.mask).size()))
    return refusal.because("layout", "an indexing map does not have the rank "
                                     "of its operand");
  Space space;
  if (!readSpace(maps, space, refusal))
    return false;

  std::optional<double> scale = getConstantReal(op.getScale());
  if (!scale)
    return refusal.because("scale", "the scale is not a constant");
  parts.scale = *scale;
  Region &region = op.getRegion();
  if (!region.empty()) {
    Block &body = region.front();
    auto yield = dyn_cast<iree_linalg_ext::YieldOp>(body.back());
    if (!yield || body.getOperations().size() != 1 ||
        body.getNumArguments() != 1 || yield.getNumOperands() != 1 ||
        yield.getOperand(0) != body.getArgument(0))
      return refusal.because("score-function", "the region changes the scores");
  }

  if (parts.mask) {
    parts.mask = arrangeMask(rewriter, parts.mask, maps[4], space, refusal);
    if (!parts.mask)
      return false;
  }
  parts.queryPerm = getPerm(maps[0], space.batch, space.row, space.depth);
  parts.keyPerm = getPerm(maps[1], space.batch, space.column, space.depth);
  parts.valuePerm = getPerm(maps[2], space.batch, space.column, space.width);
  parts.resultPerm = getPerm(maps.back(), space.batch, space.row, space.width);
  return true;
}

/// No attribute for an identity.
DenseI64ArrayAttr getPermAttr(Builder &builder, ArrayRef<int64_t> perm) {
  for (auto [index, dim] : llvm::enumerate(perm))
    if (static_cast<int64_t>(index) != dim)
      return builder.getDenseI64ArrayAttr(perm);
  return DenseI64ArrayAttr();
}

} // namespace

bool hdp::raise::isFrontendAttention(Operation *op) {
  return isa<tm_tensor::AttentionOp, iree_linalg_ext::AttentionOp>(op);
}

bool hdp::raise::convertFrontendAttention(RewriterBase &rewriter, Operation *op,
                                          Refusal &refusal) {
  Parts parts;
  rewriter.setInsertionPoint(op);
  bool isRead =
      isa<tm_tensor::AttentionOp>(op)
          ? readTorch(cast<tm_tensor::AttentionOp>(op), parts, refusal)
          : readIREE(rewriter, cast<iree_linalg_ext::AttentionOp>(op), parts,
                     refusal);
  if (!isRead)
    return false;
  if (parts.init.getType() != op->getResult(0).getType())
    return refusal.because("types", "output and result have different types");
  bool isBoolean = parts.mask && elementOf(parts.mask).isInteger(1);
  auto attention = AttentionOp::create(
      rewriter, op->getLoc(), parts.init.getType(), parts.query, parts.key,
      parts.value, isBoolean ? parts.mask : Value(),
      isBoolean ? Value() : parts.mask, parts.init,
      rewriter.getF64FloatAttr(parts.scale), UnitAttr(), PolicyAttr(),
      getPermAttr(rewriter, parts.queryPerm),
      getPermAttr(rewriter, parts.keyPerm),
      getPermAttr(rewriter, parts.valuePerm),
      getPermAttr(rewriter, parts.resultPerm));
  // Shapes that hdp.attention refuses are a reason to stay, not an error.
  std::string message;
  {
    ScopedDiagnosticHandler handler(op->getContext(), [&](Diagnostic &diag) {
      message = diag.str();
      return success();
    });
    if (succeeded(attention.verify()))
      message.clear();
    else if (message.empty())
      message = "the operands' shapes do not fit";
  }
  if (!message.empty()) {
    rewriter.eraseOp(attention);
    StringRef text(message);
    text.consume_front("'hdp.attention' op ");
    return refusal.because("shapes", text);
  }
  rewriter.replaceOp(op, attention);
  return true;
}
