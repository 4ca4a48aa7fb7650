//===- HDPOps.cpp - effects and shapes of all ops, verifiers of the parts -===//

#include "OpChecks.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::detail;

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
