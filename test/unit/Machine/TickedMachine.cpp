//===- TickedMachine.cpp - a whole machine, cycle by cycle ----------------===//
//
// A clock has two parts: at its beginning queues start what may start, then
// every unit takes one step. Times are counted, never computed.
//
//===----------------------------------------------------------------------===//

#include "TickedMachine.h"
#include "TickedModel.h"
#include "hdp/Machine/Access.h"
#include "hdp/Machine/TimingRules.h"
#include <functional>
#include <optional>
#include <utility>

using namespace hdp::test;
using namespace hdp::machine;

namespace {

/// Counts down; done when nothing is left.
struct Countdown {
  uint64_t left = 0, perCycle = 1;
  bool isDone() const { return left == 0; }
  void tick() { left -= std::min(left, perCycle); }
};

/// The bursts of a transfer, and those of its piece in work.
struct Transfer {
  std::vector<uint64_t> bursts; // addresses in bursts
  size_t next = 0;
};

/// The DRAM: one piece at a time, from the queue that has waited longest.
class TickedDram {
public:
  TickedDram(const Config &config, size_t lanes)
      : config(config), waitsSince(lanes), transfers(lanes),
        openRows(config.dram_banks, ~uint64_t(0)) {}

  void begin(size_t lane, const Activity &activity, uint64_t cycle) {
    Transfer &transfer = transfers[lane];
    transfer = {};
    uint64_t size = config.dram_burst_bytes;
    for (const DramRun &run : activity.runs)
      for (uint64_t byte = run.address; byte < run.address + run.bytes; ++byte)
        if (transfer.bursts.empty() || transfer.bursts.back() != byte / size)
          transfer.bursts.push_back(byte / size);
    waitsSince[lane] = cycle;
  }
  /// The beginning of a clock: a refresh closes rows; a piece may start.
  void begin(uint64_t cycle) {
    uint64_t interval = config.dram_refresh_interval_cycles;
    if (interval != 0 && cycle >= interval) {
      if (cycle % interval == 0)
        std::fill(openRows.begin(), openRows.end(), ~uint64_t(0));
      if (cycle % interval < config.dram_refresh_cycles)
        return;
    }
    if (serving)
      return;
    for (size_t lane = 0; lane < waitsSince.size(); ++lane)
      if (waitsSince[lane] &&
          (!serving || *waitsSince[lane] < *waitsSince[*serving]))
        serving = lane;
    if (!serving)
      return;
    waitsSince[*serving].reset();
    Transfer &transfer = transfers[*serving];
    uint64_t size = config.dram_burst_bytes;
    milliBytes = 0;
    wait = 0;
    for (uint64_t n = 0; n < config.dram_piece_bytes / size &&
                         transfer.next < transfer.bursts.size();
         ++n, ++transfer.next) {
      uint64_t burst = transfer.bursts[transfer.next];
      milliBytes += 1000 * size;
      for (uint64_t row = burst * size / config.dram_row_bytes;
           row <= (burst * size + size - 1) / config.dram_row_bytes; ++row) {
        uint64_t &open = openRows[row % config.dram_banks];
        if (open != row)
          wait += config.dram_row_miss_cycles;
        open = row;
      }
    }
  }
  /// One clock; gives the lane whose transfer is through by its end.
  std::optional<size_t> tick(uint64_t cycle) {
    if (!serving)
      return std::nullopt;
    if (milliBytes > 0)
      milliBytes -= std::min(milliBytes, config.dram_bytes_per_kilocycle);
    else
      --wait;
    if (milliBytes > 0 || wait > 0)
      return std::nullopt;
    size_t lane = *serving;
    serving.reset();
    if (transfers[lane].next == transfers[lane].bursts.size())
      return lane;
    waitsSince[lane] = cycle + 1;
    return std::nullopt;
  }
  bool serves(size_t lane) const { return serving == lane; }

private:
  const Config config;
  std::vector<std::optional<uint64_t>> waitsSince;
  std::vector<Transfer> transfers;
  std::vector<uint64_t> openRows;
  std::optional<size_t> serving;
  uint64_t milliBytes = 0, wait = 0;
};

/// A queue and what its unit is at.
struct Lane {
  std::vector<uint32_t> commands;
  size_t next = 0;
  bool isActive = false, isMoving = false;
  /// Of the command in work: one clock; whether its unit is free again.
  std::function<bool()> tick;
  std::optional<TickedSoftmax> softmax;
  /// Its strips by command; those whose last weight has been made.
  std::vector<uint32_t> strips;
  size_t doneStrips = 0;
  bool isStrip = false;
  /// Cycles in which it had nothing in work, until its next command started.
  uint64_t waited = 0;
};

class TickedMachine {
public:
  TickedMachine(const Program &program, llvm::ArrayRef<Activity> activities,
                const Config &config)
      : program(program), activities(activities), config(config),
        dram(config, config.cores * numQueues + 1),
        lanes(config.cores * numQueues + 1) {}
  Schedule run();

private:
  using Tick = std::function<bool()>;
  void findPredecessors();
  bool mayStart(uint32_t command);
  void end(uint32_t command, uint64_t cycle);
  void start(size_t lane, uint64_t cycle);
  /// What the unit does each clock; null: nothing at all.
  Tick makeWork(Lane &lane, const Command &command, const Activity &activity);
  Tick makeArrayWork(std::vector<TickedPass> passes, uint64_t portBytes);
  std::vector<TickedPass> getPasses(const Command &command,
                                    const Activity &activity) const;
  /// Cycles from the unit being free to the results.
  uint64_t getLatency(const Command &command, const Activity &activity) const;
  void free(size_t lane, uint64_t cycle);
  Cause getCause(uint32_t command) const;

