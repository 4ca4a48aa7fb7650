// Calls attention that was compiled ahead of time, from a program that knows
// nothing of MLIR.
//
//   attention                          random values; prints the difference
//                                      from exact attention
//   attention HEADS LENGTH IN OUT      q, k and v from a file of floats, the
//                                      result into another

#include "attention.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

static const int64_t kDim = 64;

/// softmax(Q K^T / 8) V of one head and one query row, element t.
static double computeExact(const float *q, const float *k, const float *v,
                           int64_t length, int64_t t) {
  std::vector<double> scores(length);
  for (int64_t j = 0; j < length; ++j) {
    for (int64_t i = 0; i < kDim; ++i)
      scores[j] += double(q[i]) * k[j * kDim + i];
    scores[j] *= 0.125;
  }
  double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0, total = 0;
  for (int64_t j = 0; j < length; ++j) {
    double weight = std::exp(scores[j] - largest);
    sum += weight * v[j * kDim + t];
    total += weight;
  }
  return sum / total;
}

int main(int argc, char **argv) {
  if (argc != 1 && argc != 5) {
    std::fprintf(stderr, "usage: attention [HEADS LENGTH IN OUT]\n");
    return 1;
  }
  int64_t heads = argc == 5 ? std::atoll(argv[1]) : 4;
  int64_t length = argc == 5 ? std::atoll(argv[2]) : 128;
  size_t size = static_cast<size_t>(heads * length * kDim);
  std::vector<float> values(3 * size);
  if (argc == 5) {
    std::FILE *file = std::fopen(argv[3], "rb");
    if (!file || std::fread(values.data(), 4, 3 * size, file) != 3 * size) {
      std::fprintf(stderr, "%s: cannot be read\n", argv[3]);
      return 1;
    }
    std::fclose(file);
  } else {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (float &value : values)
      value = normal(random);
  }
  float *q = values.data(), *k = q + size, *v = k + size;

  // The whole interface: descriptors in, a descriptor out, whose memory is
  // ours.
  hdp_f32_3 result = hdp_call_attention(hdp_make_f32_3(q, heads, length, kDim),
                                        hdp_make_f32_3(k, heads, length, kDim),
                                        hdp_make_f32_3(v, heads, length, kDim));
  const float *out = result.data + result.offset;

  int status = 0;
  if (argc == 5) {
    std::FILE *file = std::fopen(argv[4], "wb");
    if (!file || std::fwrite(out, 4, size, file) != size)
      status = 1;
    if (file && std::fclose(file) != 0)
      status = 1;
    if (status)
      std::fprintf(stderr, "%s: cannot be written\n", argv[4]);
  } else {
    double largest = 0;
    for (int64_t t = 0; t < kDim; ++t)
      largest = std::max(largest,
                         std::abs(out[t] - computeExact(q, k, v, length, t)));
    std::printf("%lld heads of %lld x %lld, row 0 within %.2f of exact\n",
                static_cast<long long>(heads), static_cast<long long>(length),
                static_cast<long long>(kDim), largest);
  }
  std::free(result.allocated);
  return status;
}
