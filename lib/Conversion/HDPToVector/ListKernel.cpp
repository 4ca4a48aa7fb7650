//===- ListKernel.cpp - which blocks are kept, and what the others mean ---===//
//
// N6 and the mp of N9. A block row's list holds its kept block columns in
// order, a short last one included; behind it the first one is repeated so that
// stages may read more than there is.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace hdp;

/// Sums over the lanes of 16 vectors, lane n of vector n.
static Val sumLanes(Vals r) {
  for (int64_t distance : {1, 2, 4, 8}) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < 16; ++lane) {
      // Lanes with this bit are of the second vector.
      bool upper = lane & distance;
      int64_t from = (upper ? 16 : 0) + (lane & ~distance);
      low.push_back(from);
      high.push_back(from + distance);
    }
    Vals next;
    for (size_t n = 0; n < r.size(); n += 2)
      next.push_back(r[n].shuffle(r[n + 1], low) +
                     r[n].shuffle(r[n + 1], high));
    r = next;
  }
  return r[0];
}

void KernelEmitter::emitLists(Val firstRow, Val count) {
  Val zero = vec(t.i32x16, 0);
  Val full = fullColumns.toI32().splat(t.i32x16);
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  loop(index(0), count, 1, [&](Val row) {
    Val threshold = load(thresholds, row).splat(t.i32x16);
    Val list = row * listStride, start = row * startStride;
    Val thetaRow = row * paddedColumns;

    /// 16 blocks: appends the kept ones, adds up the theta of the others.
    auto sixteen = [&](Val column, Val kept, Val pruned) -> Vals {
      Val x = load(theta, thetaRow + column, t.i32x16);
      Val columns = column.toI32().splat(t.i32x16) + lanes();
      Val mask = x.ge(threshold) & columns.lt(full);
      store(target->compress(columns, mask), lists, list + kept);
      auto bits = VectorType::get(1, b.getI16Type());
      Val word =
          wrap(vector::ExtractOp::create(b, mask.as(bits).v, int64_t(0)));
      Val number = wrap(math::CtPopOp::create(b, word.zext(b.getI32Type()).v));
      return {kept + number.toIndex(), pruned + mask.select(zero, x)};
    };
    Vals kept = accumulate(
        index(0), groups, 1, {index(0)}, [&](Val group, const Vals &soFar) {
          store(soFar[0].toI32(), starts, start + group);
          Vals state = {soFar[0], zero};
          if (policy.group == 16) {
            state = sixteen(group * 16, state[0], state[1]);
          } else {
            Val low = policy.group ? group * policy.group : index(0);
            Val high = policy.group ? minIndex(low + policy.group, fullColumns)
                                    : fullColumns;
            state = accumulate(low, high, 16, state,
                               [&](Val column, const Vals &s) {
                                 return sixteen(column, s[0], s[1]);
                               });
          }
          if (isCompensated)
            store(state[1], prunedSums, group * 16);
          return Vals{state[0]};
        });
    store(kept[0].toI32(), starts, start + groups);
    // A short last block is always kept.
    Val total = kept[0] + (columns - fullColumns);
    when(fullColumns.lt(columns),
         [&] { store(fullColumns.toI32(), lists, list + kept[0]); });
    store(load(lists, list).splat(t.i32x16), lists, list + total);
    store(total.toI32(), counts, row);

    if (!isCompensated)
      return;
    Val existing = ((firstRow + row) * 2 + 1).lt(lq).select(i32(4), i32(2));
    Val positions = existing.splat(t.i32x16);
    Val offset = load(thetaOffsets, firstRow + row).splat(t.i32x16);
    loop(index(0), groups, 16, [&](Val group) {
      Vals sums;
      for (int64_t n = 0; n < 16; ++n)
        sums.push_back(load(prunedSums, (group + n) * 16, t.i32x16));
      Val keptBlocks = load(starts, start + group + 1, t.i32x16) -
                       load(starts, start + group, t.i32x16);
      Val blocks = load(groupBlocks, group, t.i32x16);
      Val exists = blocks.gt(0);
      Val pruned = exists.select(blocks - keptBlocks, zero);
      Val number = pruned * positions;
      Val sum = sumLanes(sums) - offset * pruned;
      // floor((sum << SF) / number) in f64: both are integers below 2^52, so
      // the rounded quotient does not cross one.
      Val divisor = number.max(1);
      Val halves[2];
      for (int64_t half : {0, 1}) {
        auto widen = [&](Val x) {
          return wrap(vector::ExtractStridedSliceOp::create(b, x.v, {8 * half},
                                                            {8}, {1}))
              .cast<arith::SIToFPOp>(t.f64x8);
        };
        Val dividend = widen(sum) * (int64_t(1) << policy.scoreFractionBits());
        Val quotient =
            wrap(arith::DivFOp::create(b, dividend.v, widen(divisor).v));
        Val whole = quotient.cast<arith::FPToSIOp>(t.i32x8);
        Val isAbove = wrap(arith::CmpFOp::create(
            b, arith::CmpFPredicate::OGT, whole.cast<arith::SIToFPOp>(t.f64x8),
            quotient));
        halves[half] = whole - isAbove.zext(t.i32x8);
      }
      Val mean =
          halves[0].shuffle(halves[1], llvm::to_vector(llvm::seq<int64_t>(16)));
      store(mean, means, row * paddedGroups + group);
      store(number, prunedCounts, row * paddedGroups + group);
    });
  });
}
