//===- DenseAVX2.cpp - dense attention in 256-bit vectors -----------------===//
//
// Compiled for AVX2 with FMA; called only where the processor has them.
//
//===----------------------------------------------------------------------===//

#include "DenseF32.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

namespace {
struct Vector256 {
  using F = __m256;
  static constexpr int64_t width = 8, perRow = 2, rows = 6;

  static F load(const float *p) { return _mm256_loadu_ps(p); }
  static void store(float *p, F x) { _mm256_storeu_ps(p, x); }
  static F set(float x) { return _mm256_set1_ps(x); }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static F max(F a, F b) { return _mm256_max_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F round(F x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static F scale(F x, F n) {
    __m256i bits = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), bits));
  }
  static float reduceMax(F x) {
    __m128 m =
        _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
  }
  static float reduceAdd(F x) {
    __m128 s =
        _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  static float expOne(float x) { return __builtin_expf(x); }

  static void transpose(const float *from, int64_t ldf, float *to,
                        int64_t ldt) {
    __m256 a[8], b[8];
    for (int i = 0; i < 8; ++i)
      a[i] = load(from + i * ldf);
    for (int i = 0; i < 8; i += 2) {
      b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
      b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
      for (int j = 0; j < 2; ++j) {
        a[i + 2 * j] = _mm256_shuffle_ps(b[i + j], b[i + j + 2], 0x44);
        a[i + 2 * j + 1] = _mm256_shuffle_ps(b[i + j], b[i + j + 2], 0xee);
      }
    for (int c = 0; c < 4; ++c) {
      store(to + c * ldt, _mm256_permute2f128_ps(a[c], a[4 + c], 0x20));
      store(to + (c + 4) * ldt, _mm256_permute2f128_ps(a[c], a[4 + c], 0x31));
    }
  }
};
} // namespace

DenseKernel hdp::bench::getDenseF32AVX2() {
  return {FlashF32<Vector256>::run, FlashF32<Vector256>::getWorkspace,
          FlashF32<Vector256>::softmax};
}
#else
DenseKernel hdp::bench::getDenseF32AVX2() { return {}; }
#endif
