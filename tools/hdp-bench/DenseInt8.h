//===- DenseInt8.h - codes and weights of dense 8-bit attention -*- C++ -*-===//
//
// What the 8-bit kernels share: one scale for each of Q, K and V of a head,
// and a row of scores to weights of 8 bits. Included by files that are compiled
// for one instruction set (see DenseF32.h).
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_DENSEINT8_H
#define HDP_TOOLS_HDP_BENCH_DENSEINT8_H

#include "Dense.h"

namespace {

using hdp::bench::DenseCall;
using hdp::bench::DenseKernel;

/// Rows and columns of a call as the 8-bit kernels pad them.
struct Int8Sizes {
  int64_t depth;   ///< head dim, in fours
  int64_t keys;    ///< in panels of 64
  int64_t columns; ///< of V, in sixteens
  explicit Int8Sizes(const DenseCall &call)
      : depth((call.headDim + 3) / 4 * 4), keys((call.keys + 63) / 64 * 64),
        columns((call.valueDim + 15) / 16 * 16) {}
};

/// What a code of 1 is worth when the largest magnitude is a code of 127.
inline float findUnit(const float *values, int64_t count) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    float magnitude = values[i] < 0 ? -values[i] : values[i];
    largest = magnitude > largest ? magnitude : largest;
  }
  return largest > 0 ? largest / 127.0f : 1.0f;
}

inline int8_t toCode(float x, float inverse) {
  float scaled = x * inverse;
  return static_cast<int8_t>(scaled < 0 ? scaled - 0.5f : scaled + 0.5f);
}

} // namespace

#endif // HDP_TOOLS_HDP_BENCH_DENSEINT8_H
