//===- ExactPairs.cpp - the kernel's products in bf16 ---------------------===//
//
// On request operands of both products are rounded to bf16 and multiplied in
// pairs, as AVX512-BF16 and AMX do: a lane of 32 bits holds two numbers that
// are neighbours along the sum. Sums, scores and softmax stay f32.
//
//===----------------------------------------------------------------------===//

#include "ExactKernel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace hdp;

/// A pair of bf16.
static Type getPairType(OpBuilder &b) { return b.getI32Type(); }

static Value intrinsic(ImplicitLocOpBuilder &b, StringRef name, Type type,
                       ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(name), operands)
      ->getResult(0);
}

Value ExactKernel::allocatePairs(ValueRange sizes) {
  return allocate(sizes, getPairType(b));
}

/// 2 * lanes numbers, those of `low` first, rounded to bf16, as pairs.
Value ExactKernel::toPairs(Value low, Value high) {
  auto halves = VectorType::get({2 * lanes}, b.getBF16Type());
  Value rounded = intrinsic(b, "llvm.x86.avx512bf16.cvtne2ps2bf16.512", halves,
                            {high, low});
  return vector::BitCastOp::create(b, VectorType::get({lanes}, getPairType(b)),
                                   rounded);
}

/// Lane n: number n of x, then number n of y; pairs of bf16 both.
Value ExactKernel::interleavePairs(Value x, Value y) {
  SmallVector<int64_t> order;
  for (int64_t lane = 0; lane < lanes; ++lane)
    llvm::append_values(order, lane, lane + lanes);
  Value all = vector::ShuffleOp::create(b, x, y, order);
  return vector::BitCastOp::create(b, VectorType::get({lanes}, getPairType(b)),
                                   all);
}

/// acc[n] + x[2n] * y[2n] + x[2n+1] * y[2n+1]
Value ExactKernel::multiplyPairs(Value x, Value y, Value acc) {
  auto halves = VectorType::get({2 * lanes}, b.getBF16Type());
  Value left = vector::BitCastOp::create(b, halves, x);
  Value right = vector::BitCastOp::create(b, halves, y);
  return intrinsic(b, "llvm.x86.avx512bf16.dpbf16ps.512", acc.getType(),
                   {acc, left, right});
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// Rows are contiguous, in f32 or bf16.
bool ExactKernel::hasPairRows(Operand operand) {
  auto type = cast<MemRefType>(operand.memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  int64_t from = operand.perm ? operand.perm->back() : rank - 1;
  Type element = type.getElementType();
  return (element.isF32() || element.isBF16()) && from == rank - 1 &&
         succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

/// `count` numbers of a row from `column` on, 0 beyond `size`; in f32 or, if
/// that is the operand's type, bf16.
Value ExactKernel::loadRow(Operand operand, ArrayRef<Value> head, Value row,
                           Value column, Value size, int64_t count) {
  auto type = cast<MemRefType>(operand.memref.getType());
  Type element = type.getElementType();
  Values indices = getIndices(operand, head, row, column);
  auto vector = VectorType::get({count}, element);
  if (hasPairRows(operand)) {
    std::optional<int64_t> known = getConstantIntValue(size);
    if (known && *known % count == 0)
      return vector::LoadOp::create(b, vector, operand.memref, indices);
    Value mask = e.mask(count, e.sub(size, column));
    if (!mask)
      return vector::LoadOp::create(b, vector, operand.memref, indices);
    Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(vector));
    return vector::MaskedLoadOp::create(b, vector, operand.memref, indices,
                                        mask, zeros);
  }
  // One by one.
  Value scratch = rowBuffer;
  e.loop(e.index(0), e.index(count), 1, [&](Value n) {
    Value at = e.min(e.add(column, n), e.sub(size, e.index(1)));
    at = b.createOrFold<arith::MaxSIOp>(at, e.index(0));
    Value x = readF32(operand, getIndices(operand, head, row, at));
    Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                          e.add(column, n), size);
    x = arith::SelectOp::create(b, isThere, x, constant(0.0, 0));
    store(x, scratch, n);
  });
  return vector::LoadOp::create(b, VectorType::get({count}, b.getF32Type()),
                                scratch, ValueRange{e.index(0)});
}

/// 2 * lanes numbers of a row as pairs.
Value ExactKernel::loadPairs(Operand operand, ArrayRef<Value> head, Value row,
                             Value column, Value size) {
  Value all = loadRow(operand, head, row, column, size, 2 * lanes);
  if (getElementTypeOrSelf(all.getType()).isBF16())
    return vector::BitCastOp::create(
        b, VectorType::get({lanes}, getPairType(b)), all);
  return toPairs(e.slice(all, 0, lanes), e.slice(all, lanes, lanes));
}

/// keys[panel][t][j] = K[panel * width + j, 2t .. 2t+1]
void ExactKernel::packKeyPairs(ArrayRef<Value> head) {
  int64_t width = keyVectors * lanes;
  Value zero = e.index(0), last = e.sub(lk, e.index(1));
  e.loop(zero, e.ceilTo(lk, width), lanes, [&](Value j) {
    Value panel = b.createOrFold<arith::DivUIOp>(j, e.index(width));
    Value place = b.createOrFold<arith::RemUIOp>(j, e.index(width));
    e.loop(zero, d, 2 * lanes, [&](Value t) {
      Values rows;
      for (int64_t i = 0; i < lanes; ++i)
        rows.push_back(loadPairs(key, head, e.min(e.add(j, i), last), t, d));
      for (auto [i, row] : llvm::enumerate(e.transpose(rows)))
        e.store(row, keys, {panel, e.add(half(t), i), place}, Value());
    });
  });
}

/// values[j][t] = V[2j, t] and V[2j+1, t], 0 beyond dv and lk.
void ExactKernel::packValuePairs(ArrayRef<Value> head) {
  Value zero = e.index(0);
  Value rows = e.ceilTo(lk, pairStep), columns = e.ceilTo(dv, columnStep);
  e.loop(zero, rows, 2, [&](Value j) {
    Value pair = half(j);
    e.loop(zero, columns, lanes, [&](Value t) {
      // A row or columns that do not exist are read elsewhere and not taken.
      auto read = [&](Value row) {
        Value at = e.min(row, e.sub(lk, e.index(1)));
        Value isThere =
            arith::CmpIOp::create(b, arith::CmpIPredicate::slt, row, lk);
        Value size = arith::SelectOp::create(b, isThere, dv, e.index(0));
        return loadRow(value, head, at, t, size, lanes);
      };
      Value even = read(j), odd = read(e.add(j, 1));
      if (!getElementTypeOrSelf(even.getType()).isBF16()) {
        Value both = vector::BitCastOp::create(
            b, VectorType::get({2 * lanes}, b.getBF16Type()),
            toPairs(even, odd));
        even = e.slice(both, 0, lanes);
        odd = e.slice(both, lanes, lanes);
      }
      e.store(interleavePairs(even, odd), values, {pair, t}, Value());
    });
  });
}

/// queries[i][t] = Q[firstRow + i, 2t .. 2t+1]; rows without a query repeat the
/// last.
void ExactKernel::packQueryPairs(ArrayRef<Value> head, Value firstRow) {
  Value last = e.sub(lq, e.index(1));
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value i) {
    Value row = e.min(e.add(firstRow, i), last);
    e.loop(e.index(0), d, 2 * lanes, [&](Value t) {
      e.store(loadPairs(query, head, row, t, d), queries, {i, half(t)},
              Value());
    });
  });
}

