//===- TickedMachineTest.cpp - schedules against clocks -------------------===//
//
// Programs of random attentions on random machines: the event model gives every
// command the cycles that the per-cycle machine gives it, and every queue the
// same busy, stalled and idle ones. A failure prints its seed; HDP_SEED=N runs
// that one alone.
//
//===----------------------------------------------------------------------===//

#include "TickedMachine.h"
#include "MachineCall.h"
#include "hdp/Machine/Machine.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::test;

namespace {

/// makeRandomConfig with random timing as well.
Config makeRandomTiming(std::mt19937_64 &random) {
  Config config = makeRandomConfig(random);
  config.issue_cycles = random() % 6;
  config.v_port_bytes = 1 + random() % 128;
  config.row_end_cycles = random() % 20;
  config.head_end_cycles = random() % 20;
  config.sync_cycles = random() % 40;
  config.rescale_per_cycle = 1 + random() % 16;
  config.exp_cycles = random() % 20;
  config.row_sum_cycles = random() % 12;
  config.normalise_per_cycle = 1 + random() % 16;
  config.exact_reciprocal_cycles = random() % 40;
  config.linear_reciprocal_cycles = random() % 10;
  config.drop_cycles = 1 + random() % 3;
  config.dram_burst_bytes = uint64_t(8) << random() % 5;
  config.dram_piece_bytes = config.dram_burst_bytes << random() % 6;
  config.dram_row_bytes = std::max<uint64_t>(64, config.dram_burst_bytes)
                          << random() % 6;
  config.dram_banks = 1 + random() % 8;
  config.dram_row_miss_cycles = random() % 6;
  config.dram_refresh_cycles = random() % 60;
  config.dram_refresh_interval_cycles =
      random() % 4 == 0 ? 0 : config.dram_refresh_cycles + 1 + random() % 700;
  return config;
}

/// Whether both models agree on a run; says where not.
void compare(const Program &program, llvm::ArrayRef<Activity> activities,
             const Config &config) {
  Schedule event = schedule(program, activities, config),
           ticked = tickMachine(program, activities, config);
  for (size_t i = 0; i < program.commands.size(); ++i) {
    const CommandTime &a = event.commands[i], &b = ticked.commands[i];
    ASSERT_TRUE(a.start == b.start && a.free == b.free && a.end == b.end)
        << "command " << i << " ("
        << getInfo(program.commands[i]).mnemonic.str() << "): events "
        << a.start << " " << a.free << " " << a.end << ", clocks " << b.start
        << " " << b.free << " " << b.end;
  }
  EXPECT_EQ(event.cycles, ticked.cycles);
  for (size_t q = 0; q < event.queues.size(); ++q) {
    const QueueTime &a = event.queues[q], &b = ticked.queues[q];
    EXPECT_EQ(a.busy, b.busy) << "queue " << q;
    EXPECT_EQ(a.idle, b.idle) << "queue " << q;
    EXPECT_EQ(a.commands, b.commands) << "queue " << q;
    for (unsigned cause = 0; cause < numCauses; ++cause)
      EXPECT_EQ(a.stalled[cause], b.stalled[cause])
          << "queue " << q << ", " << stringify(Cause(cause)).str();
  }
}

/// A random attention on a random machine; whether it fits.
bool compareRandom(uint64_t seed) {
  SCOPED_TRACE("HDP_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  AttentionCall call = makeRandomCall(seed);
  Config config = makeRandomTiming(random);
  if (llvm::Error error = checkConfig(config)) {
    ADD_FAILURE() << llvm::toString(std::move(error));
    return false;
  }
  AttentionRequest request = makeRequest(call);
  request.fetchUponMask = random() % 4 != 0;
  llvm::Expected<Program> program = buildAttention(request, config);
  if (!program) {
    llvm::consumeError(program.takeError());
    return false;
  }
  FunctionalModel model(*program, config);
  writeInputs(*program, makeOperands(call), model);
  std::vector<Activity> activities;
  for (const Command &command : program->commands)
    activities.push_back(model.execute(command));
  compare(*program, activities, config);
  return true;
}

} // namespace

TEST(TickedMachine, randomAttentionsOnRandomMachines) {
  if (const char *seed = std::getenv("HDP_SEED")) {
    compareRandom(std::strtoull(seed, nullptr, 10));
    return;
  }
  uint64_t compared = 0;
  for (uint64_t seed = 0; seed < 600 && !HasFailure(); ++seed)
    compared += compareRandom(seed);
  EXPECT_GT(compared, 450u);
}

TEST(TickedMachine, theMachinesThatHaveNames) {
  for (const char *name : {"hdp-edge", "hdp-server"})
    for (bool isDense : {false, true}) {
      SCOPED_TRACE(name);
      llvm::Expected<Config> config = loadConfig(name);
      ASSERT_TRUE(bool(config)) << llvm::toString(config.takeError());
      std::mt19937_64 random(3);
      AttentionCall call;
      call.Hq = call.Hkv = 3;
      call.Lq = call.Lk = 70;
      call.d = call.dv = 64;
      call.scale = 0.125;
      call.policy.threshold = 0.3;
      for (auto *x : {&call.q, &call.k, &call.v})
        for (int64_t i = 0; i < call.Hq * call.Lq * call.d; ++i)
          x->push_back(float(double(random() >> 11) * 0x1p-52 - 1.0) * 3);
      AttentionRequest request = makeRequest(call);
      request.site.dense = isDense;
      llvm::Expected<Program> program = buildAttention(request, *config);
      ASSERT_TRUE(bool(program)) << llvm::toString(program.takeError());
      FunctionalModel model(*program, *config);
      writeInputs(*program, makeOperands(call), model);
      machine::Run run = runProgram(*program, model, *config);
      for (MacReading reading : {MacReading::Fixed, MacReading::Brick})
        compare(*program, run.activities, withReading(*config, reading));
    }
}
