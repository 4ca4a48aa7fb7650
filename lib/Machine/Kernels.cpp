//===- Kernels.cpp - the inner loops of the functional model --------------===//
//
// Sums wrap, so that a program without sense has a meaning too. Plain loops
// that compilers turn into vector code; on x86-64 a second version for wider
// registers is chosen when the program starts.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include <cstring>

using namespace hdp;

/// Eight codes, and eight sums that wrap.
typedef int16_t Codes __attribute__((vector_size(16)));
typedef uint32_t Sums __attribute__((vector_size(32)));

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

HDP_CLONES void machine::dots(int32_t *out, const int16_t *a, const int16_t *b,
                              uint32_t count, uint32_t n) {
  for (uint32_t i = 0; i < count; ++i, b += n) {
    uint32_t sum = 0;
    for (uint32_t t = 0; t < n; ++t)
      sum += uint32_t(int32_t(a[t]) * int32_t(b[t]));
    out[i] = int32_t(sum);
  }
}

HDP_CLONES void machine::addRows(int64_t *acc, const WeightedRow *rows,
                                 uint32_t count, uint32_t n) {
  // Some columns at a time: their sums stay in registers.
  constexpr uint32_t width = 8, unroll = 4;
  uint32_t begin = 0;
  for (; begin + width * unroll <= n; begin += width * unroll) {
    Sums sums[unroll] = {};
    for (uint32_t i = 0; i < count; ++i) {
      auto weight = uint32_t(rows[i].weight);
#pragma GCC unroll 4
      for (uint32_t u = 0; u < unroll; ++u) {
        Codes codes;
        std::memcpy(&codes, rows[i].row + begin + u * width, sizeof(codes));
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
      sum += uint32_t(rows[i].weight) * uint32_t(int32_t(rows[i].row[begin]));
    acc[begin] += int32_t(sum);
  }
}

HDP_CLONES void machine::addMultiple(int64_t *sum, int64_t weight,
                                     const int32_t *row, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    sum[t] += weight * row[t];
}

HDP_CLONES void machine::join(int16_t *joined, const int16_t *integer,
                              const int16_t *fraction, int bits, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    joined[t] = int16_t(integer[t] * (1 << bits) + fraction[t]);
}
