//===- ApplyLoops.cpp - weights times V, normalised (N10 to N12) ----------===//

#include "LoopEmitter.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/Normalise.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::numerics;

/// The whole weight of a position in num and den: w in kept blocks, and its
/// group's wc in full ones, kept or not (N10). The sum is the rounded e of a
/// kept position and wc of a pruned one.
static Value emitPositionWeight(LoopEmitter &e, ApplyOp op,
                                ArrayRef<Value> head, Value i, Value j,
                                const Policy &policy) {
  EmitOps &ops = e.ops;
  Value w = e.loadI32(op.getWeights(), at(head, {i, j}));
  if (policy.pruned == Pruned::Dropped)
    return w;
  auto divide = [&](Value x, int64_t by) {
    return e.b.createOrFold<arith::DivUIOp>(x, e.index(by));
  };
  Value r = divide(i, policy.blockRows), c = divide(j, policy.blockCols);
  Value group = policy.group == 0 ? e.index(0) : divide(c, policy.group);
  Value kind = e.loadI32(op.getKind(), at(head, {r, c}));
  Value isFull =
      ops.eq(kind, ops.constI32(static_cast<int32_t>(BlockKind::Full)));
  Value wc = e.loadI32(op.getCompensationWeight(), at(head, {i, group}));
  return ops.add(w, ops.select(isFull, wc, ops.constI32(0)));
}

/// num[i, :] = sum over j of weight(j) * V[j, :]; returns the sum of weights.
static Value emitWeightedSum(LoopEmitter &e, ApplyOp op,
                             const HeadIndices &head, Value i,
                             function_ref<Value(Value)> weight) {
  EmitOps &ops = e.ops;
  Value numerator = op.getNumerator(), values = op.getValues();
  Value depth = e.sizeFromBack(values, 0);
  e.loop(depth, [&](Value t) {
    e.store(ops.constI64(0), numerator, at(head.query, {i, t}));
  });
  return e.accumulate(
      e.index(0), e.sizeFromBack(values, 1), ops.constI32(0),
      [&](Value j, ValueRange sum) {
        Value w = weight(j);
        e.when(ops.ne(w, ops.constI32(0)), [&] {
          e.loop(depth, [&](Value t) {
            Value v = e.loadI32(values, at(head.key, {j, t}));
            Value term = ops.extI32ToI64(ops.mul(w, v));
            Value soFar = e.load(numerator, at(head.query, {i, t}));
            e.store(ops.add(soFar, term), numerator, at(head.query, {i, t}));
          });
        });
        return Values{ops.add(sum[0], w)};
      })[0];
}

/// N11 for one row.
static void emitOutput(LoopEmitter &e, ApplyOp op, ArrayRef<Value> head,
                       Value i, Value den, const Policy &policy) {
  Value b = bitLength(e.ops, den);
  Value R = reciprocal(e.ops, den, b, policy);
  e.store(den, op.getDenominator(), at(head, {i}));
  e.store(R, op.getReciprocal(), at(head, {i}));
  e.loop(e.sizeFromBack(op.getOutput(), 0), [&](Value t) {
    Value num = e.load(op.getNumerator(), at(head, {i, t}));
    e.store(outputCode(e.ops, num, R, b), op.getOutput(), at(head, {i, t}));
  });
}

void hdp::emitLoops(LoopEmitter &e, ApplyOp op) {
  EmitOps &ops = e.ops;
  Policy policy = op.getPolicy().getValue();
  Value keyHeads = e.keyHeadCount(op.getValues(), 2);
  e.forEachHead(op.getOutput(), 2, keyHeads, [&](const HeadIndices &head) {
    Value gate = e.load(op.getGate(), head.query);
    e.loop(e.sizeFromBack(op.getOutput(), 1), [&](Value i) {
      // N12: a gated head's row is the mean of V over its valid positions, or
      // nothing at all.
      auto gatedWeight = [&](Value j) {
        if (policy.gated == Gated::Zero)
          return ops.constI32(0);
        return e.loadI32(op.getValid(), at(head.query, {i, j}));
      };
      auto keptWeight = [&](Value j) {
        return emitPositionWeight(e, op, head.query, i, j, policy);
      };
      Value den = e.choose(
          gate, [&] { return emitWeightedSum(e, op, head, i, keptWeight); },
          [&] { return emitWeightedSum(e, op, head, i, gatedWeight); });
      emitOutput(e, op, head.query, i, den, policy);
    });
  });
}
