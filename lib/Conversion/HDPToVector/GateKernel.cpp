//===- GateKernel.cpp - the head gate -------------------------------------===//
//
// N7 and N12. Whether a head is kept is known behind the importance of its last
// block row: a first walk over the rows finds theta and H, a second one does
// the rest, or the gated head's rows are written.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "hdp/Numerics/Normalise.h"
#include "hdp/Numerics/Pruning.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hdp;

void KernelEmitter::addToGate(GateWord word, Val x) {
  store(load(gate, index(word)) + x, gate, index(word));
}

void KernelEmitter::emitGate(function_ref<void(Val, Val)> measure,
                             function_ref<void(Val, Val)> attend) {
  Val none = Val::constantOf(b, b.getI64Type(), 0);
  for (GateWord word : {kMeasure, kPositions, kFullBlocks})
    store(none, gate, index(word));
  store(none + 1, gate, index(kIsKept));
  Val firstWalk = index(0), endWalk = index(2), decides;
  if (phase) {
    when(phase.eq(kAttendRows), [&] { takeTotals(); });
    firstWalk = phase.eq(kAttendRows).select(index(1), firstWalk);
    endWalk = phase.eq(kMeasureRows).select(index(1), endWalk);
    decides = phase.eq(kWholeHeads);
  }
  loop(firstWalk, endWalk, 1, [&](Val walk) {
    Val isFirst = walk.eq(0);
    Val end = load(gate, index(kIsKept)).eq(0).select(beginRow, endRow);
    loop(beginRow, end, kBatch, [&](Val row) {
      Val count = minIndex(endRow - row, index(kBatch));
      thetaFirst = row;
      auto walkRows = [&] {
        when(
            isFirst,
            [&] {
              measure(row, count);
              if (spec.hasOtherBlocks())
                emitBlockGateTerms(row, count);
              else
                emitGateTerms(row, count);
            },
            [&] { attend(row, count); });
      };
      if (spec.variesByRow)
        emitRowsValidity(row, count, walkRows);
      else
        walkRows();
    });
    when(decides ? isFirst & decides : isFirst, [&] { decideGate(); });
  });
  if (phase)
    when(phase.eq(kMeasureRows), [&] { addToTotals(); });
}

/// N7, from the sums over all of the head's rows.
void KernelEmitter::decideGate() {
  Val positions = load(gate, index(kPositions));
  Val fullBlocks = load(gate, index(kFullBlocks));
  Val isKept = wrap(numerics::headIsKept(ops, load(gate, index(kMeasure)),
                                         positions, fullBlocks, policy));
  store(isKept.zext(b.getI64Type()), gate, index(kIsKept));
}

/// This call's share of the sums; they are of integers, so order is nothing.
void KernelEmitter::addToTotals() {
  for (GateWord word : {kMeasure, kPositions, kFullBlocks})
    memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi,
                                load(gate, index(word)), totals,
                                ValueRange{index(word).v});
}

/// The decision from what all calls of the phase before have added.
void KernelEmitter::takeTotals() {
  for (GateWord word : {kMeasure, kPositions, kFullBlocks})
    store(wrap(memref::LoadOp::create(b, totals, ValueRange{index(word).v})),
          gate, index(word));
  decideGate();
}

