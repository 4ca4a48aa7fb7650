//===- InvariantTest.cpp - what holds after every run ---------------------===//
//
// Accounts that close, bounds that hold, and what more pruning may not cost.
//
//===----------------------------------------------------------------------===//

#include "MachineCall.h"
#include "hdp/Machine/Report.h"
#include "hdp/Machine/TimingRules.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::test;

namespace {

struct Ran {
  Program program;
  Run run;
};

std::optional<Ran> runCall(const AttentionCall &call,
                           const AttentionRequest &request,
                           const Config &config) {
  llvm::Expected<Program> program = buildAttention(request, config);
  if (!program) {
    llvm::consumeError(program.takeError());
    return std::nullopt;
  }
  Ran ran{std::move(*program), {}};
  EXPECT_FALSE(bool(verifyProgram(ran.program, config)));
  FunctionalModel model(ran.program, config);
  writeInputs(ran.program, makeOperands(call), model);
  ran.run = runProgram(ran.program, model, config);
  return ran;
}

/// What a run costs beside time.
struct Cost {
  uint64_t products = 0, exponentials = 0, bytes = 0;
};
Cost costOf(const Run &run) {
  Cost cost;
  for (const Activity &activity : run.activities) {
    for (const ProductCount &product : activity.products)
      cost.products += product.count;
    cost.exponentials += activity.exponentials;
    cost.bytes += activity.dramBytes;
  }
  return cost;
}

AttentionCall makeCall(uint64_t seed, int64_t length, double rho) {
  std::mt19937_64 random(seed);
  AttentionCall call;
  call.Hq = call.Hkv = 2;
  call.Lq = call.Lk = length;
  call.d = call.dv = 32;
  call.scale = 0.2;
  call.policy.threshold = rho;
  for (auto *x : {&call.q, &call.k, &call.v})
    for (int64_t i = 0; i < 2 * length * 32; ++i)
      x->push_back(float(double(random() >> 11) * 0x1p-52 - 1.0) * 3);
  return call;
}

} // namespace

TEST(Invariant, everyCycleOfEveryUnitIsAccountedFor) {
  std::mt19937_64 random(11);
  for (uint64_t seed = 0; seed < 300; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    Config config = makeRandomConfig(random);
    std::optional<Ran> ran = runCall(call, makeRequest(call), config);
    if (!ran)
      continue;
    uint64_t moved = 0;
    for (const Activity &activity : ran->run.activities) {
      uint64_t bytes = 0;
      for (const DramRun &run : activity.runs)
        bytes += run.bytes;
      EXPECT_EQ(bytes, activity.dramBytes);
      moved += bytes;
    }
    for (MacReading reading : {MacReading::Fixed, MacReading::Brick}) {
      const Schedule &s = ran->run.get(reading);
      uint64_t commands = 0, transfers = 0;
      for (size_t q = 0; q < s.queues.size(); ++q) {
        const QueueTime &queue = s.queues[q];
        EXPECT_LE(queue.busy, s.cycles);
        EXPECT_LE(queue.idle, s.cycles);
        EXPECT_EQ(queue.busy + queue.getStalled() + queue.idle, s.cycles);
        commands += queue.commands;
      }
      EXPECT_EQ(commands, ran->program.commands.size());
      // Nothing starts before it can, queues keep their order.
      std::vector<uint64_t> freeAt(s.queues.size());
      auto dependences = findDependences(ran->program, config);
      for (size_t i = 0; i < s.commands.size(); ++i) {
        size_t queue = queueOf(ran->program.commands[i], config);
        EXPECT_GE(s.commands[i].start, freeAt[queue]);
        freeAt[queue] = s.commands[i].free;
        for (const Dependence &dependence : dependences[i])
          EXPECT_GE(s.commands[i].start, s.commands[dependence.before].end);
        transfers += ran->run.activities[i].dramBytes > 0;
      }
      // Bounds: bandwidth, multipliers, latency.
      EXPECT_GE(s.dram.bursts * config.dram_burst_bytes, moved);
      EXPECT_GE(s.cycles * config.dram_bytes_per_kilocycle, moved * 1000);
      Config read = withReading(config, reading);
      uint64_t cost = 0;
      for (const Activity &activity : ran->run.activities)
        cost += totalCost(activity, read);
      EXPECT_GE(s.cycles * 16 * config.macs(), cost)
          << seed << ": " << describe(call);
      EXPECT_GE(s.cycles, transfers > 0 ? config.dram_latency_cycles : 0);
    }
    if (HasFailure())
      return;
  }
}

TEST(Invariant, theSameStreamAndInputsGiveTheSameRun) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    AttentionCall call = makeRandomCall(seed);
    Config config = makeRandomConfig(random);
    std::optional<Ran> a = runCall(call, makeRequest(call), config),
                       b = runCall(call, makeRequest(call), config);
    ASSERT_EQ(bool(a), bool(b));
    if (!a)
      continue;
    EXPECT_TRUE(a->program == b->program);
    for (MacReading reading : {MacReading::Fixed, MacReading::Brick})
      for (size_t i = 0; i < a->program.commands.size(); ++i)
        EXPECT_EQ(a->run.get(reading).commands[i].end,
                  b->run.get(reading).commands[i].end);
    // Every counter, unit, head and energy.
    EXPECT_TRUE(toJson(makeReport(a->program, a->run, EnergyTable())) ==
                toJson(makeReport(b->program, b->run, EnergyTable())));
  }
}

