//===- Kernels.cpp - the inner loops of the functional model --------------===//
//
// Sums wrap (those of weighted rows only their products), so that a program
// without sense has a meaning too. Plain loops that compilers turn into vector
// code; on x86-64 a second version for wider registers is chosen when the
// program starts.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Pruning.h"
#include "hdp/Numerics/Softmax.h"
#include <algorithm>
#include <cstring>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

[[maybe_unused]] static bool plainOnly = false;
void machine::usePlainKernels(bool only) { plainOnly = only; }

/// Eight codes, and eight sums that wrap.
typedef int16_t Codes __attribute__((vector_size(16)));
typedef uint32_t Sums __attribute__((vector_size(32)));

#if defined(__x86_64__)
#include <immintrin.h>
#define HDP_X86
#endif
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HDP_CLONES
#endif
#endif
#ifndef HDP_CLONES
#define HDP_CLONES __attribute__((target_clones("avx2", "default")))
#endif
#else
#define HDP_CLONES
#endif

HDP_CLONES int32_t machine::dot(const int16_t *a, const int16_t *b,
                                uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t t = 0; t < n; ++t)
    sum += uint32_t(int32_t(a[t]) * int32_t(b[t]));
  return int32_t(sum);
}

HDP_CLONES int64_t machine::dotWide(const int16_t *a, const int16_t *b,
                                    uint32_t n) {
  int64_t sum = 0;
  for (uint32_t t = 0; t < n; ++t)
    sum += int32_t(a[t]) * int32_t(b[t]);
  return sum;
}

HDP_CLONES static void plainDots(int32_t *out, const uint32_t *rows,
                                 uint32_t count, const int16_t *a,
                                 const int16_t *b, uint64_t stride,
                                 uint32_t n) {
  for (uint32_t i = 0; i < count; ++i) {
    const int16_t *row = b + rows[i] * stride;
    uint32_t sum = 0;
    for (uint32_t t = 0; t < n; ++t)
      sum += uint32_t(int32_t(a[t]) * int32_t(row[t]));
    out[i] = int32_t(sum);
  }
}

#ifdef HDP_X86
#define HDP_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

static bool hasVnni() {
  static const bool isThere = __builtin_cpu_supports("avx512vnni") &&
                              __builtin_cpu_supports("avx512bw") &&
                              __builtin_cpu_supports("avx512vl");
  return isThere && !plainOnly;
}

/// The upper half added to the lower one. (With masks, because g++ takes the
/// source of what they leave out for uninitialized otherwise.)
HDP_VNNI static __m256i addHalves(__m512i sum) {
  return _mm256_add_epi32(_mm512_maskz_extracti64x4_epi64(0xf, sum, 0),
                          _mm512_maskz_extracti64x4_epi64(0xf, sum, 1));
}

/// Four rows at a time: what costs in a short dot product is its last sum.
HDP_VNNI static void vnniDots(int32_t *out, const uint32_t *rows,
                              uint32_t count, const int16_t *a,
                              const int16_t *b, uint64_t stride, uint32_t n) {
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    __m512i sums[4] = {};
    for (uint32_t t = 0; t < n; t += 32) {
      __mmask32 there =
          n - t >= 32 ? ~__mmask32(0) : (__mmask32(1) << (n - t)) - 1;
      __m512i left = _mm512_maskz_loadu_epi16(there, a + t);
      for (uint32_t u = 0; u < 4; ++u)
        sums[u] = _mm512_dpwssd_epi32(
            sums[u], left,
            _mm512_maskz_loadu_epi16(there, b + rows[i + u] * stride + t));
    }
    __m256i quarters = _mm256_hadd_epi32(
        _mm256_hadd_epi32(addHalves(sums[0]), addHalves(sums[1])),
        _mm256_hadd_epi32(addHalves(sums[2]), addHalves(sums[3])));
    _mm_storeu_si128(reinterpret_cast<__m128i *>(out + i),
                     _mm_add_epi32(_mm256_castsi256_si128(quarters),
                                   _mm256_extracti128_si256(quarters, 1)));
  }
  plainDots(out + i, rows + i, count - i, a, b, stride, n);
}
#endif

void machine::dots(int32_t *out, const uint32_t *rows, uint32_t count,
                   const int16_t *a, const int16_t *b, uint64_t stride,
                   uint32_t n) {
#ifdef HDP_X86
  if (hasVnni())
    return vnniDots(out, rows, count, a, b, stride, n);
#endif
  plainDots(out, rows, count, a, b, stride, n);
}

