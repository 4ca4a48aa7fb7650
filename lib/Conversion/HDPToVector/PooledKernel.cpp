//===- PooledKernel.cpp - importance of all blocks, thresholds ------------===//
//
// N5 and N6 of eight block rows. Signed importance is one dot product a block,
// of pooled rows (N5). K is stored with an offset, which adds the same to every
// theta of a block row and so to its threshold; it is taken off where absolute
// values are needed.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace hdp;

/// Block rows and vectors of blocks that are accumulated together.
static constexpr int64_t kTileRows = 4, kTileVectors = 4;

void KernelEmitter::emitImportance(Val firstRow) {
  if (spec.hasOtherBlocks()) {
    emitBlockImportance(firstRow);
    return;
  }
  if (isPooled)
    emitPooledPass(firstRow);
  else
    emitIntegerPass(firstRow);
  emitThresholds();
}

void KernelEmitter::emitPooledPass(Val firstRow) {
  if (usesTiles)
    emitPooledTiles(firstRow);
  else
    emitPooledDots(firstRow);
  if (spec.hasBias)
    emitBiasTheta(firstRow);
}

void KernelEmitter::emitPooledDots(Val firstRow) {
  bool wantsMinimum = policy.threshold8() < 0;
  int64_t poolRow = 32 * chunks;
  Val ignored = vec(t.i32x16, wantsMinimum ? INT32_MAX : INT32_MIN);
  Val full = fullColumns.toI32().splat(t.i32x16);
  Val words = paddedColumns.div(16);

  loop(index(0), index(kBatch), kTileRows, [&](Val tile) {
    Vals init(kTileRows, ignored);
    init.append(kTileRows, vec(t.i32x16, 0));
    Val query = (firstRow + tile) * poolRow;
    Vals ends = accumulate(
        index(0), paddedColumns, 64, init, [&](Val column, const Vals &soFar) {
          Val panel = column * poolRow;
          Vals zeros(kTileRows * kTileVectors, vec(t.i32x16, 0));
          Vals sum = accumulate(
              index(0), index(poolRow), 4, zeros, [&](Val at, const Vals &acc) {
                Vals next = acc, key;
                for (int64_t n = 0; n < kTileVectors; ++n)
                  key.push_back(
                      load(pooledKeys, panel + at * 64 + 64 * n, t.i8x64));
                for (int64_t r = 0; r < kTileRows; ++r) {
                  auto four = VectorType::get(4, b.getI8Type());
                  auto one = VectorType::get(1, b.getI32Type());
                  Val bytes =
                      load(pooledQueries, query + at + r * poolRow, four);
                  Val word = wrap(vector::ExtractOp::create(b, bytes.as(one).v,
                                                            int64_t(0)));
                  Val q = word.splat(t.i32x16).as(t.i8x64);
                  for (int64_t n = 0; n < kTileVectors; ++n) {
                    Val &slot = next[r * kTileVectors + n];
                    slot = target->dotU8S8(slot, key[n], q, true);
                  }
                }
                return next;
              });
          Vals next = soFar;
          for (int64_t n = 0; n < kTileVectors; ++n) {
            Val isFull =
                (column.toI32().splat(t.i32x16) + lanes() + 16 * n).lt(full);
            for (int64_t r = 0; r < kTileRows; ++r) {
              Val x = sum[r * kTileVectors + n];
              if (spec.isMasked())
                isFull = lanesOf(load(fullWords, validityRow(tile + r) * words +
                                                     column.div(16) + n));
              store(x, theta,
                    (tile + r + thetaFirst) * paddedColumns + column + 16 * n);
              Val counted = isFull.select(x, ignored);
              next[r] =
                  wantsMinimum ? next[r].min(counted) : next[r].max(counted);
              next[kTileRows + r] =
                  next[kTileRows + r] +
                  (spec.isMasked() ? isFull.select(x, vec(t.i32x16, 0)) : x);
            }
          }
          return next;
        });
    for (int64_t r = 0; r < kTileRows; ++r) {
      store(ends[r], extremes, (tile + r) * 16);
      store(ends[kTileRows + r], sums, (tile + r) * 16);
    }
  });
}
