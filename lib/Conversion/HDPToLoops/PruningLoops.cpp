//===- PruningLoops.cpp - which positions, blocks and heads (N4 to N7) ----===//

#include "LoopEmitter.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/Pruning.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include <limits>

using namespace mlir;
using namespace hdp;
using namespace hdp::numerics;

void hdp::emitLoops(LoopEmitter &e, ValidityOp op) {
  Policy policy = op.getPolicy().getValue();
  double scale = op.getScale().convertToDouble();
  Value valid = op.getValid();
  Value rows = e.sizeFromBack(valid, 1), columns = e.sizeFromBack(valid, 0);
  Value keyHeads =
      op.getBias() ? e.keyHeadCount(op.getKeyExponent(), 0) : Value();
  e.forEachHead(valid, 2, keyHeads, [&](const HeadIndices &head) {
    Value unit;
    if (op.getBias())
      unit = scoreUnit(e.ops, scale, policy,
                       e.load(op.getQueryExponent(), head.query),
                       e.load(op.getKeyExponent(), head.key));
    e.loop(rows, [&](Value i) {
      e.loop(columns, [&](Value j) {
        Values position = at(head.query, {i, j});
        Value allowed = e.ops.constBool(true);
        if (op.getMask())
          allowed = e.load(op.getMask(), e.broadcast(op.getMask(), position));
        if (op.getCausal())
          allowed =
              e.ops.bitAnd(allowed, causalAllows(e.ops, i, j, rows, columns));
        if (op.getBias()) {
          Value bias =
              e.loadF64(op.getBias(), e.broadcast(op.getBias(), position));
          cf::AssertOp::create(e.b, e.ops.notBool(e.ops.isNaN(bias)),
                               "expected a bias without NaN, found NaN");
          allowed = e.ops.bitAnd(allowed, biasAllows(e.ops, bias));
          Value units = biasInScoreUnits(e.ops, bias, unit);
          e.store(e.ops.select(allowed, units, e.ops.constI32(0)),
                  op.getScoreBias(), position);
        }
        e.store(allowed, valid, position);
      });
    });
  });
}

/// First and one past last index of block `block` of `size` elements.
static std::pair<Value, Value> getBlockRange(LoopEmitter &e, Value block,
                                             int64_t blockSize, Value size) {
  Value first = e.ops.mul(block, e.index(blockSize));
  Value end = e.ops.add(first, e.index(blockSize));
  return {first, e.minIndex(end, size)};
}

/// II + (B >> SF), or II without a bias.
static Value emitIntegerScore(LoopEmitter &e, Value scores, Value bias,
                              const Values &position, const Policy &policy) {
  Value score = e.load(scores, position);
  if (!bias)
    return score;
  return integerScore(e.ops, score, e.load(bias, position), policy);
}

void hdp::emitLoops(LoopEmitter &e, BlockImportanceOp op) {
  Policy policy = op.getPolicy().getValue();
  Value scores = op.getIntegerScores(), theta = op.getTheta();
  Value rows = e.sizeFromBack(scores, 1), columns = e.sizeFromBack(scores, 0);
  e.forEachHead(theta, 2, Value(), [&](const HeadIndices &head) {
    e.loop(e.sizeFromBack(theta, 1), [&](Value r) {
      auto [firstRow, endRow] = getBlockRange(e, r, policy.blockRows, rows);
      Value existingRows = e.toI32(e.ops.sub(endRow, firstRow));
      e.loop(e.sizeFromBack(theta, 0), [&, firstRow = firstRow,
                                        endRow = endRow](Value c) {
        auto [firstCol, endCol] =
            getBlockRange(e, c, policy.blockCols, columns);
        Value zero = e.ops.constI32(0);
        Values sums = e.accumulate(
            firstRow, endRow, {zero, zero},
            [&, firstCol = firstCol, endCol = endCol](Value i,
                                                      ValueRange outer) {
              return e.accumulate(
                  firstCol, endCol, outer, [&](Value j, ValueRange sum) {
                    Values position = at(head.query, {i, j});
                    Value isValid = e.loadI32(op.getValid(), position);
                    Value score = emitIntegerScore(e, scores, op.getBias(),
                                                   position, policy);
                    return Values{e.ops.add(sum[0], isValid),
                                  e.ops.add(sum[1], importanceTerm(e.ops, score,
                                                                   policy))};
                  });
            });
        Value kind = blockKind(e.ops, sums[0], existingRows, policy);
        Value isFull = e.ops.eq(
            kind, e.ops.constI32(static_cast<int32_t>(BlockKind::Full)));
        e.store(kind, op.getKind(), at(head.query, {r, c}));
        e.store(e.ops.select(isFull, sums[1], zero), theta,
                at(head.query, {r, c}));
      });
    });
  });
}

namespace {
/// Of the full blocks of one block row: how many, and sum, maximum and minimum
/// of theta, all i64.
struct RowStatistics {
  Value count, sum, maximum, minimum;
};
} // namespace

static Value isKind(LoopEmitter &e, Value kind, const Values &block,
                    BlockKind expected) {
  return e.ops.eq(e.loadI32(kind, block),
                  e.ops.constI32(static_cast<int32_t>(expected)));
}