HDP_CLONES static void plainAddRows(int64_t *acc, const int32_t *weights,
                                    const int16_t *const *rows, uint32_t count,
                                    uint32_t begin, uint32_t n) {
  // Some columns at a time: their sums stay in registers.
  constexpr uint32_t width = 8, unroll = 4;
  for (; begin + width * unroll <= n; begin += width * unroll) {
    Sums sums[unroll] = {};
    for (uint32_t i = 0; i < count; ++i) {
      auto weight = uint32_t(weights[i]);
#pragma GCC unroll 4
      for (uint32_t u = 0; u < unroll; ++u) {
        Codes codes;
        std::memcpy(&codes, rows[i] + begin + u * width, sizeof(codes));
        sums[u] += weight * __builtin_convertvector(codes, Sums);
      }
    }
    for (uint32_t u = 0; u < unroll; ++u)
      for (uint32_t t = 0; t < width; ++t)
        acc[begin + u * width + t] += int32_t(sums[u][t]);
  }
  for (; begin < n; ++begin) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; ++i)
      sum += uint32_t(weights[i]) * uint32_t(int32_t(rows[i][begin]));
    acc[begin] += int32_t(sum);
  }
}

#ifdef HDP_X86
/// Weights of 16 bits: two rows at a time, 64 columns of them. Gives the
/// columns that are done.
HDP_VNNI static uint32_t vnniAddRows(int64_t *acc, const int32_t *weights,
                                     const int16_t *const *rows, uint32_t count,
                                     uint32_t n) {
  static const int16_t none[64] = {};
  uint32_t begin = 0;
  for (; begin + 64 <= n; begin += 64) {
    __m512i sums[4] = {};
    for (uint32_t i = 0; i < count; i += 2) {
      bool hasSecond = i + 1 < count;
      const int16_t *first = rows[i] + begin,
                    *second = hasSecond ? rows[i + 1] + begin : none;
      __m512i both = _mm512_set1_epi32(
          int32_t((uint32_t(weights[i]) & 0xffff) |
                  uint32_t(hasSecond ? weights[i + 1] : 0) << 16));
      for (uint32_t u = 0; u < 2; ++u) {
        __m512i x = _mm512_loadu_si512(first + 32 * u),
                y = _mm512_loadu_si512(second + 32 * u);
        sums[2 * u] =
            _mm512_dpwssd_epi32(sums[2 * u], _mm512_unpacklo_epi16(x, y), both);
        sums[2 * u + 1] = _mm512_dpwssd_epi32(
            sums[2 * u + 1], _mm512_unpackhi_epi16(x, y), both);
      }
    }
    // Unpacking has dealt columns out in fours.
    for (uint32_t u = 0; u < 2; ++u) {
      alignas(64) int32_t even[16], odd[16];
      _mm512_store_si512(even, sums[2 * u]);
      _mm512_store_si512(odd, sums[2 * u + 1]);
      int64_t *to = acc + begin + 32 * u;
      for (uint32_t t = 0; t < 16; ++t) {
        to[t / 4 * 8 + t % 4] += even[t];
        to[t / 4 * 8 + 4 + t % 4] += odd[t];
      }
    }
  }
  return begin;
}
#endif

/// Rows whose weighted sums fit 32 bits.
static void addFewRows(int64_t *acc, const int32_t *weights,
                       const int16_t *const *rows, uint32_t count, uint32_t n) {
  uint32_t begin = 0;
#ifdef HDP_X86
  bool isNarrow = hasVnni();
  for (uint32_t i = 0; i < count; ++i)
    isNarrow &= weights[i] == int16_t(weights[i]);
  if (isNarrow)
    begin = vnniAddRows(acc, weights, rows, count, n);
#endif
  plainAddRows(acc, weights, rows, count, begin, n);
}

void machine::addRows(int64_t *acc, const int32_t *weights,
                      const int16_t *const *rows, uint32_t count, uint32_t n) {
  // Codes of V have 16 bits, so weights may add up to as much; a row rarely
  // has more.
  constexpr int64_t most = 65535;
  uint32_t begin = 0;
  int64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    int64_t weight = std::abs(int64_t(weights[i]));
    if (sum + weight > most && i > begin) {
      addFewRows(acc, weights + begin, rows + begin, i - begin, n);
      begin = i;
      sum = 0;
    }
    sum += weight;
  }
  addFewRows(acc, weights + begin, rows + begin, count - begin, n);
}

