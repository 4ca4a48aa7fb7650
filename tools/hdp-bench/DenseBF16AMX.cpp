//===- DenseBF16AMX.cpp - dense attention in bf16 on tiles ----------------===//
//
// What AMX can do without pruning: 32 query rows meet 32 keys, or columns of V,
// in four tiles of sums; operands are pairs of bf16 along the sum. Softmax is
// f32, relative to the largest score so far. Compiled for AMX with BF16; called
// only where the process may use it.
//
//===----------------------------------------------------------------------===//

#include "Dense.h"

using namespace hdp::bench;

#ifdef __AMX_BF16__
#include <immintrin.h>
#include <initializer_list>
#include <type_traits>

namespace {

constexpr int64_t kRows = 32, kKeys = 256, kLanes = 16;

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t roundUp(int64_t a, int64_t b) { return (a + b - 1) / b * b; }

/// Pairs are words of two bf16.
struct Buffers {
  uint32_t *keys;    ///< panels of 16 keys: [pairs][16]
  uint32_t *values;  ///< [pairs of keys][columns]
  uint32_t *queries; ///< [kRows][pairs]
  uint32_t *weights; ///< [kRows][kKeys / 2]
  float *scores;     ///< [kRows][kKeys]
  float *sums;       ///< [kRows][columns]
  float *maxima, *totals;
};

/// Pairs of a row of Q and K; columns of V.
inline int64_t getPairs(const DenseCall &call) {
  return roundUp(call.headDim, 32) / 2;
}
inline int64_t getColumns(const DenseCall &call) {
  return roundUp(call.valueDim, 32);
}

size_t layOut(const DenseCall &call, Buffers &buffers) {
  char *next = call.workspace, *start = next;
  auto take = [&](auto *&pointer, int64_t count) {
    pointer =
        reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(next);
    next += roundUp(count, kLanes) * 4;
  };
  int64_t pairs = getPairs(call), columns = getColumns(call);
  take(buffers.keys, roundUp(call.keys, 32) * pairs);
  take(buffers.values, roundUp(call.keys, 32) / 2 * columns);
  take(buffers.queries, kRows * pairs);
  take(buffers.weights, kRows * kKeys / 2);
  take(buffers.scores, kRows * kKeys);
  take(buffers.sums, kRows * columns);
  take(buffers.maxima, kRows);
  take(buffers.totals, kRows);
  return static_cast<size_t>(next - start);
}

size_t getWorkspace(const DenseCall &call) {
  Buffers buffers;
  return layOut(call, buffers);
}

inline __mmask16 firstLanes(int64_t count) {
  return count >= kLanes ? 0xFFFF
         : count <= 0    ? 0
                         : static_cast<__mmask16>((1 << count) - 1);
}

/// 16 numbers of a row from `from` on, 0 beyond `count`.
inline __m512 loadSome(const float *row, int64_t from, int64_t count) {
  return _mm512_maskz_loadu_ps(firstLanes(count - from), row + from);
}

inline void roundRow(const float *row, int64_t count, uint32_t *pairs) {
  for (int64_t t = 0; t < count; t += 32) {
    __m512bh both = _mm512_cvtne2ps_pbh(loadSome(row, t + 16, count),
                                        loadSome(row, t, count));
    _mm512_storeu_si512(pairs + t / 2, (__m512i)both);
  }
}

/// Rows of 16 words, 16 of them, changed with columns.
inline void transpose(const uint32_t *from, int64_t stride, uint32_t *to) {
  __m512i a[16], b[16];
  for (int i = 0; i < 16; ++i)
    a[i] = _mm512_loadu_si512(from + i * stride);
  // Each round interleaves the halves of the rows: row and lane number are one
  // address of which the highest bit becomes the lowest.
  const __m512i low =
      _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
                                         13, 29, 14, 30, 15, 31);
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 8; ++i) {
      b[2 * i] = _mm512_permutex2var_epi32(a[i], low, a[i + 8]);
      b[2 * i + 1] = _mm512_permutex2var_epi32(a[i], high, a[i + 8]);
    }
    for (int i = 0; i < 16; ++i)
      a[i] = b[i];
  }
  for (int i = 0; i < 16; ++i)
    _mm512_storeu_si512(to + 16 * i, a[i]);
}

