//===- Timing.cpp - the event model ---------------------------------------===//
//
// Rule T1: a command starts when its queue is free and all it depends on has
// ended. Everything but the DRAM follows from that at once; pieces of transfers
// are served in the order in which they arrive.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Timing.h"
#include "hdp/Machine/TimingRules.h"
#include "llvm/ADT/bit.h"
#include <queue>

using namespace hdp;
using namespace hdp::machine;

llvm::StringRef machine::stringify(Queue queue) {
  static const llvm::StringRef names[] = {"prefetch", "demand",  "array",
                                          "sparsity", "softmax", "normaliser",
                                          "store"};
  return names[unsigned(queue)];
}

llvm::StringRef machine::stringify(Cause cause) {
  static const llvm::StringRef names[] = {"loads",   "scores", "mask",  "gate",
                                          "weights", "output", "space", "dram"};
  return names[unsigned(cause)];
}

namespace {
struct QueueFinder {
  size_t operator()(const SetupCommand &c) {
    return at(first(c.cores), Queue::Prefetch);
  }
  size_t operator()(const LoadCommand &c) {
    return at(first(c.cores), c.queue ? Queue::Demand : Queue::Prefetch);
  }
  size_t operator()(const LoadValuesCommand &c) {
    return at(first(c.cores), c.queue ? Queue::Demand : Queue::Prefetch);
  }
  size_t operator()(const LoadKeptCommand &c) {
    return at(c.core, Queue::Demand);
  }
  size_t operator()(const IntegerPassCommand &c) {
    return at(c.core, Queue::Array);
  }
  size_t operator()(const EndRowsCommand &c) {
    return at(c.core, Queue::Sparsity);
  }
  size_t operator()(const EndHeadCommand &) { return cores * numQueues; }
  size_t operator()(const ScoreCommand &c) { return at(c.core, Queue::Array); }
  size_t operator()(const SoftmaxCommand &c) {
    return at(c.core, Queue::Softmax);
  }
  size_t operator()(const WeighCommand &c) { return at(c.core, Queue::Array); }
  size_t operator()(const NormaliseCommand &c) {
    return at(c.core, Queue::Normaliser);
  }
  size_t operator()(const StoreCommand &c) { return at(c.core, Queue::Store); }

  static size_t first(uint64_t set) { return size_t(llvm::countr_zero(set)); }
  static size_t at(size_t core, Queue queue) {
    return core * numQueues + unsigned(queue);
  }
  size_t cores;
};

/// A queue while it runs.
struct Lane {
  uint32_t next = none; // its next command
  bool isMoving = false;
  uint64_t freeAt = 0;
  /// Of a transfer in work: the piece that waits, and the rest.
  DramPiece piece;
  TransferCutter rest;
  static constexpr uint32_t none = ~uint32_t(0);
};

class EventModel {
public:
  EventModel(llvm::ArrayRef<Activity> activities,
             llvm::ArrayRef<Duration> durations, const Config &config,
             const Dependences &dependences)
      : activities(activities), durations(durations), config(config),
        dependences(dependences), dram(config) {}
  Schedule run();

private:
  void prepare();
  void advance(size_t lane);
  void servePiece();
  void finish(size_t lane, uint32_t command, uint64_t free, uint64_t end);

  llvm::ArrayRef<Activity> activities;
  llvm::ArrayRef<Duration> durations;
  const Config &config;
  const Dependences &dependences;
  Dram dram;
  Schedule result;
  std::vector<Lane> lanes;
  std::vector<uint32_t> behind; // the next command of a command's queue
  /// What a command waits for: how many commands, until when, why.
  struct Wait {
    uint64_t ready = 0;
    uint32_t missing = 0;
    Cause cause = Cause::Loads;
  };
  std::vector<Wait> waits;
  std::vector<uint32_t> todo;
  /// Pieces that wait for the DRAM: arrival and lane.
  using Arrival = std::pair<uint64_t, size_t>;
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<Arrival>>
      arrivals;
};
} // namespace

size_t machine::queueOf(const Command &command, const Config &config) {
  return std::visit(QueueFinder{config.cores}, command);
}

/// What a transfer that moves bytes has for a duration.
static constexpr uint64_t moves = ~uint64_t(0);

void EventModel::prepare() {
  size_t n = dependences.size(), numLanes = config.cores * numQueues + 1;
  lanes.resize(numLanes);
  result.queues.resize(numLanes);
  result.commands.resize(n);
  waits.resize(n);
  behind.assign(n, Lane::none);
  for (auto i = uint32_t(n); i-- > 0;) {
    Lane &lane = lanes[dependences.getQueue(i)];
    behind[i] = lane.next;
    lane.next = i;
    waits[i].missing = uint32_t(dependences[i].size());
  }
  for (uint32_t lane = 0; lane < numLanes; ++lane)
    todo.push_back(lane);
}

