//===- BiasKernel.cpp - additive masks ------------------------------------===//
//
// Most additive masks hold zeros and numbers that forbid: bits of validity are
// all that there is to them. Where a block row has other entries, their B (N4)
// is found once and added to theta and, entry by entry, to the kept scores.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "hdp/Numerics/Mask.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

/// 32 entries of a row from `first` as f32, zeros where there are fewer.
Vals KernelEmitter::biasEntries(Val row, Val first, Val count) {
  Type element = cast<MemRefType>(bias.getType()).getElementType();
  auto type = VectorType::get(16, element);
  auto choice =
      scf::IfOp::create(b, TypeRange{t.f32x16, t.f32x16}, count.eq(32).v, true);
  OpBuilder::InsertionGuard guard(b);
  auto widen = [&](Val x, Type to) {
    return element.isF32() ? x : x.cast<arith::ExtFOp>(to);
  };
  b.setInsertionPointToStart(choice.thenBlock());
  SmallVector<Value> entries;
  for (int64_t half : {0, 16}) {
    SmallVector<Value> at = {row.v, (first + half).v};
    entries.push_back(
        widen(wrap(vector::LoadOp::create(b, type, bias, at)), t.f32x16));
  }
  scf::YieldOp::create(b, entries);
  b.setInsertionPointToStart(choice.elseBlock());
  Val zero = vec(t.f32x16, 0);
  for (int64_t half : {0, 16})
    store(zero, biasStrip, index(half));
  loop(index(0), count, 1, [&](Val n) {
    SmallVector<Value> at = {row.v, (first + n).v};
    Val x = wrap(memref::LoadOp::create(b, bias, at));
    store(widen(x, b.getF32Type()), biasStrip, n);
  });
  entries.clear();
  for (int64_t half : {0, 16})
    entries.push_back(load(biasStrip, index(half), t.f32x16));
  scf::YieldOp::create(b, entries);
  return {wrap(choice.getResult(0)), wrap(choice.getResult(1))};
}

/// Bits of 32 entries for which a comparison with a number holds.
Val KernelEmitter::biasBits(ArrayRef<Val> entries,
                            arith::CmpFPredicate predicate, double number) {
  Value limit = arith::ConstantOp::create(
      b, DenseElementsAttr::get(t.f32x16, static_cast<float>(number)));
  Val bits[2];
  for (int64_t half : {0, 1})
    bits[half] =
        bitsOf(wrap(arith::CmpFOp::create(b, predicate, entries[half], limit)));
  return bits[0] | bits[1].shl(16);
}

/// B of both query rows of a block row, 0 where entries forbid.
void KernelEmitter::emitBiasRows(Val row, ArrayRef<Val> query) {
  Val unit =
      wrap(numerics::scoreUnit(ops, spec.scale, policy, sQ, sK)).splat(t.f64x8);
  auto constant = [&](double number) {
    return wrap(
        arith::ConstantOp::create(b, DenseElementsAttr::get(t.f64x8, number)));
  };
  auto pick = [&](arith::CmpFPredicate predicate, Val x, Val y) {
    return wrap(arith::CmpFOp::create(b, predicate, x, y)).select(x, y);
  };
  loop(index(0), paddedColumns * 2, 32, [&](Val key) {
    Val count = minIndex(maxIndex(lk - key, index(0)), index(32));
    for (int64_t n : {0, 1}) {
      Vals entries = biasEntries(query[n], key, count);
      for (int64_t quarter = 0; quarter < 4; ++quarter) {
        Val x =
            wrap(vector::ExtractStridedSliceOp::create(
                     b, entries[quarter / 2].v, {8 * (quarter % 2)}, {8}, {1}))
                .cast<arith::ExtFOp>(t.f64x8);
        Val allows =
            wrap(arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x,
                                       constant(numerics::forbiddingBias)));
        Val quotient = wrap(arith::DivFOp::create(b, x.v, unit.v));
        quotient = pick(arith::CmpFPredicate::OLT, quotient,
                        constant(numerics::biasLimit));
        quotient = pick(arith::CmpFPredicate::OGT, quotient,
                        constant(-numerics::biasLimit));
        // 1.5 * 2^52 leaves no bits behind the point.
        Val rounded = (quotient + constant(6755399441055744.0))
                          .as(t.i64x8)
                          .trunc(t.i32x8);
        store(allows.select(rounded, vec(t.i32x8, 0)), biasRows,
              (row * 2 + n) * (paddedColumns * 2) + key + 8 * quarter);
      }
    }
  });
}

/// N5 with a bias: theta of the batch's block rows, and what thresholds need.
void KernelEmitter::emitBiasTheta(Val firstRow) {
  bool wantsMinimum = policy.threshold8() < 0;
  Val ignored = vec(t.i32x16, wantsMinimum ? INT32_MAX : INT32_MIN);
  Val count = minIndex(rows - firstRow, index(kBatch));
  SmallVector<int64_t> even, odd;
  for (int64_t n = 0; n < 32; n += 2) {
    even.push_back(n);
    odd.push_back(n + 1);
  }
  loop(index(0), count, 1, [&](Val row) {
    Val from = validityRow(row);
    Val thetaRow = (row + thetaFirst) * paddedColumns;
    auto wide = VectorType::get(16, b.getI64Type());
    auto plain = [&] {
      store(load(sums, row * 16, t.i32x16).sext(wide).sum(), wideSums, row);
    };
    auto add = [&] {
      Val exists = ((firstRow + row) * 2 + 1).lt(lq);
      Val second = exists.select(i32(-1), i32(0)).splat(t.i32x16);
      Vals ends = accumulate(
          index(0), usedColumns, 16, {ignored, vec(wide, 0)},
          [&](Val column, const Vals &soFar) {
            Val x = load(theta, thetaRow + column, t.i32x16);
            for (int64_t n : {0, 1}) {
              Val at = (from * 2 + n) * (paddedColumns * 2) + column * 2;
              Val low =
                  load(biasRows, at, t.i32x16).sra(policy.scoreFractionBits());
              Val high = load(biasRows, at + 16, t.i32x16)
                             .sra(policy.scoreFractionBits());
              Val sum = low.shuffle(high, even) + low.shuffle(high, odd);
              x = x + (n ? sum & second : sum);
            }
            store(x, theta, thetaRow + column);
            Val isFull = lanesOf(
                load(fullWords, from * paddedColumns.div(16) + column.div(16)));
            Val counted = isFull.select(x, ignored);
            return Vals{
                wantsMinimum ? soFar[0].min(counted) : soFar[0].max(counted),
                soFar[1] + isFull.select(x, vec(t.i32x16, 0)).sext(wide)};
          });
      store(ends[0], extremes, row * 16);
      store(ends[1].sum(), wideSums, row);
    };
    when(load(hasBias, from).eq(0), plain, add);
  });
}

/// N8's B for the scores of a list.
void KernelEmitter::emitBiasScores(Val row) {
  Val from = validityRow(row), list = row * listStride;
  when(load(hasBias, from).gt(0), [&] {
    loop(index(0), load(counts, row).toIndex(), 1, [&](Val place) {
      Val key = load(lists, list + place).toIndex() * 2;
      for (int64_t n : {0, 1})
        for (int64_t second : {0, 1}) {
          Val at = row * scoreStride + scorePlace(place, n, second);
          Val B = load(biasRows,
                       (from * 2 + n) * (paddedColumns * 2) + key + second);
          store(load(scores, at) + B, scores, at);
        }
    });
  });
}
