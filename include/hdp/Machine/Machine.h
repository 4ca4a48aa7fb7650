//===- Machine.h - run a program --------------------------------*- C++ -*-===//
//
// Function first, timing from what function did, with multipliers of both
// kinds: the one entry that engines and tools need.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_MACHINE_H
#define HDP_MACHINE_MACHINE_H

#include "hdp/Machine/Functional.h"
#include "hdp/Machine/Timing.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace hdp::machine {

/// How multipliers are built: each one product of up to 16 bits, or bricks of
/// 4 bits that split up.
enum class MacReading : uint8_t { Fixed, Brick };
llvm::StringRef stringify(MacReading reading);

/// `config` with multipliers of a kind.
Config withReading(Config config, MacReading reading);

/// A finished run.
struct Run {
  Config config;
  std::vector<Activity> activities;
  /// By MacReading.
  Schedule schedules[2];

  const Schedule &get(MacReading reading) const {
    return schedules[unsigned(reading)];
  }
};

/// Executes a verified program on `model`, whose inputs are written, and
/// schedules it with both kinds of multipliers.
/// `progress` is told now and then how many commands have been executed, and of
/// how many.
using RunProgress = llvm::function_ref<void(int64_t done, int64_t total)>;
Run runProgram(const Program &program, FunctionalModel &model,
               const Config &config, RunProgress progress = nullptr);
/// The same for a program that runs often: with its dependences, and what an
/// earlier run left in `run` as memory for this one.
void runProgram(const Program &program, FunctionalModel &model,
                const Config &config, const Dependences &dependences, Run &run,
                RunProgress progress = nullptr);

} // namespace hdp::machine

#endif // HDP_MACHINE_MACHINE_H
