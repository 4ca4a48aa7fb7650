//===- Host.h - the processor that a figure belongs to ----------*- C++ -*-===//
//
// A time means nothing without its machine: the processor's name, what it can
// execute, how busy it was, and the one core that everything runs on.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_HOST_H
#define HDP_TOOLS_HDP_BENCH_HOST_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <string>
#include <vector>

namespace hdp::bench {

struct Host {
  std::string processor;
  /// Those that attention kernels care about, as LLVM spells them.
  std::vector<std::string> instructionSets;
  int64_t cores = 0;
  /// Runnable processes of the last minute, ours among them.
  double load = 0;
  /// The core that this process is pinned to, if that worked.
  std::optional<int64_t> core;

  bool has(llvm::StringRef instructionSet) const;
  /// Whether this processor runs the files compiled for 512-bit vectors with
  /// VNNI, and those for 256-bit ones.
  bool hasAVX512() const;
  bool hasAVX2() const;
};

/// Looks at this machine. Pins the process to `core` (none: the last one it
/// may use) and tells libraries that read the environment to use one thread.
Host setUpHost(std::optional<int64_t> core);

/// Moves the threads that the calling one has started to the cores that it is
/// not pinned to: left to itself, a virtual machine may keep all on one.
void spreadThreads();

/// Moves the calling thread there, which has begun on the core that this
/// process is pinned to.
void leavePinnedCore();

llvm::json::Object toJson(const Host &host);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_HOST_H
