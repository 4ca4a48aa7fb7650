//===- MachineCall.h - attention calls on machines --------------*- C++ -*-===//
//
// Runs the calls of the numerics tests through programs, and makes random
// machines to run them on.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_MACHINE_MACHINECALL_H
#define HDP_TEST_UNIT_MACHINE_MACHINECALL_H

#include "Numerics/AttentionCall.h"
#include "hdp/Machine/HostSide.h"
#include <random>

namespace hdp::test {

machine::Site makeSite(const AttentionCall &call);
machine::AttentionOperands makeOperands(const AttentionCall &call);
machine::AttentionRequest makeRequest(const AttentionCall &call);

/// Builds, checks and executes a call's program; every intermediate that the
/// machine holds, and `out`. An error names what failed.
llvm::Expected<AttentionResult>
runOnMachine(const AttentionCall &call,
             const machine::AttentionRequest &request,
             const machine::Config &config);

/// A machine with random sizes, most of them small.
machine::Config makeRandomConfig(std::mt19937_64 &random);

/// The tensors of `expected` that `found` has too.
AttentionResult restrictTo(const AttentionResult &expected,
                           const AttentionResult &found);

} // namespace hdp::test

#endif // HDP_TEST_UNIT_MACHINE_MACHINECALL_H
