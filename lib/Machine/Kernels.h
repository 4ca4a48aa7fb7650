//===- Kernels.h - the inner loops of the functional model ------*- C++ -*-===//
//
// Dot products and multiples of rows; everything that runs once a product.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_KERNELS_H
#define HDP_LIB_MACHINE_KERNELS_H

#include <cstdint>

namespace hdp::machine {

/// sum a[t] b[t], exact in 32 bits by N0.
int32_t dot(const int16_t *a, const int16_t *b, uint32_t n);

/// The dot products of `a` and `count` rows that follow each other from `b` on.
void dots(int32_t *out, const int16_t *a, const int16_t *b, uint32_t count,
          uint32_t n);

/// The same as dot in 64 bits.
int64_t dotWide(const int16_t *a, const int16_t *b, uint32_t n);

/// A row of V and its weight.
struct WeightedRow {
  int32_t weight;
  const int16_t *row;
};

/// acc[t] += sum of weight * row[t] over all rows, exact in 32 bits by N10.
void addRows(int64_t *acc, const WeightedRow *rows, uint32_t count, uint32_t n);

/// sum[t] += weight * row[t].
void addMultiple(int64_t *sum, int64_t weight, const int32_t *row, uint32_t n);

/// joined[t] = (integer[t] << bits) + fraction[t] (N2 backwards).
void join(int16_t *joined, const int16_t *integer, const int16_t *fraction,
          int bits, uint32_t n);

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_KERNELS_H
