//===- DensePortable.cpp - dense attention for any processor --------------===//
//
// Vectors of four as an array, which compilers make of what they have.
//
//===----------------------------------------------------------------------===//

#include "DenseF32.h"
#include <cmath>
#include <cstring>

namespace {
struct Vector4 {
  struct F {
    float x[4];
  };
  static constexpr int64_t width = 4, perRow = 2, rows = 4;

  template <typename Function> static F map(F a, F b, Function function) {
    F result;
    for (int i = 0; i < 4; ++i)
      result.x[i] = function(a.x[i], b.x[i]);
    return result;
  }
  static F load(const float *p) {
    F x;
    std::memcpy(&x, p, sizeof(x));
    return x;
  }
  static void store(float *p, F x) { std::memcpy(p, &x, sizeof(x)); }
  static F set(float x) { return {{x, x, x, x}}; }
  static F add(F a, F b) {
    return map(a, b, [](float x, float y) { return x + y; });
  }
  static F sub(F a, F b) {
    return map(a, b, [](float x, float y) { return x - y; });
  }
  static F mul(F a, F b) {
    return map(a, b, [](float x, float y) { return x * y; });
  }
  static F max(F a, F b) {
    return map(a, b, [](float x, float y) { return x > y ? x : y; });
  }
  static F fma(F a, F b, F c) { return add(mul(a, b), c); }
  /// To nearest even: adding and subtracting 1.5 2^23 drops the fraction.
  static F round(F x) {
    return sub(add(x, set(12582912.0f)), set(12582912.0f));
  }
  static F scale(F x, F n) {
    return map(x, n, [](float y, float exponent) {
      int32_t bits;
      std::memcpy(&bits, &y, sizeof(bits));
      bits += static_cast<int32_t>(exponent) * (1 << 23);
      std::memcpy(&y, &bits, sizeof(bits));
      return y;
    });
  }
  static float reduceMax(F a) {
    float x = a.x[0] > a.x[1] ? a.x[0] : a.x[1];
    float y = a.x[2] > a.x[3] ? a.x[2] : a.x[3];
    return x > y ? x : y;
  }
  static float reduceAdd(F a) { return (a.x[0] + a.x[1]) + (a.x[2] + a.x[3]); }
  static float expOne(float x) { return std::exp(x); }
  static void transpose(const float *from, int64_t ldf, float *to,
                        int64_t ldt) {
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j)
        to[j * ldt + i] = from[i * ldf + j];
  }
};
} // namespace

DenseKernel hdp::bench::getDenseF32Portable() {
  return {FlashF32<Vector4>::run, FlashF32<Vector4>::getWorkspace,
          FlashF32<Vector4>::softmax};
}
