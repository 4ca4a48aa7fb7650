//===- PooledTiles.cpp - importance of all blocks on AMX ------------------===//
//
// The products of PooledKernel.cpp on tiles: eight block rows of pooled Q meet
// 64 blocks of pooled K, whose panels are laid out as tiles want them. Theta
// goes to memory first and is compared and added up from there.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "hdp/Conversion/TileEmitter.h"

using namespace mlir;
using namespace hdp;

/// Tiles 0 to 3 hold theta; the others 64 bytes of pooled rows, or the 32 that
/// may be left.
static constexpr int64_t kSums = 4, kLeft = 4, kRight = 5, kLeftRest = 6,
                         kRightRest = 7;

void KernelEmitter::configureTiles() {
  TileShape shapes[8];
  for (int64_t n = 0; n < kSums; ++n)
    shapes[n] = {kBatch, 64};
  shapes[kLeft] = {kBatch, 64};
  shapes[kRight] = {16, 64};
  shapes[kLeftRest] = {kBatch, 32};
  shapes[kRightRest] = {8, 64};
  TileEmitter(b).configure(shapes);
}

void KernelEmitter::releaseTiles() { TileEmitter(b).release(); }

/// theta[row][column .. column + 64] of the batch's rows.
void KernelEmitter::emitThetaTiles(Val firstRow, Val column) {
  TileEmitter tiles(b);
  int64_t poolRow = 32 * chunks;
  for (int64_t n = 0; n < kSums; ++n)
    tiles.zero(n);
  for (int64_t from = 0; from < poolRow; from += 64) {
    bool isRest = poolRow - from < 64;
    int64_t left = isRest ? kLeftRest : kLeft;
    int64_t right = isRest ? kRightRest : kRight;
    tiles.load(left, pooledQueries.memref,
               ValueRange{(firstRow * poolRow + from).v}, index(poolRow));
    for (int64_t n = 0; n < kSums; ++n) {
      // Four dimensions of 64 blocks are 256 bytes.
      tiles.load(right, pooledKeys.memref,
                 ValueRange{(column * poolRow + (64 * from + 64 * n)).v},
                 index(256));
      tiles.multiplyS8U8(n, left, right);
    }
  }
  for (int64_t n = 0; n < kSums; ++n)
    tiles.store(n, theta.memref,
                ValueRange{(thetaFirst * paddedColumns + column + 16 * n).v},
                paddedColumns);
}

void KernelEmitter::emitPooledTiles(Val firstRow) {
  bool wantsMinimum = policy.threshold8() < 0;
  Val ignored = vec(t.i32x16, wantsMinimum ? INT32_MAX : INT32_MIN);
  Val full = fullColumns.toI32().splat(t.i32x16);
  Val zero = vec(t.i32x16, 0), words = paddedColumns.div(16);
  Vals init(kBatch, ignored);
  init.append(kBatch, zero);
  Vals ends = accumulate(
      index(0), usedColumns, 64, init, [&](Val column, const Vals &soFar) {
        emitThetaTiles(firstRow, column);
        Vals next = soFar;
        for (int64_t n = 0; n < kSums; ++n) {
          Val isFull =
              (column.toI32().splat(t.i32x16) + lanes() + 16 * n).lt(full);
          for (int64_t r = 0; r < kBatch; ++r) {
            Val row = index(r);
            Val x = load(theta,
                         (row + thetaFirst) * paddedColumns + column + 16 * n,
                         t.i32x16);
            if (spec.isMasked())
              isFull = lanesOf(load(fullWords, validityRow(row) * words +
                                                   column.div(16) + n));
            Val counted = isFull.select(x, ignored);
            next[r] =
                wantsMinimum ? next[r].min(counted) : next[r].max(counted);
            next[kBatch + r] = next[kBatch + r] +
                               (spec.isMasked() ? isFull.select(x, zero) : x);
          }
        }
        return next;
      });
  for (int64_t r = 0; r < kBatch; ++r) {
    store(ends[r], extremes, index(r * 16));
    store(ends[kBatch + r], sums, index(r * 16));
  }
}
