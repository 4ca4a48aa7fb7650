//===- TickedMachine.h - a whole machine, cycle by cycle --------*- C++ -*-===//
//
// All units of all cores and the DRAM behind them, stepped together one clock
// at a time. What the event model's schedules have to equal.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_MACHINE_TICKEDMACHINE_H
#define HDP_TEST_UNIT_MACHINE_TICKEDMACHINE_H

#include "hdp/Machine/Timing.h"

namespace hdp::test {

/// Runs a verified program whose commands did `activities`. Dependences are
/// found again by comparing every command with every one before it; only the
/// names of causes are the event model's.
machine::Schedule tickMachine(const machine::Program &program,
                              llvm::ArrayRef<machine::Activity> activities,
                              const machine::Config &config);

} // namespace hdp::test

#endif // HDP_TEST_UNIT_MACHINE_TICKEDMACHINE_H
