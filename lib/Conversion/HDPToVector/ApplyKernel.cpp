//===- ApplyKernel.cpp - weighted sums of V, and the output ---------------===//
//
// N10 and N11. A block's two values of a dimension stand side by side, so one
// instruction multiplies both by their weights; groups go in pairs the same
// way.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hdp;

/// N11 of 16 sums in lanes of 64 bits, eight at a time.
Val KernelEmitter::outputCodes(Val sums, Val reciprocal, Val amount) {
  // sums: 8 x i64.
  Val half = Val::constantOf(b, b.getI64Type(), 1).shl(amount).srl(1);
  Val code = (sums * reciprocal.splat(t.i64x8) + half.splat(t.i64x8))
                 .sra(amount.splat(t.i64x8));
  return code;
}

/// The same of 16 sums in 32 bits: their upper and lower halves times the
/// reciprocal, at most 2^15, and the sum of both shifted. Exact for an amount
/// of at least 17, where the half that is added ends in 16 zeros.
Val KernelEmitter::narrowCodes(Val sums, Val reciprocal, Val amount) {
  Val factor = reciprocal.splat(t.i32x16);
  Val low =
      target->mulHighU16(sums.as(t.i16x32), factor.as(t.i16x32)).as(t.i32x16);
  Val half = i32(1).shl(amount - 17).splat(t.i32x16);
  return (sums.sra(16) * factor + low + half)
      .sra((amount - 16).splat(t.i32x16));
}

/// The same of a query's sums of 8-bit values, as N11's f32. The shift leaves
/// zeros in place of what it would shift out and is made up for by the unit, so
/// that multiplications and shifts do not wait for each other's units. The
/// factor has a sign, as 2^15 has none in 16 bits.
Vals KernelEmitter::narrowValues(ArrayRef<Val> sums, Val query) {
  auto term = [&](RowTerm which) {
    return load(rowTerms, query + which).splat(t.i32x16);
  };
  Val factor = term(kFactor).as(t.i16x32), cut = term(kCut);
  Val rounding = term(kRounding), unit = term(kUnit).as(t.f32x16);
  Val reciprocal = load(reciprocals, query).splat(t.i32x16).as(t.i16x32);
  // Codes are means of V's, within 32512 and, but for rounding, -32768.
  Val lowest = cut.shl(15);
  Vals values;
  for (Val sum : sums) {
    Val words = sum.as(t.i16x32);
    Val low = target->mulHighU16(words, reciprocal).as(t.i32x16);
    Val codes = (low - target->dotS16(rounding, words, factor)) & cut;
    codes = codes.max(lowest);
    if (policy.reciprocal != numerics::Reciprocal::Exact)
      codes = codes.min(cut - lowest);
    values.push_back(codes.cast<arith::SIToFPOp>(t.f32x16) * unit);
  }
  return values;
}

/// 16 codes of a result row: N11's clamp and value.
void KernelEmitter::storeRow(Value result, Val row, int64_t from, Val codes) {
  codes = codes.max(-32768).min(32767);
  Val bits = (i32(127 - 12) - sV).shl(23);
  Val unit = wrap(arith::BitcastOp::create(b, b.getF32Type(), bits));
  storeValues(result, row, from,
              codes.cast<arith::SIToFPOp>(t.f32x16) * unit.splat(t.f32x16));
}

void KernelEmitter::storeValues(Value result, Val row, int64_t from, Val x) {
  Type element = cast<MemRefType>(result.getType()).getElementType();
  auto type = VectorType::get(16, element);
  if (!element.isF32())
    x = x.cast<arith::TruncFOp>(type);
  SmallVector<Value> at = {row.v, index(from).v};
  if (from + 16 <= spec.dv) {
    vector::StoreOp::create(b, x, result, at);
    return;
  }
  SmallVector<bool> bits16;
  for (int64_t n = 0; n < 16; ++n)
    bits16.push_back(from + n < spec.dv);
  auto maskType = VectorType::get(16, b.getI1Type());
  Value mask = arith::ConstantOp::create(
      b, DenseElementsAttr::get(maskType, ArrayRef<bool>(bits16)));
  vector::MaskedStoreOp::create(b, result, at, mask, x);
}

