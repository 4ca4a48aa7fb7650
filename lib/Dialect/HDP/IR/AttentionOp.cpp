//===- AttentionOp.cpp - hdp.attention: layouts and the verifier ----------===//

#include "OpChecks.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::detail;

void AttentionOp::build(OpBuilder &builder, OperationState &state, Value query,
                        Value key, Value value, Value mask, Value bias,
                        Value init, double scale, bool causal) {
  SmallVector<Type> results;
  if (isa<RankedTensorType>(init.getType()))
    results.push_back(init.getType());
  build(builder, state, results, query, key, value, mask, bias, init,
        builder.getF64FloatAttr(scale),
        causal ? builder.getUnitAttr() : UnitAttr(), PolicyAttr(),
        DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr(),
        DenseI64ArrayAttr());
}

/// Dimension i of the result is dimension perm[i] of the operand.
static SmallVector<int64_t>
getPermutedShape(Value value, std::optional<ArrayRef<int64_t>> perm) {
  ArrayRef<int64_t> shape = cast<ShapedType>(value.getType()).getShape();
  if (!perm)
    return SmallVector<int64_t>(shape);
  return llvm::map_to_vector(*perm, [&](int64_t dim) { return shape[dim]; });
}

SmallVector<int64_t> AttentionOp::getQueryShape() {
  return getPermutedShape(getQuery(), getQueryPerm());
}
SmallVector<int64_t> AttentionOp::getKeyShape() {
  return getPermutedShape(getKey(), getKeyPerm());
}
SmallVector<int64_t> AttentionOp::getValueShape() {
  return getPermutedShape(getValue(), getValuePerm());
}
SmallVector<int64_t> AttentionOp::getResultShape() {
  return getPermutedShape(getInit(), getResultPerm());
}

static LogicalResult verifyPermutation(Operation *op, StringRef name,
                                       std::optional<ArrayRef<int64_t>> perm,
                                       int64_t rank) {
  if (!perm)
    return success();
  llvm::SmallBitVector seen(rank);
  bool valid = static_cast<int64_t>(perm->size()) == rank;
  for (int64_t dim : *perm) {
    valid = valid && 0 <= dim && dim < rank && !seen.test(dim);
    if (!valid)
      break;
    seen.set(dim);
  }
  if (valid)
    return success();
  InFlightDiagnostic diag = op->emitOpError()
                            << "expected '" << name << "' to be a permutation "
                            << "of " << rank << " dimensions, found [";
  llvm::interleaveComma(*perm, diag);
  return diag << "]";
}

LogicalResult AttentionOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> batchRank = getBatchRank(op, "query", getQuery(), 2);
  if (failed(batchRank) || failed(verifyOneSemantics(op)))
    return failure();
  int64_t rank = *batchRank + 2;
  const std::tuple<StringRef, Value, StringRef,
                   std::optional<ArrayRef<int64_t>>>
      layouts[] = {{"query", getQuery(), "query_perm", getQueryPerm()},
                   {"key", getKey(), "key_perm", getKeyPerm()},
                   {"value", getValue(), "value_perm", getValuePerm()},
                   {"init", getInit(), "result_perm", getResultPerm()}};
  Type elementType = cast<ShapedType>(getInit().getType()).getElementType();
  for (auto [name, value, permName, perm] : layouts) {
    if (getRank(value) != rank)
      return emitOpError() << "expected '" << name << "' of rank " << rank
                           << ", found rank " << getRank(value);
    Type found = cast<ShapedType>(value.getType()).getElementType();
    if (found != elementType)
      return emitOpError() << "expected '" << name << "' of element type "
                           << elementType << " as 'init', found " << found;
    if (failed(verifyPermutation(op, permName, perm, rank)))
      return failure();
  }

  ShapeChecker shapes(op, *batchRank);
  if (failed(shapes.check({"query", getQuery(), "Hq", {"Lq", "d"}},
                          getQueryShape())) ||
      failed(
          shapes.check({"key", getKey(), "Hkv", {"Lk", "d"}}, getKeyShape())) ||
      failed(shapes.check({"value", getValue(), "Hkv", {"Lk", "dv"}},
                          getValueShape())) ||
      failed(shapes.check({"init", getInit(), "Hq", {"Lq", "dv"}},
                          getResultShape())) ||
      failed(shapes.checkHeads()))
    return failure();
  auto orDynamic = [](int64_t size) {
    return size < 0 ? ShapedType::kDynamic : size;
  };
  SmallVector<int64_t> scores = getQueryShape();
  scores.resize(*batchRank);
  scores.push_back(orDynamic(shapes.get("Lq")));
  scores.push_back(orDynamic(shapes.get("Lk")));
  if (failed(verifyBroadcast(op, "mask", getMask(), scores)) ||
      failed(verifyBroadcast(op, "bias", getBias(), scores)))
    return failure();

  if (Value statistics = getStatistics()) {
    if (!getPolicy())
      return emitOpError("expected a policy with statistics");
    auto type = cast<ShapedType>(statistics.getType());
    if (type.getRank() != 2 || type.getDimSize(1) != kNumHeadStatistics)
      return emitOpError() << "expected statistics of " << kNumHeadStatistics
                           << " columns, found " << type;
    int64_t rows = 1;
    SmallVector<int64_t> query = getQueryShape();
    for (int64_t size : ArrayRef<int64_t>(query).drop_back(2))
      rows = ShapedType::isDynamic(size) || rows < 0 ? -1 : rows * size;
    if (rows >= 0 && !type.isDynamicDim(0) && type.getDimSize(0) != rows)
      return emitOpError() << "expected a row of statistics for each of "
                           << rows << " query heads, found "
                           << type.getDimSize(0);
  }

  double scale = getScale().convertToDouble();
  if (!std::isfinite(scale))
    return emitOpError("expected a finite scale");
  if (!getPolicy())
    return success();
  return verifyLimits(op, getPolicy()->getValue(), shapes,
                      static_cast<bool>(getBias()), scale);
}
