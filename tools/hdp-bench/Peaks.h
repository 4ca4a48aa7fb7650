//===- Peaks.h - what a core could do at most -------------------*- C++ -*-===//
//
// Loops of nothing but multiply-adds in registers: the rate that a kernel is
// measured against, found in the same run.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_PEAKS_H
#define HDP_TOOLS_HDP_BENCH_PEAKS_H

#include "Host.h"
#include <cstdint>

namespace hdp::bench {

/// A loop and how many multiplications and additions a step of it has. Null
/// where this build has none for the instruction set.
struct PeakLoop {
  void (*run)(int64_t steps) = nullptr;
  double operations = 0;
};
PeakLoop getPeakF32AVX512();
PeakLoop getPeakInt8AVX512();
PeakLoop getPeakF32AVX2();
/// A chain of additions of one cycle each.
PeakLoop getClockLoop();

/// Measured on this core: operations and cycles a second. A rate that is 0 is
/// not known.
struct Peaks {
  double f32 = 0, int8 = 0, clock = 0;
};
Peaks measurePeaks(const Host &host);

/// The f32 loop for this processor.
PeakLoop getPeakF32(const Host &host);
/// Its steps in equal shares on so many threads: what sharing without any cost
/// would gain on the cores that this machine gives.
void runShared(const PeakLoop &loop, int64_t steps, unsigned threads);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_PEAKS_H
