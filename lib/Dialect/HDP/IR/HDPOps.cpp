//===- HDPOps.cpp - verifiers, effects and shapes of the ops --------------===//

#include "ShapeChecker.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Numerics/Limits.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace hdp;

//===----------------------------------------------------------------------===//
// Destination style
//===----------------------------------------------------------------------===//

void hdp::detail::getDestinationStyleEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand *input : op.getDpsInputOperands())
    if (isa<MemRefType>(input->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), input, /*stage=*/0,
                           /*effectOnFullRegion=*/true,
                           SideEffects::DefaultResource::get());
  for (OpOperand &init : op.getDpsInitsMutable())
    if (isa<MemRefType>(init.get().getType()))
      effects.emplace_back(MemoryEffects::Write::get(), &init, /*stage=*/1,
                           /*effectOnFullRegion=*/true,
                           SideEffects::DefaultResource::get());
}

LogicalResult hdp::detail::reifyFromInits(DestinationStyleOpInterface op,
                                          OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  for (OpResult result : op->getResults())
    shapes.push_back(tensor::getMixedSizes(builder, op.getLoc(),
                                           op.getTiedOpOperand(result)->get()));
  return success();
}

/// All operands are tensors, or all memrefs.
static LogicalResult verifyOneSemantics(DestinationStyleOpInterface op) {
  if (op.hasPureTensorSemantics() || op.hasPureBufferSemantics())
    return success();
  return op->emitOpError(
      "expected all operands to be tensors or all to be memrefs, found both");
}

