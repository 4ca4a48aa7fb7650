//===- DenseInt8Portable.cpp - dense 8-bit attention in plain loops -------===//

#include "DenseInt8.h"
#include <cmath>

namespace {
size_t getWorkspace(const DenseCall &call) {
  Int8Sizes sizes(call);
  return static_cast<size_t>((call.queries + sizes.keys) * call.headDim +
                             call.keys * call.valueDim +
                             sizes.keys * int64_t(sizeof(int32_t) + 1) +
                             call.valueDim * int64_t(sizeof(int32_t)) + 64);
}

int8_t *convert(const float *values, int64_t count, float unit, int8_t *to) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = toCode(values[i], 1 / unit);
  return to + count;
}

void run(const DenseCall &call) {
  Int8Sizes sizes(call);
  int64_t d = call.headDim, dv = call.valueDim;
  auto *scores = reinterpret_cast<int32_t *>(call.workspace);
  int32_t *sums = scores + sizes.keys;
  auto *q = reinterpret_cast<int8_t *>(sums + dv);
  float qUnit = findUnit(call.q, call.queries * d);
  float kUnit = findUnit(call.k, call.keys * d);
  float vUnit = findUnit(call.v, call.keys * dv);
  int8_t *k = convert(call.q, call.queries * d, qUnit, q);
  int8_t *v = convert(call.k, call.keys * d, kUnit, k);
  auto *weights =
      reinterpret_cast<uint8_t *>(convert(call.v, call.keys * dv, vUnit, v));
  float unit = qUnit * kUnit * call.scale;
  for (int64_t i = 0; i < call.queries; ++i) {
    int32_t most = -0x7fffffff, total = 0;
    for (int64_t j = 0; j < call.keys; ++j) {
      int32_t sum = 0;
      for (int64_t t = 0; t < d; ++t)
        sum += int32_t(q[i * d + t]) * int32_t(k[j * d + t]);
      scores[j] = sum;
      most = sum > most ? sum : most;
    }
    for (int64_t j = 0; j < call.keys; ++j) {
      float x = unit * static_cast<float>(scores[j] - most);
      weights[j] = static_cast<uint8_t>(255.0f * std::exp(x) + 0.5f);
      total += weights[j];
    }
    for (int64_t t = 0; t < dv; ++t)
      sums[t] = 0;
    for (int64_t j = 0; j < call.keys; ++j)
      for (int64_t t = 0; t < dv; ++t)
        sums[t] += int32_t(weights[j]) * int32_t(v[j * dv + t]);
    float factor = vUnit / static_cast<float>(total);
    for (int64_t t = 0; t < dv; ++t)
      call.out[i * dv + t] = factor * static_cast<float>(sums[t]);
  }
}
} // namespace

DenseKernel hdp::bench::getDenseInt8Portable() { return {run, getWorkspace}; }
