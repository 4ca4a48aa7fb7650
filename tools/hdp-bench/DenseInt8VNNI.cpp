//===- DenseInt8VNNI.cpp - dense 8-bit attention with vpdpbusd ------------===//
//
// Both products as dot products of four bytes: K unsigned (its codes plus 128,
// which costs one constant a query row), then the weights unsigned. Compiled
// for AVX-512 with VNNI; called only where the processor has them.
//
//===----------------------------------------------------------------------===//

#include "DenseInt8.h"

#ifdef __AVX512VNNI__
#include <immintrin.h>

namespace {
constexpr int kRows = 6;

struct Buffers {
  int8_t *q;        ///< [queries][depth]
  int32_t *offset;  ///< [queries], 128 times the sum of a row of q
  uint8_t *k;       ///< panels of 64 keys, [depth / 4][64][4]
  int8_t *v;        ///< [keys / 4][columns][4]
  int32_t *scores;  ///< [kRows][keys]
  uint8_t *weights; ///< [kRows][keys]
  float *out;       ///< [kRows][columns]
};

size_t layOut(const DenseCall &call, Buffers &buffers) {
  Int8Sizes sizes(call);
  char *next = call.workspace;
  auto take = [&](int64_t bytes) {
    char *at = next;
    next += (bytes + 63) / 64 * 64;
    return at;
  };
  buffers.q = reinterpret_cast<int8_t *>(take(call.queries * sizes.depth));
  buffers.offset = reinterpret_cast<int32_t *>(take(call.queries * 4));
  buffers.k = reinterpret_cast<uint8_t *>(take(sizes.keys * sizes.depth));
  buffers.v = reinterpret_cast<int8_t *>(take(sizes.keys * sizes.columns));
  buffers.scores = reinterpret_cast<int32_t *>(take(kRows * sizes.keys * 4));
  buffers.weights = reinterpret_cast<uint8_t *>(take(kRows * sizes.keys));
  buffers.out = reinterpret_cast<float *>(take(kRows * sizes.columns * 4));
  return static_cast<size_t>(next - call.workspace);
}

size_t getWorkspace(const DenseCall &call) {
  Buffers buffers;
  return layOut(call, buffers);
}

float findUnit512(const float *values, int64_t count) {
  __m512 most[4];
  for (__m512 &part : most)
    part = _mm512_setzero_ps();
  int64_t i = 0;
  for (; i + 64 <= count; i += 64)
#pragma GCC unroll 4
    for (int n = 0; n < 4; ++n)
      most[n] = _mm512_max_ps(
          most[n], _mm512_abs_ps(_mm512_loadu_ps(values + i + 16 * n)));
  float rest = findUnit(values + i, count - i) * 127.0f;
  float largest = _mm512_reduce_max_ps(_mm512_max_ps(
      _mm512_max_ps(most[0], most[1]), _mm512_max_ps(most[2], most[3])));
  if (i < count && rest > largest)
    largest = rest;
  return largest > 0 ? largest / 127.0f : 1.0f;
}

/// Sixteen codes, of which the first `count` exist.
__m128i toCodes(const float *values, __m512 inverse, int64_t count) {
  __mmask16 mask = count >= 16 ? __mmask16(0xffff)
                               : __mmask16((1u << (count > 0 ? count : 0)) - 1);
  __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, values), inverse);
  return _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(scaled));
}

void packQueries(const DenseCall &call, const Buffers &buffers, float unit) {
  Int8Sizes sizes(call);
  __m512 inverse = _mm512_set1_ps(1 / unit);
  for (int64_t i = 0; i < call.queries; ++i) {
    const float *row = call.q + i * call.headDim;
    int8_t *to = buffers.q + i * sizes.depth;
    __m128i sum = _mm_setzero_si128();
    for (int64_t t = 0; t < call.headDim; t += 16) {
      __m128i x = toCodes(row + t, inverse, call.headDim - t);
      sum = _mm_dpbusd_epi32(sum, _mm_set1_epi8(1), x);
      if (sizes.depth - t >= 16) {
        _mm_storeu_si128(reinterpret_cast<__m128i *>(to + t), x);
      } else { // fours, the last of which ends in zeros
        alignas(16) int8_t codes[16];
        _mm_store_si128(reinterpret_cast<__m128i *>(codes), x);
        __builtin_memcpy(to + t, codes, static_cast<size_t>(sizes.depth - t));
      }
    }
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    buffers.offset[i] = 128 * _mm_cvtsi128_si32(sum);
  }
}

