//===- DenseAVX512.cpp - dense attention in 512-bit vectors ---------------===//
//
// Compiled for AVX-512 with VNNI; called only where the processor has them.
//
//===----------------------------------------------------------------------===//

#include "DenseF32.h"

#ifdef __AVX512F__
#include <immintrin.h>

namespace {
struct Vector512 {
  using F = __m512;
  static constexpr int64_t width = 16, perRow = 4, rows = 6;

  static F load(const float *p) { return _mm512_loadu_ps(p); }
  static void store(float *p, F x) { _mm512_storeu_ps(p, x); }
  static F set(float x) { return _mm512_set1_ps(x); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F max(F a, F b) { return _mm512_max_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F round(F x) {
    return _mm512_roundscale_ps(x,
                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static F scale(F x, F n) { return _mm512_scalef_ps(x, n); }
  static float reduceMax(F x) { return _mm512_reduce_max_ps(x); }
  static float reduceAdd(F x) { return _mm512_reduce_add_ps(x); }
  static float expOne(float x) { return __builtin_expf(x); }

  /// 16 x 16: pairs of rows, quads of rows, then quarters of registers twice.
  static void transpose(const float *from, int64_t ldf, float *to,
                        int64_t ldt) {
    __m512 a[16], b[16];
    for (int i = 0; i < 16; ++i)
      a[i] = load(from + i * ldf);
    for (int i = 0; i < 16; i += 2) {
      b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
      b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
      for (int j = 0; j < 2; ++j) {
        __m512d x = _mm512_castps_pd(b[i + j]);
        __m512d y = _mm512_castps_pd(b[i + j + 2]);
        a[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
        a[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
      }
    // a[4 g + c] has columns c, c + 4, c + 8, c + 12 of rows 4 g .. 4 g + 3.
    for (int c = 0; c < 4; ++c) {
      __m512 low = _mm512_shuffle_f32x4(a[c], a[4 + c], 0x88);
      __m512 lowOdd = _mm512_shuffle_f32x4(a[c], a[4 + c], 0xdd);
      __m512 high = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0x88);
      __m512 highOdd = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0xdd);
      store(to + c * ldt, _mm512_shuffle_f32x4(low, high, 0x88));
      store(to + (c + 8) * ldt, _mm512_shuffle_f32x4(low, high, 0xdd));
      store(to + (c + 4) * ldt, _mm512_shuffle_f32x4(lowOdd, highOdd, 0x88));
      store(to + (c + 12) * ldt, _mm512_shuffle_f32x4(lowOdd, highOdd, 0xdd));
    }
  }
};
} // namespace

DenseKernel hdp::bench::getDenseF32AVX512() {
  return {FlashF32<Vector512>::run, FlashF32<Vector512>::getWorkspace,
          FlashF32<Vector512>::softmax};
}
#else
DenseKernel hdp::bench::getDenseF32AVX512() { return {}; }
#endif