TEST(Invariant, morePruningNeverCostsMore) {
  Config config;
  config.dram_bytes_per_kilocycle = 16777216; // as good as unlimited
  config.dram_latency_cycles = config.dram_row_miss_cycles = 0;
  for (bool isPaper : {false, true})
    for (uint64_t seed = 0; seed < 6; ++seed) {
      std::optional<Cost> last;
      uint64_t cycles[2] = {};
      for (double rho : {0.0, 0.2, 0.4, 0.6, 0.8, 0.95}) {
        AttentionCall call = makeCall(seed, 48, rho);
        if (isPaper) {
          call.policy = numerics::paperPolicy();
          call.policy.threshold = rho;
        }
        std::optional<Ran> ran = runCall(call, makeRequest(call), config);
        ASSERT_TRUE(bool(ran));
        Cost cost = costOf(ran->run);
        if (last) {
          EXPECT_LE(cost.products, last->products);
          EXPECT_LE(cost.exponentials, last->exponentials);
          EXPECT_LE(cost.bytes, last->bytes);
          for (unsigned r = 0; r < 2; ++r)
            EXPECT_LE(ran->run.schedules[r].cycles, cycles[r]) << rho;
        }
        last = cost;
        for (unsigned r = 0; r < 2; ++r)
          cycles[r] = ran->run.schedules[r].cycles;
      }
    }
}

/// Cycles when the memory behind all cores takes no part: every transfer takes
/// as long as one that finds everything present.
static std::array<uint64_t, 2> cyclesWithoutDram(Ran ran) {
  for (Activity &activity : ran.run.activities) {
    activity.runs.clear();
    activity.dramBytes = 0;
  }
  std::array<uint64_t, 2> cycles;
  for (MacReading reading : {MacReading::Fixed, MacReading::Brick})
    cycles[unsigned(reading)] = schedule(ran.program, ran.run.activities,
                                         withReading(ran.run.config, reading))
                                    .cycles;
  return cycles;
}

TEST(Invariant, aSupersetOfPrunedBlocksNeverAddsWork) {
  // Thresholds of one attention nest: what a lower one prunes a higher one
  // prunes too.
  std::mt19937_64 random(12);
  uint64_t compared = 0, fewer = 0;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    Config config = makeRandomConfig(random);
    bool isTopK = call.policy.selection == numerics::Selection::TopK;
    std::optional<Cost> last;
    std::array<uint64_t, 2> lastCycles;
    for (double x : {0.05, 0.3, 0.5, 0.7, 0.95}) {
      call.policy.threshold = isTopK ? 1.0 - x : x;
      std::optional<Ran> ran = runCall(call, makeRequest(call), config);
      if (!ran)
        break;
      Cost cost = costOf(ran->run);
      std::array<uint64_t, 2> cycles = cyclesWithoutDram(std::move(*ran));
      if (last) {
        SCOPED_TRACE("seed " + std::to_string(seed) + ", threshold " +
                     std::to_string(x) + ": " + describe(call));
        ++compared;
        fewer += cost.products < last->products;
        EXPECT_LE(cost.products, last->products);
        EXPECT_LE(cost.exponentials, last->exponentials);
        EXPECT_LE(cost.bytes, last->bytes);
        EXPECT_LE(cycles[0], lastCycles[0]);
        EXPECT_LE(cycles[1], lastCycles[1]);
      }
      last = cost;
      lastCycles = cycles;
    }
  }
  EXPECT_GT(compared, 500u);
  EXPECT_GT(fewer, 200u);
}

TEST(Invariant, aGatedHeadCostsWhatTheRulesSay) {
  AttentionCall call = makeCall(2, 24, 0.2); // 2 heads, 24 x 24, d 32
  call.policy.tau = 1e6;                     // above any measure
  Config config;
  for (numerics::Gated gated : {numerics::Gated::Zero, numerics::Gated::Mean}) {
    call.policy.gated = gated;
    call.policy.pruned = numerics::Pruned::Dropped;
    std::optional<Ran> ran = runCall(call, makeRequest(call), config);
    ASSERT_TRUE(bool(ran));
    bool isMean = gated == numerics::Gated::Mean;
    uint64_t weighed = 0, integer = 0, bytes = 0;
    for (size_t i = 0; i < ran->program.commands.size(); ++i) {
      const Command &command = ran->program.commands[i];
      const Activity &activity = ran->run.activities[i];
      bool isSkipped =
          std::holds_alternative<ScoreCommand>(command) ||
          std::holds_alternative<SoftmaxCommand>(command) ||
          std::holds_alternative<LoadKeptCommand>(command) ||
          (!isMean && std::holds_alternative<WeighCommand>(command));
      if (isSkipped) {
        EXPECT_TRUE(activity.isDropped);
      }
      for (const Schedule &s : ran->run.schedules) {
        uint64_t cycles = s.commands[i].end - s.commands[i].start;
        EXPECT_TRUE(!activity.isDropped || cycles == config.drop_cycles);
      }
      for (const ProductCount &product : activity.products)
        (std::holds_alternative<WeighCommand>(command) ? weighed : integer) +=
            product.count;
      EXPECT_EQ(activity.exponentials, 0u);
      bytes += activity.dramBytes;
    }
    // The integer pass is pooled: 12 x 12 blocks of 32 products. The mean takes
    // one sum of V a row: there is no mask.
    EXPECT_EQ(integer, 2u * 12 * 12 * 32);
    EXPECT_EQ(weighed, isMean ? 2u * 24 * 32 : 0u);
    // Exponents, integer planes of Q and K, output codes; values for the mean.
    uint64_t perHead = 2 + 2 * (24 * 32 / 2) + 24 * 32 * 2;
    EXPECT_EQ(bytes, 2 * (perHead + (isMean ? 24 * 32 : 0)));
  }
}
