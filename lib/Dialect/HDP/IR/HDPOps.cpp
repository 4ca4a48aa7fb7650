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

//===----------------------------------------------------------------------===//
// The parts
//===----------------------------------------------------------------------===//

/// Operands that are all tensors or all memrefs, with the shapes expected; the
/// number of leading dimensions is that of `first`, which has two others.
static FailureOr<ShapeChecker> verifyPart(Operation *op, StringRef firstName,
                                          Value first,
                                          ArrayRef<ExpectedShape> expected) {
  FailureOr<int64_t> batchRank = getBatchRank(op, firstName, first, 2);
  if (failed(batchRank) ||
      failed(verifyOneSemantics(cast<DestinationStyleOpInterface>(op))))
    return failure();
  ShapeChecker shapes(op, *batchRank);
  if (failed(shapes.check(expected)))
    return failure();
  return shapes;
}

/// R = ceil(Lq / bq) and C = ceil(Lk / bk).
static LogicalResult checkBlocks(ShapeChecker &shapes,
                                 const numerics::Policy &policy) {
  return success(succeeded(shapes.checkQuotient("R", "Lq", policy.blockRows)) &&
                 succeeded(shapes.checkQuotient("C", "Lk", policy.blockCols)));
}

LogicalResult SplitOp::verify() {
  return verifyPart(*this, "input", getInput(),
                    {{"input", getInput(), "H", {"L", "d"}},
                     {"integer", getInteger(), "H", {"L", "d"}},
                     {"fraction", getFraction(), "H", {"L", "d"}},
                     {"exponent", getExponent(), "H", {}}});
}

LogicalResult QuantizeOp::verify() {
  return verifyPart(*this, "input", getInput(),
                    {{"input", getInput(), "H", {"Lk", "dv"}},
                     {"codes", getCodes(), "H", {"Lk", "dv"}},
                     {"exponent", getExponent(), "H", {}}});
}

LogicalResult DequantizeOp::verify() {
  return verifyPart(*this, "codes", getCodes(),
                    {{"codes", getCodes(), "Hq", {"Lq", "dv"}},
                     {"init", getInit(), "Hq", {"Lq", "dv"}},
                     {"exponent", getExponent(), "Hkv", {}}});
}

LogicalResult ValidityOp::verify() {
  bool hasBias = static_cast<bool>(getBias());
  if (hasBias != static_cast<bool>(getScoreBias()))
    return emitOpError() << "expected 'bias_out' exactly with 'bias', found "
                         << (hasBias ? "'bias' alone" : "'bias_out' alone");
  if (hasBias != static_cast<bool>(getQueryExponent()) ||
      hasBias != static_cast<bool>(getKeyExponent()))
    return emitOpError("expected both exponents exactly with 'bias'");
  FailureOr<ShapeChecker> shapes =
      verifyPart(*this, "valid", getValid(),
                 {{"valid", getValid(), "Hq", {"Lq", "Lk"}},
                  {"score_bias", getScoreBias(), "Hq", {"Lq", "Lk"}},
                  {"query_exponent", getQueryExponent(), "Hq", {}},
                  {"key_exponent", getKeyExponent(), "Hkv", {}}});
  ArrayRef<int64_t> scores = cast<ShapedType>(getValid().getType()).getShape();
  if (failed(shapes) ||
      failed(verifyBroadcast(*this, "mask", getMask(), scores)) ||
      failed(verifyBroadcast(*this, "bias", getBias(), scores)))
    return failure();
  return verifyLimits(*this, getPolicy().getValue(), *shapes, hasBias,
                      getScale().convertToDouble());
}

/// The operands that the kind of products asks for, and no others.
static LogicalResult verifyProducts(SplitMatmulOp op) {
  MatmulProducts products = op.getProducts();
  bool isIntInt = products == MatmulProducts::IntInt;
  bool isCross = products == MatmulProducts::Cross;
  if (isIntInt && (op.getQueryFraction() || op.getKeyFraction() ||
                   op.getKept() || op.getValid() || op.getBias()))
    return op.emitOpError("expected only the integer planes with int_int, "
                          "found fraction planes, a block mask or a bias");
  if (!isIntInt && !(op.getQueryFraction() && op.getKeyFraction()))
    return op.emitOpError()
           << "expected both fraction planes with "
           << stringifyMatmulProducts(products) << ", found none";
  if (isCross != static_cast<bool>(op.getIntegerScores()))
    return op.emitOpError()
           << "expected integer_scores exactly with cross, found "
           << stringifyMatmulProducts(products)
           << (isCross ? " without them" : " with them");
  if (static_cast<bool>(op.getKept()) != static_cast<bool>(op.getValid()))
    return op.emitOpError("expected 'kept' and 'valid' together, found one");
  bool isFullPolicy =
      op.getPolicy().getValue().products == numerics::Products::Full;
  if (!isIntInt && isCross == isFullPolicy)
    return op.emitOpError() << "expected the products of the policy, "
                            << (isFullPolicy ? "full" : "cross") << ", found "
                            << stringifyMatmulProducts(products);
  return success();
}