HDP_CLONES machine::RowStatistics machine::rowStatistics(const int32_t *theta,
                                                         const uint8_t *states,
                                                         uint32_t n) {
  int32_t maximum = INT32_MIN, minimum = INT32_MAX, count = 0;
  int64_t sum = 0;
  for (uint32_t b = 0; b < n; ++b) {
    bool isFull = states[b] & 1;
    count += isFull;
    sum += isFull ? theta[b] : 0;
    maximum = std::max(maximum, isFull ? theta[b] : INT32_MIN);
    minimum = std::min(minimum, isFull ? theta[b] : INT32_MAX);
  }
  return {count, sum, maximum, minimum};
}

HDP_CLONES machine::PrunedSum
machine::sumPruned(const int32_t *theta, const uint8_t *states, uint32_t n) {
  int32_t count = 0;
  int64_t sum = 0;
  for (uint32_t b = 0; b < n; ++b) {
    bool isPruned = states[b] == uint8_t(BlockState::Pruned);
    count += isPruned;
    sum += isPruned ? theta[b] : 0;
  }
  return {count, sum};
}

HDP_CLONES machine::KeptCount machine::countKept(const uint8_t *states,
                                                 uint32_t n) {
  uint32_t all = 0, full = 0;
  for (uint32_t b = 0; b < n; ++b) {
    all += states[b] >= uint8_t(BlockState::KeptPartial);
    full += states[b] == uint8_t(BlockState::KeptFull);
  }
  return {all, full};
}

uint32_t machine::listKept(uint32_t *columns, const uint8_t *states,
                           uint32_t n) {
  // No branch: which blocks are kept cannot be foreseen.
  uint32_t count = 0;
  for (uint32_t b = 0; b < n; ++b) {
    columns[count] = b;
    count += states[b] >= uint8_t(BlockState::KeptPartial);
  }
  return count;
}

HDP_CLONES void machine::addKept(uint8_t *wanted, const uint8_t *states,
                                 uint32_t n) {
  for (uint32_t b = 0; b < n; ++b)
    wanted[b] |= states[b] >= uint8_t(BlockState::KeptPartial);
}

HDP_CLONES void machine::applyThreshold(uint8_t *states, const int32_t *theta,
                                        int32_t threshold, uint32_t n) {
  NativeOps ops;
  for (uint32_t b = 0; b < n; ++b) {
    auto decided =
        uint8_t(keptByThreshold(ops, theta[b], threshold) ? BlockState::KeptFull
                                                          : BlockState::Pruned);
    states[b] = states[b] & 1 ? decided : states[b];
  }
}

HDP_CLONES int32_t machine::exponentials(int32_t *scores, uint32_t n,
                                         int32_t maximum, int32_t a,
                                         int32_t m) {
  // Distances from the maximum fit 32 bits without a sign, and all from 32767
  // on have one weight: the shift of N9 needs no wider numbers.
  NativeOps ops;
  constexpr uint32_t far = 32767;
  uint32_t right = uint32_t(std::clamp(a, 0, 31)),
           left = uint32_t(std::clamp(-a, 0, 15)), sum = 0;
  if (a > 31) { // nothing is left of 32 bits
    std::fill_n(scores, n, maximum);
    right = 0;
  }
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t distance = uint32_t(maximum) - uint32_t(scores[i]);
    distance = std::min(std::min(distance >> right, far) << left, far);
    scores[i] = expWeight(ops, int64_t(distance), 0, m);
    sum += uint32_t(scores[i]);
  }
  return int32_t(sum);
}

HDP_CLONES int32_t machine::finishWeights(int32_t *weights, uint32_t n,
                                          int32_t k, const int32_t *shared,
                                          const uint32_t *group) {
  NativeOps ops;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < n; ++i) {
    weights[i] = ops.sub(roundWeight(ops, weights[i], k), shared[group[i]]);
    sum += uint32_t(weights[i]);
  }
  return int32_t(sum);
}

HDP_CLONES void machine::addMultiple(int64_t *sum, int32_t weight,
                                     const int32_t *row, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    sum[t] += int64_t(weight) * row[t];
}

HDP_CLONES void machine::shiftRow(int16_t *shifted, const int16_t *row,
                                  int bits, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    shifted[t] = int16_t(row[t] * (1 << bits));
}

HDP_CLONES void machine::join(int16_t *joined, const int16_t *integer,
                              const int16_t *fraction, int bits, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    joined[t] = int16_t(integer[t] * (1 << bits) + fraction[t]);
}
