//===- BlockKernel.cpp - which blocks of any size are kept ----------------===//
//
// N6 and the mp of N9 of one block row after the other, for what the lists of
// ListKernel.cpp are not made for: other sizes than 2x2, selection by count,
// groups of any size. Theta is in rows of block columns, INT32_MIN where there
// is no full block.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "hdp/Numerics/Pruning.h"

using namespace mlir;
using namespace hdp;

/// Bits 0 to 31/spacing of a word as bits 0, spacing, 2 * spacing, ..
static Val spreadBits(Val x, int64_t spacing) {
  for (int64_t half = 16 / spacing; half >= 1; half /= 2) {
    uint32_t mask = 0;
    for (int64_t from = 0; from < 32; from += half * spacing)
      mask |= ((uint32_t(1) << half) - 1) << from;
    x = (x | x.shl(half * (spacing - 1))) & static_cast<int32_t>(mask);
  }
  return x;
}

/// The number of full blocks (i32) of a row of theta, their sum (i64), maximum
/// and minimum.
Vals KernelEmitter::emitBlockExtremes(Val thetaRow) {
  Val end = (paddedColumns * 2).div(policy.blockCols);
  Vals ends = accumulate(
      index(0), end, 16,
      {i32(0), vec(t.i64x8, 0), vec(t.i32x16, INT32_MIN),
       vec(t.i32x16, INT32_MAX)},
      [&](Val column, const Vals &soFar) {
        Val x = load(theta, thetaRow + column, t.i32x16);
        Val isFull = x.gt(INT32_MIN);
        Val pairs = isFull.select(x, vec(t.i32x16, 0)).as(t.i64x8);
        return Vals{soFar[0] + countBits(bitsOf(isFull)),
                    soFar[1] + pairs.shl(32).sra(32) + pairs.sra(32),
                    soFar[2].max(x),
                    soFar[3].min(isFull.select(x, vec(t.i32x16, INT32_MAX)))};
      });
  return {ends[0], ends[1].sum(), ends[2].maximum(), ends[3].minimum()};
}

/// N6's `topk`: the smallest theta that is kept, and the last block column
/// where a tie with it is.
Vals KernelEmitter::emitTopK(Val thetaRow, ArrayRef<Val> extremes) {
  Val end = (paddedColumns * 2).div(policy.blockCols);
  Val zero = vec(t.i32x16, 0);
  Val wanted = wrap(numerics::topkCount(ops, extremes[0].v, policy));
  Val isEmpty = extremes[0].eq(0);
  auto countAtLeast = [&](Val least) {
    Val limit = least.splat(t.i32x16);
    return accumulate(index(0), end, 16, {zero},
                      [&](Val column, const Vals &soFar) {
                        Val x = load(theta, thetaRow + column, t.i32x16);
                        return Vals{soFar[0] - x.ge(limit).sext(t.i32x16)};
                      })[0]
        .sum();
  };
  // Bisection: at least `wanted` are no less than the low end.
  Val low = isEmpty.select(i32(0), extremes[3]);
  Val high = isEmpty.select(i32(0), extremes[2]);
  Val steps =
      i32(32) - wrap(math::CountLeadingZerosOp::create(b, (high - low).v));
  Val least = accumulate(index(0), steps.toIndex(), 1, {low, high},
                         [&](Val, const Vals &s) {
                           Val width = s[1] - s[0];
                           Val middle = s[0] + (width - width.srl(1));
                           Val isEnough = countAtLeast(middle).ge(wanted);
                           return Vals{isEnough.select(middle, s[0]),
                                       isEnough.select(s[1], middle - 1)};
                         })[0];
  // The columns of ties, in order, where the lists will be.
  Vals found = accumulate(index(0), end, 16, {index(0), zero},
                          [&](Val column, const Vals &soFar) {
                            Val x = load(theta, thetaRow + column, t.i32x16);
                            Val limit = least.splat(t.i32x16);
                            Val isTie = x.eq(limit);
                            Val bits = bitsOf(isTie);
                            appendNumbers(column, bits, lists, soFar[0]);
                            return Vals{soFar[0] + countBits(bits).toIndex(),
                                        soFar[1] - x.gt(limit).sext(t.i32x16)};
                          });
  Val ties = (wanted - found[1].sum()).max(1);
  Val last = load(lists, ties.toIndex() - 1);
  return {isEmpty.select(i32(INT32_MAX), least), last};
}

