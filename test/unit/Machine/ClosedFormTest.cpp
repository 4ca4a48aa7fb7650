//===- ClosedFormTest.cpp - runs that a person can count ------------------===//
//
// The cases of docs/Machine.md, "Counting by hand": the latency of an unloaded
// machine, arrays at their peak, and a memory that is the bottleneck.
//
//===----------------------------------------------------------------------===//

#include "MachineCall.h"
#include "hdp/Machine/Machine.h"
#include "hdp/Machine/TimingRules.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::test;

namespace {

struct Ran {
  Program program;
  machine::Run run;
};

/// Attention of `length` keys, d = 64, without masks.
Ran runPlain(uint32_t heads, uint32_t rows, uint32_t keys, uint32_t dv,
             bool isDense, const Config &config, double keep = 0.25) {
  std::mt19937_64 random(1);
  AttentionCall call;
  call.Hq = call.Hkv = heads;
  call.Lq = rows;
  call.Lk = keys;
  call.d = 64;
  call.dv = dv;
  call.scale = 0.125;
  call.policy.selection = numerics::Selection::TopK;
  call.policy.threshold = keep;
  auto fill = [&](std::vector<float> &x, size_t n) {
    for (size_t i = 0; i < n; ++i)
      x.push_back(float(double(random() >> 11) * 0x1p-52 - 1.0) * 3);
  };
  fill(call.q, size_t(heads) * rows * 64);
  fill(call.k, size_t(heads) * keys * 64);
  fill(call.v, size_t(heads) * keys * dv);
  AttentionRequest request = makeRequest(call);
  request.site.dense = isDense;
  llvm::Expected<Program> program = buildAttention(request, config);
  if (!program) {
    ADD_FAILURE() << llvm::toString(program.takeError());
    return {};
  }
  Ran ran{std::move(*program), {}};
  FunctionalModel model(ran.program, config);
  writeInputs(ran.program, makeOperands(call), model);
  ran.run = runProgram(ran.program, model, config);
  return ran;
}

/// hdp-edge with one core and without refresh.
Config oneCore() {
  Config config;
  config.cores = config.cores_per_head = 1;
  config.dram_refresh_interval_cycles = 0;
  return config;
}

bool isArray(const Command &command) {
  return getInfo(command).unit == Unit::Array;
}

} // namespace

TEST(ClosedForm, anUnloadedStripCountedByHand) {
  // Two query rows, eight keys, d 64, dv 16, codes of 8 bits.
  Ran ran = runPlain(1, 2, 8, 16, /*isDense=*/true, oneCore());
  const Schedule &s = ran.run.get(MacReading::Fixed);
  constexpr uint64_t latency = 100, miss = 3;
  // T2, T3: sQ and sK are a burst each in a row each; Q waited longer than K.
  uint64_t setUp = 5 + 2 * miss;             // 128 bytes at 25.6 a cycle
  uint64_t query = setUp + 5 + miss;         // 128 bytes
  uint64_t keys = query + 20 + miss;         // 512 bytes
  uint64_t score = keys + latency;           // T1
  uint64_t softmax = score + 4 + 64 + 6;     // T8: issue, one tile, fill
  uint64_t weigh = softmax + 4 + 4 + 24 + 1; // T12: two rows of 8 keys
  uint64_t normalise = weigh + 4 + 8 + 6;    // T9: 8 keys, one pass
  uint64_t store = normalise + 4 + 32;       // T13: 32 codes, exact
  uint64_t end = store + 3 + miss + latency; // 64 bytes
  EXPECT_EQ(end, 409u);
  EXPECT_EQ(s.cycles, end);
  for (size_t i = 0; i < ran.program.commands.size(); ++i) {
    const Command &command = ran.program.commands[i];
    if (std::holds_alternative<ScoreCommand>(command)) {
      EXPECT_EQ(s.commands[i].start, score);
    }
    if (std::holds_alternative<SoftmaxCommand>(command)) {
      EXPECT_EQ(s.commands[i].start, softmax);
    }
    if (std::holds_alternative<WeighCommand>(command)) {
      EXPECT_EQ(s.commands[i].start, weigh);
    }
    if (std::holds_alternative<StoreCommand>(command)) {
      EXPECT_EQ(s.commands[i].start, store);
    }
  }
}

