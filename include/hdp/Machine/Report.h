//===- Report.h - what people and scripts read ------------------*- C++ -*-===//
//
// Text, JSON and trace of a run, all from the same counters and schedules.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_REPORT_H
#define HDP_MACHINE_REPORT_H

#include "hdp/Machine/Energy.h"
#include "llvm/Support/JSON.h"

namespace hdp::machine {

/// Everything that a report says.
struct RunReport {
  Config config;
  EnergyTable energyTable;
  double denseOperations = 0;
  RunCounters counters;
  /// By MacReading.
  struct Reading {
    uint64_t cycles = 0;
    double effectiveGops = 0, macUtilisation = 0, macEfficiency = 0;
    Energy energy;
    std::vector<QueueTime> queues;
    DramCounters dram;
  } readings[2];
};

RunReport makeReport(const Program &program, const Run &run,
                     const EnergyTable &table);

/// docs/Machine.md documents the keys.
llvm::json::Value toJson(const RunReport &report);
void printReport(llvm::raw_ostream &os, const RunReport &report);

/// A Chrome trace (also for Perfetto): a process a core, a thread a queue, an
/// event a command; one cycle is a nanosecond at 1 GHz.
void printTrace(llvm::raw_ostream &os, const Program &program, const Run &run,
                MacReading reading);

} // namespace hdp::machine

#endif // HDP_MACHINE_REPORT_H