/// weights[i][j] = scores[i][2j .. 2j+1], 0 from `numKeys` on.
void ExactKernel::packWeightPairs(Value numKeys) {
  Value end = e.ceilTo(numKeys, pairStep);
  std::optional<int64_t> known = getConstantIntValue(numKeys);
  bool isWhole = known && *known % (2 * lanes) == 0;
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value i) {
    e.loop(e.index(0), end, 2 * lanes, [&](Value j) {
      Value halves[2];
      for (int64_t n : {0, 1}) {
        Value at = e.add(j, n * lanes);
        halves[n] = e.load(scores, {i, at}, lanes, Value());
        if (Value mask = isWhole ? Value() : e.mask(lanes, e.sub(numKeys, at)))
          halves[n] =
              arith::SelectOp::create(b, mask, halves[n], constant(0.0, lanes));
      }
      Value place = half(j);
      e.store(toPairs(halves[0], halves[1]), weights, {i, place}, Value());
    });
  });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// scores[i][j] = sum over t of queries[i][t] * K[firstKey + j, t].
void ExactKernel::emitPairScores(Value firstKey, Value numKeys) {
  int64_t width = keyVectors * lanes;
  Value pairs = b.createOrFold<arith::DivUIOp>(e.ceilTo(d, 2), e.index(2));
  e.loop(e.index(0), numKeys, width, [&](Value j) {
    Value panel =
        b.createOrFold<arith::DivUIOp>(e.add(firstKey, j), e.index(width));
    Values init(tileRows * keyVectors, constant(0.0, lanes));
    Values dots =
        e.carry(e.index(0), pairs, 1, init, [&](Value t, Values soFar) {
          Values right;
          for (int64_t v = 0; v < keyVectors; ++v)
            right.push_back(
                e.load(keys, {panel, t, e.index(v * lanes)}, lanes, Value()));
          Values next;
          for (int64_t i = 0; i < tileRows; ++i) {
            Value left = e.splat(load(queries, {e.index(i), t}), lanes);
            for (int64_t v = 0; v < keyVectors; ++v)
              next.push_back(
                  multiplyPairs(right[v], left, soFar[i * keyVectors + v]));
          }
          return next;
        });
    for (int64_t i = 0; i < tileRows; ++i)
      for (int64_t v = 0; v < keyVectors; ++v)
        e.store(dots[i * keyVectors + v], scores,
                {e.index(i), e.add(j, v * lanes)}, Value());
  });
}

/// sums[i][t] = sums[i][t] * factors[i] + sum over j of weights[i][j] * V[j,
/// t].
void ExactKernel::emitPairProducts(Value firstKey, Value numKeys) {
  packWeightPairs(numKeys);
  Value firstPair = half(firstKey);
  Value pairs =
      b.createOrFold<arith::DivUIOp>(e.ceilTo(numKeys, 2), e.index(2));
  forColumns([&](Value t) {
    Values soFar = loadSums(t);
    soFar = e.carry(e.index(0), pairs, 1, soFar, [&](Value j, Values before) {
      Value row = e.add(firstPair, j);
      Values right;
      for (int64_t v = 0; v < columnVectors; ++v)
        right.push_back(
            e.load(values, {row, e.add(t, v * lanes)}, lanes, Value()));
      Values next;
      for (int64_t i = 0; i < tileRows; ++i) {
        Value left = e.splat(load(weights, {e.index(i), j}), lanes);
        for (int64_t v = 0; v < columnVectors; ++v)
          next.push_back(
              multiplyPairs(right[v], left, before[i * columnVectors + v]));
      }
      return next;
    });
    for (int64_t i = 0; i < tileRows; ++i)
      for (int64_t v = 0; v < columnVectors; ++v)
        e.store(soFar[i * columnVectors + v], sums,
                {inGroup(e.index(i)), e.add(t, v * lanes)}, Value());
  });
}