void packKeys(const DenseCall &call, const Buffers &buffers) {
  int64_t pairs = getPairs(call);
  // 16 rows of pairs, in the buffer of queries, which is not needed yet.
  uint32_t *rows = buffers.queries;
  for (int64_t j = 0; j < roundUp(call.keys, 32); j += kLanes) {
    for (int64_t i = 0; i < kLanes; ++i)
      roundRow(call.k + least(j + i, call.keys - 1) * call.headDim,
               call.headDim, rows + i * pairs);
    for (int64_t t = 0; t < pairs; t += kLanes)
      transpose(rows + t, pairs, buffers.keys + j * pairs + t * kLanes);
  }
}

void packValues(const DenseCall &call, const Buffers &buffers) {
  int64_t columns = getColumns(call), d = call.valueDim;
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11,
                                         26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  for (int64_t j = 0; j < roundUp(call.keys, 32); j += 2)
    for (int64_t t = 0; t < columns; t += kLanes) {
      __m512 even =
          j < call.keys ? loadSome(call.v + j * d, t, d) : _mm512_setzero_ps();
      __m512 odd = j + 1 < call.keys ? loadSome(call.v + (j + 1) * d, t, d)
                                     : _mm512_setzero_ps();
      auto both = (__m512i)_mm512_cvtne2ps_pbh(odd, even);
      _mm512_storeu_si512(buffers.values + j / 2 * columns + t,
                          _mm512_permutexvar_epi16(order, both));
    }
}

/// 2^x for x <= 0 within 3e-7; 0 where it would be subnormal.
inline __m512 exp2(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-126.0f));
  __m512 n =
      _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 f = _mm512_sub_ps(x, n), y = _mm512_set1_ps(1.3333558e-3f);
  for (float c :
       {9.6181291e-3f, 5.5504109e-2f, 2.4022651e-1f, 6.9314718e-1f, 1.0f})
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(c));
  return _mm512_scalef_ps(y, n);
}

