//===- ScoreLoops.cpp - partial products and weights (N3, N8 to N10) ------===//

#include "LoopEmitter.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/Softmax.h"
#include <limits>

using namespace mlir;
using namespace hdp;
using namespace hdp::numerics;

/// The sum over t of one position's partial products.
static Value emitProducts(LoopEmitter &e, SplitMatmulOp op,
                          const HeadIndices &head, Value i, Value j,
                          const Policy &policy) {
  EmitOps &ops = e.ops;
  Value depth = e.sizeFromBack(op.getQueryInteger(), 0);
  return e.accumulate(
      e.index(0), depth, ops.constI32(0), [&](Value t, ValueRange sum) {
        Values q = at(head.query, {i, t}), k = at(head.key, {j, t});
        Value qI = e.loadI32(op.getQueryInteger(), q);
        Value kI = e.loadI32(op.getKeyInteger(), k);
        if (op.getProducts() == MatmulProducts::IntInt)
          return Values{ops.add(sum[0], ops.mul(qI, kI))};
        Value qF = e.loadI32(op.getQueryFraction(), q);
        Value kF = e.loadI32(op.getKeyFraction(), k);
        if (op.getProducts() == MatmulProducts::Cross) {
          Value fractionInteger = ops.mul(qF, kI);
          Value integerFraction = ops.mul(qI, kF);
          Value cross = ops.add(fractionInteger, integerFraction);
          return Values{ops.add(sum[0], cross)};
        }
        Value qCode = joinParts(ops, qI, qF, policy);
        Value kCode = joinParts(ops, kI, kF, policy);
        return Values{ops.add(sum[0], ops.mul(qCode, kCode))};
      })[0];
}

/// The block row or column that holds row or column `position`.
static Value getBlock(LoopEmitter &e, Value position, int64_t blockSize) {
  return e.b.createOrFold<arith::DivUIOp>(position, e.index(blockSize));
}

/// Whether (i, j) is valid and in a kept block.
static Value isKeptPosition(LoopEmitter &e, Value kept, Value valid,
                            ArrayRef<Value> head, Value i, Value j,
                            const Policy &policy) {
  Value r = getBlock(e, i, policy.blockRows);
  Value c = getBlock(e, j, policy.blockCols);
  Value inKeptBlock = e.load(kept, at(head, {r, c}));
  return e.ops.bitAnd(inKeptBlock, e.load(valid, at(head, {i, j})));
}

void hdp::emitLoops(LoopEmitter &e, SplitMatmulOp op) {
  Policy policy = op.getPolicy().getValue();
  Value scores = op.getScores();
  Value keyHeads = e.keyHeadCount(op.getKeyInteger(), 2);
  e.forEachHead(scores, 2, keyHeads, [&](const HeadIndices &head) {
    e.loop(e.sizeFromBack(scores, 1), [&](Value i) {
      e.loop(e.sizeFromBack(scores, 0), [&](Value j) {
        Values position = at(head.query, {i, j});
        auto emitScore = [&]() -> Value {
          Value score = emitProducts(e, op, head, i, j, policy);
          if (op.getProducts() == MatmulProducts::Cross)
            score = combineScore(e.ops, e.load(op.getIntegerScores(), position),
                                 score, policy);
          if (op.getBias())
            score = e.ops.add(score, e.load(op.getBias(), position));
          return score;
        };
        if (!op.getKept()) {
          e.store(emitScore(), scores, position);
          return;
        }
        Value isKept = isKeptPosition(e, op.getKept(), op.getValid(),
                                      head.query, i, j, policy);
        Value score =
            e.choose(isKept, emitScore, [&] { return e.ops.constI32(0); });
        e.store(score, scores, position);
      });
    });
  });
}

namespace {

/// Emits the softmax of one row.
class RowSoftmax {
public:
  RowSoftmax(LoopEmitter &e, SoftmaxOp op, const HeadIndices &head, Value i,
             Value a)
      : e(e), ops(e.ops), op(op), policy(op.getPolicy().getValue()),
        head(head.query), i(i), a(a),
        m(getScaleConstants(op.getScale().convertToDouble()).m),
        columns(e.sizeFromBack(op.getScores(), 0)) {}

  void run();

private:
  Value isKept(Value j) {
    return isKeptPosition(e, op.getKept(), op.getValid(), head, i, j, policy);
  }
  Value emitGroupWeight(Value group, Value maximum, Value isEmptyRow);
  Value loadGroupWeight(Value memref, Value j);