TEST(ClosedForm, whatPruningAddsToAnUnloadedStrip) {
  // The same strip with `compensated` and every block kept: the integer pass
  // and the fetch of fractions come before the score, which then starts when
  // the fractions are there.
  Ran ran = runPlain(1, 2, 8, 16, /*isDense=*/false, oneCore(), /*keep=*/1.0);
  const Schedule &s = ran.run.get(MacReading::Fixed);
  constexpr uint64_t latency = 100, miss = 3;
  uint64_t keys = 5 + 2 * miss + 10 + miss; // set up, then 256 bytes
  uint64_t query = keys + 3 + miss;         // 64 bytes, same queue
  uint64_t values = query + 5 + miss;       // 128 bytes; before the fractions
  uint64_t pass = query + latency;          // T1
  uint64_t endRows = pass + 4 + 64 + 6;     // T8
  uint64_t mask = endRows + 1 + 16;         // T10: 4 thetas, 8 a cycle
  EXPECT_LT(values, mask);
  uint64_t keyFractions = mask + 10 + miss; // 256 bytes, all columns kept
  uint64_t queryFractions = keyFractions + 3 + miss;
  uint64_t score = queryFractions + latency;
  uint64_t end = score + (4 + 64 + 6) + (4 + 4 + 24 + 1) + (4 + 8 + 6) +
                 (4 + 32) + (3 + miss + latency);
  // Compensation: an exponential a row more, for its group, makes five cycles
  // of four; nothing is pruned, so no sum of V is weighed.
  end += 2;
  uint64_t kept = 0;
  for (const Activity &activity : ran.run.activities)
    kept = std::max(kept, activity.keptFullBlocks);
  ASSERT_EQ(kept, 4u);
  EXPECT_EQ(s.cycles, end);
}

TEST(ClosedForm, arraysWorkAtTheirPeakBetweenIssueAndFill) {
  // Whole tiles: every array command takes its products at 16 sixteenths a
  // multiplier and cycle, and issue and fill on top.
  Config config;
  Ran ran = runPlain(4, 256, 256, 64, /*isDense=*/true, config);
  const Schedule &s = ran.run.get(MacReading::Fixed);
  uint64_t cost = 0, commands = 0, busy = 0, stalled = 0;
  for (size_t i = 0; i < ran.program.commands.size(); ++i) {
    if (!isArray(ran.program.commands[i]))
      continue;
    uint64_t own = totalCost(ran.run.activities[i], config);
    ASSERT_EQ(own % (16 * config.coreMacs()), 0u);
    EXPECT_EQ(s.commands[i].free - s.commands[i].start,
              4 + own / (16 * config.coreMacs()) + 6);
    cost += own;
    ++commands;
  }
  for (uint64_t core = 0; core < config.cores; ++core) {
    busy += s.get(core, Queue::Array).busy;
    stalled = std::max(stalled, s.get(core, Queue::Array).getStalled());
  }
  uint64_t peak = cost / (16 * config.macs()); // all multipliers, all the time
  EXPECT_EQ(cost, 16u * 4 * 256 * 256 * 128);
  EXPECT_EQ(busy, config.cores * peak + commands * (4 + 6));
  // A run is its arrays' work, what they wait for (the first keys), and the way
  // out of the last strip: normaliser, stores of four cores, a refresh,
  // latency.
  uint64_t overhead = commands / config.cores * (4 + 6);
  EXPECT_GE(s.cycles, peak + overhead);
  EXPECT_LE(s.cycles,
            peak + overhead + stalled + (64 + 32) + 4 * 43 + 210 + 100);
  EXPECT_LE(s.cycles, peak + peak / 50);
}

TEST(ClosedForm, aSlowMemoryIsTheOnlyBottleneck) {
  // One byte a cycle, no rows, no refresh: the run is its bytes, in bursts, and
  // what is left to do when the last ones have come.
  Config config;
  config.dram_bytes_per_kilocycle = 1000;
  config.dram_row_miss_cycles = config.dram_refresh_interval_cycles = 0;
  for (bool isDense : {true, false}) {
    Ran ran = runPlain(4, 64, 64, 64, isDense, config);
    for (MacReading reading : {MacReading::Fixed, MacReading::Brick}) {
      const Schedule &s = ran.run.get(reading);
      uint64_t moved = 0;
      for (const Activity &activity : ran.run.activities)
        moved += activity.dramBytes;
      EXPECT_EQ(s.dram.busy, s.dram.bursts * 64);
      EXPECT_GE(s.dram.busy, moved);
      EXPECT_GE(s.cycles, s.dram.busy);
      EXPECT_LE(s.cycles, s.dram.busy + s.dram.busy / 50);
    }
  }
}
