//===- KernelParts.h - what files of kernels share --------------*- C++ -*-===//
//
// How a loop is compiled for wider registers too, and loops that are compiled
// with the host's instructions once more.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_KERNELPARTS_H
#define HDP_LIB_MACHINE_KERNELPARTS_H

#include "hdp/Numerics/NativeOps.h"
#include "hdp/Numerics/Softmax.h"
#include <algorithm>

#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HDP_CLONES
#endif
#endif
#ifndef HDP_CLONES
#define HDP_CLONES __attribute__((target_clones("avx2", "default")))
#endif
#else
#define HDP_CLONES
#endif

namespace hdp::machine {

/// Whether kernels in KernelsX86.cpp are used.
bool usesHost();

/// N9: e of every score, in place; gives their sum. Distances from the maximum
/// fit 32 bits without a sign, and all from 32767 on have one weight: the shift
/// of N9 needs no wider numbers.
__attribute__((always_inline)) inline int32_t
weighDistances(int32_t *scores, uint32_t n, uint32_t maximum, uint32_t right,
               uint32_t left, int32_t m) {
  numerics::NativeOps ops;
  constexpr uint32_t far = 32767;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t distance = maximum - uint32_t(scores[i]);
    distance = std::min(std::min(distance >> right, far) << left, far);
    scores[i] = numerics::expOfDistance(ops, int32_t(distance), m);
    sum += uint32_t(scores[i]);
  }
  return int32_t(sum);
}

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_KERNELPARTS_H
