//===- Kernels.h - the inner loops of the functional model ------*- C++ -*-===//
//
// Everything that runs once a product, a score or a block.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_KERNELS_H
#define HDP_LIB_MACHINE_KERNELS_H

#include <cstdint>

namespace hdp::machine {

/// From now on only the kernels in plain C++ are used, or also those with the
/// host's own instructions: results are the same.
void usePlainKernels(bool only);

/// The sum, and the least and largest of it, of the thetas of full blocks.
struct RowStatistics {
  int64_t count = 0, sum = 0;
  int32_t maximum = INT32_MIN, minimum = INT32_MAX;
};
/// Bit 0 of a block's state says that it is full (BlockState).
RowStatistics rowStatistics(const int32_t *theta, const uint8_t *states,
                            uint32_t n);

/// Full blocks become kept or pruned by their threshold (N6).
void applyThreshold(uint8_t *states, const int32_t *theta, int32_t threshold,
                    uint32_t n);

/// The sum of the thetas of pruned blocks, and how many there are.
struct PrunedSum {
  int64_t count = 0, sum = 0;
};
PrunedSum sumPruned(const int32_t *theta, const uint8_t *states, uint32_t n);

/// How many of `n` blocks are kept, and how many of those are full.
struct KeptCount {
  uint64_t all = 0, full = 0;
};
KeptCount countKept(const uint8_t *states, uint32_t n);

/// Writes the kept ones of `n` block columns to `columns` (room for n); gives
/// their number.
uint32_t listKept(uint32_t *columns, const uint8_t *states, uint32_t n);

/// wanted[b] becomes 1 where the block is kept.
void addKept(uint8_t *wanted, const uint8_t *states, uint32_t n);

/// sum a[t] b[t], exact in 32 bits by N0.
int32_t dot(const int16_t *a, const int16_t *b, uint32_t n);

/// The same in 64 bits.
int64_t dotWide(const int16_t *a, const int16_t *b, uint32_t n);

/// out[i] = the dot product of `a` and row rows[i] of `b`, rows being `stride`
/// elements apart.
void dots(int32_t *out, const uint32_t *rows, uint32_t count, const int16_t *a,
          const int16_t *b, uint64_t stride, uint32_t n);

/// acc[t] += sum of weights[i] * rows[i][t], exact in 32 bits by N10.
void addRows(int64_t *acc, const int32_t *weights, const int16_t *const *rows,
             uint32_t count, uint32_t n);

/// N9: scores to e, in place, for a row whose largest score is `maximum`; gives
/// their sum.
int32_t exponentials(int32_t *scores, uint32_t n, int32_t maximum, int32_t a,
                     int32_t m);

/// N10: e to w, in place: rounded by `k`, less shared[group[i]]; gives their
/// sum.
int32_t finishWeights(int32_t *weights, uint32_t n, int32_t k,
                      const int32_t *shared, const uint32_t *group);

/// sum[t] += weight * row[t].
void addMultiple(int64_t *sum, int32_t weight, const int32_t *row, uint32_t n);

/// shifted[t] = row[t] << bits.
void shiftRow(int16_t *shifted, const int16_t *row, int bits, uint32_t n);

/// joined[t] = (integer[t] << bits) + fraction[t] (N2 backwards).
void join(int16_t *joined, const int16_t *integer, const int16_t *fraction,
          int bits, uint32_t n);

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_KERNELS_H