static RowStatistics emitRowStatistics(LoopEmitter &e, Value theta, Value kind,
                                       ArrayRef<Value> head, Value r) {
  EmitOps &ops = e.ops;
  Values init = {ops.constI64(0), ops.constI64(0),
                 ops.constI64(std::numeric_limits<int32_t>::min()),
                 ops.constI64(std::numeric_limits<int32_t>::max())};
  Values row = e.accumulate(
      e.index(0), e.sizeFromBack(theta, 0), init, [&](Value c, ValueRange sum) {
        Values block = at(head, {r, c});
        Value isFull = isKind(e, kind, block, BlockKind::Full);
        Value value = ops.extI32ToI64(e.load(theta, block));
        return Values{
            ops.add(sum[0], ops.boolToI64(isFull)),
            ops.add(sum[1], ops.select(isFull, value, ops.constI64(0))),
            ops.select(isFull, ops.max(sum[2], value), sum[2]),
            ops.select(isFull, ops.min(sum[3], value), sum[3])};
      });
  return {row[0], row[1], row[2], row[3]};
}

void hdp::emitLoops(LoopEmitter &e, HeadGateOp op) {
  EmitOps &ops = e.ops;
  Policy policy = op.getPolicy().getValue();
  Value theta = op.getTheta(), scores = op.getIntegerScores();
  Value columns = e.sizeFromBack(scores, 0);
  Value zero = ops.constI64(0);
  e.forEachHead(theta, 2, Value(), [&](const HeadIndices &head) {
    // Full blocks, positions in them, and the spread of theta.
    Values blocks = e.accumulate(
        e.index(0), e.sizeFromBack(theta, 1), {zero, zero, zero},
        [&](Value r, ValueRange sum) {
          RowStatistics row =
              emitRowStatistics(e, theta, op.getKind(), head.query, r);
          auto [firstRow, endRow] =
              getBlockRange(e, r, policy.blockRows, e.sizeFromBack(scores, 1));
          Value inBlock = ops.mul(e.toI64(ops.sub(endRow, firstRow)),
                                  ops.constI64(policy.blockCols));
          return Values{ops.add(sum[0], row.count),
                        ops.add(sum[1], ops.mul(row.count, inBlock)),
                        ops.add(sum[2], spreadTerm(ops, row.count, row.maximum,
                                                   row.sum))};
        });
    Value measure = blocks[2], positions = blocks[1];
    if (policy.measure == Measure::Magnitude) {
      Values sums = e.accumulate(
          e.index(0), e.sizeFromBack(scores, 1), {zero, zero},
          [&](Value i, ValueRange outer) {
            return e.accumulate(
                e.index(0), columns, outer, [&](Value j, ValueRange sum) {
                  Values position = at(head.query, {i, j});
                  Value isValid = e.load(op.getValid(), position);
                  Value score = emitIntegerScore(e, scores, op.getBias(),
                                                 position, policy);
                  Value term = ops.select(isValid, magnitudeTerm(ops, score),
                                          ops.constI64(0));
                  return Values{ops.add(sum[0], term),
                                ops.add(sum[1], ops.boolToI64(isValid))};
                });
          });
      measure = sums[0];
      positions = sums[1];
    }
    e.store(headIsKept(ops, measure, positions, blocks[0], policy),
            op.getGate(), head.query);
    e.store(measure, op.getMeasure(), head.query);
    e.store(positions, op.getPositions(), head.query);
  });
}

/// Whether a full block is among the largest `count` of its row.
static Value emitIsAmongLargest(LoopEmitter &e, BlockMaskOp op,
                                ArrayRef<Value> head, Value r, Value c,
                                Value count) {
  Value theta = e.load(op.getTheta(), at(head, {r, c}));
  Values before = e.accumulate(
      e.index(0), e.sizeFromBack(op.getTheta(), 0), e.ops.constI32(0),
      [&](Value other, ValueRange sum) {
        Values block = at(head, {r, other});
        Value isFull = isKind(e, op.getKind(), block, BlockKind::Full);
        Value isBefore =
            precedes(e.ops, e.load(op.getTheta(), block), other, theta, c);
        Value counts = e.ops.bitAnd(isFull, isBefore);
        return Values{e.ops.add(sum[0], e.ops.boolToI32(counts))};
      });
  return e.ops.lt(before[0], count);
}

void hdp::emitLoops(LoopEmitter &e, BlockMaskOp op) {
  EmitOps &ops = e.ops;
  Policy policy = op.getPolicy().getValue();
  Value theta = op.getTheta();
  e.forEachHead(theta, 2, Value(), [&](const HeadIndices &head) {
    Value gate = e.load(op.getGate(), head.query);
    e.loop(e.sizeFromBack(theta, 1), [&](Value r) {
      RowStatistics row =
          emitRowStatistics(e, theta, op.getKind(), head.query, r);
      bool isTopK = policy.selection == Selection::TopK;
      Value threshold = ops.constI32(0), count;
      if (isTopK) {
        count = topkCount(ops, ops.truncI64ToI32(row.count), policy);
      } else {
        Value numerator = thresholdNumerator(ops, row.count, row.sum,
                                             row.maximum, row.minimum, policy);
        threshold = rowThreshold(ops, row.count, numerator);
      }
      e.store(threshold, op.getThreshold(), at(head.query, {r}));
      e.loop(e.sizeFromBack(theta, 0), [&](Value c) {
        Values block = at(head.query, {r, c});
        Value isChosen =
            isTopK ? emitIsAmongLargest(e, op, head.query, r, c, count)
                   : keptByThreshold(ops, e.load(theta, block), threshold);
        Value isFull = isKind(e, op.getKind(), block, BlockKind::Full);
        Value isPartial = isKind(e, op.getKind(), block, BlockKind::Partial);
        Value kept = ops.bitOr(isPartial, ops.bitAnd(isFull, isChosen));
        e.store(ops.bitAnd(kept, gate), op.getKept(), block);
      });
    });
  });
}