struct alignas(64) Configuration {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// scores[i][j] of a block of keys.
void multiplyKeys(const Buffers &buffers, int64_t pairs, int64_t first,
                  int64_t count) {
  for (int64_t j = 0; j < count; j += 32) {
    const uint32_t *panel = buffers.keys + (first + j) * pairs;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t t = 0; t < pairs; t += 16) {
      _tile_loadd(4, buffers.queries + t, pairs * 4);
      _tile_loadd(5, buffers.queries + 16 * pairs + t, pairs * 4);
      _tile_loadd(6, panel + t * 16, 64);
      _tile_loadd(7, panel + (pairs + t) * 16, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    float *scores = buffers.scores + j;
    _tile_stored(0, scores, kKeys * 4);
    _tile_stored(1, scores + 16, kKeys * 4);
    _tile_stored(2, scores + 16 * kKeys, kKeys * 4);
    _tile_stored(3, scores + 16 * kKeys + 16, kKeys * 4);
  }
}

/// Scores become weights; what was summed before is scaled down.
void weigh(const DenseCall &call, const Buffers &buffers, int64_t columns,
           int64_t first, int64_t count) {
  const __m512 scale = _mm512_set1_ps(call.scale * 1.44269504f);
  int64_t keys = least(call.keys - first, count);
  for (int64_t i = 0; i < kRows; ++i) {
    float *row = buffers.scores + i * kKeys;
    __m512 top = _mm512_set1_ps(-__builtin_inff());
    for (int64_t j = 0; j < count; j += kLanes) {
      __m512 x = _mm512_mask_mul_ps(_mm512_set1_ps(-__builtin_inff()),
                                    firstLanes(keys - j),
                                    _mm512_loadu_ps(row + j), scale);
      _mm512_storeu_ps(row + j, x);
      top = _mm512_max_ps(top, x);
    }
    float before = buffers.maxima[i];
    float largest = _mm512_reduce_max_ps(top);
    if (before > largest)
      largest = before;
    __m512 offset = _mm512_set1_ps(largest), total = _mm512_setzero_ps();
    for (int64_t j = 0; j < count; j += 32) {
      __m512 halves[2];
      for (int64_t n : {0, 1}) {
        int64_t at = j + n * kLanes;
        __m512 x = _mm512_sub_ps(_mm512_loadu_ps(row + at), offset);
        halves[n] = _mm512_maskz_mov_ps(firstLanes(keys - at), exp2(x));
        total = _mm512_add_ps(total, halves[n]);
      }
      _mm512_storeu_si512(buffers.weights + (i * kKeys + j) / 2,
                          (__m512i)_mm512_cvtne2ps_pbh(halves[1], halves[0]));
    }
    float factor = _mm512_cvtss_f32(exp2(_mm512_set1_ps(before - largest)));
    buffers.totals[i] =
        buffers.totals[i] * factor + _mm512_reduce_add_ps(total);
    buffers.maxima[i] = largest;
    if (first > 0 && factor != 1.0f)
      for (int64_t t = 0; t < columns; t += kLanes) {
        float *sum = buffers.sums + i * columns + t;
        _mm512_storeu_ps(
            sum, _mm512_mul_ps(_mm512_loadu_ps(sum), _mm512_set1_ps(factor)));
      }
  }
}

void multiplyValues(const Buffers &buffers, int64_t columns, int64_t first,
                    int64_t count) {
  for (int64_t t = 0; t < columns; t += 32) {
    float *sums = buffers.sums + t;
    if (first == 0) {
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
    } else {
      _tile_loadd(0, sums, columns * 4);
      _tile_loadd(1, sums + 16, columns * 4);
      _tile_loadd(2, sums + 16 * columns, columns * 4);
      _tile_loadd(3, sums + 16 * columns + 16, columns * 4);
    }
    for (int64_t j = 0; j < count / 2; j += 16) {
      const uint32_t *values = buffers.values + (first / 2 + j) * columns + t;
      _tile_loadd(4, buffers.weights + j, kKeys * 2);
      _tile_loadd(5, buffers.weights + 16 * (kKeys / 2) + j, kKeys * 2);
      _tile_loadd(6, values, columns * 4);
      _tile_loadd(7, values + 16, columns * 4);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums, columns * 4);
    _tile_stored(1, sums + 16, columns * 4);
    _tile_stored(2, sums + 16 * columns, columns * 4);
    _tile_stored(3, sums + 16 * columns + 16, columns * 4);
  }
}

void run(const DenseCall &call) {
  Buffers buffers;
  layOut(call, buffers);
  int64_t pairs = getPairs(call), columns = getColumns(call);
  const Configuration configuration;
  _tile_loadconfig(&configuration);
  packKeys(call, buffers);
  packValues(call, buffers);
  for (int64_t i = 0; i < call.queries; i += kRows) {
    for (int64_t r = 0; r < kRows; ++r) {
      roundRow(call.q + least(i + r, call.queries - 1) * call.headDim,
               call.headDim, buffers.queries + r * pairs);
      buffers.maxima[r] = -__builtin_inff();
      buffers.totals[r] = 0;
    }
    for (int64_t first = 0; first < call.keys; first += kKeys) {
      int64_t count = roundUp(least(kKeys, call.keys - first), 32);
      multiplyKeys(buffers, pairs, first, count);
      weigh(call, buffers, columns, first, count);
      multiplyValues(buffers, columns, first, count);
    }
    for (int64_t r = 0; r < least(kRows, call.queries - i); ++r) {
      __m512 factor = _mm512_set1_ps(1 / buffers.totals[r]);
      for (int64_t t = 0; t < call.valueDim; t += kLanes)
        _mm512_mask_storeu_ps(
            call.out + (i + r) * call.valueDim + t,
            firstLanes(call.valueDim - t),
            _mm512_mul_ps(_mm512_loadu_ps(buffers.sums + r * columns + t),
                          factor));
    }
  }
  _tile_release();
}

} // namespace

DenseKernel hdp::bench::getDenseBF16AMX() {
  return {run, getWorkspace, nullptr};
}
#else
DenseKernel hdp::bench::getDenseBF16AMX() { return {}; }
#endif
