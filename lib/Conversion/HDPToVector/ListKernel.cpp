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

/// Full blocks in 16 groups of a block row, 0 past the last group.
Val KernelEmitter::blocksOfGroup(Val row, Val group) {
  return spec.isMasked()
             ? load(rowGroupBlocks, row * paddedGroups + group, t.i32x16)
             : load(groupBlocks, group, t.i32x16);
}

void KernelEmitter::emitLists(Val firstRow, Val count) {
  Val zero = vec(t.i32x16, 0);
  Val full = fullColumns.toI32().splat(t.i32x16);
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  loop(index(0), count, 1, [&](Val row) {
    Val threshold = load(thresholds, row).splat(t.i32x16);
    Val list = row * listStride, start = row * startStride;
    Val thetaRow = row * paddedColumns;

    Val words = paddedColumns.div(16);
    bool isMasked = spec.isMasked();
    if (isMasked) {
      store(i32(0), partialCounts, row);
      store(i32(0), missing, row * 2);
      store(i32(0), missing, row * 2 + 1);
    }

    /// Notes the partial blocks among 16; `kept` are in the list before them.
    auto note = [&](Val word, Val kept, Val bits, Val partial) {
      accumulate(index(0), countBits(partial).toIndex(), 1, {partial},
                 [&](Val, const Vals &rest) {
                   Val bit =
                       wrap(math::CountTrailingZerosOp::create(b, rest[0].v));
                   Val before = bits & (i32(1).shl(bit) - 1);
                   Val place = kept.toI32() + countBits(before);
                   Val valid[2];
                   for (int64_t n : {0, 1}) {
                     Val at = (validityRow(row) * 2 + n) * words + word;
                     valid[n] = load(validWords, at).srl(bit.shl(1)) & 3;
                     Val gone =
                         load(missing, row * 2 + n) + 2 - countBits(valid[n]);
                     store(gone, missing, row * 2 + n);
                   }
                   Val count = load(partialCounts, row);
                   store(place.shl(4) | valid[0] | valid[1].shl(2), partials,
                         row * (paddedColumns + 16) + count.toIndex());
                   store(count + 1, partialCounts, row);
                   return Vals{rest[0] & (rest[0] - 1)};
                 });
    };

    /// 16 blocks: appends the kept ones, adds up the theta of the others. With
    /// a mask it also counts full and pruned blocks.
    auto sixteen = [&](Val column, Vals state) -> Vals {
      Val kept = state[0], pruned = state[1];
      Val x = load(theta, thetaRow + column, t.i32x16);
      Val numbers = column.toI32().splat(t.i32x16) + lanes();
      Val isKept = x.ge(threshold);
      if (!isMasked) {
        isKept = isKept & numbers.lt(full);
        store(target->compress(numbers, isKept), lists, list + kept);
        return {kept + countBits(bitsOf(isKept)).toIndex(),
                pruned + isKept.select(zero, x)};
      }
      Val word = column.div(16);
      Val at = validityRow(row) * words + word;
      Val fullBits = load(fullWords, at), partial = load(partialWords, at);
      Val keptFull = bitsOf(isKept) & fullBits;
      Val bits = keptFull | partial;
      store(target->compress(numbers, lanesOf(bits)), lists, list + kept);
      note(word, kept, bits, partial);
      Val prunedBits = fullBits ^ keptFull;
      return {kept + countBits(bits).toIndex(),
              pruned + lanesOf(prunedBits).select(x, zero),
              state[2] + countBits(fullBits), state[3] + countBits(prunedBits)};
    };
    Vals kept = accumulate(
        index(0), groups, 1, {index(0)}, [&](Val group, const Vals &soFar) {
          store(soFar[0].toI32(), starts, start + group);
          Vals state = {soFar[0], zero};
          if (isMasked)
            state.append(2, i32(0));
          if (policy.group == 16) {
            state = sixteen(group * 16, state);
          } else {
            Val low = policy.group ? group * policy.group : index(0);
            Val high =
                policy.group ? minIndex(low + policy.group, columns) : columns;
            state = accumulate(
                low, high, 16, state,
                [&](Val column, const Vals &s) { return sixteen(column, s); });
          }
          if (isCompensated)
            store(state[1], prunedSums, group * 16);
          if (isMasked) {
            store(state[2], rowGroupBlocks, row * paddedGroups + group);
            store(state[3], prunedBlocks, row * paddedGroups + group);
          }
          return Vals{state[0]};
        });
    store(kept[0].toI32(), starts, start + groups);
    Val total = kept[0];
    if (isMasked) {
      store(zero, rowGroupBlocks, row * paddedGroups + groups);
    } else {
      // A short last block is always kept.
      total = kept[0] + (columns - fullColumns);
      when(fullColumns.lt(columns),
           [&] { store(fullColumns.toI32(), lists, list + kept[0]); });
    }
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
      Val blocks = blocksOfGroup(row, group);
      Val some = isMasked
                     ? load(prunedBlocks, row * paddedGroups + group, t.i32x16)
                     : blocks - (load(starts, start + group + 1, t.i32x16) -
                                 load(starts, start + group, t.i32x16));
      Val pruned = blocks.gt(0).select(some, zero);
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
