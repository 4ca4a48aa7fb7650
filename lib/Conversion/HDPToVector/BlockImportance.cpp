//===- BlockImportance.cpp - importance of blocks of any size -------------===//
//
// N3, N5 and N7's magnitude of the sixteen query rows of a batch, for blocks
// whose sides are powers of two. Scores are found as in IntegerKernel.cpp and
// added up over a block's rows and keys; theta of what is not a full block is
// INT32_MIN, which no full block has.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace hdp;

/// Query rows, and 32 keys, that are accumulated together.
static constexpr int64_t kTileQueries = 4, kTileStrips = 2;

Val KernelEmitter::thetaRowOf(Val blockRow) {
  Val first = (thetaFirst * 2).div(policy.blockRows);
  return (first + blockRow) * (paddedColumns * 2).div(policy.blockCols);
}

/// Block rows of which the batch has rows.
Val KernelEmitter::blockRowsIn(Val firstRow, Val count) {
  return minIndex(count * 2, lq - firstRow * 2).ceilDiv(policy.blockRows);
}

/// N4: the keys of full blocks, a bit each, for the batch's block rows; for all
/// rows at once if validity does not vary.
void KernelEmitter::emitFullKeys(Val firstRow, Val count) {
  int64_t bq = policy.blockRows, bk = policy.blockCols;
  int64_t starts = 0;
  for (int64_t key = 0; key < 32; key += bk)
    starts |= int64_t(1) << key;
  Val words = paddedColumns.div(16);
  Val end = spec.variesByRow ? blockRowsIn(firstRow, count) : index(1);
  loop(index(0), end, 1, [&](Val row) {
    Val from = row * bq;
    Val height = spec.variesByRow
                     ? minIndex(index(bq), lq - firstRow * 2 - from)
                     : index(1);
    loop(index(0), words, 1, [&](Val word) {
      Val valid = accumulate(index(0), height, 1, {i32(-1)},
                             [&](Val n, const Vals &soFar) {
                               Val at = (from + n) * words + word;
                               return Vals{soFar[0] & load(validWords, at)};
                             })[0];
      for (int64_t width = 1; width < bk; width *= 2)
        valid = valid & valid.srl(width);
      Val full =
          (valid & static_cast<int32_t>(starts)) * ((int64_t(1) << bk) - 1);
      store(full, fullKeys, row * words + word);
    });
  });
}

/// Theta of the blocks of 32 keys, from their sums over a block's rows; of
/// blocks of one key, of half of them.
Val KernelEmitter::addBlock(Val even, Val odd, Val fullKeys, int64_t part) {
  int64_t bk = policy.blockCols;
  Val x;
  SmallVector<int64_t> first, second;
  if (bk == 1) {
    for (int64_t n = 0; n < 16; ++n)
      first.push_back((n % 2) * 16 + n / 2 + 8 * part);
    x = even.shuffle(odd, first);
  } else {
    x = even + odd;
    for (int64_t lanes = 32 / bk, size = 8; size >= lanes; size /= 2) {
      first.clear();
      second.clear();
      for (int64_t n = 0; n < size; ++n) {
        first.push_back(2 * n);
        second.push_back(2 * n + 1);
      }
      x = x.shuffle(x, first) + x.shuffle(x, second);
    }
  }
  auto type = cast<VectorType>(x.type());
  SmallVector<int32_t> bits;
  for (int64_t n = 0; n < type.getNumElements(); ++n)
    bits.push_back(static_cast<int32_t>(int64_t(1) << (n * bk + 16 * part)));
  Val bit = wrap(arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int32_t>(bits))));
  Val isOther = (fullKeys.splat(type) & bit).eq(0);
  return isOther.select(vec(type, INT32_MIN), x);
}