  LoopEmitter &e;
  EmitOps &ops;
  SoftmaxOp op;
  Policy policy;
  Values head;
  Value i, a;
  int32_t m;
  Value columns;
};

/// c of one group: the weight of the mean integer score of its pruned blocks.
Value RowSoftmax::emitGroupWeight(Value group, Value maximum,
                                  Value isEmptyRow) {
  if (policy.pruned == Pruned::Dropped)
    return ops.constI32(0);
  Value r = getBlock(e, i, policy.blockRows);
  Value firstRow = ops.mul(r, e.index(policy.blockRows));
  Value endRow = e.minIndex(ops.add(firstRow, e.index(policy.blockRows)),
                            e.sizeFromBack(op.getScores(), 1));
  Value inBlock = ops.mul(e.toI64(ops.sub(endRow, firstRow)),
                          ops.constI64(policy.blockCols));

  Value blockColumns = e.sizeFromBack(op.getTheta(), 0);
  Value first = e.index(0), end = blockColumns;
  if (policy.group != 0) {
    first = ops.mul(group, e.index(policy.group));
    end = e.minIndex(ops.add(first, e.index(policy.group)), blockColumns);
  }
  Value zero = ops.constI64(0);
  Values pruned =
      e.accumulate(first, end, {zero, zero}, [&](Value c, ValueRange sum) {
        Values block = at(head, {r, c});
        Value isFull =
            ops.eq(e.loadI32(op.getKind(), block),
                   ops.constI32(static_cast<int32_t>(BlockKind::Full)));
        Value isPruned =
            ops.bitAnd(isFull, ops.notBool(e.load(op.getKept(), block)));
        Value theta = ops.extI32ToI64(e.load(op.getTheta(), block));
        return Values{ops.add(sum[0], ops.select(isPruned, theta, zero)),
                      ops.add(sum[1], ops.select(isPruned, inBlock, zero))};
      });
  Value mean = groupMean(ops, pruned[0], pruned[1], policy);
  Value weight = groupWeight(ops, maximum, mean, pruned[1], a, m);
  return ops.select(isEmptyRow, ops.constI32(0), weight);
}

/// The element of c or wc that belongs to column j.
Value RowSoftmax::loadGroupWeight(Value memref, Value j) {
  Value group = e.index(0);
  if (policy.group != 0)
    group = getBlock(e, j, policy.blockCols * policy.group);
  return e.loadI32(memref, at(head, {i, group}));
}

void RowSoftmax::run() {
  Value zero = ops.constI32(0);
  Value lowest = ops.constI32(std::numeric_limits<int32_t>::min());
  Value weights = op.getWeights();

  // M and the number of kept positions; in a row without one all terms are 0.
  Values found = e.accumulate(
      e.index(0), columns, {lowest, zero}, [&](Value j, ValueRange soFar) {
        Value kept = isKept(j);
        Value score = e.load(op.getScores(), at(head, {i, j}));
        return Values{ops.select(kept, ops.max(soFar[0], score), soFar[0]),
                      ops.add(soFar[1], ops.boolToI32(kept))};
      });
  Value isEmptyRow = ops.eq(found[1], zero);
  Value maximum = ops.select(isEmptyRow, zero, found[0]);
  e.store(maximum, op.getMaximum(), at(head, {i}));

  // e of every kept position, for now where w will be, and c of every group.
  Value sumE =
      e.accumulate(e.index(0), columns, zero, [&](Value j, ValueRange sum) {
        Value weight = e.choose(
            isKept(j),
            [&] {
              Value score = e.load(op.getScores(), at(head, {i, j}));
              Value distance = ops.extI32ToI64(ops.sub(maximum, score));
              return expWeight(ops, distance, a, m);
            },
            [&] { return zero; });
        e.store(weight, weights, at(head, {i, j}));
        return Values{ops.add(sum[0], weight)};
      })[0];
  Value groups = e.sizeFromBack(op.getCompensation(), 0);
  Value maxC = e.accumulate(
      e.index(0), groups, zero, [&](Value group, ValueRange soFar) {
        Value c = emitGroupWeight(group, maximum, isEmptyRow);
        e.store(c, op.getCompensation(), at(head, {i, group}));
        return Values{ops.max(soFar[0], c)};
      })[0];

  // N10.
  Value D = weightSum(ops, sumE, maxC, found[1]);
  Value k = weightShift(ops, D);
  e.store(k, op.getShift(), at(head, {i}));
  e.loop(groups, [&](Value group) {
    Value c = e.loadI32(op.getCompensation(), at(head, {i, group}));
    e.store(roundWeight(ops, c, k), op.getCompensationWeight(),
            at(head, {i, group}));
  });
  e.loop(columns, [&](Value j) {
    Value kept = isKept(j);
    e.when(kept, [&] {
      Value block =
          e.loadI32(op.getKind(), at(head, {getBlock(e, i, policy.blockRows),
                                            getBlock(e, j, policy.blockCols)}));
      Value isFull =
          ops.eq(block, ops.constI32(static_cast<int32_t>(BlockKind::Full)));
      Value wc = loadGroupWeight(op.getCompensationWeight(), j);
      Value exponential = e.loadI32(weights, at(head, {i, j}));
      e.store(keptWeight(ops, exponential, k, wc, isFull), weights,
              at(head, {i, j}));
    });
  });
}

} // namespace

void hdp::emitLoops(LoopEmitter &e, SoftmaxOp op) {
  Policy policy = op.getPolicy().getValue();
  ScaleConstants scale = getScaleConstants(op.getScale().convertToDouble());
  Value keyHeads = e.keyHeadCount(op.getKeyExponent(), 0);
  e.forEachHead(op.getScores(), 2, keyHeads, [&](const HeadIndices &head) {
    Value sQ = e.load(op.getQueryExponent(), head.query);
    Value sK = e.load(op.getKeyExponent(), head.key);
    Value a = softmaxShift(e.ops, scale, policy, sQ, sK);
    e.store(a, op.getUnitExponent(), head.query);
    e.loop(e.sizeFromBack(op.getScores(), 1),
           [&](Value i) { RowSoftmax(e, op, head, i, a).run(); });
  });
}