void EventModel::finish(size_t lane, uint32_t command, uint64_t free,
                        uint64_t end) {
  result.commands[command].free = free;
  result.commands[command].end = end;
  result.cycles = std::max(result.cycles, std::max(free, end));
  lanes[lane].freeAt = free;
  lanes[lane].next = behind[command];
  ++result.queues[lane].commands;
  for (const Dependence &successor : dependences.getSuccessors(command)) {
    Wait &wait = waits[successor.before];
    // Of what ends at the same time, the first in the list of causes counts.
    if (wait.ready < end || (wait.ready == end && successor.cause < wait.cause))
      wait.cause = successor.cause;
    wait.ready = std::max(wait.ready, end);
    if (--wait.missing == 0)
      todo.push_back(dependences.getQueue(successor.before));
  }
}

/// Starts what the lane's next commands allow.
void EventModel::advance(size_t index) {
  Lane &lane = lanes[index];
  while (lane.next != Lane::none) {
    uint32_t command = lane.next;
    const Wait &wait = waits[command];
    if (wait.missing != 0 || lane.isMoving)
      return;
    uint64_t start = std::max(lane.freeAt, wait.ready);
    result.queues[index].stalled[unsigned(wait.cause)] += start - lane.freeAt;
    result.commands[command].start = start;
    const Duration &duration = durations[command];
    if (duration.occupancy == moves) {
      lane.isMoving = true;
      lane.rest.start(activities[command].runs, config);
      lane.rest.next(lane.piece);
      arrivals.push({start, index});
      return;
    }
    result.queues[index].busy += duration.occupancy;
    uint64_t free = start + duration.occupancy;
    finish(index, command, free, free + duration.latency);
  }
}

/// Serves the piece that arrived first; the next one of its transfer arrives
/// when it is through.
void EventModel::servePiece() {
  auto [time, index] = arrivals.top();
  arrivals.pop();
  Lane &lane = lanes[index];
  Dram::Service service = dram.serve(lane.piece, time);
  QueueTime &queue = result.queues[index];
  queue.stalled[unsigned(Cause::Dram)] += service.start - time;
  queue.busy += service.end - service.start;
  if (lane.rest.next(lane.piece)) {
    arrivals.push({service.end, index});
    return;
  }
  lane.isMoving = false;
  finish(index, lane.next, service.end,
         service.end + config.dram_latency_cycles);
  todo.push_back(uint32_t(index));
}

Schedule EventModel::run() {
  prepare();
  for (;;) {
    while (!todo.empty()) {
      size_t lane = todo.back();
      todo.pop_back();
      advance(lane);
    }
    if (arrivals.empty())
      break;
    servePiece();
  }
  for (QueueTime &queue : result.queues)
    queue.idle = result.cycles - queue.busy - queue.getStalled();
  result.dram = dram.getCounters();
  return std::move(result);
}

/// Durations of all commands, or only of those of arrays: nothing else depends
/// on how multipliers are built.
static void findDurations(const Program &program,
                          llvm::ArrayRef<Activity> activities,
                          const Config &config, bool onlyArrays,
                          std::vector<Duration> &durations) {
  durations.resize(program.commands.size());
  RuleConstants constants(config);
  for (size_t i = 0; i < durations.size(); ++i) {
    const Command &command = program.commands[i];
    const Activity &activity = activities[i];
    Unit unit = getInfo(command).unit;
    if (onlyArrays && unit != Unit::Array)
      continue;
    if ((unit != Unit::Load && unit != Unit::Store) || activity.isDropped)
      durations[i] = durationOf(command, activity, config, constants);
    else if (activity.dramBytes > 0)
      durations[i] = {moves, 0};
    else // a load that finds everything present takes as long as a dropped one
      durations[i] = {config.drop_cycles, 0};
  }
}

Schedule machine::schedule(const Program &program,
                           llvm::ArrayRef<Activity> activities,
                           const Config &config) {
  return schedule(program, activities, config,
                  findDependences(program, config));
}

Schedule machine::schedule(const Program &program,
                           llvm::ArrayRef<Activity> activities,
                           const Config &config,
                           const Dependences &dependences) {
  std::vector<Duration> durations;
  findDurations(program, activities, config, /*onlyArrays=*/false, durations);
  return EventModel(activities, durations, config, dependences).run();
}

std::pair<Schedule, Schedule>
machine::schedule(const Program &program, llvm::ArrayRef<Activity> activities,
                  const Config &config, const Config &other,
                  const Dependences &dependences) {
  std::vector<Duration> durations;
  findDurations(program, activities, config, /*onlyArrays=*/false, durations);
  Schedule first = EventModel(activities, durations, config, dependences).run();
  findDurations(program, activities, other, /*onlyArrays=*/true, durations);
  return {std::move(first),
          EventModel(activities, durations, other, dependences).run()};
}
