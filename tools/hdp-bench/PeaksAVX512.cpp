//===- PeaksAVX512.cpp - peak loops in 512-bit vectors --------------------===//

#include "Peaks.h"

#ifdef __AVX512VNNI__
#include <immintrin.h>

/// As many chains as cover the latency of two units.
static constexpr int kChains = 16;

static void runF32(int64_t steps) {
  __m512 sums[kChains];
  for (__m512 &sum : sums)
    sum = _mm512_set1_ps(1.0f);
  __m512 x = _mm512_set1_ps(1.0f), y = _mm512_set1_ps(1e-9f);
  for (int64_t i = 0; i < steps; ++i)
    for (int c = 0; c < kChains; ++c) {
      sums[c] = _mm512_fmadd_ps(x, y, sums[c]);
      asm volatile("" : "+v"(sums[c]));
    }
}

static void runInt8(int64_t steps) {
  __m512i sums[kChains];
  for (__m512i &sum : sums)
    sum = _mm512_setzero_si512();
  __m512i x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(1);
  for (int64_t i = 0; i < steps; ++i)
    for (int c = 0; c < kChains; ++c) {
      sums[c] = _mm512_dpbusd_epi32(sums[c], x, y);
      asm volatile("" : "+v"(sums[c]));
    }
}

hdp::bench::PeakLoop hdp::bench::getPeakF32AVX512() {
  return {runF32, 2.0 * 16 * kChains};
}
hdp::bench::PeakLoop hdp::bench::getPeakInt8AVX512() {
  return {runInt8, 2.0 * 64 * kChains};
}
#else
hdp::bench::PeakLoop hdp::bench::getPeakF32AVX512() { return {}; }
hdp::bench::PeakLoop hdp::bench::getPeakInt8AVX512() { return {}; }
#endif