void KernelEmitter::emitOutput(Val firstRow, Val count, Value result) {
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  int64_t dims = 16 * valueVectors;
  // Groups of up to 128 blocks of 8-bit values sum to 16 bits, and then the
  // shared part to 32, unless almost nothing is kept.
  bool hasPairs =
      isCompensated && !wideValues && groupColumns > 0 && groupColumns <= 128;
  // Sums of a tile of two rows stay in registers beside what they are made of.
  int64_t tileVectors = hasFewRegisters() ? 2 : 4;
  const Buffer &groupSums = spec.isMasked() ? rowValueSums : valueSums;
  const Buffer &pairSums = spec.isMasked() ? rowValueSumPairs : valueSumPairs;

  loop(index(0), count, 1, [&](Val row) {
    if (spec.variesByRow && isCompensated) {
      if (spec.hasOtherBlocks())
        emitBlockRowSums(row);
      else
        emitRowSums(row);
    }
    Val list = row * listStride;
    Val length = load(counts, row).toIndex();
    // Below the first number narrow sums would not be exact, from the second on
    // sums of groups may not fit.
    int64_t least = int64_t(1) << std::max<int64_t>(0, 2 + unitShift());
    int64_t most = isCompensated || !wideValues ? 1 << 24 : INT32_MAX;
    Val isNarrow = i32(!isCompensated || hasPairs).gt(0);
    for (int64_t n : {0, 1}) {
      Val den = load(denominators, row * 2 + n);
      isNarrow = isNarrow & den.ge(least) & den.lt(most);
    }
    Val weightRow[2] = {row * 2 * weightStride, (row * 2 + 1) * weightStride};
    for (int64_t tile = 0; tile < valueVectors; tile += tileVectors) {
      int64_t width = std::min(tileVectors, valueVectors - tile);
      // [block of two][row][vector]
      Vals acc(4 * width, vec(t.i32x16, 0));
      acc = accumulate(index(0), length, 2, acc,
                       [&](Val block, const Vals &soFar) {
                         Vals next = soFar;
                         for (int64_t j : {0, 1}) {
                           Val from = load(lists, list + block + j).toIndex();
                           Val weight[2];
                           for (int64_t n : {0, 1})
                             weight[n] = load(weights, weightRow[n] + block + j)
                                             .splat(t.i32x16)
                                             .as(t.i16x32);
                           for (int64_t x = 0; x < width; ++x) {
                             Val v = loadShiftedValues(from, tile + x);
                             for (int64_t n : {0, 1}) {
                               // Few registers have one sum for both blocks.
                               int64_t set = hasFewRegisters() ? 0 : 2 * j;
                               Val &slot = next[(set + n) * width + x];
                               slot = target->dotS16(slot, v, weight[n]);
                             }
                           }
                         }
                         return next;
                       });
      // [row][vector]
      Vals both;
      for (int64_t x = 0; x < 2 * width; ++x) {
        Val sum = acc[x] + acc[2 * width + x];
        both.push_back(wideValues ? sum : sum.sra(8));
      }
      if (hasPairs)
        both = accumulate(index(0), isNarrow.select(groups, index(0)), 2, both,
                          [&](Val group, const Vals &soFar) {
                            Vals next = soFar;
                            Val from = group.div(2) * dims + 16 * tile;
                            for (int64_t n : {0, 1}) {
                              Val word =
                                  load(groupPairs, group * 8 + (row * 2 + n));
                              Val weight = word.splat(t.i32x16).as(t.i16x32);
                              for (int64_t x = 0; x < width; ++x) {
                                Val &slot = next[n * width + x];
                                Val pair =
                                    load(pairSums, from + 16 * x, t.i16x32);
                                slot = target->dotS16(slot, pair, weight);
                              }
                            }
                            return next;
                          });

      for (int64_t n : {0, 1}) {
        ArrayRef<Val> sums = ArrayRef(both).slice(n * width, width);
        Val query = row * 2 + n;
        Val output = firstRow * 2 + query;
        auto emitRow = [&] {
          Val bits = load(denominatorBits, query);
          Val R32 = load(reciprocals, query);
          Val amount32 = bits + (14 - unitShift());
          Val R = R32.toI64(), amount = amount32.toI64();

          auto narrow = [&] {
            Vals values;
            if (!wideValues)
              values = narrowValues(sums, query);
            for (int64_t x = 0; x < width; ++x)
              if (wideValues)
                storeRow(result, output, 16 * (tile + x),
                         narrowCodes(sums[x], R32, amount32));
              else
                storeValues(result, output, 16 * (tile + x), values[x]);
          };
          auto wide = [&] {
            Vals total;
            for (Val sum : sums) {
              total.push_back(sum.as(t.i64x8).shl(32).sra(32));
              total.push_back(sum.as(t.i64x8).sra(32));
            }
            if (isCompensated)
              total = accumulate(
                  index(0), groups, 1, total, [&](Val group, const Vals &s) {
                    Val weight =
                        (load(groupWeights, group * 16 + query) & 0xFFFF)
                            .toI64()
                            .splat(t.i64x8);
                    Val from = group * dims + 16 * tile;
                    Vals next;
                    for (int64_t x = 0; x < width; ++x) {
                      Val v =
                          load(groupSums, from + 16 * x, t.i32x16).as(t.i64x8);
                      next.push_back(s[2 * x] + v.shl(32).sra(32) * weight);
                      next.push_back(s[2 * x + 1] + v.sra(32) * weight);
                    }
                    return next;
                  });
            for (int64_t x = 0; x < width; ++x) {
              Val halves[2];
              for (int64_t h : {0, 1})
                halves[h] = outputCodes(total[2 * x + h], R, amount)
                                .max(-32768)
                                .min(32767);
              Val codes =
                  ((halves[0] & 0xFFFFFFFF) | halves[1].shl(32)).as(t.i32x16);
              storeRow(result, output, 16 * (tile + x), codes);
            }
          };
          if (isCompensated && !hasPairs)
            wide();
          else
            when(isNarrow, narrow, wide);
        };
        if (n == 0)
          emitRow();
        else
          when(output.lt(lq), emitRow);
      }
    }
  });
}