/// N6 of the batch's block rows, as bits of keys, and what their groups share.
void KernelEmitter::emitBlocks(Val firstRow, Val count) {
  int64_t bk = policy.blockCols, blocksInWord = std::min<int64_t>(32 / bk, 16);
  Val words = paddedColumns.div(16);
  loop(index(0), blockRowsIn(firstRow, count), 1, [&](Val row) {
    Val thetaRow = thetaRowOf(row);
    Vals extremes = emitBlockExtremes(thetaRow);
    Val least, last;
    if (policy.selection == numerics::Selection::TopK) {
      Vals found = emitTopK(thetaRow, extremes);
      least = found[0].splat(t.i32x16);
      last = found[1].splat(t.i32x16);
    } else {
      Val n = extremes[0].toI64();
      Val numerator = wrap(numerics::thresholdNumerator(
          ops, n.v, extremes[1].v, extremes[2].toI64().v, extremes[3].toI64().v,
          policy));
      least =
          wrap(numerics::rowThreshold(ops, n.v, numerator.v)).splat(t.i32x16);
    }
    auto isKept = [&](Val x, Val column) {
      if (!last)
        return x.ge(least);
      Val numbers = column.toI32().splat(t.i32x16) + lanes();
      return x.gt(least) | (x.eq(least) & last.ge(numbers));
    };
    auto keptBits = [&](Val column) {
      return bitsOf(isKept(load(theta, thetaRow + column, t.i32x16), column));
    };
    loop(index(0), words, 1, [&](Val word) {
      Val column = (word * 32).div(bk);
      Val bits = keptBits(column);
      if (bk == 1)
        bits = bits | keptBits(column + 16).shl(16);
      else
        bits = spreadBits(bits & ((1 << blocksInWord) - 1), bk) *
               ((int64_t(1) << bk) - 1);
      store(bits, keptKeys, row * words + word);
    });
    if (policy.pruned == numerics::Pruned::Compensated)
      emitBlockGroups(firstRow, row, isKept);
  });
  emitBlockLists(firstRow, count);
}

/// N9: mp of each group of a block row, and how many keys are in its full
/// blocks, for each two query rows.
void KernelEmitter::emitBlockGroups(Val firstRow, Val blockRow,
                                    function_ref<Val(Val, Val)> isKept) {
  int64_t bq = policy.blockRows, bk = policy.blockCols;
  Val thetaRow = thetaRowOf(blockRow);
  Val blockColumns = lk.ceilDiv(bk), from = blockRow * (bq / 2);
  Val height = minIndex(index(bq), lq - firstRow * 2 - blockRow * bq);
  loop(index(0), groups, 1, [&](Val group) {
    Val low = group * policy.group, high = blockColumns;
    if (policy.group)
      high = minIndex(low + policy.group, blockColumns);
    Val end = high.toI32().splat(t.i32x16);
    Vals sums = accumulate(
        low, high, 16, {vec(t.i64x8, 0), i32(0), i32(0)},
        [&](Val column, const Vals &soFar) {
          Val x = load(theta, thetaRow + column, t.i32x16);
          Val numbers = column.toI32().splat(t.i32x16) + lanes();
          Val isFull = x.gt(INT32_MIN) & numbers.lt(end);
          Val isPruned = isFull ^ (isFull & isKept(x, column));
          Val pairs = isPruned.select(x, vec(t.i32x16, 0)).as(t.i64x8);
          return Vals{soFar[0] + pairs.shl(32).sra(32) + pairs.sra(32),
                      soFar[1] + countBits(bitsOf(isPruned)),
                      soFar[2] + countBits(bitsOf(isFull))};
        });
    Val positions = sums[1] * (height * bk).toI32();
    Val mean = wrap(numerics::groupMean(ops, sums[0].sum().v,
                                        positions.toI64().v, policy))
                   .trunc(b.getI32Type());
    for (int64_t n = 0; n < bq / 2; ++n) {
      Val at = group * kBatch + from + n;
      store(mean, means, at);
      store(positions, prunedCounts, at);
      store(sums[2] * bk, rowGroupBlocks, at);
    }
  });
  for (int64_t n = 0; n < bq / 2; ++n) // of an odd last group
    store(i32(0), rowGroupBlocks, groups * kBatch + from + n);
}

/// N7 of the batch: what its block rows add to H, and to what it is compared
/// with.
void KernelEmitter::emitBlockGateTerms(Val firstRow, Val count) {
  int64_t bq = policy.blockRows;
  bool isMagnitude = policy.measure == numerics::Measure::Magnitude;
  Val words = paddedColumns.div(16);
  loop(index(0), blockRowsIn(firstRow, count), 1, [&](Val row) {
    Vals ends = emitBlockExtremes(thetaRowOf(row));
    Val n = ends[0].toI64();
    addToGate(kFullBlocks, n);
    if (isMagnitude)
      return;
    Val height = minIndex(index(bq), lq - firstRow * 2 - row * bq);
    addToGate(kPositions, n * (height * policy.blockCols).toI64());
    addToGate(kMeasure, wrap(numerics::spreadTerm(ops, n.v, ends[2].toI64().v,
                                                  ends[1].v)));
  });
  if (!isMagnitude)
    return;
  for (int64_t n = 0; n < 2 * kBatch / std::max<int64_t>(bq, 4); ++n)
    addToGate(kMeasure, load(gateTerms, index(n)));
  loop(index(0), minIndex(count * 2, lq - firstRow * 2), 1, [&](Val query) {
    Val from = (spec.variesByRow ? query : index(0)) * words;
    Vals positions =
        accumulate(index(0), words, 1, {i32(0)}, [&](Val n, const Vals &s) {
          return Vals{s[0] + countBits(load(validWords, from + n))};
        });
    addToGate(kPositions, positions[0].toI64());
  });
}
