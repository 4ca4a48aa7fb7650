//===- RuntimeLimits.cpp - N0 and shapes, checked at run time -------------===//

#include "hdp/Dialect/HDP/Transforms/Decompose.h"
#include "hdp/Numerics/Limits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace hdp;
using numerics::AttentionShape;
using numerics::Policy;

namespace {

class LimitsEmitter {
public:
  LimitsEmitter(ImplicitLocOpBuilder &builder, AttentionOp op)
      : builder(builder), op(op) {}

  void run();

private:
  OpFoldResult getSize(Value operand, std::optional<ArrayRef<int64_t>> perm,
                       int64_t dim) {
    int64_t operandDim = perm ? (*perm)[dim] : dim;
    return tensor::getMixedSize(builder, builder.getLoc(), operand, operandDim);
  }
  Value toValue(OpFoldResult size) {
    return getValueOrCreateConstantIndexOp(builder, builder.getLoc(), size);
  }
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, value);
  }
  static bool isDynamic(OpFoldResult size) {
    return !getConstantIntValue(size).has_value();
  }
  Value compare(arith::CmpIPredicate predicate, OpFoldResult a,
                OpFoldResult b) {
    return arith::CmpIOp::create(builder, predicate, toValue(a), toValue(b));
  }
  void require(Value condition, const Twine &message) {
    cf::AssertOp::create(builder, condition, message.str());
  }
  void requireEqual(OpFoldResult a, OpFoldResult b, const Twine &message) {
    if (isDynamic(a) || isDynamic(b))
      require(compare(arith::CmpIPredicate::eq, a, b), message);
  }
  void requireRange(StringRef name, OpFoldResult size, int64_t high);
  void requireBroadcast(StringRef name, Value operand,
                        ArrayRef<OpFoldResult> scores);

  ImplicitLocOpBuilder &builder;
  AttentionOp op;
};

/// The largest d that N0 accepts with the policy, whatever the other sizes.
int64_t getLargestDepth(const Policy &policy, double scale, bool hasBias) {
  auto accepts = [&](int64_t d) {
    AttentionShape shape;
    shape.d = d;
    return !numerics::checkLimits(policy, shape, scale, hasBias);
  };
  int64_t low = 0, high = int64_t(1) << 31;
  while (low + 1 < high) {
    int64_t middle = low + (high - low) / 2;
    (accepts(middle) ? low : high) = middle;
  }
  return low;
}

void LimitsEmitter::requireRange(StringRef name, OpFoldResult size,
                                 int64_t high) {
  if (!isDynamic(size))
    return;
  Value atLeastOne =
      compare(arith::CmpIPredicate::ne, size, builder.getIndexAttr(0));
  Value notAbove =
      compare(arith::CmpIPredicate::ule, size, builder.getIndexAttr(high));
  require(arith::AndIOp::create(builder, atLeastOne, notAbove),
          "expected " + name + " from 1 to " + Twine(high));
}

void LimitsEmitter::requireBroadcast(StringRef name, Value operand,
                                     ArrayRef<OpFoldResult> scores) {
  if (!operand)
    return;
  for (auto [dim, expected] : llvm::enumerate(scores)) {
    OpFoldResult size = getSize(operand, std::nullopt, dim);
    bool isLast = dim + 1 == scores.size();
    if ((!isDynamic(size) && !isDynamic(expected)) ||
        (!isLast && isConstantIntValue(size, 1)))
      continue;
    Value isEqual = compare(arith::CmpIPredicate::eq, size, expected);
    if (!isLast)
      isEqual = arith::OrIOp::create(
          builder, isEqual,
          compare(arith::CmpIPredicate::eq, size, builder.getIndexAttr(1)));
    require(isEqual, "expected dimension " + Twine(dim) + " of '" + name +
                         "' to be " + (isLast ? "" : "1 or ") +
                         "that of the scores");
  }
}

