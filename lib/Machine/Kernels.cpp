//===- Kernels.cpp - the inner loops of the functional model --------------===//
//
// Sums wrap (those of weighted rows only their products), so that a program
// without sense has a meaning too. Plain loops that compilers turn into vector
// code; on x86-64 a second version for wider registers is chosen when the
// program starts, and some loops are in KernelsX86.cpp once more.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "KernelParts.h"
#include "KernelsX86.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Pruning.h"
#include "hdp/Numerics/Softmax.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cstring>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

static bool plainOnly = false;
void machine::usePlainKernels(bool only) { plainOnly = only; }
bool machine::usesHost() {
#ifdef HDP_X86
  return x86::isThere() && !plainOnly;
#else
  return false;
#endif
}

/// Eight codes, and eight sums that wrap.
typedef int16_t Codes __attribute__((vector_size(16)));
typedef uint32_t Sums __attribute__((vector_size(32)));

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

HDP_CLONES static void plainDots(int32_t *out, const uint32_t *rows,
                                 uint32_t count, const int16_t *a,
                                 const int16_t *b, uint64_t stride,
                                 uint32_t n) {
  for (uint32_t i = 0; i < count; ++i) {
    const int16_t *row = b + rows[i] * stride;
    uint32_t sum = 0;
    for (uint32_t t = 0; t < n; ++t)
      sum += uint32_t(int32_t(a[t]) * int32_t(row[t]));
    out[i] = int32_t(sum);
  }
}

void machine::dots(int32_t *out, const uint32_t *rows, uint32_t count,
                   const int16_t *a, uint64_t aStep, uint32_t queries,
                   const int16_t *b, uint64_t stride, uint32_t n) {
#ifdef HDP_X86
  if (usesHost())
    return x86::dots(out, rows, count, a, aStep, queries, b, stride, n);
#endif
  for (uint32_t y = 0; y < queries; ++y)
    plainDots(out + size_t(y) * count, rows, count, a + y * aStep, b, stride,
              n);
}

HDP_CLONES static void plainPooledDots(int32_t *out, const int16_t *queries,
                                       uint32_t count, const int16_t *keys,
                                       uint32_t columns, uint32_t pairs) {
  for (uint32_t q = 0; q < count; ++q) {
    int32_t *row = out + size_t(q) * columns;
    std::fill_n(row, columns, 0);
    for (uint32_t p = 0; p < pairs; ++p) {
      const int16_t *pair = queries + 2 * (size_t(q) * pairs + p),
                    *key = keys + 2 * size_t(p) * columns;
      for (uint32_t b = 0; b < columns; ++b)
        row[b] = int32_t(uint32_t(row[b]) +
                         uint32_t(int32_t(pair[0]) * int32_t(key[2 * b])) +
                         uint32_t(int32_t(pair[1]) * int32_t(key[2 * b + 1])));
    }
  }
}

void machine::pooledDots(int32_t *out, const int16_t *queries, uint32_t count,
                         const int16_t *keys, uint32_t columns,
                         uint32_t pairs) {
#ifdef HDP_X86
  if (usesHost())
    return x86::pooledDots(out, queries, count, keys, columns, pairs);
#endif
  plainPooledDots(out, queries, count, keys, columns, pairs);
}

