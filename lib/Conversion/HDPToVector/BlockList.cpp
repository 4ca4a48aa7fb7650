//===- BlockList.cpp - lists of 2x2 pieces of blocks ----------------------===//
//
// The stages behind the lists work on pieces of two rows and two keys. As a
// piece may not be kept as a whole, because blocks are smaller or partial, bits
// beside the list say which of its positions are, and which of these share the
// weight of their group.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace hdp;

/// Of two keys: 16 bits of ones for each bit.
Val KernelEmitter::pairMask(Val bits) {
  Val zero = bits.constant(0);
  return ((zero - (bits & 1)) & 0xFFFF) | (zero - (bits.srl(1) & 1)).shl(16);
}

/// A vector of both rows of eight pieces from a list, two keys a word: ones
/// where a position is kept.
Val KernelEmitter::keptMask(Val place) {
  SmallVector<int64_t> twice;
  SmallVector<int32_t> shifts;
  for (int64_t n = 0; n < 16; ++n) {
    twice.push_back(n % 8);
    shifts.push_back(n < 8 ? 0 : 2);
  }
  Val bits = load(listBits, place, t.i32x8);
  Val shift = wrap(arith::ConstantOp::create(
      b, DenseElementsAttr::get(t.i32x16, ArrayRef<int32_t>(shifts))));
  return pairMask(bits.shuffle(bits, twice).srl(shift)).as(t.i16x32);
}

/// The same of a row's sixteen pieces: where a position shares a weight.
Val KernelEmitter::sharingMask(Val place, Val row) {
  Val bits = load(listBits, place, t.i32x16);
  return pairMask(bits.srl((row.shl(1) + 4).splat(t.i32x16))).as(t.i16x32);
}

void KernelEmitter::emitBlockLists(Val firstRow, Val count) {
  int64_t bq = policy.blockRows;
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  Val words = paddedColumns.div(16);
  loop(index(0), count, 1, [&](Val row) {
    Val list = row * listStride, start = row * startStride;
    Val exists = ((firstRow + row) * 2 + 1).lt(lq);
    store(i32(0), partialCounts, row); // bits of pieces say it all

    // Kept positions: valid ones, unless their block is full and pruned.
    Val blockRow[2];
    for (int64_t n : {0, 1}) {
      Val query = row * 2 + n;
      if (n)
        query = exists.select(query, row * 2);
      blockRow[n] = query.div(bq);
      Val valid = (spec.variesByRow ? query : index(0)) * words;
      Val full = blockValidity(blockRow[n]) * words;
      Val kept = blockRow[n] * words;
      loop(index(0), words, 1, [&](Val word) {
        Val pruned = load(fullKeys, full + word) ^ load(keptKeys, kept + word);
        store(load(validWords, valid + word) & (pruned ^ -1), keepWords,
              words * n + word);
      });
    }

    /// Bits of the two keys of 16 pieces.
    auto bitsFrom = [&](const Buffer &buffer, Val from, Val column) {
      Val word = column.div(16);
      Val low = load(buffer, from + word);
      if (groupColumns % 16 == 0)
        return low;
      Type wide = b.getI64Type();
      Val high = load(buffer, from + word + 1).zext(wide).shl(32);
      Val amount = ((column - word * 16) * 2).toI64();
      return (low.zext(wide) | high).srl(amount).trunc(b.getI32Type());
    };
    auto sixteen = [&](Val column, Val end, const Vals &soFar) -> Vals {
      // Pieces of the next group are not of this one.
      Val number = minIndex(end - column, index(16)).toI64();
      Val own = (Val::constantOf(b, b.getI64Type(), 1).shl(number.shl(1)) - 1)
                    .trunc(b.getI32Type());
      Val keep[2];
      for (int64_t n : {0, 1})
        keep[n] = bitsFrom(keepWords, words * n, column) & own;
      // Positions that share their group's weight; of blocks of one row, which
      // never do, whatever is kept.
      Val shares = isCompensated
                       ? bitsFrom(keptKeys, blockRow[0] * words, column)
                       : i32(-1);
      Val any = keep[0] | keep[1];
      any = compressEven(any | any.srl(1));
      // Of each piece: bits of its positions, and of those that share.
      auto pairs = [&](Val word) {
        return word.splat(t.i32x16).srl(lanes().shl(1)) & 3;
      };
      Val bits = pairs(keep[0]) | pairs(keep[1]).shl(2);
      if (isCompensated) {
        Val sharing = pairs(shares);
        bits = bits | (bits & (sharing | sharing.shl(2))).shl(4);
      }
      Val isListed = lanesOf(any);
      appendNumbers(column, any, lists, list + soFar[0]);
      store(target->compress(bits, isListed), listBits, list + soFar[0]);
      return {soFar[0] + countBits(any).toIndex(),
              soFar[1] + countBits(keep[0]), soFar[2] + countBits(keep[1])};
    };
    Vals state = {index(0), i32(0), i32(0)}; // pieces, keys of each row
    state = accumulate(
        index(0), groups, 1, state, [&](Val group, const Vals &soFar) {
          store(soFar[0].toI32(), starts, start + group);
          Val low = groupColumns ? group * groupColumns : index(0);
          Val high =
              groupColumns ? minIndex(low + groupColumns, columns) : columns;
          return accumulate(low, high, 16, soFar,
                            [&](Val column, const Vals &s) {
                              return sixteen(column, high, s);
                            });
        });
    Val total = state[0];
    for (int64_t n : {0, 1})
      store(total.toI32().shl(1) - state[1 + n], missing, row * 2 + n);
    store(total.toI32(), starts, start + groups);
    store(load(lists, list).splat(t.i32x16), lists, list + total);
    store(vec(t.i32x16, 0), listBits, list + total);
    store(total.toI32(), counts, row);
  });
}