/// Sixteen keys by sixteen dims at a time: fours of bytes are transposed.
void packKeys(const DenseCall &call, const Buffers &buffers, float unit) {
  Int8Sizes sizes(call);
  __m512 inverse = _mm512_set1_ps(1 / unit);
  const __m128i sign = _mm_set1_epi8(static_cast<char>(0x80));
  for (int64_t k0 = 0; k0 < sizes.keys; k0 += 16)
    for (int64_t t = 0; t < call.headDim; t += 16) {
      alignas(64) int32_t square[16][4];
      for (int64_t j = 0; j < 16; ++j) {
        __m128i x = sign;
        if (k0 + j < call.keys)
          x = _mm_xor_si128(sign, toCodes(call.k + (k0 + j) * call.headDim + t,
                                          inverse, call.headDim - t));
        _mm_store_si128(reinterpret_cast<__m128i *>(square[j]), x);
      }
      int64_t groups = (sizes.depth - t + 3) / 4;
      groups = groups < 4 ? groups : 4;
      __m512i a = _mm512_load_si512(square[0]);
      __m512i b = _mm512_load_si512(square[4]);
      __m512i c = _mm512_load_si512(square[8]);
      __m512i d = _mm512_load_si512(square[12]);
      const __m512i every4th = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1,
                                                 5, 9, 13, 17, 21, 25, 29);
      const __m512i next = _mm512_add_epi32(every4th, _mm512_set1_epi32(2));
      // Of the first and of the last eight keys: groups 0 and 1, 2 and 3.
      __m512i low[2] = {_mm512_permutex2var_epi32(a, every4th, b),
                        _mm512_permutex2var_epi32(a, next, b)};
      __m512i high[2] = {_mm512_permutex2var_epi32(c, every4th, d),
                         _mm512_permutex2var_epi32(c, next, d)};
      uint8_t *at =
          buffers.k + k0 / 64 * 64 * sizes.depth + t * 64 + k0 % 64 * 4;
#pragma GCC unroll 4
      for (int g = 0; g < 4; ++g) {
        if (g >= groups)
          break;
        __m512i both =
            g % 2 ? _mm512_shuffle_i64x2(low[g / 2], high[g / 2], 0xee)
                  : _mm512_shuffle_i64x2(low[g / 2], high[g / 2], 0x44);
        _mm512_store_si512(at + g * 256, both);
      }
    }
}

/// Four rows of V by sixteen columns at a time, their bytes interleaved.
void packValues(const DenseCall &call, const Buffers &buffers, float unit) {
  Int8Sizes sizes(call);
  __m512 inverse = _mm512_set1_ps(1 / unit);
  for (int64_t k = 0; k < sizes.keys; k += 4)
    for (int64_t c = 0; c < sizes.columns; c += 16) {
      __m128i x[4];
      for (int64_t j = 0; j < 4; ++j)
        x[j] = k + j < call.keys ? toCodes(call.v + (k + j) * call.valueDim + c,
                                           inverse, call.valueDim - c)
                                 : _mm_setzero_si128();
      __m128i low01 = _mm_unpacklo_epi8(x[0], x[1]);
      __m128i high01 = _mm_unpackhi_epi8(x[0], x[1]);
      __m128i low23 = _mm_unpacklo_epi8(x[2], x[3]);
      __m128i high23 = _mm_unpackhi_epi8(x[2], x[3]);
      auto *at =
          reinterpret_cast<__m128i *>(buffers.v + k * sizes.columns + c * 4);
      _mm_store_si128(at, _mm_unpacklo_epi16(low01, low23));
      _mm_store_si128(at + 1, _mm_unpackhi_epi16(low01, low23));
      _mm_store_si128(at + 2, _mm_unpacklo_epi16(high01, high23));
      _mm_store_si128(at + 3, _mm_unpackhi_epi16(high01, high23));
    }
}

/// 2^x for x up to 8 as integers; within 1e-4 before they are rounded.
__m512i exp2(__m512 x) {
  __m512 f = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  __m512 p = _mm512_set1_ps(7.8024523e-2f);
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.2606716e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.9583356e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(9.9992520e-1f));
  return _mm512_cvtps_epi32(_mm512_scalef_ps(p, x)); // floors x
}

/// sum + x . y in fours of bytes. g++ 12 keeps the sums of the intrinsic in
/// memory, which takes twice as long.
__m512i dot(__m512i sum, __m512i x, __m512i y) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
  return sum;
}

int32_t loadFour(const void *p) {
  int32_t x;
  __builtin_memcpy(&x, p, sizeof(x));
  return x;
}

