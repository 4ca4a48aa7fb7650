//===- DecomposeAttention.cpp - pruned attention as its parts -------------===//

#include "hdp/Dialect/HDP/Transforms/Decompose.h"
#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace hdp;

namespace hdp {
#define GEN_PASS_DEF_HDPDECOMPOSEATTENTION
#include "hdp/Dialect/HDP/Transforms/Passes.h.inc"
} // namespace hdp

namespace {

using Sizes = SmallVector<OpFoldResult>;

/// Emits the parts of one attention.
class Decomposition {
public:
  Decomposition(ImplicitLocOpBuilder &builder, AttentionOp op)
      : builder(builder), op(op), policyAttr(*op.getPolicy()),
        policy(policyAttr.getValue()) {}

  SmallVector<NamedValue> run();

private:
  Value getOperand(Value operand, std::optional<ArrayRef<int64_t>> perm);
  OpFoldResult ceilDiv(OpFoldResult size, int64_t divisor);
  Value empty(ArrayRef<OpFoldResult> batch, ArrayRef<OpFoldResult> inner,
              Type elementType);
  Value storeResult(Value result);

  /// Creates a part from its inputs (with null for absent optional operands of
  /// ops whose operands have segments) and inits; returns its results.
  template <typename Op, typename... Args>
  ResultRange create(ArrayRef<Value> inits, Args &&...args) {
    SmallVector<Type> types;
    for (Value init : inits)
      types.push_back(init.getType());
    return Op::create(builder, types, std::forward<Args>(args)...)
        ->getResults();
  }