  const Program &program;
  llvm::ArrayRef<Activity> activities;
  const Config &config;
  TickedDram dram;
  std::vector<Lane> lanes;
  std::vector<std::vector<uint32_t>> predecessors;
  Dependences named;
  std::vector<bool> hasEnded; // by the beginning of this clock
  size_t ended = 0;
  /// Results on their way: command and cycles left.
  std::vector<std::pair<uint32_t, uint64_t>> underway;
  Schedule result;
};

} // namespace

void TickedMachine::findPredecessors() {
  std::vector<Accesses> all(program.commands.size());
  predecessors.resize(all.size());
  for (uint32_t i = 0; i < all.size(); ++i) {
    AccessFinder(program).find(program.commands[i], all[i]);
    for (uint32_t before = 0; before < i; ++before) {
      bool conflicts = false;
      for (const Access &a : all[before])
        for (const Access &b : all[i])
          conflicts |=
              a.core == b.core && a.buffer == b.buffer && a.conflictsWith(b);
      if (conflicts)
        predecessors[i].push_back(before);
    }
  }
}

bool TickedMachine::mayStart(uint32_t command) {
  std::vector<uint32_t> &left = predecessors[command];
  while (!left.empty() && hasEnded[left.back()])
    left.pop_back();
  return left.empty();
}

void TickedMachine::end(uint32_t command, uint64_t cycle) {
  result.commands[command].end = cycle;
  hasEnded[command] = true;
  ++ended;
}

TickedMachine::Tick TickedMachine::makeArrayWork(std::vector<TickedPass> passes,
                                                 uint64_t portBytes) {
  auto issue = std::make_shared<Countdown>(Countdown{config.issue_cycles, 1});
  if (passes.empty()) {
    if (issue->isDone())
      return nullptr;
    return [issue] {
      issue->tick();
      return issue->isDone();
    };
  }
  auto array =
      std::make_shared<TickedArray>(std::move(passes), portBytes, config);
  return [issue, array] {
    if (issue->isDone())
      return array->tick();
    issue->tick();
    return false;
  };
}

