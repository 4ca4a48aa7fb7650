//===- MachineEngine.h - attention sites on the accelerator -----*- C++ -*-===//
//
// The engine that writes a program for each attention and executes it on the
// model of a machine.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_MACHINEENGINE_H
#define HDP_EXECUTION_MACHINEENGINE_H

#include "hdp/Execution/Engine.h"
#include "hdp/Machine/Config.h"
#include "hdp/Machine/Energy.h"

namespace hdp {

struct MachineOptions {
  machine::Config config;
  machine::EnergyTable energy;
  /// Attention without a policy runs in dense codes of 8 or 16 bits; 0: the
  /// CPU executes it.
  unsigned denseBits = 0;
  /// Every call is also timed dense, in 16 and in 8 bits, on the same machine.
  bool hasBaseline = false;
};

/// Executes sites on a machine: a launch for each index of the leading
/// dimensions before that of heads. It gives `out`, the exponents, and of a
/// site function with all intermediates each that the machine holds. What it
/// does not execute itself `cpu` does.
std::unique_ptr<AttentionEngine>
makeMachineEngine(MachineOptions options, std::unique_ptr<AttentionEngine> cpu);

} // namespace hdp

#endif // HDP_EXECUTION_MACHINEENGINE_H
