//===- Softmax.cpp - weights, and weights times V (N9 to N12) -------------===//
//
// hdp.softmax and hdp.apply. A row without a kept valid position (in a gated
// head, or fully masked) keeps zeros throughout.
//
//===----------------------------------------------------------------------===//

#include "hdp/Numerics/Softmax.h"
#include "Ops.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/Normalise.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::reference;
using namespace hdp::numerics;

static NativeOps ops;

namespace {

/// Everything that hdp.softmax reads and makes.
class Softmax {
public:
  Softmax(SoftmaxOp op, Frame &frame)
      : policy(op.getPolicy().getValue()),
        scale(getScaleConstants(op.getScale().convertToDouble())),
        S(frame.view<int32_t>(op.getScores(), 2)),
        kept(frame.view<uint8_t>(op.getKept(), 2)),
        valid(frame.view<uint8_t>(op.getValid(), 2)),
        theta(frame.view<int32_t>(op.getTheta(), 2)),
        kind(frame.view<int8_t>(op.getKind(), 2)),
        sQ(frame.view<int32_t>(op.getQueryExponent(), 0)),
        sK(frame.view<int32_t>(op.getKeyExponent(), 0)),
        w(frame.makeView<int16_t>(op, 0, 2)),
        M(frame.makeView<int32_t>(op, 1, 1)),
        k(frame.makeView<int8_t>(op, 2, 1)),
        c(frame.makeView<int16_t>(op, 3, 2)),
        wc(frame.makeView<int16_t>(op, 4, 2)),
        a(frame.makeView<int32_t>(op, 5, 0)),
        eTensor(ElementType::I16, frame.get(op.getScores()).getShape()),
        e(eTensor.as<int16_t>(), eTensor.getShape(), 2),
        grid{S.rows, S.columns, policy.blockRows, policy.blockCols,
             policy.group} {}

  void run();
  HostTensor takeE() { return std::move(eTensor); }

private:
  void runRow(int64_t b, int64_t i);
  int32_t findGroupWeight(int64_t b, int64_t i, int64_t g);

  bool isFull(int64_t b, int64_t r, int64_t column) const {
    return kind(b, r, column) == static_cast<int8_t>(BlockKind::Full);
  }
  /// Key positions that count in a row.
  bool isKept(int64_t b, int64_t i, int64_t j) const {
    return valid(b, i, j) &&
           kept(b, i / policy.blockRows, j / policy.blockCols);
  }

  Policy policy;
  ScaleConstants scale;
  View<const int32_t> S;
  View<const uint8_t> kept, valid;
  View<const int32_t> theta;
  View<const int8_t> kind;
  View<const int32_t> sQ, sK;
  View<int16_t> w;
  View<int32_t> M;
  View<int8_t> k;
  View<int16_t> c, wc;
  View<int32_t> a;
  HostTensor eTensor;
  View<int16_t> e;
  BlockGrid grid;
};

} // namespace

void Softmax::run() {
  int64_t groupSize = sQ.batch / std::max<int64_t>(sK.batch, 1);
  for (int64_t b = 0; b < S.batch; ++b) {
    int64_t kv = keyValueHead(ops, b, groupSize);
    a(b) = softmaxShift(ops, scale, policy, sQ(b), sK(kv));
    for (int64_t i = 0; i < S.rows; ++i)
      runRow(b, i);
  }
}

/// N9: c of group g in row i, whose maximum is known.
int32_t Softmax::findGroupWeight(int64_t b, int64_t i, int64_t g) {
  int64_t r = i / policy.blockRows;
  int64_t thetaSum = 0, positions = 0;
  for (int64_t column = 0; column < grid.columns(); ++column) {
    if (grid.groupOf(column) != g || !isFull(b, r, column) ||
        kept(b, r, column))
      continue;
    thetaSum += theta(b, r, column);
    positions += grid.fullBlockSize(r);
  }
  int64_t mean = groupMean(ops, thetaSum, positions, policy);
  return groupWeight(ops, M(b, i), mean, positions, a(b), scale.m);
}

