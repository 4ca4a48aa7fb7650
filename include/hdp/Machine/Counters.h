//===- Counters.h - what a run did, added up --------------------*- C++ -*-===//
//
// Plain numbers of a run, in all and by head; what follows from them is derived
// here once.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_COUNTERS_H
#define HDP_MACHINE_COUNTERS_H

#include "hdp/Machine/Machine.h"

namespace hdp::machine {

/// Sums over commands.
struct Counters {
  uint64_t commands = 0, dropped = 0;
  uint64_t macs = 0;        // products
  uint64_t macCost[2] = {}; // sixteenths of multiplier cycles, by MacReading
  /// Products by widths (a, b, pooled), for energy.
  std::vector<ProductCount> products;
  uint64_t dramBytes = 0;
  uint64_t thetas = 0, exponentials = 0, weights = 0, codes = 0;
  uint64_t fullBlocks = 0, keptFullBlocks = 0;
  /// Full blocks not kept, all of them in a gated head (of finished runs).
  uint64_t prunedBlocks = 0;
  uint64_t heads = 0, gatedHeads = 0;
  uint64_t read[numBuffers] = {}, written[numBuffers] = {};

  void add(const Activity &activity, const Config &config);
  void add(const Counters &other);
};

struct RunCounters {
  Counters total;
  /// By query head. A load counts for the head that it is first needed by.
  std::vector<Counters> heads;
};

RunCounters count(const Program &program, const Run &run);

/// The query head that each command belongs to, as `count` takes it.
std::vector<uint32_t> findHeads(const Program &program, const Config &config);

/// Work of dense attention, 4 Lq Lk d operations a head (QK^T and PV).
double denseOperations(const Program &program);

/// Dense-equivalent operations a nanosecond.
double effectiveGops(const Program &program, const Run &run,
                     MacReading reading);
/// Share of the multipliers' cycles that did products.
double macUtilisation(const Counters &counters, const Run &run,
                      MacReading reading);
/// Effective operations against two a multiplier and cycle.
double macEfficiency(const Program &program, const Run &run,
                     MacReading reading);
/// Pruned blocks against full ones; 0 without full blocks.
double prunedFraction(const Counters &counters);
inline double prunedFraction(const RunCounters &counters) {
  return prunedFraction(counters.total);
}

} // namespace hdp::machine

#endif // HDP_MACHINE_COUNTERS_H
