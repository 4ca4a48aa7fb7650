//===- Timing.h - when every command runs -----------------------*- C++ -*-===//
//
// The event model: commands and activities to a schedule, with every cycle of
// every unit accounted for. It never sees a value.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_TIMING_H
#define HDP_MACHINE_TIMING_H

#include "hdp/Machine/Activity.h"
#include "hdp/Machine/Dram.h"
#include "hdp/Machine/Program.h"

namespace hdp::machine {

/// The queues of a core, each taking its commands in program order. The gate is
/// one for all cores, behind the last one.
enum class Queue : uint8_t {
  Prefetch,
  Demand,
  Array,
  Sparsity,
  Softmax,
  Normaliser,
  Store
};
inline constexpr unsigned numQueues = 7;
llvm::StringRef stringify(Queue queue);

/// What a unit waits for: data that another unit makes, space that is still in
/// use, or the DRAM.
enum class Cause : uint8_t {
  Loads,
  Scores,
  Mask,
  Gate,
  Weights,
  Output,
  Space,
  Dram
};
inline constexpr unsigned numCauses = 8;
llvm::StringRef stringify(Cause cause);

/// When a command ran: its unit is busy from `start` to `free`, its results
/// are there at `end`.
struct CommandTime {
  uint64_t start = 0, free = 0, end = 0;
};

/// The cycles of a queue; busy + stalls + idle = all cycles.
struct QueueTime {
  uint64_t busy = 0, idle = 0, commands = 0;
  uint64_t stalled[numCauses] = {};
  uint64_t getStalled() const {
    uint64_t sum = 0;
    for (uint64_t cycles : stalled)
      sum += cycles;
    return sum;
  }
};

struct Schedule {
  uint64_t cycles = 0;
  std::vector<CommandTime> commands;
  /// numQueues a core, then the gate.
  std::vector<QueueTime> queues;
  DramCounters dram;

  const QueueTime &get(uint64_t core, Queue queue) const {
    return queues[core * numQueues + unsigned(queue)];
  }
};

/// The queue that executes a command; loads for several cores are in that of
/// the lowest one.
size_t queueOf(const Command &command, const Config &config);

/// A command that has to end before another one starts, and what the other one
/// then gets from it.
struct Dependence {
  uint32_t before;
  Cause cause;
};

/// What a schedule takes from the program alone: the commands before each one
/// that it depends on, those behind that depend on it, and its queue.
class Dependences {
public:
  size_t size() const { return queues.size(); }
  /// What command i depends on.
  llvm::ArrayRef<Dependence> operator[](size_t i) const {
    return slice(before, beforeBegin, i);
  }
  /// The commands that depend on command i; `before` is the one behind.
  llvm::ArrayRef<Dependence> getSuccessors(size_t i) const {
    return slice(after, afterBegin, i);
  }
  /// As queueOf.
  uint32_t getQueue(size_t i) const { return queues[i]; }

private:
  static llvm::ArrayRef<Dependence> slice(const std::vector<Dependence> &all,
                                          const std::vector<uint32_t> &begin,
                                          size_t i) {
    return llvm::ArrayRef<Dependence>(all).slice(begin[i],
                                                 begin[i + 1] - begin[i]);
  }
  void addSuccessors();
  friend Dependences findDependences(const Program &program,
                                     const Config &config);

  std::vector<Dependence> before, after;
  std::vector<uint32_t> beforeBegin, afterBegin, queues;
};

/// T1: the dependences of all commands, from their accesses. TIMING parameters
/// do not matter.
Dependences findDependences(const Program &program, const Config &config);

/// T1: schedules a verified program whose commands did `activities`.
Schedule schedule(const Program &program, llvm::ArrayRef<Activity> activities,
                  const Config &config);
Schedule schedule(const Program &program, llvm::ArrayRef<Activity> activities,
                  const Config &config, const Dependences &dependences);
/// The same on two machines that differ in how multipliers are built.
std::pair<Schedule, Schedule> schedule(const Program &program,
                                       llvm::ArrayRef<Activity> activities,
                                       const Config &config,
                                       const Config &other,
                                       const Dependences &dependences);

} // namespace hdp::machine

#endif // HDP_MACHINE_TIMING_H
