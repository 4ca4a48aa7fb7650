//===- DenseF32.h - flash attention over a vector type ----------*- C++ -*-===//
//
// One text for every instruction set: `V` says what a vector is and how to
// transpose a square of them. Included by files that are compiled for one
// instruction set, so nothing here may be shared with other files: no function
// of the C++ library, everything in an anonymous namespace.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_DENSEF32_H
#define HDP_TOOLS_HDP_BENCH_DENSEF32_H

#include "Dense.h"

namespace {

using hdp::bench::DenseCall;
using hdp::bench::DenseKernel;

/// Scores of a strip of query rows against this many keys fit the first cache.
constexpr int64_t kKeyBlock = 512;
/// Rows that go over a block of keys before the next block is touched.
constexpr int64_t kQueryBlock = 96;

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t roundUp(int64_t a, int64_t b) { return (a + b - 1) / b * b; }

template <typename V> struct FlashF32 {
  using F = typename V::F;
  static constexpr int64_t W = V::width, N = V::perRow, P = W * N;

  struct Buffers {
    float *keys;   ///< panels of P keys, [d][P]
    float *values; ///< panels of P columns, [keys][P]
    float *scores; ///< [V::rows][kKeyBlock]
    float *sums;   ///< [kQueryBlock][columns rounded up to P]
  };

  static size_t layOut(const DenseCall &call, Buffers &buffers) {
    int64_t columns = roundUp(call.valueDim, P);
    float *next = reinterpret_cast<float *>(call.workspace);
    float *start = next;
    auto take = [&](int64_t count) {
      float *at = next;
      next += roundUp(count, 16);
      return at;
    };
    buffers.keys = take(roundUp(call.keys, P) * call.headDim);
    buffers.values = take(columns * call.keys);
    buffers.scores = take(V::rows * (kKeyBlock + P));
    buffers.sums = take(kQueryBlock * columns);
    return static_cast<size_t>(next - start) * sizeof(float);
  }
  static size_t getWorkspace(const DenseCall &call) {
    Buffers buffers;
    return layOut(call, buffers);
  }

  /// K as panels of P keys, missing keys zero.
  static void packKeys(const DenseCall &call, float *to) {
    int64_t d = call.headDim;
    for (int64_t panel = 0; panel < call.keys; panel += P)
      for (int64_t k0 = panel; k0 < panel + P; k0 += W)
        for (int64_t d0 = 0; d0 < d; d0 += W) {
          float *at = to + panel * d + d0 * P + (k0 - panel);
          if (k0 + W <= call.keys && d0 + W <= d) {
            V::transpose(call.k + k0 * d + d0, d, at, P);
            continue;
          }
          for (int64_t t = 0; t < least(W, d - d0); ++t)
            for (int64_t j = 0; j < W; ++j)
              at[t * P + j] =
                  k0 + j < call.keys ? call.k[(k0 + j) * d + d0 + t] : 0.0f;
        }
  }

  /// V as panels of P columns, missing columns zero.
  static void packValues(const DenseCall &call, float *to) {
    for (int64_t c0 = 0; c0 < call.valueDim; c0 += P, to += call.keys * P)
      for (int64_t k = 0; k < call.keys; ++k)
        for (int64_t c = 0; c < P; ++c)
          to[k * P + c] =
              c0 + c < call.valueDim ? call.v[k * call.valueDim + c0 + c] : 0;
  }

  /// C[R][P] = A[R][depth] B[depth][P], plus what C held times `factors`.
  template <int R>
  static inline __attribute__((always_inline)) void
  multiply(const float *a, int64_t lda, const float *b, int64_t ldb,
           int64_t depth, float *c, int64_t ldc, const float *factors) {
    F sums[R][N];
    for (int r = 0; r < R; ++r)
      for (int n = 0; n < N; ++n)
        sums[r][n] =
            factors ? V::mul(V::load(c + r * ldc + n * W), V::set(factors[r]))
                    : V::set(0.0f);
    for (int64_t k = 0; k < depth; ++k) {
      F row[N];
      for (int n = 0; n < N; ++n)
        row[n] = V::load(b + k * ldb + n * W);
      for (int r = 0; r < R; ++r) {
        F x = V::set(a[r * lda + k]);
        for (int n = 0; n < N; ++n)
          sums[r][n] = V::fma(x, row[n], sums[r][n]);
      }
    }
    for (int r = 0; r < R; ++r)
      for (int n = 0; n < N; ++n)
        V::store(c + r * ldc + n * W, sums[r][n]);
  }

  /// 2^x of x = y log2(e), y <= 0, to about 2 units in the last place.
  static inline __attribute__((always_inline)) F exp(F y) {
    // Below -87 results are subnormal; those are slow and count for nothing.
    F t = V::mul(V::max(y, V::set(-87.0f)), V::set(1.44269504f));
    F n = V::round(t);
    F f = V::sub(t, n);
    F p = V::set(1.33335581e-3f);
    p = V::fma(p, f, V::set(9.61812910e-3f));
    p = V::fma(p, f, V::set(5.55041087e-2f));
    p = V::fma(p, f, V::set(2.40226507e-1f));
    p = V::fma(p, f, V::set(6.93147182e-1f));
    p = V::fma(p, f, V::set(1.0f));
    return V::scale(p, n);
  }

  /// R rows against keys [k0, k0 + count).
  template <int R>
  static __attribute__((noinline)) void
  strip(const DenseCall &call, const Buffers &buffers, int64_t row, int64_t k0,
        int64_t count, float *sums, float *maxima, float *totals) {
    constexpr int64_t lds = kKeyBlock + P;
    int64_t columns = roundUp(call.valueDim, P), d = call.headDim;
    int64_t padded = roundUp(count, P);
    for (int64_t k = 0; k < padded; k += P)
      multiply<R>(call.q + row * d, d, buffers.keys + (k0 + k) * d, P, d,
                  buffers.scores + k, lds, nullptr);
    bool isFirst = k0 == 0;
    float factors[R];
    for (int r = 0; r < R; ++r) {
      float *scores = buffers.scores + r * lds;
      for (int64_t k = count; k < padded; ++k)
        scores[k] = -3e38f;
      F most[N], total[N];
      for (int n = 0; n < N; ++n) {
        most[n] = V::load(scores + n * W);
        total[n] = V::set(0.0f);
      }
      for (int64_t k = P; k < padded; k += P)
        for (int n = 0; n < N; ++n)
          most[n] = V::max(most[n], V::load(scores + k + n * W));
      for (int n = 1; n < N; ++n)
        most[0] = V::max(most[0], most[n]);
      float maximum = V::reduceMax(most[0]) * call.scale;
      if (!isFirst && maxima[r] > maximum)
        maximum = maxima[r];
      factors[r] = isFirst ? 0.0f : V::expOne(maxima[r] - maximum);
      maxima[r] = maximum;
      F shift = V::set(-maximum), scale = V::set(call.scale);
      for (int64_t k = 0; k < padded; k += P)
        for (int n = 0; n < N; ++n) {
          F e = exp(V::fma(V::load(scores + k + n * W), scale, shift));
          V::store(scores + k + n * W, e);
          total[n] = V::add(total[n], e);
        }
      for (int n = 1; n < N; ++n)
        total[0] = V::add(total[0], total[n]);
      totals[r] = totals[r] * factors[r] + V::reduceAdd(total[0]);
    }
    for (int64_t c = 0; c < columns; c += P) {
      bool isPacked = call.valueDim % P != 0;
      const float *values = isPacked ? buffers.values + c * call.keys + k0 * P
                                     : call.v + k0 * call.valueDim + c;
      multiply<R>(buffers.scores, lds, values, isPacked ? P : call.valueDim,
                  count, sums + c, columns, isFirst ? nullptr : factors);
    }
  }

  static void softmax(float *row, int64_t count, float scale) {
    F most = V::set(-3e38f), total = V::set(0.0f), by = V::set(scale);
    int64_t k = 0;
    for (; k + W <= count; k += W)
      most = V::max(most, V::load(row + k));
    float maximum = V::reduceMax(most);
    for (int64_t j = k; j < count; ++j)
      maximum = row[j] > maximum ? row[j] : maximum;
    F shift = V::set(-maximum * scale);
    for (k = 0; k + W <= count; k += W) {
      F e = exp(V::fma(V::load(row + k), by, shift));
      V::store(row + k, e);
      total = V::add(total, e);
    }
    float sum = V::reduceAdd(total);
    for (int64_t j = k; j < count; ++j)
      sum += row[j] = V::expOne((row[j] - maximum) * scale);
    F inverse = V::set(1.0f / sum);
    for (k = 0; k + W <= count; k += W)
      V::store(row + k, V::mul(V::load(row + k), inverse));
    for (; k < count; ++k)
      row[k] *= 1.0f / sum;
  }

  static void run(const DenseCall &call) {
    Buffers buffers;
    layOut(call, buffers);
    packKeys(call, buffers.keys);
    if (call.valueDim % P != 0)
      packValues(call, buffers.values);
    int64_t columns = roundUp(call.valueDim, P);
    float maxima[kQueryBlock], totals[kQueryBlock];
    for (int64_t q0 = 0; q0 < call.queries; q0 += kQueryBlock) {
      int64_t rows = least(kQueryBlock, call.queries - q0);
      for (int64_t r = 0; r < rows; ++r)
        totals[r] = 0;
      for (int64_t k0 = 0; k0 < call.keys; k0 += kKeyBlock) {
        int64_t count = least(kKeyBlock, call.keys - k0), r = 0;
        for (; r + V::rows <= rows; r += V::rows)
          strip<V::rows>(call, buffers, q0 + r, k0, count,
                         buffers.sums + r * columns, maxima + r, totals + r);
        for (; r + 2 <= rows; r += 2)
          strip<2>(call, buffers, q0 + r, k0, count, buffers.sums + r * columns,
                   maxima + r, totals + r);
        for (; r < rows; ++r)
          strip<1>(call, buffers, q0 + r, k0, count, buffers.sums + r * columns,
                   maxima + r, totals + r);
      }
      for (int64_t r = 0; r < rows; ++r) {
        float factor = 1.0f / totals[r];
        for (int64_t c = 0; c < call.valueDim; ++c)
          call.out[(q0 + r) * call.valueDim + c] =
              buffers.sums[r * columns + c] * factor;
      }
    }
  }
};

} // namespace

#endif // HDP_TOOLS_HDP_BENCH_DENSEF32_H
