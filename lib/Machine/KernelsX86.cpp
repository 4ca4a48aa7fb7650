//===- KernelsX86.cpp - inner loops with the host's instructions ----------===//
//
// See the header. KernelTest.cpp holds them against plain loops.
//
//===----------------------------------------------------------------------===//

#include "KernelsX86.h"

#ifdef HDP_X86

#include "KernelParts.h"

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes what masks leave out within its own header for uninitialized.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

using namespace hdp;
using namespace hdp::machine;

#define HDP_VNNI                                                               \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

bool x86::isThere() {
  static const bool isThere = __builtin_cpu_supports("avx512vnni") &&
                              __builtin_cpu_supports("avx512bw") &&
                              __builtin_cpu_supports("avx512dq") &&
                              __builtin_cpu_supports("avx512vl");
  return isThere;
}

/// The lowest `n` of a mask's bits.
static uint32_t firstBits(uint32_t n) {
  return n >= 32 ? ~uint32_t(0) : (uint32_t(1) << n) - 1;
}

//===----------------------------------------------------------------------===//
// Dot products
//===----------------------------------------------------------------------===//

/// Element i is the sum of vector i's elements: pairs of vectors share one, as
/// often as it takes.
HDP_VNNI static __m512i addAcross(const __m512i *sums) {
  __m512i pairs[8], quads[4];
#pragma GCC unroll 8
  for (unsigned i = 0; i < 8; ++i)
    pairs[i] =
        _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2 * i], sums[2 * i + 1]),
                         _mm512_unpackhi_epi32(sums[2 * i], sums[2 * i + 1]));
#pragma GCC unroll 4
  for (unsigned i = 0; i < 4; ++i)
    quads[i] =
        _mm512_add_epi32(_mm512_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]),
                         _mm512_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
  __m512i first =
      _mm512_add_epi32(_mm512_shuffle_i32x4(quads[0], quads[1], 0x88),
                       _mm512_shuffle_i32x4(quads[0], quads[1], 0xdd));
  __m512i second =
      _mm512_add_epi32(_mm512_shuffle_i32x4(quads[2], quads[3], 0x88),
                       _mm512_shuffle_i32x4(quads[2], quads[3], 0xdd));
  return _mm512_add_epi32(_mm512_shuffle_i32x4(first, second, 0x88),
                          _mm512_shuffle_i32x4(first, second, 0xdd));
}

/// Sixteen products at a time, of one query or of two.
template <unsigned queries>
HDP_VNNI static void dotsOf(int32_t *out, const uint32_t *rows, uint32_t count,
                            const int16_t *a, uint64_t aStep, const int16_t *b,
                            uint64_t stride, uint32_t n) {
  constexpr unsigned width = 16 / queries;
  for (uint32_t i = 0; i < count; i += width) {
    const int16_t *row[width];
    for (unsigned u = 0; u < width; ++u)
      row[u] = b + rows[i + u < count ? i + u : count - 1] * stride;
    __m512i sums[16];
    for (__m512i &sum : sums)
      sum = _mm512_setzero_si512();
    for (uint32_t t = 0; t < n; t += 32) {
      __mmask32 there = firstBits(n - t);
      __m512i query[queries];
#pragma GCC unroll 2
      for (unsigned y = 0; y < queries; ++y)
        query[y] = _mm512_maskz_loadu_epi16(there, a + y * aStep + t);
#pragma GCC unroll 16
      for (unsigned u = 0; u < width; ++u) {
        __m512i key = _mm512_maskz_loadu_epi16(there, row[u] + t);
#pragma GCC unroll 2
        for (unsigned y = 0; y < queries; ++y)
          sums[y * width + u] =
              _mm512_dpwssd_epi32(sums[y * width + u], query[y], key);
      }
    }
    __m512i found = addAcross(sums);
    if (queries == 1) {
      _mm512_mask_storeu_epi32(out + i, __mmask16(firstBits(count - i)), found);
    } else {
      auto there = __mmask8(firstBits(count - i));
      _mm256_mask_storeu_epi32(out + i, there, _mm512_castsi512_si256(found));
      _mm256_mask_storeu_epi32(out + count + i, there,
                               _mm512_extracti64x4_epi64(found, 1));
    }
  }
}

void x86::dots(int32_t *out, const uint32_t *rows, uint32_t count,
               const int16_t *a, uint64_t aStep, uint32_t queries,
               const int16_t *b, uint64_t stride, uint32_t n) {
  if (queries == 1)
    dotsOf<1>(out, rows, count, a, aStep, b, stride, n);
  else
    dotsOf<2>(out, rows, count, a, aStep, b, stride, n);
}

