//===- KernelsX86.h - inner loops with the host's instructions --*- C++ -*-===//
//
// AVX-512 with VNNI; results are those of the loops in Kernels.cpp, of which
// they are the first part where they give how far they came.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_KERNELSX86_H
#define HDP_LIB_MACHINE_KERNELSX86_H

#include <cstdint>

#if defined(__x86_64__)
#define HDP_X86

namespace hdp::machine::x86 {

/// Whether the host has the instructions.
bool isThere();

void dots(int32_t *out, const uint32_t *rows, uint32_t count, const int16_t *a,
          uint64_t aStep, uint32_t queries, const int16_t *b, uint64_t stride,
          uint32_t n);
void pooledDots(int32_t *out, const int16_t *queries, uint32_t count,
                const int16_t *keys, uint32_t columns, uint32_t pairs);
/// Columns that are done: a multiple of 64. Weights have 16 bits.
uint32_t addRows(int64_t *const *acc, uint32_t queries, const int32_t *weights,
                 uint32_t step, const int16_t *const *rows, uint32_t count,
                 uint32_t n);
/// Columns that are done: a multiple of 64.
uint32_t addMultiples(int64_t *const *acc, uint32_t queries,
                      const int32_t *weights, const int32_t *const *rows,
                      uint32_t count, uint32_t n);
void sumPruned(int64_t *sums, uint32_t *counts, const int32_t *theta,
               const uint8_t *states, uint32_t n, uint32_t groupColumns);
uint32_t listKept(uint32_t *columns, const uint8_t *states, uint32_t n);
int32_t exponentials(int32_t *scores, uint32_t n, uint32_t maximum,
                     uint32_t right, uint32_t left, int32_t m);

} // namespace hdp::machine::x86

#endif

#endif // HDP_LIB_MACHINE_KERNELSX86_H