std::vector<TickedPass>
TickedMachine::getPasses(const Command &command,
                         const Activity &activity) const {
  auto stepsOf = [](uint64_t sixteenths) {
    uint64_t steps = 0;
    for (; sixteenths > 0; ++steps)
      sixteenths -= std::min<uint64_t>(sixteenths, 16);
    return steps;
  };
  auto bytesOf = [&](uint64_t elements) {
    return (elements * activity.operandBits + 7) / 8;
  };
  std::vector<TickedPass> passes;
  if (std::holds_alternative<WeighCommand>(command)) {
    uint64_t lanes = config.pes() * 2; // a PE has 2 x 2 results
    for (const RowWork &row : activity.rows)
      for (uint64_t column = 0; column < activity.valueColumns; column += lanes)
        if (row.keys + row.sums > 0)
          passes.push_back(
              {stepsOf(row.keys * productCost(activity.products[0], config) +
                       row.sums * productCost(activity.products[1], config)),
               bytesOf(row.keys * lanes)});
    return passes;
  }
  uint64_t cost = 0;
  for (const ProductCount &product : activity.products)
    cost += productCost(product, config);
  uint64_t count = activity.tiles, keys = config.pe_columns * 2;
  if (!activity.rows.empty()) { // kept blocks
    std::vector<uint32_t> blocks;
    for (uint32_t r = 0; r < activity.rows.size(); ++r)
      blocks.insert(blocks.end(), activity.rows[r].slots, r);
    count = tickDispatcher(blocks, config);
    keys = config.pes() * 2;
  }
  passes.assign(
      count, {stepsOf(activity.depth * cost), bytesOf(keys * activity.depth)});
  return passes;
}

TickedMachine::Tick TickedMachine::makeWork(Lane &lane, const Command &command,
                                            const Activity &activity) {
  auto countdown = [](uint64_t left, uint64_t perCycle = 1) -> Tick {
    if (left == 0)
      return nullptr;
    auto counter = std::make_shared<Countdown>(Countdown{left, perCycle});
    return [counter] {
      counter->tick();
      return counter->isDone();
    };
  };
  Unit unit = getInfo(command).unit;
  if (activity.isDropped || unit == Unit::Load || unit == Unit::Store)
    return countdown(config.drop_cycles);
  if (unit == Unit::Array)
    return makeArrayWork(getPasses(command, activity),
                         std::holds_alternative<WeighCommand>(command)
                             ? config.v_port_bytes
                             : config.k_port_bytes);
  if (unit == Unit::Sparsity) {
    auto sweep = std::make_shared<TickedSweep>(activity.sweptRows,
                                               activity.sweptColumns, config);
    if (sweep->isDone())
      return nullptr;
    return [sweep] {
      sweep->tick();
      return sweep->isDone();
    };
  }
  if (unit == Unit::Gate)
    return countdown(config.head_end_cycles);
  if (unit == Unit::Normaliser)
    return countdown(activity.codes, config.normalise_per_cycle);
  uint64_t kept = 0;
  for (uint32_t nk : activity.keptPositions)
    kept += nk;
  if (kept == 0)
    return countdown(config.drop_cycles);
  lane.softmax->accept(activity.keptPositions, activity.groups);
  lane.strips.push_back(lane.commands[lane.next]);
  lane.isStrip = true;
  return [&lane] { return lane.softmax->canAccept(); };
}

uint64_t TickedMachine::getLatency(const Command &command,
                                   const Activity &activity) const {
  if (activity.isDropped)
    return 0;
  switch (getInfo(command).unit) {
  case Unit::Sparsity:
    return config.row_end_cycles;
  case Unit::Gate:
    return activity.cores > 1 ? config.sync_cycles : 0;
  case Unit::Normaliser:
    return activity.isExact ? config.exact_reciprocal_cycles
                            : config.linear_reciprocal_cycles;
  case Unit::Load:
  case Unit::Store:
    return activity.dramBytes > 0 ? config.dram_latency_cycles : 0;
  default:
    return 0;
  }
}

/// What the wait of a command that starts now was for: of what ended last, the
/// first in the list of causes.
Cause TickedMachine::getCause(uint32_t command) const {
  uint64_t last = 0;
  Cause cause = Cause::Loads;
  for (const Dependence &dependence : named[command]) {
    uint64_t end = result.commands[dependence.before].end;
    if (end > last || (end == last && dependence.cause < cause))
      cause = dependence.cause;
    last = std::max(last, end);
  }
  return cause;
}

