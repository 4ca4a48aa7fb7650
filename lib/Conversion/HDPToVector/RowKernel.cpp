//===- RowKernel.cpp - what each row of a batch has one of ----------------===//
//
// Thresholds (N6), mean scores of groups (N9), c, k and wc (N9, N10) and
// reciprocals (N11) of all rows of a batch at once, a row in each lane: eight
// block rows, or their sixteen query rows. What a row's sweep leaves in a
// vector is summed up for sixteen rows by one tree.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "hdp/Numerics/Pruning.h"

using namespace mlir;
using namespace hdp;

/// The lanes of x and y that stay within 128 bits: of each the first half of
/// them, or the second, `width` lanes in turn.
static Val unpack(Val x, Val y, int64_t width, bool isSecond) {
  SmallVector<int64_t> order;
  for (int64_t from = 0; from < 16; from += 4)
    for (int64_t lane = 0; lane < 2; lane += width)
      for (int64_t source : {0, 16})
        for (int64_t n = 0; n < width; ++n)
          order.push_back(source + from + 2 * isSecond + lane + n);
  return x.shuffle(y, order);
}

/// Every other 128 bits of x, then of y.
static Val everyOther(Val x, Val y, bool isOdd) {
  SmallVector<int64_t> order;
  for (int64_t source : {0, 16})
    for (int64_t from : {0, 8})
      for (int64_t n = 0; n < 4; ++n)
        order.push_back(source + from + 4 * isOdd + n);
  return x.shuffle(y, order);
}

/// Sixteen vectors become one, whose lane n is combined from the lanes of
/// vector n; of eight, lanes n and n + 8 are combined from the halves of vector
/// n. Most of these shuffles stay within 128 bits, which is where processors
/// have the most units for them.
Val KernelEmitter::combineLanes(Vals r, function_ref<Val(Val, Val)> combine) {
  bool isHalf = r.size() == 8;
  for (int64_t level = 0; r.size() > 1; ++level) {
    Vals next;
    for (size_t n = 0; n < r.size(); n += 2) {
      Val parts[2];
      for (bool second : {false, true})
        parts[second] = level < 2 ? unpack(r[n], r[n + 1], level + 1, second)
                                  : everyOther(r[n], r[n + 1], second);
      next.push_back(combine(parts[0], parts[1]));
    }
    r = next;
  }
  if (!isHalf)
    return r[0];
  SmallVector<int64_t> order;
  for (int64_t from : {0, 8, 4, 12})
    for (int64_t n = 0; n < 4; ++n)
      order.push_back(from + n);
  return r[0].shuffle(r[0], order);
}

/// 16 vectors of 16 words, transposed.
void KernelEmitter::transpose16(Vals &r) {
  Vals pairs(16), fours(16), eights(16);
  for (int64_t n = 0; n < 16; n += 2)
    for (bool second : {false, true})
      pairs[n + second] = unpack(r[n], r[n + 1], 1, second);
  // Of rows n to n + 3 the columns that are j modulo 4.
  for (int64_t n = 0; n < 16; n += 4)
    for (int64_t j = 0; j < 4; ++j)
      fours[n + j] =
          unpack(pairs[n + j / 2], pairs[n + j / 2 + 2], 2, j % 2 == 1);
  for (int64_t n = 0; n < 16; n += 8)
    for (int64_t j = 0; j < 4; ++j)
      for (bool odd : {false, true})
        eights[n + 4 * odd + j] =
            everyOther(fours[n + j], fours[n + 4 + j], odd);
  for (int64_t column = 0; column < 16; ++column)
    r[column] =
        everyOther(eights[column % 8], eights[8 + column % 8], column >= 8);
}

/// Lanes of both query rows of eight block rows, [row 0 x 8][row 1 x 8], as
/// query rows in order.
Val KernelEmitter::interleaveRows(Val x) {
  SmallVector<int64_t> order;
  for (int64_t n = 0; n < 8; ++n)
    order.append({n, n + 8});
  return x.shuffle(x, order);
}

/// Each of eight block rows' words for both of its query rows.
Val KernelEmitter::forQueries(const Buffer &buffer, Val at) {
  SmallVector<int64_t> order;
  for (int64_t n = 0; n < 8; ++n)
    order.append({n, n});
  Val x = load(buffer, at, t.i32x8);
  return x.shuffle(x, order);
}