/// Four queries and 64 columns at a time; no sum goes across elements.
HDP_VNNI void x86::pooledDots(int32_t *out, const int16_t *queries,
                              uint32_t count, const int16_t *keys,
                              uint32_t columns, uint32_t pairs) {
  for (uint32_t c = 0; c < columns; c += 64) {
    __mmask16 there[4];
    for (uint32_t j = 0; j < 4; ++j)
      there[j] = columns > c + 16 * j
                     ? __mmask16(firstBits(columns - c - 16 * j))
                     : __mmask16(0);
    for (uint32_t q = 0; q < count; q += 4) {
      const int16_t *query[4];
      for (uint32_t y = 0; y < 4; ++y)
        query[y] = queries + size_t(q + y < count ? q + y : q) * 2 * pairs;
      __m512i sums[4][4];
      for (auto &row : sums)
        for (__m512i &sum : row)
          sum = _mm512_setzero_si512();
      for (uint32_t p = 0; p < pairs; ++p) {
        const int16_t *key = keys + 2 * (size_t(p) * columns + c);
        __m512i both[4];
#pragma GCC unroll 4
        for (uint32_t j = 0; j < 4; ++j)
          both[j] = _mm512_maskz_loadu_epi32(there[j], key + 32 * j);
#pragma GCC unroll 4
        for (uint32_t y = 0; y < 4; ++y) {
          int32_t pair;
          __builtin_memcpy(&pair, query[y] + 2 * p, sizeof(pair));
          __m512i wanted = _mm512_set1_epi32(pair);
#pragma GCC unroll 4
          for (uint32_t j = 0; j < 4; ++j)
            sums[y][j] = _mm512_dpwssd_epi32(sums[y][j], both[j], wanted);
        }
      }
      for (uint32_t y = 0; y < 4 && q + y < count; ++y)
        for (uint32_t j = 0; j < 4; ++j)
          _mm512_mask_storeu_epi32(out + size_t(q + y) * columns + c + 16 * j,
                                   there[j], sums[y][j]);
    }
  }
}

//===----------------------------------------------------------------------===//
// Weighted rows
//===----------------------------------------------------------------------===//

/// Adds sixteen sums to wider ones.
HDP_VNNI static void addWide(int64_t *acc, __m512i sums) {
  __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sums)),
          high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sums, 1));
  _mm512_storeu_si512(acc, _mm512_add_epi64(_mm512_loadu_si512(acc), low));
  _mm512_storeu_si512(acc + 8,
                      _mm512_add_epi64(_mm512_loadu_si512(acc + 8), high));
}

/// Two rows at a time, 64 columns of them.
template <unsigned queries>
HDP_VNNI static uint32_t addRowsOf(int64_t *const *acc, const int32_t *weights,
                                   uint32_t step, const int16_t *const *rows,
                                   uint32_t count, uint32_t n) {
  static const int16_t none[64] = {};
  // Unpacking has dealt columns out in fours.
  const __m512i front = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6,
                                          7, 20, 21, 22, 23),
                back = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13,
                                         14, 15, 28, 29, 30, 31);
  uint32_t begin = 0;
  for (; begin + 64 <= n; begin += 64) {
    __m512i sums[queries][4];
    for (auto &row : sums)
      for (__m512i &sum : row)
        sum = _mm512_setzero_si512();
    for (uint32_t i = 0; i < count; i += 2) {
      bool hasSecond = i + 1 < count;
      const int16_t *first = rows[i] + begin,
                    *second = hasSecond ? rows[i + 1] + begin : none;
      __m512i mixed[4];
#pragma GCC unroll 2
      for (unsigned u = 0; u < 2; ++u) {
        __m512i x = _mm512_loadu_si512(first + 32 * u),
                y = _mm512_loadu_si512(second + 32 * u);
        mixed[2 * u] = _mm512_unpacklo_epi16(x, y);
        mixed[2 * u + 1] = _mm512_unpackhi_epi16(x, y);
      }
#pragma GCC unroll 2
      for (unsigned y = 0; y < queries; ++y) {
        const int32_t *weight = weights + y * step + i;
        __m512i both = _mm512_set1_epi32(
            int32_t((uint32_t(weight[0]) & 0xffff) |
                    uint32_t(hasSecond ? weight[1] : 0) << 16));
#pragma GCC unroll 4
        for (unsigned u = 0; u < 4; ++u)
          sums[y][u] = _mm512_dpwssd_epi32(sums[y][u], mixed[u], both);
      }
    }
#pragma GCC unroll 2
    for (unsigned y = 0; y < queries; ++y)
#pragma GCC unroll 2
      for (unsigned u = 0; u < 2; ++u) {
        int64_t *to = acc[y] + begin + 32 * u;
        __m512i low = sums[y][2 * u], high = sums[y][2 * u + 1];
        addWide(to, _mm512_permutex2var_epi32(low, front, high));
        addWide(to + 16, _mm512_permutex2var_epi32(low, back, high));
      }
  }
  return begin;
}

