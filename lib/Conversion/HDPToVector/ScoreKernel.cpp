//===- ScoreKernel.cpp - scores of kept blocks ----------------------------===//
//
// N8: eight blocks of a list at a time, both query rows. A chunk of a block
// holds 32 dimensions of its two keys, in each 128 bits eight bytes of the
// first, then eight of the second; the query's bytes stand twice. A chunk meets
// half of one row's dimensions in its first half and half of the other's in the
// second, then, its halves exchanged, the other halves of both. So all products
// of a block end in one vector of partial sums, [first first second second]
// twice for each row, and a tree of two levels adds them up for four blocks.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace hdp;

/// Sums of neighbouring lanes: in each 128 bits two of x, then two of y.
static Val addNeighbours(Val x, Val y) {
  SmallVector<int64_t> even, odd;
  for (int64_t lane = 0; lane < 16; lane += 4)
    for (int64_t source : {0, 16})
      for (int64_t n : {0, 2}) {
        even.push_back(source + lane + n);
        odd.push_back(source + lane + n + 1);
      }
  return x.shuffle(y, even) + x.shuffle(y, odd);
}

/// Sums of neighbouring 128 bits: one of x and one of y in each half.
static Val addQuarters(Val x, Val y) {
  SmallVector<int64_t> even, odd;
  for (int64_t half : {0, 8})
    for (int64_t source : {0, 16})
      for (int64_t n = 0; n < 4; ++n) {
        even.push_back(source + half + n);
        odd.push_back(source + half + 4 + n);
      }
  return x.shuffle(y, even) + x.shuffle(y, odd);
}

/// Where a score of a list's entry is.
Val KernelEmitter::scorePlace(Val place, int64_t row, int64_t key) {
  Val slot = (place & 1) + (place & 4).srl(1);
  return (place & -8) * 4 + (place & 2) * 8 + slot * 2 + (8 * row + key);
}

/// Blocks of a half of eight, in the order that makes the narrowed scores of
/// eight blocks contiguous.
static constexpr int64_t kOrder[2][4] = {{0, 1, 4, 5}, {2, 3, 6, 7}};

/// The scores of a list of pieces of blocks: what is not kept is put far below,
/// and the maxima are found again.
void KernelEmitter::sinkPruned(Val row, Val length) {
  Val list = row * listStride, out = row * scoreStride;
  Val sunk = vec(t.i32x16, -(1 << 30));
  Val maximum = accumulate(
      index(0), length, 8, {vec(t.i32x16, INT32_MIN)},
      [&](Val place, const Vals &soFar) {
        Val bits = load(listBits, list + place, t.i32x8), next = soFar[0];
        for (int64_t half : {0, 1}) {
          SmallVector<int64_t> pieces;
          SmallVector<int32_t> flags;
          for (int64_t lane = 0; lane < 16; ++lane) {
            pieces.push_back(kOrder[half][lane % 8 / 2]);
            flags.push_back(1 << (lane / 8 * 2 + lane % 2));
          }
          Val flag = wrap(arith::ConstantOp::create(
              b, DenseElementsAttr::get(t.i32x16, ArrayRef<int32_t>(flags))));
          Val at = out + place * 4 + 16 * half;
          Val isPruned = (bits.shuffle(bits, pieces) & flag).eq(0);
          Val x = isPruned.select(sunk, load(scores, at, t.i32x16));
          store(x, scores, at);
          next = next.max(x);
        }
        return Vals{next};
      })[0];
  store(maximum, scoreMaxima, row * 16);
}

void KernelEmitter::emitScores(Val firstRow, Val count) {
  loop(index(0), count, 1, [&](Val row) {
    Val list = row * listStride, out = row * scoreStride;
    Val length = load(counts, row).toIndex();
    Vals query; // [chunk][plane][half]
    Val at = (firstRow + row) * (128 * planes.queries * chunks);
    for (int64_t n = 0; n < 2 * planes.queries * chunks; ++n)
      query.push_back(load(queries, at + 64 * n, t.i8x64));

    /// [row 0: 4 blocks][row 1: 4 blocks], two keys each.
    auto quad = [&](ArrayRef<Val> blocks) {
      Vals sums(4, vec(t.i32x16, 0)), highSums = sums;
      for (int64_t chunk = 0; chunk < chunks; ++chunk)
        for (int64_t plane = 0; plane < planes.keys; ++plane)
          for (int64_t j = 0; j < 4; ++j) {
            Val key = load(keys, blocks[j] + 64 * (chunk * planes.keys + plane),
                           t.i64x8);
            Val halves[2] = {key, key.shuffle(key, {4, 5, 6, 7, 0, 1, 2, 3})};
            for (const ScorePlanes::Product &product : planes.products) {
              if (product.key != plane)
                continue;
              int64_t from = chunk * planes.queries + product.query;
              Val &sum = product.isHigh ? highSums[j] : sums[j];
              for (int64_t half : {0, 1})
                sum = target->dotU8S8(sum, halves[half].as(t.i8x64),
                                      query[2 * from + half], product.isSmall);
            }
          }
      if (planes.hasHigh)
        for (int64_t j = 0; j < 4; ++j)
          sums[j] = sums[j] + highSums[j].shl(8);
      return addQuarters(addNeighbours(sums[0], sums[1]),
                         addNeighbours(sums[2], sums[3]));
    };

    Vals maximum = accumulate(
        index(0), length, 8, {vec(t.i32x16, INT32_MIN)},
        [&](Val block, const Vals &soFar) {
          Vals next = soFar;
          for (int64_t half : {0, 1}) {
            Vals blocks;
            for (int64_t n : kOrder[half])
              blocks.push_back(load(lists, list + block + n).toIndex() *
                               (64 * planes.keys * chunks));
            Val x = quad(blocks);
            store(x, scores, out + block * 4 + 16 * half);
            next[0] = next[0].max(x);
          }
          return next;
        });
    auto storeMaxima = [&](Val lanes) { store(lanes, scoreMaxima, row * 16); };
    storeMaxima(maximum[0]);
    if (!spec.isMasked())
      return;
    // With partial blocks: what is not valid is put far below, and so is what
    // stands behind the list, which may repeat it.
    Val isChanged =
        spec.hasOtherBlocks()
            ? (load(missing, row * 2) | load(missing, row * 2 + 1)).gt(0)
            : load(partialCounts, row).gt(0);
    if (spec.hasBias) {
      emitBiasScores(row);
      isChanged = isChanged | load(hasBias, validityRow(row)).gt(0);
    }
    when(isChanged, [&] {
      if (spec.hasOtherBlocks())
        return sinkPruned(row, length);
      auto sink = [&](Val place, Val valid) {
        for (int64_t n : {0, 1})
          for (int64_t key : {0, 1})
            when((valid.srl(2 * n + key) & 1).eq(0), [&] {
              store(i32(-(1 << 30)), scores, out + scorePlace(place, n, key));
            });
      };
      forEachPartial(row, sink);
      loop(length, length.ceilDiv(8) * 8, 1,
           [&](Val place) { sink(place, i32(0)); });
      storeMaxima(accumulate(
          index(0), length.ceilDiv(8) * 32, 16, {vec(t.i32x16, INT32_MIN)},
          [&](Val at, const Vals &soFar) {
            return Vals{soFar[0].max(load(scores, out + at, t.i32x16))};
          })[0]);
    });
  });
  // Both query rows of the eight block rows, in order.
  Val all = combineVectors(scoreMaxima, index(0), 8, Combination::Maximum);
  store(interleaveRows(all), maxima, index(0));
}