/// floor(dividend / divisor) of integers below 2^52 held in f64: the rounded
/// quotient does not cross an integer.
Val KernelEmitter::floorDivide(Val dividend, Val divisor) {
  Val quotient = wrap(arith::DivFOp::create(b, dividend.v, divisor.v));
  if (spec.target.kind != TargetKind::Portable) // which has no such instruction
    return wrap(math::FloorOp::create(b, quotient))
        .cast<arith::FPToSIOp>(t.i32x8);
  Val whole = quotient.cast<arith::FPToSIOp>(t.i32x8);
  Val isAbove = wrap(arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                           whole.cast<arith::SIToFPOp>(t.f64x8),
                                           quotient));
  return whole - isAbove.zext(t.i32x8);
}

/// Half of 16 words in f64.
Val KernelEmitter::widenHalf(Val x, int64_t half) {
  return wrap(vector::ExtractStridedSliceOp::create(b, x.v, {8 * half}, {8},
                                                    {1}))
      .cast<arith::SIToFPOp>(t.f64x8);
}

Val KernelEmitter::joinHalves(Val low, Val high) {
  return low.shuffle(high, llvm::to_vector(llvm::seq<int64_t>(16)));
}

/// N6 for the eight block rows, whose extremes and sums are in vectors.
void KernelEmitter::emitThresholds() {
  int64_t rho8 = policy.threshold8(), towards = std::abs(rho8);
  auto add = [](Val x, Val y) { return x + y; };
  auto extremeOf = [&](Val x, Val y) { return rho8 < 0 ? x.min(y) : x.max(y); };
  // Eight vectors leave two halves of a row's lanes.
  auto fold = [&](Val x, function_ref<Val(Val, Val)> combine) {
    SmallVector<int64_t> other;
    for (int64_t lane = 0; lane < 16; ++lane)
      other.push_back(lane ^ 8);
    return widenHalf(combine(x, x.shuffle(x, other)), 0);
  };
  Val extreme = fold(
      combineVectors(extremes, index(0), 8,
                     rho8 < 0 ? Combination::Minimum : Combination::Maximum),
      extremeOf);
  Val sum =
      spec.hasBias || !isPooled
          ? load(wideSums, index(0), t.i64x8).cast<arith::SIToFPOp>(t.f64x8)
          : fold(combineVectors(sums, index(0), 8, Combination::Sum), add);
  Val blocks = !spec.isMasked()   ? fullColumns.toI32().splat(t.i32x8)
               : spec.variesByRow ? load(fullCounts, index(0), t.i32x8)
                                  : load(fullCounts, index(0)).splat(t.i32x8);
  Val n = blocks.max(1).cast<arith::SIToFPOp>(t.f64x8);
  // ceil(x / y) = -floor(-x / y); every term is an integer below 2^52.
  Val numerator = extreme * n * -towards + sum * (towards - 256);
  Val threshold = vec(t.i32x8, 0) - floorDivide(numerator, n * 256);
  store(blocks.gt(0).select(threshold, vec(t.i32x8, 0)), thresholds,
        thetaFirst);
}

/// N9: mp of every group of the eight block rows, two groups at a time.
void KernelEmitter::emitMeans(Val firstRow) {
  auto twice = [](Val x) {
    SmallVector<int64_t> order;
    for (int64_t n = 0; n < 16; ++n)
      order.push_back(n % 8);
    return x.shuffle(x, order);
  };
  Val query = ((lanes() & 7) + firstRow.toI32().splat(t.i32x16)).shl(1) + 1;
  Val positions = query.lt(lq.toI32().splat(t.i32x16))
                      .select(vec(t.i32x16, 4), vec(t.i32x16, 2));
  Val offsets = isPooled ? twice(load(thetaOffsets, firstRow, t.i32x8))
                         : vec(t.i32x16, 0);
  store(vec(t.i32x8, 0), prunedBlocks, groups * 8); // of an odd last group
  loop(index(0), groups, 2, [&](Val group) {
    Val pruned = load(prunedBlocks, group * 8, t.i32x16);
    Val number = pruned * positions;
    Val sum = combineVectors(prunedSums, group * 128, 16, Combination::Sum) -
              offsets * pruned;
    Val divisor = number.max(1);
    Val means16[2];
    for (int64_t half : {0, 1})
      means16[half] = floorDivide(
          widenHalf(sum, half) * (int64_t(1) << policy.scoreFractionBits()),
          widenHalf(divisor, half));
    store(joinHalves(means16[0], means16[1]), means, group * 8);
    store(number, prunedCounts, group * 8);
  });
}

