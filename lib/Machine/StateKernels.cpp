//===- StateKernels.cpp - inner loops over block states -------------------===//
//
// Plain loops that compilers turn into vector code; some are in KernelsX86.cpp
// once more.
//
//===----------------------------------------------------------------------===//

#include "KernelParts.h"
#include "Kernels.h"
#include "KernelsX86.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Pruning.h"
#include "llvm/ADT/bit.h"
#include <cstring>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

HDP_CLONES machine::RowStatistics machine::rowStatistics(const int32_t *theta,
                                                         const uint8_t *states,
                                                         uint32_t n) {
  int32_t maximum = INT32_MIN, minimum = INT32_MAX, count = 0;
  int64_t sum = 0;
  for (uint32_t b = 0; b < n; ++b) {
    bool isFull = states[b] & 1;
    count += isFull;
    sum += isFull ? theta[b] : 0;
    maximum = std::max(maximum, isFull ? theta[b] : INT32_MIN);
    minimum = std::min(minimum, isFull ? theta[b] : INT32_MAX);
  }
  return {count, sum, maximum, minimum};
}

HDP_CLONES static void plainSumPruned(int64_t *sums, uint32_t *counts,
                                      const int32_t *theta,
                                      const uint8_t *states, uint32_t n,
                                      uint32_t groupColumns) {
  for (uint32_t begin = 0, g = 0; begin < n; begin += groupColumns, ++g) {
    uint32_t end = n - begin < groupColumns ? n : begin + groupColumns,
             count = 0;
    int64_t sum = 0;
    for (uint32_t b = begin; b < end; ++b) {
      bool isPruned = states[b] == uint8_t(BlockState::Pruned);
      count += isPruned;
      sum += isPruned ? theta[b] : 0;
    }
    sums[g] = sum;
    counts[g] = count;
  }
}

void machine::sumPruned(int64_t *sums, uint32_t *counts, const int32_t *theta,
                        const uint8_t *states, uint32_t n,
                        uint32_t groupColumns) {
#ifdef HDP_X86
  if (usesHost())
    return x86::sumPruned(sums, counts, theta, states, n, groupColumns);
#endif
  plainSumPruned(sums, counts, theta, states, n, groupColumns);
}

HDP_CLONES machine::KeptCount machine::countKept(const uint8_t *states,
                                                 uint32_t n) {
  uint32_t all = 0, full = 0;
  for (uint32_t b = 0; b < n; ++b) {
    all += states[b] >= uint8_t(BlockState::KeptPartial);
    full += states[b] == uint8_t(BlockState::KeptFull);
  }
  return {all, full};
}

uint32_t machine::listKept(uint32_t *columns, const uint8_t *states,
                           uint32_t n) {
#ifdef HDP_X86
  if (usesHost())
    return x86::listKept(columns, states, n);
#endif
  // No branch: which blocks are kept cannot be foreseen.
  uint32_t count = 0;
  for (uint32_t b = 0; b < n; ++b) {
    columns[count] = b;
    count += states[b] >= uint8_t(BlockState::KeptPartial);
  }
  return count;
}

HDP_CLONES void machine::addKept(uint8_t *wanted, const uint8_t *states,
                                 uint32_t n) {
  for (uint32_t b = 0; b < n; ++b)
    wanted[b] |= states[b] >= uint8_t(BlockState::KeptPartial);
}

HDP_CLONES static void leaveMissing(uint8_t *wanted, const uint8_t *present,
                                    uint32_t n) {
  for (uint32_t b = 0; b < n; ++b)
    wanted[b] = present[b] ? uint8_t(BlockState::Void)
                           : uint8_t(wanted[b] * uint8_t(BlockState::KeptFull));
}

uint32_t machine::listMissing(uint32_t *columns, uint8_t *wanted,
                              const uint8_t *present, uint32_t n) {
  leaveMissing(wanted, present, n);
  return listKept(columns, wanted, n);
}

/// Bit 0 of each of eight bytes of block states that are not `state`.
static uint64_t differing(const uint8_t *states, uint64_t state) {
  uint64_t bytes;
  std::memcpy(&bytes, states, sizeof(bytes));
  bytes ^= state * 0x0101010101010101;
  return (bytes | bytes >> 1) & 0x0101010101010101; // states have two bits
}

uint32_t machine::countPruned(const uint8_t *states, uint32_t n) {
  auto pruned = uint8_t(BlockState::Pruned);
  uint32_t count = 0, b = 0;
  for (; b + 8 <= n; b += 8)
    count += 8 - uint32_t(llvm::popcount(differing(states + b, pruned)));
  for (; b < n; ++b)
    count += states[b] == pruned;
  return count;
}

uint32_t machine::countFull(const uint8_t *states, uint32_t n) {
  uint32_t count = 0, b = 0;
  for (; b + 8 <= n; b += 8) {
    uint64_t bytes;
    std::memcpy(&bytes, states + b, sizeof(bytes));
    count += uint32_t(llvm::popcount(bytes & 0x0101010101010101));
  }
  for (; b < n; ++b)
    count += states[b] & 1;
  return count;
}

HDP_CLONES void machine::applyThreshold(uint8_t *states, const int32_t *theta,
                                        int32_t threshold, uint32_t n) {
  NativeOps ops;
  for (uint32_t b = 0; b < n; ++b) {
    auto decided =
        uint8_t(keptByThreshold(ops, theta[b], threshold) ? BlockState::KeptFull
                                                          : BlockState::Pruned);
    states[b] = states[b] & 1 ? decided : states[b];
  }
}