void TickedMachine::start(size_t index, uint64_t cycle) {
  Lane &lane = lanes[index];
  uint32_t command = lane.commands[lane.next];
  const Activity &activity = activities[command];
  result.commands[command].start = cycle;
  result.queues[index].stalled[unsigned(getCause(command))] += lane.waited;
  lane.waited = 0;
  Unit unit = getInfo(program.commands[command]).unit;
  lane.isMoving = (unit == Unit::Load || unit == Unit::Store) &&
                  !activity.isDropped && activity.dramBytes > 0;
  if (lane.isMoving) {
    dram.begin(index, activity, cycle);
    lane.isActive = true;
    return;
  }
  lane.tick = makeWork(lane, program.commands[command], activity);
  lane.isActive = bool(lane.tick);
  if (!lane.isActive)
    free(index, cycle);
}

/// The unit is free from `cycle` on; results follow after their latency.
void TickedMachine::free(size_t index, uint64_t cycle) {
  Lane &lane = lanes[index];
  uint32_t command = lane.commands[lane.next++];
  lane.isActive = lane.isMoving = false;
  result.commands[command].free = cycle;
  ++result.queues[index].commands;
  if (std::exchange(lane.isStrip, false))
    return; // ends with its last weight
  if (uint64_t latency =
          getLatency(program.commands[command], activities[command]))
    underway.push_back({command, latency});
  else
    end(command, cycle);
}

Schedule TickedMachine::run() {
  size_t n = program.commands.size();
  findPredecessors();
  named = findDependences(program, config);
  hasEnded.assign(n, false);
  result.commands.resize(n);
  result.queues.resize(lanes.size());
  for (uint32_t i = 0; i < n; ++i)
    lanes[queueOf(program.commands[i], config)].commands.push_back(i);
  for (size_t core = 0; core < config.cores; ++core)
    lanes[core * numQueues + unsigned(Queue::Softmax)].softmax.emplace(config);

  for (uint64_t cycle = 0;; ++cycle) {
    // Queues start what may start; what takes no time lets others start.
    for (bool isChanged = true; isChanged;) {
      isChanged = false;
      for (size_t i = 0; i < lanes.size(); ++i)
        while (!lanes[i].isActive && lanes[i].next < lanes[i].commands.size() &&
               mayStart(lanes[i].commands[lanes[i].next])) {
          start(i, cycle);
          isChanged = true;
        }
    }
    if (ended == n) {
      result.cycles = cycle;
      return std::move(result);
    }
    dram.begin(cycle);
    for (size_t i = 0; i < lanes.size(); ++i) {
      Lane &lane = lanes[i];
      QueueTime &queue = result.queues[i];
      if (lane.next == lane.commands.size())
        ++queue.idle;
      else if (!lane.isActive)
        ++lane.waited;
      else if (lane.isMoving && !dram.serves(i))
        ++queue.stalled[unsigned(Cause::Dram)];
      else
        ++queue.busy;
    }

    // One step of every unit. Results that were underway before this clock come
    // one cycle closer.
    for (auto &[command, left] : underway)
      if (--left == 0)
        end(command, cycle + 1);
    llvm::erase_if(underway,
                   [](const auto &entry) { return entry.second == 0; });
    for (size_t i = 0; i < lanes.size(); ++i) {
      Lane &lane = lanes[i];
      if (lane.softmax) {
        lane.softmax->tick();
        while (lane.doneStrips < lane.softmax->getDone())
          end(lane.strips[lane.doneStrips++], cycle + 1);
      }
      if (lane.isActive && !lane.isMoving && lane.tick())
        free(i, cycle + 1);
    }
    if (std::optional<size_t> lane = dram.tick(cycle))
      free(*lane, cycle + 1);
  }
}

Schedule hdp::test::tickMachine(const Program &program,
                                llvm::ArrayRef<Activity> activities,
                                const Config &config) {
  return TickedMachine(program, activities, config).run();
}