/// N9 and N10 of the sixteen query rows: c of each group, k, wc, and what the
/// groups add to den.
void KernelEmitter::emitSharedWeights(Val firstRow) {
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  Val zero = vec(t.i32x16, 0);
  Val total =
      interleaveRows(combineVectors(weightSums, index(0), 8, Combination::Sum));
  Val positions = forQueries(counts, index(0)).shl(1);
  if (spec.isMasked()) {
    total = total - load(lostWeights, index(0), t.i32x16);
    positions = positions - load(missing, index(0), t.i32x16);
  } else {
    positions = positions - (columns - fullColumns).toI32().splat(t.i32x16);
  }
  Val largest = zero;
  if (isCompensated) {
    Val top = load(maxima, index(0), t.i32x16) -
              load(scoreOffsets, firstRow * 2, t.i32x16);
    largest = accumulate(
        index(0), groups, 1, {zero}, [&](Val group, const Vals &soFar) {
          Val below = (top - forQueries(means, group * 8)).max(0);
          Val none = forQueries(prunedCounts, group * 8).eq(0);
          Val c = none.select(zero, expWeight32(below));
          store(c, groupWeights, group * 16);
          return Vals{soFar[0].max(c)};
        })[0];
    store(zero, groupWeights, groups * 16); // of an odd last pair
  }
  Val sum = total + largest * positions;
  Val zeros = wrap(math::CountLeadingZerosOp::create(b, sum.v));
  Val k = (vec(t.i32x16, 17) - zeros).max(0);
  Val half = vec(t.i32x16, 1).shl(k).srl(1);
  store(k, rowTerms, index(kShift));
  store(half, rowTerms, index(kHalf));
  Val shared = zero;
  if (isCompensated)
    shared = accumulate(
        index(0), groups, 2, {zero}, [&](Val group, const Vals &soFar) {
          Val wc[2], next = soFar[0];
          for (int64_t n : {0, 1}) {
            Val at = (group + n) * 16;
            wc[n] = (load(groupWeights, at, t.i32x16) + half).sra(k);
            store(wc[n] * 0x10001, groupWeights, at);
            Val blocks = spec.isMasked()
                             ? forQueries(rowGroupBlocks, (group + n) * 8)
                             : load(groupBlocks, group + n).splat(t.i32x16);
            next = next + wc[n] * blocks;
          }
          store(wc[0] | wc[1].shl(16), groupPairs, group * 8);
          return Vals{next};
        })[0];
  // Blocks have two keys; of others the keys are counted.
  store(spec.hasOtherBlocks() ? shared : shared.shl(1), denominators, index(0));
}

/// den of the sixteen query rows, and N11's b and R.
void KernelEmitter::emitReciprocals() {
  Val den = load(denominators, index(0), t.i32x16) +
            combineVectors(weightSums, index(0), 16, Combination::Sum);
  store(den, denominators, index(0));
  Val zeros = wrap(math::CountLeadingZerosOp::create(b, den.v));
  Val bits = vec(t.i32x16, 32) - zeros, zero = vec(t.i32x16, 0);
  Val R;
  if (policy.reciprocal == numerics::Reciprocal::Exact) {
    // den < 2^30, so every term is an integer below 2^52.
    Val power = vec(t.i32x16, 1).shl(bits.min(30)), divisor = den.max(1);
    Val halves[2];
    for (int64_t half : {0, 1})
      halves[half] = floorDivide(widenHalf(power, half) * (1 << 14) +
                                     widenHalf(den.srl(1), half),
                                 widenHalf(divisor, half));
    R = joinHalves(halves[0], halves[1]);
  } else {
    Val excess = bits - 15;
    Val mu = den.shl((zero - excess).max(0)).sra(excess.max(0));
    R = vec(t.i32x16, 46261) - (mu * 30840).sra(15);
  }
  R = den.eq(0).select(zero, R);
  store(R, reciprocals, index(0));
  store(bits, denominatorBits, index(0));
  if (wideValues)
    return;
  // What ApplyKernel.cpp's narrow sums are multiplied by, rounded with and cut
  // to, and the value of what is left.
  Val shift = (bits + (14 - unitShift() - 16)).max(1).min(30);
  Val unit = (vec(t.i32x16, 127 - 12) - sV.splat(t.i32x16) - shift).shl(23);
  Val one = vec(t.i32x16, 1);
  store((zero - R).shl(16), rowTerms, index(kFactor));
  store(zero - one.shl(shift - 1), rowTerms, index(kRounding));
  store(zero - one.shl(shift), rowTerms, index(kCut));
  store(unit, rowTerms, index(kUnit));
}