  ImplicitLocOpBuilder &builder;
  AttentionOp op;
  PolicyAttr policyAttr;
  numerics::Policy policy;
};

/// The operand with its dimensions in the form of the op's description.
Value Decomposition::getOperand(Value operand,
                                std::optional<ArrayRef<int64_t>> perm) {
  if (!perm)
    return operand;
  Sizes sizes = tensor::getMixedSizes(builder, builder.getLoc(), operand);
  Sizes permuted;
  for (int64_t dim : *perm)
    permuted.push_back(sizes[dim]);
  Type elementType = cast<RankedTensorType>(operand.getType()).getElementType();
  Value init = tensor::EmptyOp::create(builder, permuted, elementType);
  return linalg::TransposeOp::create(builder, operand, init, *perm)
      ->getResult(0);
}

OpFoldResult Decomposition::ceilDiv(OpFoldResult size, int64_t divisor) {
  if (std::optional<int64_t> value = getConstantIntValue(size))
    return builder.getIndexAttr((*value + divisor - 1) / divisor);
  Value dividend = arith::AddIOp::create(
      builder, cast<Value>(size),
      arith::ConstantIndexOp::create(builder, divisor - 1));
  return arith::DivUIOp::create(
             builder, dividend,
             arith::ConstantIndexOp::create(builder, divisor))
      .getResult();
}

Value Decomposition::empty(ArrayRef<OpFoldResult> batch,
                           ArrayRef<OpFoldResult> inner, Type elementType) {
  Sizes sizes(batch);
  llvm::append_range(sizes, inner);
  return tensor::EmptyOp::create(builder, sizes, elementType);
}

/// Puts the result into the layout of the op's init.
Value Decomposition::storeResult(Value result) {
  std::optional<ArrayRef<int64_t>> perm = op.getResultPerm();
  if (!perm)
    return result;
  // The op and its init may know different sizes; a transpose wants the same.
  auto initType = cast<RankedTensorType>(op.getInit().getType());
  SmallVector<int64_t> shape;
  for (int64_t dim : *perm)
    shape.push_back(initType.getDimSize(dim));
  auto type = RankedTensorType::get(shape, initType.getElementType());
  if (result.getType() != type)
    result = tensor::CastOp::create(builder, type, result);
  return linalg::TransposeOp::create(builder, result, op.getInit(),
                                     invertPermutationVector(*perm))
      ->getResult(0);
}

SmallVector<NamedValue> Decomposition::run() {
  Location loc = builder.getLoc();
  Type i1 = builder.getI1Type(), i8 = builder.getI8Type(),
       i16 = builder.getI16Type(), i32 = builder.getI32Type(),
       i64 = builder.getI64Type();

  emitRuntimeLimits(builder, op);

  Value query = getOperand(op.getQuery(), op.getQueryPerm());
  Value key = getOperand(op.getKey(), op.getKeyPerm());
  Value value = getOperand(op.getValue(), op.getValuePerm());
  Sizes querySizes = tensor::getMixedSizes(builder, loc, query);
  Sizes keySizes = tensor::getMixedSizes(builder, loc, key);
  Sizes valueSizes = tensor::getMixedSizes(builder, loc, value);
  Sizes batch(ArrayRef<OpFoldResult>(querySizes).drop_back(2));
  Sizes keyBatch(ArrayRef<OpFoldResult>(keySizes).drop_back(2));
  OpFoldResult lq = querySizes[batch.size()], d = querySizes.back();
  OpFoldResult lk = keySizes[batch.size()], dv = valueSizes.back();
  OpFoldResult rows = ceilDiv(lq, policy.blockRows);
  OpFoldResult cols = ceilDiv(lk, policy.blockCols);
  OpFoldResult groups =
      policy.group == 0 ? builder.getIndexAttr(1) : ceilDiv(cols, policy.group);

  // N1, N2
  bool hasBias = static_cast<bool>(op.getBias());
  UnitAttr biased = hasBias ? builder.getUnitAttr() : UnitAttr();
  auto split = [&](Side side, Value input, ArrayRef<OpFoldResult> heads,
                   OpFoldResult length) {
    SmallVector<Value> inits = {empty(heads, {length, d}, i8),
                                empty(heads, {length, d}, i16),
                                empty(heads, {}, i32)};
    return create<SplitOp>(inits, SideAttr::get(builder.getContext(), side),
                           input, inits[0], inits[1], inits[2], policyAttr,
                           biased);
  };
  ResultRange q = split(Side::Query, query, batch, lq);
  ResultRange k = split(Side::Key, key, keyBatch, lk);
  Value qI = q[0], qF = q[1], sQ = q[2], kI = k[0], kF = k[1], sK = k[2];
  SmallVector<Value> valueInits = {empty(keyBatch, {lk, dv}, i16),
                                   empty(keyBatch, {}, i32)};
  ResultRange v = create<QuantizeOp>(valueInits, value, valueInits[0],
                                     valueInits[1], policyAttr);
  Value codes = v[0], sV = v[1];

  // N4
  SmallVector<Value> validInits = {empty(batch, {lq, lk}, i1)};
  if (hasBias)
    validInits.push_back(empty(batch, {lq, lk}, i32));
  ResultRange validity = create<ValidityOp>(
      validInits, op.getMask(), op.getBias(), hasBias ? sQ : Value(),
      hasBias ? sK : Value(), validInits[0], hasBias ? validInits[1] : Value(),
      op.getScaleAttr(), op.getCausalAttr(), policyAttr);
  Value valid = validity[0], bias = hasBias ? Value(validity[1]) : Value();

  // N3
  auto products = [&](MatmulProducts kind) {
    return MatmulProductsAttr::get(builder.getContext(), kind);
  };
  Value integerInit = empty(batch, {lq, lk}, i32);
  Value integerScores = create<SplitMatmulOp>(
      integerInit, products(MatmulProducts::IntInt), qI, kI, Value(), Value(),
      Value(), Value(), Value(), Value(), integerInit, policyAttr)[0];

  // N5
  SmallVector<Value> blockInits = {empty(batch, {rows, cols}, i32),
                                   empty(batch, {rows, cols}, i8)};
  ResultRange blocks =
      create<BlockImportanceOp>(blockInits, integerScores, valid, bias,
                                blockInits[0], blockInits[1], policyAttr);
  Value theta = blocks[0], kind = blocks[1];

  // N7
  SmallVector<Value> gateInits = {empty(batch, {}, i1), empty(batch, {}, i64),
                                  empty(batch, {}, i64)};
  ResultRange gates =
      create<HeadGateOp>(gateInits, theta, kind, integerScores, valid, bias,
                         gateInits[0], gateInits[1], gateInits[2], policyAttr);
  Value gate = gates[0];

  // N6
  SmallVector<Value> maskInits = {empty(batch, {rows, cols}, i1),
                                  empty(batch, {rows}, i32)};
  ResultRange masks = create<BlockMaskOp>(
      maskInits, theta, kind, gate, maskInits[0], maskInits[1], policyAttr);
  Value kept = masks[0];

  // N8
  bool isFull = policy.products == numerics::Products::Full;
  Value scoresInit = empty(batch, {lq, lk}, i32);
  Value scores = create<SplitMatmulOp>(
      scoresInit,
      products(isFull ? MatmulProducts::Full : MatmulProducts::Cross), qI, kI,
      qF, kF, isFull ? Value() : integerScores, kept, valid, bias, scoresInit,
      policyAttr)[0];

  // N9, N10
  SmallVector<Value> weightInits = {
      empty(batch, {lq, lk}, i16),     empty(batch, {lq}, i32),
      empty(batch, {lq}, i8),          empty(batch, {lq, groups}, i16),
      empty(batch, {lq, groups}, i16), empty(batch, {}, i32)};
  ResultRange weights = create<SoftmaxOp>(
      weightInits, scores, kept, valid, theta, kind, sQ, sK, weightInits[0],
      weightInits[1], weightInits[2], weightInits[3], weightInits[4],
      weightInits[5], op.getScaleAttr(), policyAttr);

  // N10 to N12
  SmallVector<Value> outputInits = {
      empty(batch, {lq, dv}, i16), empty(batch, {lq, dv}, i64),
      empty(batch, {lq}, i32), empty(batch, {lq}, i32)};
  ResultRange output =
      create<ApplyOp>(outputInits, weights[0], weights[4], codes, kept, kind,
                      valid, gate, outputInits[0], outputInits[1],
                      outputInits[2], outputInits[3], policyAttr);
  auto resultType = cast<RankedTensorType>(op.getInit().getType());
  Value outInit = op.getResultPerm()
                      ? empty(batch, {lq, dv}, resultType.getElementType())
                      : op.getInit();
  Value out = create<DequantizeOp>(outInit, output[0], sV, outInit)[0];

  SmallVector<NamedValue> named = {
      {"sQ", sQ},         {"qI", qI},
      {"qF", qF},         {"sK", sK},
      {"kI", kI},         {"kF", kF},
      {"sV", sV},         {"V", codes},
      {"valid", valid},   {"II", integerScores},
      {"theta", theta},   {"kind", kind},
      {"H", gates[1]},    {"hpos", gates[2]},
      {"gate", gate},     {"kept", kept},
      {"T", masks[1]},    {"S", scores},
      {"w", weights[0]},  {"M", weights[1]},
      {"k", weights[2]},  {"c", weights[3]},
      {"wc", weights[4]}, {"a", weights[5]},
      {"num", output[1]}, {"den", output[2]},
      {"R", output[3]},   {"o", output[0]},
  };
  if (hasBias)
    named.push_back({"B", bias});
  named.push_back({"out", storeResult(out)});
  return named;
}

struct DecomposeAttention
    : hdp::impl::HDPDecomposeAttentionBase<DecomposeAttention> {
  using HDPDecomposeAttentionBase::HDPDecomposeAttentionBase;

  void runOnOperation() override {
    SmallVector<AttentionOp> ops;
    getOperation().walk([&](AttentionOp op) {
      if (op.getPolicy() && op.getNumResults() > 0)
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (AttentionOp op : ops) {
      FailureOr<SmallVector<NamedValue>> parts =
          decomposeAttention(rewriter, op);
      if (failed(parts))
        return signalPassFailure();
      rewriter.replaceOp(op, parts->back().value);
      ++numDecomposed;
    }
  }
};

} // namespace

FailureOr<SmallVector<NamedValue>>
hdp::decomposeAttention(RewriterBase &rewriter, AttentionOp op) {
  if (!op.getPolicy())
    return op.emitOpError("expected a policy to decompose attention");
  if (op.getNumResults() == 0)
    return op.emitOpError("expected attention on tensors to decompose it");
  if (op.getStatistics())
    return op.emitOpError("expected no statistics, which only fused kernels "
                          "count");
  rewriter.setInsertionPoint(op);
  ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
  return Decomposition(builder, op).run();
}