void KernelEmitter::emitBlockImportance(Val firstRow) {
  bool isMeasured = isGated && policy.measure == numerics::Measure::Magnitude;
  bool isAbs = policy.importance == numerics::Importance::Abs;
  bool isSmall = policy.format.integerBits <= 7;
  int64_t bq = policy.blockRows, bk = policy.blockCols, poolRow = 32 * chunks;
  constexpr int64_t vectors = 2 * kTileStrips;
  Val zero = vec(t.i32x16, 0), none = vec(t.i64x8, 0);
  Val words = paddedColumns.div(16), firstQuery = firstRow * 2;

  /// Scores, as theta and H take them: of four rows, [strip][key] each, and
  /// the sum for H behind them.
  auto scoresOf = [&](Val query, Val column) {
    Vals start;
    for (int64_t n = 0; n < kTileQueries * vectors; ++n)
      start.push_back(
          zero -
          load(thetaOffsets, firstQuery + query + n / vectors).splat(t.i32x16));
    Vals scores = accumulate(
        index(0), index(poolRow), 4, start, [&](Val at, const Vals &acc) {
          Vals next = acc, key;
          for (int64_t n = 0; n < vectors; ++n)
            key.push_back(load(pooledKeys,
                               column * (2 * poolRow) + at * 64 + 64 * n,
                               t.i8x64));
          for (int64_t r = 0; r < kTileQueries; ++r) {
            auto four = VectorType::get(4, b.getI8Type());
            auto one = VectorType::get(1, b.getI32Type());
            Val bytes = load(pooledQueries,
                             (firstQuery + query + r) * poolRow + at, four);
            Val word =
                wrap(vector::ExtractOp::create(b, bytes.as(one).v, int64_t(0)));
            Val q = word.splat(t.i32x16).as(t.i8x64);
            for (int64_t n = 0; n < vectors; ++n) {
              Val &slot = next[r * vectors + n];
              slot = target->dotU8S8(slot, key[n], q, isSmall);
            }
          }
          return next;
        });
    Val size = zero;
    for (int64_t r = 0; r < kTileQueries; ++r)
      for (int64_t strip = 0; strip < kTileStrips; ++strip) {
        Val blocks = column + 16 * strip;
        Val row = query.div(2) + r / 2;
        Vals bias;
        if (spec.hasBias) {
          Val exists = (firstQuery + query + r)
                           .lt(lq)
                           .select(i32(-1), i32(0))
                           .splat(t.i32x16);
          bias = integerBias(row, r % 2, blocks, exists);
        }
        for (int64_t key : {0, 1}) {
          Val &score = scores[r * vectors + 2 * strip + key];
          if (spec.hasBias)
            score = score + bias[key];
          Val sized = score.max(zero - score);
          if (isMeasured) {
            Val at = spec.variesByRow ? query + r : index(0);
            Val word = load(validWords, at * words + blocks.div(16));
            Val valid = lanesOf(compressEven(word.srl(key)));
            size = size + valid.select(sized, zero);
          }
          if (isAbs)
            score = sized;
        }
      }
    Val pairs = size.as(t.i64x8);
    scores.push_back(pairs.shl(32).sra(32) + pairs.sra(32));
    return scores;
  };

  int64_t height = std::max(bq, kTileQueries);
  loop(index(0), index(2 * kBatch), height, [&](Val tile) {
    Vals measure = accumulate(
        index(0), paddedColumns, 16 * kTileStrips, {none},
        [&](Val column, const Vals &soFar) {
          // [block row of the tile][strip][key]
          Vals sums(vectors * std::max<int64_t>(kTileQueries / bq, 1), zero);
          Val size;
          if (bq > kTileQueries) {
            Vals init(vectors, zero);
            init.push_back(none);
            sums = accumulate(
                index(0), index(bq), kTileQueries, init,
                [&](Val query, const Vals &s) {
                  Vals scores = scoresOf(tile + query, column), next = s;
                  for (int64_t n = 0; n < kTileQueries * vectors; ++n)
                    next[n % vectors] = next[n % vectors] + scores[n];
                  next.back() = next.back() + scores.back();
                  return next;
                });
            size = sums.pop_back_val();
          } else {
            Vals scores = scoresOf(tile, column);
            size = scores.pop_back_val();
            for (int64_t n = 0; n < kTileQueries * vectors; ++n) {
              Val &sum = sums[n / vectors / bq * vectors + n % vectors];
              sum = sum + scores[n];
            }
          }
          for (size_t n = 0; n < sums.size(); n += 2) {
            Val row = tile.div(bq) + n / vectors;
            Val blocks = column + 16 * (n % vectors / 2);
            Val full =
                load(fullKeys, blockValidity(row) * words + blocks.div(16));
            Val at = thetaRowOf(row) + (blocks * 2).div(bk);
            for (int64_t part = 0; part < (bk == 1 ? 2 : 1); ++part)
              store(addBlock(sums[n], sums[n + 1], full, part), theta,
                    at + 16 * part);
          }
          return Vals{soFar[0] + size};
        });
    if (isMeasured)
      store(measure[0].sum(), gateTerms, tile.div(height));
  });
}