static int64_t getRank(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

/// Ranks of leading dimensions come from an operand with `inner` other ones.
static FailureOr<int64_t> getBatchRank(Operation *op, StringRef operand,
                                       Value value, int64_t inner) {
  int64_t rank = getRank(value);
  if (rank < inner)
    return op->emitOpError() << "expected '" << operand << "' of rank at least "
                             << inner << ", found rank " << rank;
  return rank - inner;
}

/// N0: what the rules bound, as far as sizes are static. An op without a scale
/// is checked with 1.
static LogicalResult verifyLimits(Operation *op, const numerics::Policy &policy,
                                  const ShapeChecker &shapes, bool hasBias,
                                  double scale = 1.0) {
  numerics::AttentionShape shape;
  shape.Lq = shapes.get("Lq");
  shape.Lk = shapes.get("Lk");
  shape.d = shapes.get("d");
  shape.dv = shapes.get("dv");
  if (std::optional<std::string> message =
          numerics::checkLimits(policy, shape, scale, hasBias))
    return op->emitOpError(*message);
  return success();
}

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

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

/// A mask or bias is `[B, Lq, Lk]`, all but Lk broadcast from 1.
static LogicalResult verifyBroadcast(Operation *op, StringRef name, Value value,
                                     ArrayRef<int64_t> scores) {
  if (!value)
    return success();
  ArrayRef<int64_t> shape = cast<ShapedType>(value.getType()).getShape();
  if (shape.size() != scores.size())
    return op->emitOpError()
           << "expected '" << name << "' of rank " << scores.size()
           << ", found rank " << shape.size();
  for (auto [index, size] : llvm::enumerate(shape)) {
    bool isLast = index + 1 == shape.size();
    if (ShapedType::isDynamic(size) || size == scores[index] ||
        (size == 1 && !isLast) ||
        (ShapedType::isDynamic(scores[index]) && size != 0))
      continue;
    InFlightDiagnostic diag = op->emitOpError()
                              << "expected dimension " << index << " of '"
                              << name << "' to be ";
    if (!isLast)
      diag << "1 or ";
    return diag << scores[index] << ", found " << size;
  }
  return success();
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

  ShapeChecker shapes(op);
  SmallVector<std::string> queryBatch = getBatchNames(*batchRank, "Hq");
  SmallVector<std::string> keyBatch = getBatchNames(*batchRank, "Hkv");
  if (failed(shapes.check("query", getQueryShape(), queryBatch, {"Lq", "d"})) ||
      failed(shapes.check("key", getKeyShape(), keyBatch, {"Lk", "d"})) ||
      failed(shapes.check("value", getValueShape(), keyBatch, {"Lk", "dv"})) ||
      failed(
          shapes.check("init", getResultShape(), queryBatch, {"Lq", "dv"})) ||
      failed(shapes.checkHeads()))
    return failure();
  auto orDynamic = [](int64_t size) {
    return size < 0 ? ShapedType::kDynamic : size;
  };
  SmallVector<int64_t> scores;
  for (StringRef name : queryBatch)
    scores.push_back(orDynamic(shapes.get(name)));
  scores.push_back(orDynamic(shapes.get("Lq")));
  scores.push_back(orDynamic(shapes.get("Lk")));
  if (failed(verifyBroadcast(op, "mask", getMask(), scores)) ||
      failed(verifyBroadcast(op, "bias", getBias(), scores)))
    return failure();

  double scale = getScale().convertToDouble();
  if (!std::isfinite(scale))
    return emitOpError("expected a finite scale");
  if (!getPolicy())
    return success();
  return verifyLimits(op, getPolicy()->getValue(), shapes,
                      static_cast<bool>(getBias()), scale);
}

//===----------------------------------------------------------------------===//
// The parts
//===----------------------------------------------------------------------===//

LogicalResult SplitOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank = getBatchRank(op, "input", getInput(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "H");
  return success(
      succeeded(shapes.check("input", getInput(), batch, {"L", "d"})) &&
      succeeded(shapes.check("integer", getInteger(), batch, {"L", "d"})) &&
      succeeded(shapes.check("fraction", getFraction(), batch, {"L", "d"})) &&
      succeeded(shapes.check("exponent", getExponent(), batch, {})));
}

LogicalResult QuantizeOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank = getBatchRank(op, "input", getInput(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "H");
  return success(
      succeeded(shapes.check("input", getInput(), batch, {"Lk", "dv"})) &&
      succeeded(shapes.check("codes", getCodes(), batch, {"Lk", "dv"})) &&
      succeeded(shapes.check("exponent", getExponent(), batch, {})));
}

LogicalResult DequantizeOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank = getBatchRank(op, "codes", getCodes(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "Hq");
  return success(
      succeeded(shapes.check("codes", getCodes(), batch, {"Lq", "dv"})) &&
      succeeded(shapes.check("init", getInit(), batch, {"Lq", "dv"})) &&
      succeeded(shapes.check("exponent", getExponent(),
                             getBatchNames(*rank, "Hkv"), {})) &&
      succeeded(shapes.checkHeads()));
}

LogicalResult ValidityOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank = getBatchRank(op, "valid", getValid(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  bool hasBias = static_cast<bool>(getBias());
  if (hasBias != static_cast<bool>(getScoreBias()))
    return emitOpError() << "expected 'bias_out' exactly with 'bias', found "
                         << (hasBias ? "'bias' alone" : "'bias_out' alone");
  if (hasBias != static_cast<bool>(getQueryExponent()) ||
      hasBias != static_cast<bool>(getKeyExponent()))
    return emitOpError("expected both exponents exactly with 'bias'");
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "Hq");
  if (failed(shapes.check("valid", getValid(), batch, {"Lq", "Lk"})) ||
      failed(shapes.check("score_bias", getScoreBias(), batch, {"Lq", "Lk"})) ||
      failed(shapes.check("query_exponent", getQueryExponent(), batch, {})) ||
      failed(shapes.check("key_exponent", getKeyExponent(),
                          getBatchNames(*rank, "Hkv"), {})) ||
      failed(shapes.checkHeads()))
    return failure();
  ArrayRef<int64_t> scores = cast<ShapedType>(getValid().getType()).getShape();
  if (failed(verifyBroadcast(op, "mask", getMask(), scores)) ||
      failed(verifyBroadcast(op, "bias", getBias(), scores)))
    return failure();
  return verifyLimits(op, getPolicy().getValue(), shapes, hasBias,
                      getScale().convertToDouble());
}

LogicalResult SplitMatmulOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank =
      getBatchRank(op, "query_integer", getQueryInteger(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  MatmulProducts products = getProducts();
  bool isIntInt = products == MatmulProducts::IntInt;
  bool hasFraction = getQueryFraction() && getKeyFraction();
  if (isIntInt && (getQueryFraction() || getKeyFraction() || getKept() ||
                   getValid() || getBias()))
    return emitOpError("expected only the integer planes with int_int, found "
                       "fraction planes, a block mask or a bias");
  if (!isIntInt && !hasFraction)
    return emitOpError() << "expected both fraction planes with "
                         << stringifyMatmulProducts(products) << ", found none";
  bool isCross = products == MatmulProducts::Cross;
  if (isCross != static_cast<bool>(getIntegerScores()))
    return emitOpError() << "expected integer_scores exactly with cross, found "
                         << stringifyMatmulProducts(products)
                         << (isCross ? " without them" : " with them");
  if (static_cast<bool>(getKept()) != static_cast<bool>(getValid()))
    return emitOpError("expected 'kept' and 'valid' together, found one");
  numerics::Policy policy = getPolicy().getValue();
  bool isFullPolicy = policy.products == numerics::Products::Full;
  if (!isIntInt && isCross == isFullPolicy)
    return emitOpError() << "expected the products of the policy, "
                         << (isFullPolicy ? "full" : "cross") << ", found "
                         << stringifyMatmulProducts(products);

  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "Hq");
  SmallVector<std::string> keyBatch = getBatchNames(*rank, "Hkv");
  if (failed(shapes.check("query_integer", getQueryInteger(), batch,
                          {"Lq", "d"})) ||
      failed(shapes.check("key_integer", getKeyInteger(), keyBatch,
                          {"Lk", "d"})) ||
      failed(shapes.check("query_fraction", getQueryFraction(), batch,
                          {"Lq", "d"})) ||
      failed(shapes.check("key_fraction", getKeyFraction(), keyBatch,
                          {"Lk", "d"})) ||
      failed(shapes.check("integer_scores", getIntegerScores(), batch,
                          {"Lq", "Lk"})) ||
      failed(shapes.check("kept", getKept(), batch, {"R", "C"})) ||
      failed(shapes.check("valid", getValid(), batch, {"Lq", "Lk"})) ||
      failed(shapes.check("bias", getBias(), batch, {"Lq", "Lk"})) ||
      failed(shapes.check("scores", getScores(), batch, {"Lq", "Lk"})) ||
      failed(shapes.checkQuotient("R", "Lq", policy.blockRows)) ||
      failed(shapes.checkQuotient("C", "Lk", policy.blockCols)) ||
      failed(shapes.checkHeads()))
    return failure();
  return verifyLimits(op, policy, shapes, static_cast<bool>(getBias()));
}

LogicalResult BlockImportanceOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank =
      getBatchRank(op, "integer_scores", getIntegerScores(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "Hq");
  numerics::Policy policy = getPolicy().getValue();
  return success(
      succeeded(shapes.check("integer_scores", getIntegerScores(), batch,
                             {"Lq", "Lk"})) &&
      succeeded(shapes.check("valid", getValid(), batch, {"Lq", "Lk"})) &&
      succeeded(shapes.check("bias", getBias(), batch, {"Lq", "Lk"})) &&
      succeeded(shapes.check("theta", getTheta(), batch, {"R", "C"})) &&
      succeeded(shapes.check("kind", getKind(), batch, {"R", "C"})) &&
      succeeded(shapes.checkQuotient("R", "Lq", policy.blockRows)) &&
      succeeded(shapes.checkQuotient("C", "Lk", policy.blockCols)));
}

LogicalResult HeadGateOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank = getBatchRank(op, "theta", getTheta(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "Hq");
  numerics::Policy policy = getPolicy().getValue();
  return success(
      succeeded(shapes.check("theta", getTheta(), batch, {"R", "C"})) &&
      succeeded(shapes.check("kind", getKind(), batch, {"R", "C"})) &&
      succeeded(shapes.check("integer_scores", getIntegerScores(), batch,
                             {"Lq", "Lk"})) &&
      succeeded(shapes.check("valid", getValid(), batch, {"Lq", "Lk"})) &&
      succeeded(shapes.check("bias", getBias(), batch, {"Lq", "Lk"})) &&
      succeeded(shapes.check("gate", getGate(), batch, {})) &&
      succeeded(shapes.check("measure", getMeasure(), batch, {})) &&
      succeeded(shapes.check("positions", getPositions(), batch, {})) &&
      succeeded(shapes.checkQuotient("R", "Lq", policy.blockRows)) &&
      succeeded(shapes.checkQuotient("C", "Lk", policy.blockCols)));
}

LogicalResult BlockMaskOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank = getBatchRank(op, "theta", getTheta(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "Hq");
  return success(
      succeeded(shapes.check("theta", getTheta(), batch, {"R", "C"})) &&
      succeeded(shapes.check("kind", getKind(), batch, {"R", "C"})) &&
      succeeded(shapes.check("gate", getGate(), batch, {})) &&
      succeeded(shapes.check("kept", getKept(), batch, {"R", "C"})) &&
      succeeded(shapes.check("threshold", getThreshold(), batch, {"R"})));
}

/// The number of groups of block columns: 1 for group = 0 (N9).
static LogicalResult checkGroups(ShapeChecker &shapes, Operation *op,
                                 int64_t group) {
  if (group != 0)
    return shapes.checkQuotient("G", "C", group);
  int64_t found = shapes.get("G");
  if (found < 0 || found == 1)
    return success();
  return op->emitOpError() << "expected one group of block columns with group "
                              "= 0, found "
                           << found;
}

LogicalResult SoftmaxOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank = getBatchRank(op, "scores", getScores(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "Hq");
  numerics::Policy policy = getPolicy().getValue();
  if (failed(shapes.check("scores", getScores(), batch, {"Lq", "Lk"})) ||
      failed(shapes.check("kept", getKept(), batch, {"R", "C"})) ||
      failed(shapes.check("valid", getValid(), batch, {"Lq", "Lk"})) ||
      failed(shapes.check("theta", getTheta(), batch, {"R", "C"})) ||
      failed(shapes.check("kind", getKind(), batch, {"R", "C"})) ||
      failed(shapes.check("query_exponent", getQueryExponent(), batch, {})) ||
      failed(shapes.check("key_exponent", getKeyExponent(),
                          getBatchNames(*rank, "Hkv"), {})) ||
      failed(shapes.check("weights", getWeights(), batch, {"Lq", "Lk"})) ||
      failed(shapes.check("maximum", getMaximum(), batch, {"Lq"})) ||
      failed(shapes.check("shift", getShift(), batch, {"Lq"})) ||
      failed(shapes.check("compensation", getCompensation(), batch,
                          {"Lq", "G"})) ||
      failed(shapes.check("compensation_weight", getCompensationWeight(), batch,
                          {"Lq", "G"})) ||
      failed(shapes.check("unit_exponent", getUnitExponent(), batch, {})) ||
      failed(shapes.checkQuotient("R", "Lq", policy.blockRows)) ||
      failed(shapes.checkQuotient("C", "Lk", policy.blockCols)) ||
      failed(checkGroups(shapes, op, policy.group)) ||
      failed(shapes.checkHeads()))
    return failure();
  return verifyLimits(op, policy, shapes, /*hasBias=*/false,
                      getScale().convertToDouble());
}

LogicalResult ApplyOp::verify() {
  auto op = cast<DestinationStyleOpInterface>(getOperation());
  FailureOr<int64_t> rank = getBatchRank(op, "weights", getWeights(), 2);
  if (failed(rank) || failed(verifyOneSemantics(op)))
    return failure();
  ShapeChecker shapes(op);
  SmallVector<std::string> batch = getBatchNames(*rank, "Hq");
  numerics::Policy policy = getPolicy().getValue();
  return success(
      succeeded(shapes.check("weights", getWeights(), batch, {"Lq", "Lk"})) &&
      succeeded(shapes.check("compensation_weight", getCompensationWeight(),
                             batch, {"Lq", "G"})) &&
      succeeded(shapes.check("values", getValues(), getBatchNames(*rank, "Hkv"),
                             {"Lk", "dv"})) &&
      succeeded(shapes.check("kept", getKept(), batch, {"R", "C"})) &&
      succeeded(shapes.check("kind", getKind(), batch, {"R", "C"})) &&
      succeeded(shapes.check("valid", getValid(), batch, {"Lq", "Lk"})) &&
      succeeded(shapes.check("gate", getGate(), batch, {})) &&
      succeeded(shapes.check("output", getOutput(), batch, {"Lq", "dv"})) &&
      succeeded(
          shapes.check("numerator", getNumerator(), batch, {"Lq", "dv"})) &&
      succeeded(shapes.check("denominator", getDenominator(), batch, {"Lq"})) &&
      succeeded(shapes.check("reciprocal", getReciprocal(), batch, {"Lq"})) &&
      succeeded(shapes.checkQuotient("R", "Lq", policy.blockRows)) &&
      succeeded(shapes.checkQuotient("C", "Lk", policy.blockCols)) &&
      succeeded(checkGroups(shapes, op, policy.group)) &&
      succeeded(shapes.checkHeads()));
}

#define GET_OP_CLASSES
#include "hdp/Dialect/HDP/IR/HDPOps.cpp.inc"