LogicalResult SplitMatmulOp::verify() {
  if (failed(verifyProducts(*this)))
    return failure();
  numerics::Policy policy = getPolicy().getValue();
  FailureOr<ShapeChecker> shapes =
      verifyPart(*this, "query_integer", getQueryInteger(),
                 {{"query_integer", getQueryInteger(), "Hq", {"Lq", "d"}},
                  {"key_integer", getKeyInteger(), "Hkv", {"Lk", "d"}},
                  {"query_fraction", getQueryFraction(), "Hq", {"Lq", "d"}},
                  {"key_fraction", getKeyFraction(), "Hkv", {"Lk", "d"}},
                  {"integer_scores", getIntegerScores(), "Hq", {"Lq", "Lk"}},
                  {"kept", getKept(), "Hq", {"R", "C"}},
                  {"valid", getValid(), "Hq", {"Lq", "Lk"}},
                  {"bias", getBias(), "Hq", {"Lq", "Lk"}},
                  {"scores", getScores(), "Hq", {"Lq", "Lk"}}});
  if (failed(shapes) || failed(checkBlocks(*shapes, policy)))
    return failure();
  return verifyLimits(*this, policy, *shapes, static_cast<bool>(getBias()));
}

LogicalResult BlockImportanceOp::verify() {
  FailureOr<ShapeChecker> shapes =
      verifyPart(*this, "integer_scores", getIntegerScores(),
                 {{"integer_scores", getIntegerScores(), "Hq", {"Lq", "Lk"}},
                  {"valid", getValid(), "Hq", {"Lq", "Lk"}},
                  {"bias", getBias(), "Hq", {"Lq", "Lk"}},
                  {"theta", getTheta(), "Hq", {"R", "C"}},
                  {"kind", getKind(), "Hq", {"R", "C"}}});
  if (failed(shapes))
    return failure();
  return checkBlocks(*shapes, getPolicy().getValue());
}

LogicalResult HeadGateOp::verify() {
  FailureOr<ShapeChecker> shapes =
      verifyPart(*this, "theta", getTheta(),
                 {{"theta", getTheta(), "Hq", {"R", "C"}},
                  {"kind", getKind(), "Hq", {"R", "C"}},
                  {"integer_scores", getIntegerScores(), "Hq", {"Lq", "Lk"}},
                  {"valid", getValid(), "Hq", {"Lq", "Lk"}},
                  {"bias", getBias(), "Hq", {"Lq", "Lk"}},
                  {"gate", getGate(), "Hq", {}},
                  {"measure", getMeasure(), "Hq", {}},
                  {"positions", getPositions(), "Hq", {}}});
  if (failed(shapes))
    return failure();
  return checkBlocks(*shapes, getPolicy().getValue());
}

LogicalResult BlockMaskOp::verify() {
  return verifyPart(*this, "theta", getTheta(),
                    {{"theta", getTheta(), "Hq", {"R", "C"}},
                     {"kind", getKind(), "Hq", {"R", "C"}},
                     {"gate", getGate(), "Hq", {}},
                     {"kept", getKept(), "Hq", {"R", "C"}},
                     {"threshold", getThreshold(), "Hq", {"R"}}});
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
  numerics::Policy policy = getPolicy().getValue();
  FailureOr<ShapeChecker> shapes = verifyPart(
      *this, "scores", getScores(),
      {{"scores", getScores(), "Hq", {"Lq", "Lk"}},
       {"kept", getKept(), "Hq", {"R", "C"}},
       {"valid", getValid(), "Hq", {"Lq", "Lk"}},
       {"theta", getTheta(), "Hq", {"R", "C"}},
       {"kind", getKind(), "Hq", {"R", "C"}},
       {"query_exponent", getQueryExponent(), "Hq", {}},
       {"key_exponent", getKeyExponent(), "Hkv", {}},
       {"weights", getWeights(), "Hq", {"Lq", "Lk"}},
       {"maximum", getMaximum(), "Hq", {"Lq"}},
       {"shift", getShift(), "Hq", {"Lq"}},
       {"compensation", getCompensation(), "Hq", {"Lq", "G"}},
       {"compensation_weight", getCompensationWeight(), "Hq", {"Lq", "G"}},
       {"unit_exponent", getUnitExponent(), "Hq", {}}});
  if (failed(shapes) || failed(checkBlocks(*shapes, policy)) ||
      failed(checkGroups(*shapes, *this, policy.group)))
    return failure();
  return verifyLimits(*this, policy, *shapes, /*hasBias=*/false,
                      getScale().convertToDouble());
}

LogicalResult ApplyOp::verify() {
  numerics::Policy policy = getPolicy().getValue();
  FailureOr<ShapeChecker> shapes = verifyPart(
      *this, "weights", getWeights(),
      {{"weights", getWeights(), "Hq", {"Lq", "Lk"}},
       {"compensation_weight", getCompensationWeight(), "Hq", {"Lq", "G"}},
       {"values", getValues(), "Hkv", {"Lk", "dv"}},
       {"kept", getKept(), "Hq", {"R", "C"}},
       {"kind", getKind(), "Hq", {"R", "C"}},
       {"valid", getValid(), "Hq", {"Lq", "Lk"}},
       {"gate", getGate(), "Hq", {}},
       {"output", getOutput(), "Hq", {"Lq", "dv"}},
       {"numerator", getNumerator(), "Hq", {"Lq", "dv"}},
       {"denominator", getDenominator(), "Hq", {"Lq"}},
       {"reciprocal", getReciprocal(), "Hq", {"Lq"}}});
  if (failed(shapes) || failed(checkBlocks(*shapes, policy)))
    return failure();
  return checkGroups(*shapes, *this, policy.group);
}

#define GET_OP_CLASSES
#include "hdp/Dialect/HDP/IR/HDPOps.cpp.inc"