/// What the block rows of a batch add to H and to what it is compared with.
void KernelEmitter::emitGateTerms(Val firstRow, Val count) {
  Val words = paddedColumns.div(16);
  loop(index(0), count, 1, [&](Val row) {
    Val hasSecond = ((firstRow + row) * 2 + 1).lt(lq);
    Val queryRows = hasSecond.select(index(2), index(1)).toI64();
    Val valid = validityRow(row);
    Val fullBlocks =
        spec.isMasked() ? load(fullCounts, valid).toI64() : fullColumns.toI64();
    addToGate(kFullBlocks, fullBlocks);
    if (policy.measure == numerics::Measure::Magnitude) {
      addToGate(kMeasure, load(gateTerms, row));
      if (!spec.isMasked()) {
        addToGate(kPositions, queryRows * lk.toI64());
        return;
      }
      Val second = hasSecond.select(i32(-1), i32(0));
      Vals positions = accumulate(
          index(0), usedColumns.div(16), 1, {i32(0)},
          [&](Val word, const Vals &s) {
            Val at = valid * 2 * words + word;
            return Vals{s[0] + countBits(load(validWords, at)) +
                        countBits(load(validWords, at + words) & second)};
          });
      addToGate(kPositions, positions[0].toI64());
      return;
    }
    addToGate(kPositions, fullBlocks * queryRows * 2);
    Val thetaRow = (row + thetaFirst) * paddedColumns;
    Val least = vec(t.i32x16, INT32_MIN), zero = vec(t.i32x16, 0);
    Vals ends = accumulate(
        index(0), usedColumns, 16, {least, vec(t.i64x8, 0)},
        [&](Val column, const Vals &soFar) {
          Val x = load(theta, thetaRow + column, t.i32x16);
          Val isFull =
              spec.isMasked()
                  ? lanesOf(load(fullWords, valid * words + column.div(16)))
                  : (column.toI32().splat(t.i32x16) + lanes())
                        .lt(fullColumns.toI32().splat(t.i32x16));
          Val pairs = isFull.select(x, zero).as(t.i64x8);
          return Vals{soFar[0].max(isFull.select(x, least)),
                      soFar[1] + pairs.shl(32).sra(32) + pairs.sra(32)};
        });
    addToGate(kMeasure, wrap(numerics::spreadTerm(ops, fullBlocks.v,
                                                  ends[0].maximum().toI64().v,
                                                  ends[1].sum().v)));
  });
}

/// N12's mean of V over the valid positions of a row of validity words, as
/// codes; over all keys without a mask.
void KernelEmitter::emitMeanRow(Val validityRow) {
  Val words = paddedColumns.div(16), ones = vec(t.i16x32, 1);
  Vals init(valueVectors, vec(t.i32x16, 0));
  init.push_back(i32(0));
  Vals sums = accumulate(
      index(0), columns, 1, init, [&](Val column, const Vals &soFar) {
        Val bits = column.lt(fullColumns).select(i32(3), i32(1));
        if (spec.isMasked()) {
          Val word = column.div(16);
          bits = load(validWords, validityRow * words + word)
                     .srl((column - word * 16).toI32().shl(1)) &
                 3;
        }
        Val kept = pairMask(bits).splat(t.i32x16).as(t.i16x32);
        Vals next;
        for (int64_t n = 0; n < valueVectors; ++n)
          next.push_back(
              target->dotS16(soFar[n], loadValues(column, n) & kept, ones));
        next.push_back(soFar.back() + countBits(bits));
        return next;
      });
  Val den = sums.back();
  Val bits = wrap(numerics::bitLength(ops, den));
  Val R = wrap(numerics::reciprocal(ops, den, bits, policy)).toI64();
  // A unit of V's stored codes is 2^(12 - VF) of N10's.
  Val amount = bits.toI64() + (2 + policy.valueFractionBits);
  for (int64_t n = 0; n < valueVectors; ++n) {
    Val wide = sums[n].as(t.i64x8);
    Val even = outputCodes(wide.shl(32).sra(32), R, amount);
    Val odd = outputCodes(wide.sra(32), R, amount);
    store(((even & 0xFFFFFFFF) | odd.shl(32)).as(t.i32x16), meanCodes,
          index(16 * n));
  }
}

/// N12's rows of a gated head.
void KernelEmitter::emitGatedRows(Value result) {
  bool isMean = policy.gated == numerics::Gated::Mean;
  auto write = [&](Val row) {
    for (int64_t n = 0; n < valueVectors; ++n)
      storeRow(result, row, 16 * n, load(meanCodes, index(16 * n), t.i32x16));
  };
  if (!isMean || !spec.variesByRow) {
    if (isMean)
      emitMeanRow(index(0));
    else
      for (int64_t n = 0; n < valueVectors; ++n)
        store(vec(t.i32x16, 0), meanCodes, index(16 * n));
    loop(beginRow * 2, minIndex(endRow * 2, lq), 1, write);
    return;
  }
  loop(beginRow, endRow, kBatch, [&](Val row) {
    Val count = minIndex(endRow - row, index(kBatch));
    emitRowsValidity(row, count, [&] {
      loop(index(0), minIndex(count * 2, lq - row * 2), 1, [&](Val query) {
        emitMeanRow(query);
        write(row * 2 + query);
      });
    });
  });
}
