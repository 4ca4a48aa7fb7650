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
  // Block rows and vectors of blocks that are accumulated together; a panel of
  // keys has four vectors.
  int64_t tileRows = hasFewRegisters() ? 2 : 4, tileVectors = tileRows;

  loop(index(0), index(kBatch), tileRows, [&](Val tile) {
    Vals init(tileRows, ignored);
    init.append(tileRows, vec(t.i32x16, 0));
    Val query = (firstRow + tile) * poolRow;
    Vals ends = accumulate(
        index(0), usedColumns, 16 * tileVectors, init,
        [&](Val column, const Vals &soFar) {
          Val panel = column * poolRow;
          if (tileVectors < 4)
            panel = (column & -64) * poolRow + (column & 63) * 4;
          Vals zeros(tileRows * tileVectors, vec(t.i32x16, 0));
          Vals sum = accumulate(
              index(0), index(poolRow), 4, zeros, [&](Val at, const Vals &acc) {
                Vals next = acc, key;
                for (int64_t n = 0; n < tileVectors; ++n)
                  key.push_back(
                      load(pooledKeys, panel + at * 64 + 64 * n, t.i8x64));
                for (int64_t r = 0; r < tileRows; ++r) {
                  auto four = VectorType::get(4, b.getI8Type());
                  auto one = VectorType::get(1, b.getI32Type());
                  Val bytes =
                      load(pooledQueries, query + at + r * poolRow, four);
                  Val word = wrap(vector::ExtractOp::create(b, bytes.as(one).v,
                                                            int64_t(0)));
                  Val q = word.splat(t.i32x16).as(t.i8x64);
                  for (int64_t n = 0; n < tileVectors; ++n) {
                    Val &slot = next[r * tileVectors + n];
                    slot = target->dotU8S8(slot, key[n], q, true);
                  }
                }
                return next;
              });
          Vals next = soFar;
          for (int64_t n = 0; n < tileVectors; ++n) {
            Val isFull =
                (column.toI32().splat(t.i32x16) + lanes() + 16 * n).lt(full);
            for (int64_t r = 0; r < tileRows; ++r) {
              Val x = sum[r * tileVectors + n];
              if (spec.isMasked())
                isFull = lanesOf(load(fullWords, validityRow(tile + r) * words +
                                                     column.div(16) + n));
              store(x, theta,
                    (tile + r + thetaFirst) * paddedColumns + column + 16 * n);
              Val counted = isFull.select(x, ignored);
              next[r] =
                  wantsMinimum ? next[r].min(counted) : next[r].max(counted);
              next[tileRows + r] =
                  next[tileRows + r] +
                  (spec.isMasked() ? isFull.select(x, vec(t.i32x16, 0)) : x);
            }
          }
          return next;
        });
    for (int64_t r = 0; r < tileRows; ++r) {
      store(ends[r], extremes, (tile + r) * 16);
      store(ends[tileRows + r], sums, (tile + r) * 16);
    }
  });
}