void LimitsEmitter::run() {
  Policy policy = op.getPolicy()->getValue();
  double scale = op.getScale().convertToDouble();
  bool hasBias = static_cast<bool>(op.getBias());
  auto query = [&](int64_t dim) {
    return getSize(op.getQuery(), op.getQueryPerm(), dim);
  };
  auto key = [&](int64_t dim) {
    return getSize(op.getKey(), op.getKeyPerm(), dim);
  };
  auto value = [&](int64_t dim) {
    return getSize(op.getValue(), op.getValuePerm(), dim);
  };
  auto init = [&](int64_t dim) {
    return getSize(op.getInit(), op.getResultPerm(), dim);
  };
  int64_t rank = cast<ShapedType>(op.getQuery().getType()).getRank();
  int64_t row = rank - 2, column = rank - 1;

  // Shapes.
  for (int64_t dim = 0; dim < row; ++dim) {
    requireEqual(query(dim), init(dim),
                 "expected 'query' and 'init' to have equal heads");
    requireEqual(key(dim), value(dim),
                 "expected 'key' and 'value' to have equal heads");
    if (dim + 1 < row)
      requireEqual(query(dim), key(dim),
                   "expected 'query' and 'key' to have equal batches");
  }
  requireEqual(query(row), init(row),
               "expected 'query' and 'init' to have equal Lq");
  requireEqual(query(column), key(column),
               "expected 'query' and 'key' to have equal d");
  requireEqual(key(row), value(row),
               "expected 'key' and 'value' to have equal Lk");
  requireEqual(value(column), init(column),
               "expected 'value' and 'init' to have equal dv");
  SmallVector<OpFoldResult> scores;
  for (int64_t dim = 0; dim <= row; ++dim)
    scores.push_back(query(dim));
  scores.push_back(key(row));
  requireBroadcast("mask", op.getMask(), scores);
  requireBroadcast("bias", op.getBias(), scores);
  if (Value statistics = op.getStatistics()) {
    OpFoldResult rows = getSize(statistics, std::nullopt, 0);
    bool isKnown = !isDynamic(rows);
    Value heads = constant(1);
    for (int64_t dim = 0; dim < row; ++dim) {
      isKnown &= !isDynamic(query(dim));
      heads = arith::MulIOp::create(builder, heads, toValue(query(dim)));
    }
    if (!isKnown)
      require(compare(arith::CmpIPredicate::eq, rows, heads),
              "expected a row of statistics for each query head");
  }

  // N13.
  if (row > 0 && (isDynamic(query(row - 1)) || isDynamic(key(row - 1)))) {
    Value heads = toValue(query(row - 1)), keyHeads = toValue(key(row - 1));
    Value atLeastOne = arith::MaxUIOp::create(builder, keyHeads, constant(1));
    Value rest = arith::RemUIOp::create(builder, heads, atLeastOne);
    require(compare(arith::CmpIPredicate::eq, rest, builder.getIndexAttr(0)),
            "expected query heads to be a multiple of key and value heads");
  }

  // N0.
  int64_t unbounded = (int64_t(1) << 31) - 1;
  requireRange("Lq", query(row), unbounded);
  requireRange("Lk", key(row), 32768);
  requireRange("d", query(column), getLargestDepth(policy, scale, hasBias));
  requireRange("dv", value(column), unbounded);
  if (!isDynamic(query(row)) && !isDynamic(key(row)) &&
      !isDynamic(query(column)))
    return;
  // Lq Lk (d P^2 + G / 2^SF) < 2^55, without a product that could wrap.
  int64_t p = int64_t(1) << (policy.format.integerBits - 1);
  int64_t g = hasBias ? (int64_t(1) << 28) >> policy.scoreFractionBits() : 0;
  Value term = arith::AddIOp::create(
      builder,
      arith::MulIOp::create(builder, toValue(query(column)), constant(p * p)),
      constant(g));
  Value most =
      arith::DivUIOp::create(builder, constant((int64_t(1) << 55) - 1), term);
  Value positions =
      arith::MulIOp::create(builder, toValue(query(row)), toValue(key(row)));
  require(compare(arith::CmpIPredicate::ule, positions, most),
          "expected Lq * Lk * (d * P^2 + G / 2^SF) below 2^55");
}

} // namespace

void hdp::emitRuntimeLimits(ImplicitLocOpBuilder &builder, AttentionOp op) {
  LimitsEmitter(builder, op).run();
}