HDP_CLONES static void plainAddRows(int64_t *acc, const int32_t *weights,
                                    const int16_t *const *rows, uint32_t count,
                                    uint32_t begin, uint32_t n) {
  // Some columns at a time: their sums stay in registers.
  constexpr uint32_t width = 8, unroll = 4;
  for (; begin + width * unroll <= n; begin += width * unroll) {
    Sums sums[unroll] = {};
    for (uint32_t i = 0; i < count; ++i) {
      auto weight = uint32_t(weights[i]);
#pragma GCC unroll 4
      for (uint32_t u = 0; u < unroll; ++u) {
        Codes codes;
        std::memcpy(&codes, rows[i] + begin + u * width, sizeof(codes));
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
      sum += uint32_t(weights[i]) * uint32_t(int32_t(rows[i][begin]));
    acc[begin] += int32_t(sum);
  }
}

/// Rows whose weighted sums fit 32 bits.
static void addFewRows(int64_t *const *acc, uint32_t queries,
                       const int32_t *weights, uint32_t step, bool areNarrow,
                       const int16_t *const *rows, uint32_t count, uint32_t n) {
  [[maybe_unused]] uint32_t begin = 0;
#ifdef HDP_X86
  if (areNarrow && usesHost())
    begin = x86::addRows(acc, queries, weights, step, rows, count, n);
#else
  (void)areNarrow;
#endif
  if (begin < n)
    for (uint32_t y = 0; y < queries; ++y)
      plainAddRows(acc[y], weights + y * step, rows, count, begin, n);
}

namespace {
/// Of weights: their sum without signs, and whether all have 16 bits.
struct WeightBounds {
  int64_t sum;
  bool areNarrow;
};
} // namespace

HDP_CLONES static WeightBounds boundsOf(const int32_t *weights, uint32_t n) {
  int64_t sum = 0;
  int32_t wide = 0;
  for (uint32_t i = 0; i < n; ++i) {
    sum += std::abs(int64_t(weights[i]));
    wide |= weights[i] ^ int16_t(weights[i]);
  }
  return {sum, wide == 0};
}

void machine::addRows(int64_t *const *acc, uint32_t queries,
                      const int32_t *weights, const int16_t *const *rows,
                      uint32_t count, uint32_t n) {
  // Codes of V have 16 bits, so weights may add up to as much; a row rarely
  // has more.
  constexpr int64_t most = 65535;
  bool areFew = true, areNarrow = true;
  for (uint32_t y = 0; y < queries; ++y) {
    WeightBounds bounds = boundsOf(weights + size_t(y) * count, count);
    areFew &= bounds.sum <= most;
    areNarrow &= bounds.areNarrow;
  }
  if (areFew)
    return addFewRows(acc, queries, weights, count, areNarrow, rows, count, n);
  for (uint32_t y = 0; y < queries; ++y) {
    const int32_t *own = weights + size_t(y) * count;
    uint32_t begin = 0;
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; ++i) {
      int64_t weight = std::abs(int64_t(own[i]));
      if (sum + weight > most && i > begin) {
        addFewRows(acc + y, 1, own + begin, 0, areNarrow, rows + begin,
                   i - begin, n);
        begin = i;
        sum = 0;
      }
      sum += weight;
    }
    addFewRows(acc + y, 1, own + begin, 0, areNarrow, rows + begin,
               count - begin, n);
  }
}

HDP_CLONES static void plainAddMultiple(int64_t *sum, int32_t weight,
                                        const int32_t *row, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    sum[t] += int64_t(weight) * row[t];
}

void machine::addMultiples(int64_t *const *acc, uint32_t queries,
                           const int32_t *weights, const int32_t *const *rows,
                           uint32_t count, uint32_t n) {
  uint32_t begin = 0;
#ifdef HDP_X86
  if (usesHost())
    begin = x86::addMultiples(acc, queries, weights, rows, count, n);
#endif
  if (begin == n)
    return;
  for (uint32_t y = 0; y < queries; ++y)
    for (uint32_t g = 0; g < count; ++g)
      plainAddMultiple(acc[y] + begin, weights[y * count + g], rows[g] + begin,
                       n - begin);
}

HDP_CLONES static int32_t plainExponentials(int32_t *scores, uint32_t n,
                                            uint32_t maximum, uint32_t right,
                                            uint32_t left, int32_t m) {
  return weighDistances(scores, n, maximum, right, left, m);
}

int32_t machine::exponentials(int32_t *scores, uint32_t n, int32_t maximum,
                              int32_t a, int32_t m) {
  uint32_t right = uint32_t(std::clamp(a, 0, 31)),
           left = uint32_t(std::clamp(-a, 0, 15));
  if (a > 31) { // nothing is left of 32 bits
    std::fill_n(scores, n, maximum);
    right = 0;
  }
#ifdef HDP_X86
  if (usesHost())
    return x86::exponentials(scores, n, uint32_t(maximum), right, left, m);
#endif
  return plainExponentials(scores, n, uint32_t(maximum), right, left, m);
}

HDP_CLONES int32_t machine::gatherScores(int32_t *values, const int32_t *row,
                                         const uint32_t *keys, uint32_t n) {
  int32_t maximum = INT32_MIN;
  for (uint32_t x = 0; x < n; ++x)
    values[x] = row[keys[x]];
  for (uint32_t x = 0; x < n; ++x)
    maximum = std::max(maximum, values[x]);
  return maximum;
}

HDP_CLONES int32_t machine::finishWeights(int32_t *weights, uint32_t n,
                                          int32_t k, const int32_t *shared,
                                          const uint32_t *group) {
  NativeOps ops;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < n; ++i) {
    weights[i] = ops.sub(roundWeight(ops, weights[i], k), shared[group[i]]);
    sum += uint32_t(weights[i]);
  }
  return int32_t(sum);
}

HDP_CLONES void machine::shiftRows(int16_t *shifted, uint64_t step,
                                   const int16_t *rows, uint64_t count,
                                   int bits, uint32_t n) {
  for (uint64_t i = 0; i < count; ++i)
    for (uint32_t t = 0; t < n; ++t)
      shifted[i * step + t] = int16_t(rows[i * n + t] * (1 << bits));
}

HDP_CLONES void machine::addCodes(int32_t *sum, const int16_t *rows,
                                  uint64_t step, uint32_t count, uint32_t n) {
  for (uint32_t i = 0; i < count; ++i)
    for (uint32_t t = 0; t < n; ++t)
      sum[t] += rows[i * step + t];
}

HDP_CLONES void machine::join(int16_t *joined, const int16_t *integer,
                              const int16_t *fraction, int bits, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    joined[t] = int16_t(integer[t] * (1 << bits) + fraction[t]);
}
