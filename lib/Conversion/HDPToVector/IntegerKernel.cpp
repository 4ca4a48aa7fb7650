//===- IntegerKernel.cpp - importance of all blocks, score by score -------===//
//
// N3, N5 and N7's magnitude of eight block rows, where pooled rows do not give
// them. The first and the second keys of 16 blocks are in vectors of their own,
// so theta is a sum of vectors. K is stored with an offset, which the sums
// start without.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace hdp;

/// Block rows, and 16 blocks, that are accumulated together.
static constexpr int64_t kTileRows = 2, kTileStrips = 2;

/// The lanes of x and y of one parity.
static Val pickLanes(Val x, Val y, int64_t parity) {
  SmallVector<int64_t> order;
  for (int64_t n = 0; n < 16; ++n)
    order.push_back(2 * n + parity);
  return x.shuffle(y, order);
}

/// 16 words added up in lanes of 64 bits.
static Val widenSum(Val x, VectorType wide) {
  Val pairs = x.as(wide);
  return pairs.shl(32).sra(32) + pairs.sra(32);
}

/// B >> SF of a query row for the first and the second keys of 16 blocks.
Vals KernelEmitter::integerBias(Val row, int64_t query, Val column,
                                Val exists) {
  Val at = (validityRow(row) * 2 + query) * (paddedColumns * 2) + column * 2;
  Val low = load(biasRows, at, t.i32x16),
      high = load(biasRows, at + 16, t.i32x16);
  Vals parts;
  for (int64_t key : {0, 1}) {
    Val part = pickLanes(low, high, key).sra(policy.scoreFractionBits());
    parts.push_back(exists ? part & exists : part);
  }
  return parts;
}

void KernelEmitter::emitIntegerPass(Val firstRow) {
  bool wantsMinimum = policy.threshold8() < 0;
  bool isMeasured = isGated && policy.measure == numerics::Measure::Magnitude;
  bool isAbs = policy.importance == numerics::Importance::Abs;
  bool isSmall = policy.format.integerBits <= 7;
  int64_t poolRow = 32 * chunks;
  constexpr int64_t queryRows = 2 * kTileRows, vectors = 2 * kTileStrips;
  Val zero = vec(t.i32x16, 0);
  Val ignored = vec(t.i32x16, wantsMinimum ? INT32_MAX : INT32_MIN);
  Val full = fullColumns.toI32().splat(t.i32x16);
  Val words = paddedColumns.div(16);
  auto magnitude = [&](Val x) { return x.max(zero - x); };

  loop(index(0), index(kBatch), kTileRows, [&](Val tile) {
    Val firstQuery = (firstRow + tile) * 2;
    Vals start, exists;
    for (int64_t r = 0; r < queryRows; ++r)
      start.push_back(zero -
                      load(thetaOffsets, firstQuery + r).splat(t.i32x16));
    for (int64_t r = 0; r < kTileRows; ++r)
      exists.push_back((firstQuery + (2 * r + 1))
                           .lt(lq)
                           .select(i32(-1), i32(0))
                           .splat(t.i32x16));
    // Extremes, sums, and sums of magnitudes of each block row.
    Vals init(kTileRows, ignored);
    init.append((isMeasured ? 2 : 1) * kTileRows, vec(t.i64x8, 0));
    Vals ends = accumulate(
        index(0), usedColumns, 16 * kTileStrips, init,
        [&](Val column, const Vals &soFar) {
          Val panel = column * (2 * poolRow);
          Vals zeros;
          for (int64_t n = 0; n < queryRows * vectors; ++n)
            zeros.push_back(start[n / vectors]);
          Vals sum = accumulate(
              index(0), index(poolRow), 4, zeros, [&](Val at, const Vals &acc) {
                Vals next = acc, key;
                for (int64_t n = 0; n < vectors; ++n)
                  key.push_back(
                      load(pooledKeys, panel + at * 64 + 64 * n, t.i8x64));
                for (int64_t r = 0; r < queryRows; ++r) {
                  auto four = VectorType::get(4, b.getI8Type());
                  auto one = VectorType::get(1, b.getI32Type());
                  Val bytes = load(pooledQueries,
                                   (firstQuery + r) * poolRow + at, four);
                  Val word = wrap(vector::ExtractOp::create(b, bytes.as(one).v,
                                                            int64_t(0)));
                  Val q = word.splat(t.i32x16).as(t.i8x64);
                  for (int64_t n = 0; n < vectors; ++n) {
                    Val &slot = next[r * vectors + n];
                    slot = target->dotU8S8(slot, key[n], q, isSmall);
                  }
                }
                return next;
              });
          Vals next = soFar;
          for (int64_t r = 0; r < kTileRows; ++r)
            for (int64_t strip = 0; strip < kTileStrips; ++strip) {
              Val blocks = column + 16 * strip;
              Val x = zero, size = zero;
              for (int64_t n : {0, 1}) {
                Vals bias;
                if (spec.hasBias)
                  bias =
                      integerBias(tile + r, n, blocks, n ? exists[r] : Val());
                for (int64_t key : {0, 1}) {
                  Val score = sum[(2 * r + n) * vectors + 2 * strip + key];
                  if (spec.hasBias)
                    score = score + bias[key];
                  Val sized = isAbs || isMeasured ? magnitude(score) : score;
                  x = x + (isAbs ? sized : score);
                  if (!isMeasured)
                    continue;
                  if (spec.isMasked()) {
                    Val at = (validityRow(tile + r) * 2 + n) * words +
                             blocks.div(16);
                    Val valid = compressEven(load(validWords, at).srl(key));
                    sized = lanesOf(valid).select(sized, zero);
                  }
                  size = size + sized;
                }
              }
              Val isFull =
                  spec.isMasked()
                      ? lanesOf(load(fullWords, validityRow(tile + r) * words +
                                                    blocks.div(16)))
                      : (blocks.toI32().splat(t.i32x16) + lanes()).lt(full);
              // A short last block has no theta (a mask tells it apart).
              store(spec.isMasked() ? x : isFull.select(x, zero), theta,
                    (tile + r + thetaFirst) * paddedColumns + blocks);
              Val counted = isFull.select(x, ignored);
              next[r] =
                  wantsMinimum ? next[r].min(counted) : next[r].max(counted);
              Val &total = next[kTileRows + r];
              total = total + widenSum(isFull.select(x, zero), t.i64x8);
              if (isMeasured) {
                Val &measure = next[2 * kTileRows + r];
                measure = measure + widenSum(size, t.i64x8);
              }
            }
          return next;
        });
    for (int64_t r = 0; r < kTileRows; ++r) {
      store(ends[r], extremes, (tile + r) * 16);
      store(ends[kTileRows + r].sum(), wideSums, tile + r);
      if (isMeasured)
        store(ends[2 * kTileRows + r].sum(), gateTerms, tile + r);
    }
  });
}