/// R rows from `row` on, with `unit` of a score and `valueUnit` of V.
template <int R>
__attribute__((noinline)) void strip(const DenseCall &call,
                                     const Buffers &buffers, int64_t row,
                                     float unit, float valueUnit) {
  Int8Sizes sizes(call);
  __m512i most[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
    most[r] = _mm512_set1_epi32(-0x7fffffff);
  for (int64_t k0 = 0; k0 < sizes.keys; k0 += 64) {
    __m512i sums[R][4];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n)
        sums[r][n] = _mm512_set1_epi32(-buffers.offset[row + r]);
    const uint8_t *keys = buffers.k + k0 * sizes.depth;
    const int8_t *codes = buffers.q + row * sizes.depth;
    for (int64_t t = 0; t < sizes.depth; t += 4, keys += 256) {
      __m512i x[4];
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n)
        x[n] = _mm512_load_si512(keys + 64 * n);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        __m512i y = _mm512_set1_epi32(loadFour(codes + r * sizes.depth + t));
#pragma GCC unroll 4
        for (int n = 0; n < 4; ++n)
          sums[r][n] = dot(sums[r][n], x[n], y);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n) {
        int64_t missing = k0 + 16 * n + 16 - call.keys;
        if (missing > 0) { // keys that do not exist
          __mmask16 mask =
              missing >= 16 ? __mmask16(0) : __mmask16(0xffff >> missing);
          sums[r][n] = _mm512_mask_mov_epi32(_mm512_set1_epi32(-0x40000000),
                                             mask, sums[r][n]);
        }
        _mm512_store_si512(buffers.scores + r * sizes.keys + k0 + 16 * n,
                           sums[r][n]);
        most[r] = _mm512_max_epi32(most[r], sums[r][n]);
      }
  }
  float factors[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    // 255 exp(unit (score - largest)).
    float binary = unit * 1.44269504f;
    __m512 by = _mm512_set1_ps(binary);
    __m512 shift = _mm512_set1_ps(
        7.99435344f -
        binary * static_cast<float>(_mm512_reduce_max_epi32(most[r])));
    __m512i total = _mm512_setzero_si512();
    for (int64_t k = 0; k < sizes.keys; k += 16) {
      __m512 score = _mm512_cvtepi32_ps(
          _mm512_load_si512(buffers.scores + r * sizes.keys + k));
      __m512i e = exp2(_mm512_fmadd_ps(score, by, shift));
      total = _mm512_add_epi32(total, e);
      _mm_store_si128(
          reinterpret_cast<__m128i *>(buffers.weights + r * sizes.keys + k),
          _mm512_cvtusepi32_epi8(e));
    }
    factors[r] = valueUnit / static_cast<float>(_mm512_reduce_add_epi32(total));
  }
  for (int64_t c = 0; c < sizes.columns; c += 64) {
    int vectors = static_cast<int>((sizes.columns - c) / 16);
    vectors = vectors < 4 ? vectors : 4;
    __m512i sums[R][4];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n)
        sums[r][n] = _mm512_setzero_si512();
    const int8_t *values = buffers.v + c * 4;
    for (int64_t k = 0; k < sizes.keys; k += 4) {
      __m512i x[4];
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n)
        x[n] = n < vectors
                   ? _mm512_load_si512(values + k * sizes.columns + 64 * n)
                   : _mm512_setzero_si512();
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        __m512i y =
            _mm512_set1_epi32(loadFour(buffers.weights + r * sizes.keys + k));
#pragma GCC unroll 4
        for (int n = 0; n < 4; ++n)
          sums[r][n] = dot(sums[r][n], y, x[n]);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
      for (int n = 0; n < vectors; ++n) {
        __m512 x = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[r][n]),
                                 _mm512_set1_ps(factors[r]));
        int64_t at = c + 16 * n, count = call.valueDim - at;
        __mmask16 mask =
            count >= 16 ? __mmask16(0xffff) : __mmask16((1u << count) - 1);
        _mm512_mask_storeu_ps(call.out + (row + r) * call.valueDim + at, mask,
                              x);
      }
  }
}

void run(const DenseCall &call) {
  Buffers buffers;
  layOut(call, buffers);
  float q = findUnit512(call.q, call.queries * call.headDim);
  float k = findUnit512(call.k, call.keys * call.headDim);
  float v = findUnit512(call.v, call.keys * call.valueDim);
  packQueries(call, buffers, q);
  packKeys(call, buffers, k);
  packValues(call, buffers, v);
  float unit = q * k * call.scale;
  int64_t row = 0;
  for (; row + kRows <= call.queries; row += kRows)
    strip<kRows>(call, buffers, row, unit, v);
  for (; row + 2 <= call.queries; row += 2)
    strip<2>(call, buffers, row, unit, v);
  for (; row < call.queries; ++row)
    strip<1>(call, buffers, row, unit, v);
}
} // namespace

DenseKernel hdp::bench::getDenseInt8VNNI() { return {run, getWorkspace}; }
#else
DenseKernel hdp::bench::getDenseInt8VNNI() { return {}; }
#endif