/// Sums of V over the keys of full blocks of a row of blocks, and their pairs.
void KernelEmitter::emitBlockRowSums(Val row) {
  int64_t dims = valueVectors * 16;
  Val words = paddedColumns.div(16), ones = vec(t.i16x32, 1);
  Val from = blockValidity((row * 2).div(policy.blockRows)) * words;
  loop(index(0), groups, 1, [&](Val group) {
    Val low = groupColumns ? group * groupColumns : index(0);
    Val high = groupColumns ? minIndex(low + groupColumns, columns) : columns;
    auto add = [&] {
      Vals sums = accumulate(
          low, high, 1, Vals(valueVectors, vec(t.i32x16, 0)),
          [&](Val column, const Vals &soFar) {
            Val word = column.div(16);
            Val bits = load(fullKeys, from + word)
                           .srl((column - word * 16).toI32().shl(1)) &
                       3;
            Val mask = pairMask(bits).splat(t.i32x16).as(t.i16x32);
            Vals next;
            for (int64_t n = 0; n < valueVectors; ++n)
              next.push_back(
                  target->dotS16(soFar[n], loadValues(column, n) & mask, ones));
            return next;
          });
      for (int64_t n = 0; n < valueVectors; ++n)
        store(sums[n], rowValueSums, group * dims + 16 * n);
    };
    if (!spec.variesByRow) {
      add();
      return;
    }
    auto copy = [&] {
      for (int64_t n = 0; n < valueVectors; ++n) {
        Val at = group * dims + 16 * n;
        store(load(valueSums, at, t.i32x16), rowValueSums, at);
      }
    };
    Val keys = load(rowGroupBlocks, group * kBatch + row);
    Val isWhole =
        keys.eq(load(groupBlocks, group).shl(1)) & columns.eq(fullColumns);
    when(isWhole, copy, add);
  });
  emitSumPairs(rowValueSums, rowValueSumPairs);
}
