//===- Report.h - what people and scripts read ------------------*- C++ -*-===//
//
// Text, JSON and trace of a run, all from the same counters and schedules.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_REPORT_H
#define HDP_MACHINE_REPORT_H

#include "hdp/Machine/Energy.h"
#include "hdp/Machine/Functional.h"
#include "llvm/Support/JSON.h"
#include <memory>

namespace hdp::machine {

/// Everything that a report says, of one run of a program or of several on one
/// machine, added up.
struct RunReport {
  Config config;
  EnergyTable energyTable;
  uint64_t programs = 0; ///< how many runs
  double denseOperations = 0;
  /// Heads by their place in the program.
  RunCounters counters;
  struct Reading {
    uint64_t cycles = 0;
    std::vector<QueueTime> queues;
    DramCounters dram;
    /// From a head's first command to its last result; heads overlap.
    std::vector<uint64_t> headCycles;
    // What follows from the above and the counters.
    double effectiveGops = 0, macUtilisation = 0, macEfficiency = 0;
    Energy energy;
  };
  Reading readings[2]; ///< by MacReading

  /// The same attentions dense, in codes of `bits`.
  struct Baseline {
    unsigned bits = 16;
    Counters counters;
    uint64_t cycles[2] = {};
    Energy energy[2];
  };
  std::vector<Baseline> baselines;

  /// The machine's own kind of multipliers.
  MacReading own() const {
    return config.brick_macs ? MacReading::Brick : MacReading::Fixed;
  }
  /// Adds runs on the same machine.
  void add(const RunReport &other);
};

/// A run that is kept for traces and pictures.
struct Launch {
  std::shared_ptr<const Program> program;
  Run run;
  /// At least `kind` and `kept` of pruned attention.
  Intermediates blocks;
};

RunReport makeReport(const Program &program, const Run &run,
                     const EnergyTable &table);

/// A dense run of the attentions that a report is about.
RunReport::Baseline makeBaseline(const Program &program, const Run &run,
                                 const EnergyTable &table, unsigned bits);

/// docs/Report.md documents the keys.
llvm::json::Value toJson(const RunReport &report);
/// The machine alone: name, fingerprint, parameters.
llvm::json::Value toJson(const Config &config, const EnergyTable &table);
void printReport(llvm::raw_ostream &os, const RunReport &report);

/// A part of a report: an attention of a model, or a whole stream.
struct ReportPart {
  std::string name;     ///< e.g. `layer 0`
  std::string location; ///< where it stands in a model; may be empty
  const RunReport *report = nullptr;
  /// For trace, timeline and masks; null if none was kept.
  const Launch *launch = nullptr;
};

/// A Chrome trace (also for Perfetto) of the launches, one after the other: a
/// process a core, a thread a queue, an event a command; one cycle is a
/// nanosecond at 1 GHz.
void printTrace(llvm::raw_ostream &os, llvm::ArrayRef<ReportPart> parts,
                MacReading reading);
void printTrace(llvm::raw_ostream &os, const Program &program, const Run &run,
                MacReading reading);

/// Multiplier work a byte of DRAM against what multipliers and DRAM can do, and
/// the busiest units.
void printRoofline(llvm::raw_ostream &os, llvm::ArrayRef<ReportPart> parts);

/// A page that stands alone: numbers, timeline, masks of a few heads, energy.
void printHtml(llvm::raw_ostream &os, llvm::StringRef title,
               const RunReport &sum, llvm::ArrayRef<ReportPart> parts);

} // namespace hdp::machine

#endif // HDP_MACHINE_REPORT_H
