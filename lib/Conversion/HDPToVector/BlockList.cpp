//===- BlockList.cpp - lists of 2x2 pieces of blocks ----------------------===//
//
// The stages behind the lists work on pieces of two rows and two keys. Where a
// piece is not kept as a whole, because blocks are smaller or partial, the list
// notes which of its positions are, as it does for partial blocks.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace hdp;

void KernelEmitter::emitBlockLists(Val firstRow, Val count) {
  int64_t bq = policy.blockRows;
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  Val words = paddedColumns.div(16);
  loop(index(0), count, 1, [&](Val row) {
    Val list = row * listStride, start = row * startStride;
    Val exists = ((firstRow + row) * 2 + 1).lt(lq);
    store(i32(0), partialCounts, row);
    for (int64_t n : {0, 1})
      store(i32(0), missing, row * 2 + n);

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
    auto sixteen = [&](Val column, Val end, Val kept) {
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
      Val whole = keep[0] & keep[1] & shares;
      Val any = keep[0] | keep[1];
      any = compressEven(any | any.srl(1));
      whole = compressEven(whole & whole.srl(1));
      Val numbers = column.toI32().splat(t.i32x16) + lanes();
      store(target->compress(numbers, lanesOf(any)), lists, list + kept);
      Val partial = any ^ whole;
      accumulate(
          index(0), countBits(partial).toIndex(), 1, {partial},
          [&](Val, const Vals &rest) {
            Val bit = wrap(math::CountTrailingZerosOp::create(b, rest[0].v));
            Val place = kept.toI32() + countBits(any & (i32(1).shl(bit) - 1));
            Val valid[2], full = i32(0);
            for (int64_t n : {0, 1}) {
              valid[n] = keep[n].srl(bit.shl(1)) & 3;
              full = full | (valid[n] & shares.srl(bit.shl(1))).shl(2 * n);
            }
            notePartial(row, place, valid, full);
            return Vals{rest[0] & (rest[0] - 1)};
          });
      return kept + countBits(any).toIndex();
    };
    Val total = accumulate(
        index(0), groups, 1, {index(0)}, [&](Val group, const Vals &soFar) {
          store(soFar[0].toI32(), starts, start + group);
          Val low = groupColumns ? group * groupColumns : index(0);
          Val high =
              groupColumns ? minIndex(low + groupColumns, columns) : columns;
          return accumulate(low, high, 16, soFar,
                            [&](Val column, const Vals &kept) {
                              return Vals{sixteen(column, high, kept[0])};
                            });
        })[0];
    store(total.toI32(), starts, start + groups);
    store(load(lists, list).splat(t.i32x16), lists, list + total);
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
            Val keep = ((i32(0) - (bits & 1)) & 0xFFFF) |
                       (i32(0) - bits.srl(1)).shl(16);
            Val mask = keep.splat(t.i32x16).as(t.i16x32);
            Vals next;
            for (int64_t n = 0; n < valueVectors; ++n)
              next.push_back(target->dotS16(
                  soFar[n], loadValues(column * (2 * dims) + 32 * n) & mask,
                  ones));
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
