//===- Kernels.cpp - the inner loops of the functional model --------------===//
//
// Sums wrap, so that a program without sense has a meaning too. Plain loops
// that compilers turn into vector code; on x86-64 a second version for wider
// registers is chosen when the program starts.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace hdp;

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

HDP_CLONES void machine::addMultiple(int32_t *sum, int32_t weight,
                                     const int16_t *row, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    sum[t] = int32_t(uint32_t(sum[t]) + uint32_t(weight) * uint32_t(row[t]));
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
