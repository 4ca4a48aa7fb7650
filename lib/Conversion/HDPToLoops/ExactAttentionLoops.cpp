//===- ExactAttentionLoops.cpp - attention without a policy, in f32 -------===//
//
// A row at a time: scores against a transposed copy of K, softmax with the
// maximum subtracted, then the weighted sum of V. Inner loops run over
// contiguous elements without changing the order of any sum.
//
//===----------------------------------------------------------------------===//

#include "LoopEmitter.h"
#include "hdp/Numerics/Mask.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <limits>

using namespace mlir;
using namespace hdp;

namespace {

class ExactAttention {
public:
  ExactAttention(LoopEmitter &e, AttentionOp op)
      : e(e), b(e.b), op(op), rank(LoopEmitter::rank(op.getQuery())) {}

  void run();

private:
  using Perm = std::optional<ArrayRef<int64_t>>;

  Value size(Value memref, Perm perm, int64_t dim) {
    return e.size(memref, perm ? (*perm)[dim] : dim);
  }
  /// Indices of the operand for canonical ones.
  Values permute(const Values &canonical, Perm perm) {
    if (!perm)
      return canonical;
    Values indices(canonical.size());
    for (auto [dim, index] : llvm::enumerate(canonical))
      indices[(*perm)[dim]] = index;
    return indices;
  }
  Value constF32(double value) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  }
  Value scratch(ArrayRef<Value> sizes);
  void emitHead(const HeadIndices &head);
  void emitRow(const HeadIndices &head, Value i);
  Value emitScores(const HeadIndices &head, Value i);

  LoopEmitter &e;
  ImplicitLocOpBuilder &b;
  AttentionOp op;
  int64_t rank;
  Value lq, lk, d, dv;
  /// K of one head as [d, Lk]; scores of one row; the row's sums.
  Value keys, scores, sums;
};

Value ExactAttention::scratch(ArrayRef<Value> sizes) {
  SmallVector<int64_t> shape(sizes.size(), ShapedType::kDynamic);
  auto type = MemRefType::get(shape, b.getF32Type());
  return memref::AllocOp::create(b, type, sizes);
}

/// scores[j] = scale * sum over t of q[t] * K[j, t] + bias, -inf where a mask
/// forbids; returns the maximum.
Value ExactAttention::emitScores(const HeadIndices &head, Value i) {
  e.loop(lk, [&](Value j) { e.store(constF32(0.0), scores, j); });
  e.loop(d, [&](Value t) {
    Values query = permute(at(head.query, {i, t}), op.getQueryPerm());
    Value q = e.loadF32(op.getQuery(), query);
    e.loop(lk, [&](Value j) {
      Value product = arith::MulFOp::create(b, q, e.load(keys, {t, j}));
      Value sum = arith::AddFOp::create(b, e.load(scores, j), product);
      e.store(sum, scores, j);
    });
  });
  Value scale = constF32(op.getScale().convertToDouble());
  Value negativeInfinity = constF32(-std::numeric_limits<double>::infinity());
  return e.accumulate(
      e.index(0), lk, negativeInfinity, [&](Value j, ValueRange soFar) {
        Values position = at(head.query, {i, j});
        Value score = arith::MulFOp::create(b, e.load(scores, j), scale);
        if (op.getBias()) {
          Value bias =
              e.load(op.getBias(), e.broadcast(op.getBias(), position));
          if (!bias.getType().isF32())
            bias = arith::ExtFOp::create(b, b.getF32Type(), bias);
          score = arith::AddFOp::create(b, score, bias);
        }
        if (op.getMask())
          score = arith::SelectOp::create(
              b, e.load(op.getMask(), e.broadcast(op.getMask(), position)),
              score, negativeInfinity);
        if (op.getCausal())
          score = arith::SelectOp::create(
              b, numerics::causalAllows(e.ops, i, j, lq, lk), score,
              negativeInfinity);
        e.store(score, scores, j);
        return Values{arith::MaximumFOp::create(b, soFar[0], score)};
      })[0];
}

void ExactAttention::emitRow(const HeadIndices &head, Value i) {
  Value maximum = emitScores(head, i);
  Value zero = constF32(0.0);
  e.loop(dv, [&](Value t) { e.store(zero, sums, t); });
  // A row without a valid key stays 0.
  Value negativeInfinity = constF32(-std::numeric_limits<double>::infinity());
  Value hasKey = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, maximum,
                                       negativeInfinity);
  Value denominator = e.choose(
      hasKey,
      [&] {
        return e.accumulate(
            e.index(0), lk, zero, [&](Value j, ValueRange soFar) {
              Value distance =
                  arith::SubFOp::create(b, e.load(scores, j), maximum);
              Value weight = math::ExpOp::create(b, distance);
              e.loop(dv, [&](Value t) {
                Values value = permute(at(head.key, {j, t}), op.getValuePerm());
                Value product = arith::MulFOp::create(
                    b, weight, e.loadF32(op.getValue(), value));
                Value sum = arith::AddFOp::create(b, e.load(sums, t), product);
                e.store(sum, sums, t);
              });
              return Values{arith::AddFOp::create(b, soFar[0], weight)};
            })[0];
      },
      [&] { return constF32(1.0); });
  e.loop(dv, [&](Value t) {
    Value quotient = arith::DivFOp::create(b, e.load(sums, t), denominator);
    e.store(quotient, op.getInit(),
            permute(at(head.query, {i, t}), op.getResultPerm()));
  });
}

void ExactAttention::emitHead(const HeadIndices &head) {
  e.loop(lk, [&](Value j) {
    e.loop(d, [&](Value t) {
      Values key = permute(at(head.key, {j, t}), op.getKeyPerm());
      e.store(e.loadF32(op.getKey(), key), keys, {t, j});
    });
  });
  e.loop(lq, [&](Value i) { emitRow(head, i); });
}

void ExactAttention::run() {
  lq = size(op.getQuery(), op.getQueryPerm(), rank - 2);
  d = size(op.getQuery(), op.getQueryPerm(), rank - 1);
  lk = size(op.getKey(), op.getKeyPerm(), rank - 2);
  dv = size(op.getValue(), op.getValuePerm(), rank - 1);
  keys = scratch({d, lk});
  scores = scratch({lk});
  sums = scratch({dv});

  // Heads are walked by hand: the leading dimensions may be permuted.
  Value groupSize;
  if (rank > 2)
    groupSize = e.ops.div(size(op.getQuery(), op.getQueryPerm(), rank - 3),
                          size(op.getKey(), op.getKeyPerm(), rank - 3));
  HeadIndices head;
  auto nest = [&](auto &&self, int64_t dim) -> void {
    if (dim == rank - 2) {
      head.key = head.query;
      if (groupSize)
        head.key.back() =
            numerics::keyValueHead(e.ops, head.query.back(), groupSize);
      emitHead(head);
      return;
    }
    e.loop(size(op.getQuery(), op.getQueryPerm(), dim), [&](Value iv) {
      head.query.push_back(iv);
      self(self, dim + 1);
      head.query.pop_back();
    });
  };
  nest(nest, 0);

  for (Value buffer : {keys, scores, sums})
    memref::DeallocOp::create(b, buffer);
}

} // namespace

void hdp::emitLoops(LoopEmitter &e, AttentionOp op) {
  ExactAttention(e, op).run();
}
