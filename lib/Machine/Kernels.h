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

/// By group of `groupColumns` of the `n` block columns: the sum of the thetas
/// of pruned blocks, and how many there are.
void sumPruned(int64_t *sums, uint32_t *counts, const int32_t *theta,
               const uint8_t *states, uint32_t n, uint32_t groupColumns);

/// How many of `n` blocks are pruned; are full.
uint32_t countPruned(const uint8_t *states, uint32_t n);
uint32_t countFull(const uint8_t *states, uint32_t n);

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

/// As listKept for columns that are wanted (1) and not present; `wanted` is
/// used up.
uint32_t listMissing(uint32_t *columns, uint8_t *wanted, const uint8_t *present,
                     uint32_t n);

/// sum a[t] b[t], exact in 32 bits by N0.
int32_t dot(const int16_t *a, const int16_t *b, uint32_t n);

/// The same in 64 bits.
int64_t dotWide(const int16_t *a, const int16_t *b, uint32_t n);

/// out[y count + i] = the dot product of row y of `a` and row rows[i] of `b`,
/// for one or two rows of `a`, these `aStep` and those `stride` elements apart.
void dots(int32_t *out, const uint32_t *rows, uint32_t count, const int16_t *a,
          uint64_t aStep, uint32_t queries, const int16_t *b, uint64_t stride,
          uint32_t n);

/// out[q columns + b] = the dot product of query q and column b. Queries are
/// rows of `pairs` pairs; keys are stored pair by pair, the columns of a pair
/// side by side.
void pooledDots(int32_t *out, const int16_t *queries, uint32_t count,
                const int16_t *keys, uint32_t columns, uint32_t pairs);

/// acc[y][t] += sum of weights[y count + i] * rows[i][t], exact in 32 bits by
/// N10; one or two rows of sums.
void addRows(int64_t *const *acc, uint32_t queries, const int32_t *weights,
             const int16_t *const *rows, uint32_t count, uint32_t n);

/// acc[y][t] += sum of weights[y count + g] * rows[g][t]; one or two rows.
void addMultiples(int64_t *const *acc, uint32_t queries, const int32_t *weights,
                  const int32_t *const *rows, uint32_t count, uint32_t n);

/// values[x] = row[keys[x]]; gives the largest one.
int32_t gatherScores(int32_t *values, const int32_t *row, const uint32_t *keys,
                     uint32_t n);

/// N9: scores to e, in place, for a row whose largest score is `maximum`; gives
/// their sum.
int32_t exponentials(int32_t *scores, uint32_t n, int32_t maximum, int32_t a,
                     int32_t m);

/// N10: e to w, in place: rounded by `k`, less shared[group[i]]; gives their
/// sum.
int32_t finishWeights(int32_t *weights, uint32_t n, int32_t k,
                      const int32_t *shared, const uint32_t *group);

/// Rows of `n` elements to rows `step` apart, each element << bits.
void shiftRows(int16_t *shifted, uint64_t step, const int16_t *rows,
               uint64_t count, int bits, uint32_t n);

/// sum[t] += the elements t of all rows, `step` apart.
void addCodes(int32_t *sum, const int16_t *rows, uint64_t step, uint32_t count,
              uint32_t n);

/// joined[t] = (integer[t] << bits) + fraction[t] (N2 backwards).
void join(int16_t *joined, const int16_t *integer, const int16_t *fraction,
          int bits, uint32_t n);

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_KERNELS_H