void Softmax::runRow(int64_t b, int64_t i) {
  int32_t keptCount = 0;
  for (int64_t j = 0; j < S.columns; ++j) {
    if (!isKept(b, i, j))
      continue;
    M(b, i) = keptCount == 0 ? S(b, i, j) : std::max(M(b, i), S(b, i, j));
    ++keptCount;
  }
  if (keptCount == 0)
    return;

  int32_t sumE = 0, maxC = 0;
  for (int64_t j = 0; j < S.columns; ++j) {
    if (!isKept(b, i, j))
      continue;
    int64_t distance = int64_t(M(b, i)) - S(b, i, j);
    e(b, i, j) = static_cast<int16_t>(expWeight(ops, distance, a(b), scale.m));
    sumE += e(b, i, j);
  }
  for (int64_t g = 0; g < grid.groups(); ++g) {
    if (policy.pruned == Pruned::Compensated)
      c(b, i, g) = static_cast<int16_t>(findGroupWeight(b, i, g));
    maxC = std::max<int32_t>(maxC, c(b, i, g));
  }

  int32_t shift = weightShift(ops, weightSum(ops, sumE, maxC, keptCount));
  k(b, i) = static_cast<int8_t>(shift);
  for (int64_t g = 0; g < grid.groups(); ++g)
    wc(b, i, g) =
        static_cast<int16_t>(roundWeight(ops, int32_t(c(b, i, g)), shift));
  for (int64_t j = 0; j < S.columns; ++j) {
    if (!isKept(b, i, j))
      continue;
    int64_t column = j / policy.blockCols;
    int32_t shared = wc(b, i, grid.groupOf(column));
    bool inFullBlock = isFull(b, i / policy.blockRows, column);
    w(b, i, j) = static_cast<int16_t>(
        keptWeight(ops, int32_t(e(b, i, j)), shift, shared, inFullBlock));
  }
}

void reference::evaluate(SoftmaxOp op, Frame &frame) {
  Softmax softmax(op, frame);
  softmax.run();
  frame.extras.push_back({"e", softmax.takeE()});
}

void reference::evaluate(ApplyOp op, Frame &frame) {
  const Policy &policy = op.getPolicy().getValue();
  auto w = frame.view<int16_t>(op.getWeights(), 2);
  auto wc = frame.view<int16_t>(op.getCompensationWeight(), 2);
  auto V = frame.view<int16_t>(op.getValues(), 2);
  auto kept = frame.view<uint8_t>(op.getKept(), 2);
  auto kind = frame.view<int8_t>(op.getKind(), 2);
  auto valid = frame.view<uint8_t>(op.getValid(), 2);
  auto gate = frame.view<uint8_t>(op.getGate(), 0);
  auto o = frame.makeView<int16_t>(op, 0, 2);
  auto num = frame.makeView<int64_t>(op, 1, 2);
  auto den = frame.makeView<int32_t>(op, 2, 1);
  auto R = frame.makeView<int32_t>(op, 3, 1);

  BlockGrid grid{w.rows, w.columns, policy.blockRows, policy.blockCols,
                 policy.group};
  /// N10, N12: what key position j weighs in row i, all in all.
  auto getWeight = [&](int64_t b, int64_t i, int64_t j) -> int32_t {
    if (!gate(b))
      return policy.gated == Gated::Mean && valid(b, i, j) ? 1 : 0;
    int64_t r = i / policy.blockRows, column = j / policy.blockCols;
    int32_t weight = 0;
    if (valid(b, i, j) && kept(b, r, column))
      weight = w(b, i, j);
    if (kind(b, r, column) == static_cast<int8_t>(BlockKind::Full))
      weight += wc(b, i, grid.groupOf(column));
    return weight;
  };

  int64_t groupSize = w.batch / std::max<int64_t>(V.batch, 1);
  for (int64_t b = 0; b < w.batch; ++b) {
    int64_t kv = keyValueHead(ops, b, groupSize);
    for (int64_t i = 0; i < w.rows; ++i) {
      for (int64_t j = 0; j < w.columns; ++j) {
        int32_t weight = getWeight(b, i, j);
        den(b, i) += weight;
        for (int64_t t = 0; t < V.columns; ++t)
          num(b, i, t) += int64_t(weight) * V(kv, j, t);
      }
      int32_t bits = bitLength(ops, den(b, i));
      R(b, i) = reciprocal(ops, den(b, i), bits, policy);
      for (int64_t t = 0; t < V.columns; ++t)
        o(b, i, t) =
            static_cast<int16_t>(outputCode(ops, num(b, i, t), R(b, i), bits));
    }
  }
}