uint32_t x86::addRows(int64_t *const *acc, uint32_t queries,
                      const int32_t *weights, uint32_t step,
                      const int16_t *const *rows, uint32_t count, uint32_t n) {
  return queries == 1 ? addRowsOf<1>(acc, weights, step, rows, count, n)
                      : addRowsOf<2>(acc, weights, step, rows, count, n);
}

/// 64 columns at a time, whose sums stay in registers.
template <unsigned queries>
HDP_VNNI static uint32_t
addMultiplesOf(int64_t *const *acc, const int32_t *weights,
               const int32_t *const *rows, uint32_t count, uint32_t n) {
  uint32_t begin = 0;
  for (; begin + 64 <= n; begin += 64) {
    __m512i sums[queries][8];
#pragma GCC unroll 2
    for (unsigned y = 0; y < queries; ++y)
#pragma GCC unroll 8
      for (unsigned u = 0; u < 8; ++u)
        sums[y][u] = _mm512_loadu_si512(acc[y] + begin + 8 * u);
    for (uint32_t g = 0; g < count; ++g) {
      __m512i weight[queries];
      for (unsigned y = 0; y < queries; ++y)
        weight[y] = _mm512_set1_epi64(weights[y * count + g]);
#pragma GCC unroll 8
      for (unsigned u = 0; u < 8; ++u) {
        __m512i row = _mm512_cvtepi32_epi64(_mm256_loadu_si256(
            reinterpret_cast<const __m256i_u *>(rows[g] + begin + 8 * u)));
#pragma GCC unroll 2
        for (unsigned y = 0; y < queries; ++y)
          sums[y][u] =
              _mm512_add_epi64(sums[y][u], _mm512_mul_epi32(row, weight[y]));
      }
    }
#pragma GCC unroll 2
    for (unsigned y = 0; y < queries; ++y)
#pragma GCC unroll 8
      for (unsigned u = 0; u < 8; ++u)
        _mm512_storeu_si512(acc[y] + begin + 8 * u, sums[y][u]);
  }
  return begin;
}

uint32_t x86::addMultiples(int64_t *const *acc, uint32_t queries,
                           const int32_t *weights, const int32_t *const *rows,
                           uint32_t count, uint32_t n) {
  return queries == 1 ? addMultiplesOf<1>(acc, weights, rows, count, n)
                      : addMultiplesOf<2>(acc, weights, rows, count, n);
}

//===----------------------------------------------------------------------===//
// Block states and exponentials
//===----------------------------------------------------------------------===//

HDP_VNNI void x86::sumPruned(int64_t *sums, uint32_t *counts,
                             const int32_t *theta, const uint8_t *states,
                             uint32_t n, uint32_t groupColumns) {
  const __m128i pruned = _mm_set1_epi8(1);
  for (uint32_t begin = 0, g = 0; begin < n; begin += groupColumns, ++g) {
    uint32_t end = n - begin < groupColumns ? n : begin + groupColumns,
             count = 0;
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t b = begin; b < end; b += 16) {
      auto there = __mmask16(firstBits(end - b));
      __mmask16 wanted = _mm_mask_cmpeq_epi8_mask(
          there, _mm_maskz_loadu_epi8(there, states + b), pruned);
      __m512i values = _mm512_maskz_loadu_epi32(wanted, theta + b);
      sum = _mm512_add_epi64(
          sum, _mm512_cvtepi32_epi64(_mm512_castsi512_si256(values)));
      sum = _mm512_add_epi64(
          sum, _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(values, 1)));
      count += uint32_t(__builtin_popcount(wanted));
    }
    sums[g] = _mm512_reduce_add_epi64(sum);
    counts[g] = count;
  }
}

HDP_VNNI uint32_t x86::listKept(uint32_t *columns, const uint8_t *states,
                                uint32_t n) {
  const __m512i steps =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  uint32_t count = 0;
  for (uint32_t b = 0; b < n; b += 16) {
    auto there = __mmask16(firstBits(n - b));
    __mmask16 kept = _mm_mask_cmpge_epu8_mask(
        there, _mm_maskz_loadu_epi8(there, states + b), _mm_set1_epi8(2));
    auto found = uint32_t(__builtin_popcount(kept));
    __m512i at = _mm512_add_epi32(steps, _mm512_set1_epi32(int32_t(b)));
    _mm512_mask_storeu_epi32(columns + count, __mmask16(firstBits(found)),
                             _mm512_maskz_compress_epi32(kept, at));
    count += found;
  }
  return count;
}

HDP_VNNI int32_t x86::exponentials(int32_t *scores, uint32_t n,
                                   uint32_t maximum, uint32_t right,
                                   uint32_t left, int32_t m) {
  return weighDistances(scores, n, maximum, right, left, m);
}

#endif // HDP_X86
