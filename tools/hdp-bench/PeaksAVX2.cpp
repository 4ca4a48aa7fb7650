//===- PeaksAVX2.cpp - peak loop in 256-bit vectors -----------------------===//

#include "Peaks.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

static constexpr int kChains = 12;

static void run(int64_t steps) {
  __m256 sums[kChains];
  for (__m256 &sum : sums)
    sum = _mm256_set1_ps(1.0f);
  __m256 x = _mm256_set1_ps(1.0f), y = _mm256_set1_ps(1e-9f);
  for (int64_t i = 0; i < steps; ++i)
    for (int c = 0; c < kChains; ++c) {
      sums[c] = _mm256_fmadd_ps(x, y, sums[c]);
      asm volatile("" : "+x"(sums[c]));
    }
}

hdp::bench::PeakLoop hdp::bench::getPeakF32AVX2() {
  return {run, 2.0 * 8 * kChains};
}
#else
hdp::bench::PeakLoop hdp::bench::getPeakF32AVX2() { return {}; }
#endif
