//===- Timing.cpp - the event model ---------------------------------------===//
//
// Rule T1: a command starts when its queue is free and all it depends on has
// ended. Everything but the DRAM follows from that at once; pieces of transfers
// are served in the order in which they arrive.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Timing.h"
#include "hdp/Machine/TimingRules.h"
#include "llvm/ADT/STLExtras.h"
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
  std::vector<uint32_t> commands;
  size_t next = 0;
  uint64_t freeAt = 0;
  /// Of a transfer in work: its pieces and the one that waits.
  std::vector<DramPiece> pieces;
  size_t piece = 0;
};

class EventModel {
public:
  EventModel(const Program &program, llvm::ArrayRef<Activity> activities,
             const Config &config)
      : program(program), activities(activities), config(config), dram(config) {
  }
  Schedule run(const Dependences &dependences);

private:
  void advance(size_t lane);
  void beginTransfer(size_t lane, uint32_t command, uint64_t start);
  void finish(size_t lane, uint32_t command, uint64_t free, uint64_t end);

  const Program &program;
  llvm::ArrayRef<Activity> activities;
  const Config &config;
  Dram dram;
  Schedule result;
  std::vector<Lane> lanes;
  Dependences successors; // `before` is the command after
  std::vector<uint32_t> missing;
  std::vector<uint64_t> ready;
  std::vector<Cause> causes;
  std::vector<size_t> laneOf, todo;
  /// Pieces that wait for the DRAM: arrival and lane.
  using Arrival = std::pair<uint64_t, size_t>;
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<Arrival>>
      arrivals;
};
} // namespace

size_t machine::queueOf(const Command &command, const Config &config) {
  return std::visit(QueueFinder{config.cores}, command);
}

void EventModel::finish(size_t lane, uint32_t command, uint64_t free,
                        uint64_t end) {
  result.commands[command].free = free;
  result.commands[command].end = end;
  result.cycles = std::max(result.cycles, std::max(free, end));
  lanes[lane].freeAt = free;
  ++lanes[lane].next;
  ++result.queues[lane].commands;
  for (const Dependence &successor : successors[command]) {
    uint32_t after = successor.before;
    // Of what ends at the same time, the first in the list of causes counts.
    if (ready[after] < end ||
        (ready[after] == end && successor.cause < causes[after]))
      causes[after] = successor.cause;
    ready[after] = std::max(ready[after], end);
    if (--missing[after] == 0)
      todo.push_back(laneOf[after]);
  }
}

void EventModel::beginTransfer(size_t lane, uint32_t command, uint64_t start) {
  lanes[lane].pieces = cutIntoPieces(activities[command].runs, config);
  lanes[lane].piece = 0;
  arrivals.push({start, lane});
}

/// Starts what the lane's next commands allow.
void EventModel::advance(size_t index) {
  Lane &lane = lanes[index];
  while (lane.next < lane.commands.size()) {
    uint32_t command = lane.commands[lane.next];
    if (missing[command] != 0 || !lane.pieces.empty())
      return;
    uint64_t start = std::max(lane.freeAt, ready[command]);
    result.queues[index].stalled[unsigned(causes[command])] +=
        start - lane.freeAt;
    result.commands[command].start = start;
    Unit unit = getInfo(program.commands[command]).unit;
    bool moves = (unit == Unit::Load || unit == Unit::Store) &&
                 !activities[command].isDropped;
    if (moves && activities[command].dramBytes > 0)
      return beginTransfer(index, command, start);
    // A load that finds everything present takes as long as a dropped one.
    Duration duration = moves ? Duration{config.drop_cycles, 0}
                              : durationOf(program.commands[command],
                                           activities[command], config);
    result.queues[index].busy += duration.occupancy;
    uint64_t free = start + duration.occupancy;
    finish(index, command, free, free + duration.latency);
  }
}

Schedule EventModel::run(const Dependences &dependences) {
  size_t n = program.commands.size(), numLanes = config.cores * numQueues + 1;
  lanes.resize(numLanes);
  result.queues.resize(numLanes);
  result.commands.resize(n);
  successors.resize(n);
  missing.assign(n, 0);
  ready.assign(n, 0);
  causes.assign(n, Cause::Loads);
  for (uint32_t i = 0; i < n; ++i) {
    laneOf.push_back(queueOf(program.commands[i], config));
    lanes[laneOf[i]].commands.push_back(i);
    missing[i] = uint32_t(dependences[i].size());
    for (const Dependence &dependence : dependences[i])
      successors[dependence.before].push_back({i, dependence.cause});
  }
  for (size_t lane = 0; lane < numLanes; ++lane)
    todo.push_back(lane);
  for (;;) {
    while (!todo.empty()) {
      size_t lane = todo.back();
      todo.pop_back();
      advance(lane);
    }
    if (arrivals.empty())
      break;
    auto [time, index] = arrivals.top();
    arrivals.pop();
    Lane &lane = lanes[index];
    Dram::Service service = dram.serve(lane.pieces[lane.piece], time);
    QueueTime &queue = result.queues[index];
    queue.stalled[unsigned(Cause::Dram)] += service.start - time;
    queue.busy += service.end - service.start;
    if (++lane.piece < lane.pieces.size()) {
      arrivals.push({service.end, index});
      continue;
    }
    lane.pieces.clear();
    finish(index, lane.commands[lane.next], service.end,
           service.end + config.dram_latency_cycles);
    todo.push_back(index);
  }
  for (size_t lane = 0; lane < numLanes; ++lane) {
    QueueTime &queue = result.queues[lane];
    queue.idle = result.cycles - queue.busy - queue.getStalled();
  }
  result.dram = dram.getCounters();
  return std::move(result);
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
  return EventModel(program, activities, config).run(dependences);
}
