//===- ProgramTest.cpp - what programs hold, and what is refused ----------===//
//
// Shapes of built programs, fetch upon mask, long keys, programs that do not
// fit, and commands that the machine would not survive.
//
//===----------------------------------------------------------------------===//

#include "MachineCall.h"
#include "hdp/Machine/Dense.h"
#include "hdp/Machine/Machine.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::test;

namespace {

Site makeLongSite(uint32_t heads, uint32_t length) {
  Site site;
  site.scale = 0.125;
  site.Hq = site.Hkv = heads;
  site.Lq = site.Lk = length;
  site.d = site.dv = 64;
  return site;
}

Program build(const Site &site, const Config &config = Config(),
              uint32_t coresPerHead = 0) {
  AttentionRequest request;
  request.site = site;
  request.coresPerHead = coresPerHead;
  llvm::Expected<Program> program = buildAttention(request, config);
  if (!program) {
    ADD_FAILURE() << llvm::toString(program.takeError());
    return Program();
  }
  if (llvm::Error error = verifyProgram(*program, config))
    ADD_FAILURE() << llvm::toString(std::move(error));
  return *program;
}

std::string refusal(const Site &site, const Config &config) {
  AttentionRequest request;
  request.site = site;
  llvm::Expected<Program> program = buildAttention(request, config);
  return program ? "" : llvm::toString(program.takeError());
}

/// What verifyProgram says after `change` of the first command of type T.
template <typename T, typename Change> std::string verdict(Change change) {
  Site site = makeLongSite(1, 8);
  site.policy.tau = 1.0;
  site.policy.pruned = numerics::Pruned::Dropped;
  site.policy.gated = numerics::Gated::Zero;
  Program program = build(site);
  for (size_t i = 0; i < program.commands.size(); ++i)
    if (auto *command = std::get_if<T>(&program.commands[i])) {
      change(*command);
      std::string text = llvm::toString(verifyProgram(program, Config()));
      return text.empty() ? "no error" : text.substr(text.find('('));
    }
  return "no such command";
}

} // namespace

TEST(Program, headsGoRoundGroupsAndStripsRoundCores) {
  Program program = build(makeLongSite(12, 384));
  unsigned cores[4] = {};
  for (const Command &command : program.commands)
    if (auto *score = std::get_if<ScoreCommand>(&command))
      ++cores[score->core];
  for (unsigned count : cores)
    EXPECT_EQ(count, 12u * 12u); // 48 strips of 4 block rows, 12 a core
}

TEST(Program, fewHeadsTakeMoreCores) {
  Config config;
  config.cores = 32;
  config.cores_per_head = 8;
  auto usedCores = [&](uint32_t heads) {
    uint64_t used = 0;
    for (const Command &command :
         build(makeLongSite(heads, 384), config).commands)
      if (auto *score = std::get_if<ScoreCommand>(&command))
        used |= uint64_t(1) << score->core;
    return llvm::popcount(used);
  };
  EXPECT_EQ(usedCores(1), 32);
  EXPECT_EQ(usedCores(2), 32);
  EXPECT_EQ(usedCores(4), 32);
}

TEST(Program, longHeadsTakeAsManyCoresAsGetTwoWholeStrips) {
  Config config;
  config.cores = 32;
  config.cores_per_head = 8;
  auto coresOfAHead = [&](uint32_t length) {
    for (const Command &command :
         build(makeLongSite(12, length), config).commands)
      if (auto *setup = std::get_if<SetupCommand>(&command))
        return llvm::popcount(setup->cores);
    return 0;
  };
  EXPECT_EQ(coresOfAHead(254), 8);
  EXPECT_EQ(coresOfAHead(256), 16); // 128 block rows
  EXPECT_EQ(coresOfAHead(510), 16);
  EXPECT_EQ(coresOfAHead(512), 32);
}

TEST(Program, everyOtherRoundDealsStripsOutBackward) {
  std::vector<unsigned> cores;
  for (const Command &command : build(makeLongSite(1, 96)).commands)
    if (auto *pass = std::get_if<IntegerPassCommand>(&command)) {
      cores.resize(std::max<size_t>(cores.size(), pass->block_row / 4 + 1));
      cores[pass->block_row / 4] = pass->core;
    }
  EXPECT_EQ(cores, (std::vector<unsigned>{0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3}));
}

TEST(Program, fourThousandKeysFitTheEdgeMachine) {
  for (bool isGated : {false, true})
    for (bool isPaper : {false, true}) {
      Site site = makeLongSite(1, 4096);
      if (isPaper)
        site.policy = numerics::paperPolicy();
      site.policy.tau = isGated ? 1.0 : 0.0;
      uint32_t lastColumn = 0;
      for (const Command &command : build(site).commands)
        if (auto *score = std::get_if<ScoreCommand>(&command))
          lastColumn = std::max(lastColumn, score->column + score->columns);
      EXPECT_EQ(lastColumn, 2048u);
    }
  Site site = makeLongSite(1, 4096);
  site.dense = true;
  build(site);
}

TEST(Program, fetchUponMaskLoadsOnlyWhatIsKept) {
  AttentionCall call = makeRandomCall(1);
  call.policy = numerics::paperPolicy();
  call.policy.threshold = 0.9;
  call.Hq = call.Hkv = 1;
  call.Lq = call.Lk = 12;
  call.d = call.dv = 4;
  call.causal = false;
  call.mask.clear();
  call.bias.clear();
  call.q.assign(48, 0.0f);
  call.k.assign(48, 0.0f);
  call.v.assign(48, 1.0f);
  call.scale = 1.0;
  // Every query wants block column 2 alone.
  for (int64_t i = 0; i < 12; ++i)
    call.q[size_t(4 * i)] = 4.0f;
  call.k[16] = call.k[20] = 4.0f;
  AttentionRequest request = makeRequest(call);
  uint64_t bytes[2];
  AttentionResult results[2];
  for (bool upon : {false, true}) {
    request.fetchUponMask = upon;
    llvm::Expected<Program> program = buildAttention(request, Config());
    ASSERT_TRUE(bool(program));
    FunctionalModel model(*program, Config());
    writeInputs(*program, makeOperands(call), model);
    model.record(&results[upon]);
    bytes[upon] = 0;
    for (const Command &command : program->commands)
      bytes[upon] += model.execute(command).dramBytes;
  }
  EXPECT_EQ(firstDifference(results[0], results[1]), std::nullopt);
  // Off: fraction plane 12 keys of 4 bytes, V 12 of 8. On: 2 keys each.
  EXPECT_EQ(bytes[0] - bytes[1], 10u * 4 + 10u * 8);
}

TEST(Program, whatDoesNotFitNamesTheBuffer) {
  Config config;
  config.score_bytes = 1024;
  EXPECT_EQ(refusal(makeLongSite(1, 4096), config),
            "the attention does not fit the machine: the score buffer has 1024 "
            "bytes, 31744 fewer than the smallest program needs");
  config = Config();
  config.theta_bytes = 64;
  EXPECT_EQ(refusal(makeLongSite(1, 384), config),
            "the attention does not fit the machine: the theta buffer has 64 "
            "bytes, 704 fewer than the smallest program needs");
  AttentionRequest request;
  request.site = makeLongSite(1, 16);
  request.coresPerHead = 3;
  llvm::Expected<Program> program = buildAttention(request, Config());
  ASSERT_FALSE(bool(program));
  EXPECT_EQ(llvm::toString(program.takeError()),
            "expected a number of cores a head that divides 4, found 3");
  Site site = makeLongSite(1, 16);
  site.dense = site.hasBias = true;
  site.policy = makeDense(Site(), 16).policy;
  site.d = 4096;
  EXPECT_EQ(refusal(site, Config()),
            "expected a largest score below 2^30, found 1342177280");
  site.policy.format = {4, 4};
  EXPECT_EQ(refusal(site, Config()),
            "expected full products in a dense site of up to 8 bits");
  site.d = 32;
  site.policy = numerics::compensatedPolicy();
  site.dense = false;
  site.policy.blockRows = 17;
  EXPECT_EQ(refusal(site, Config()),
            "expected block rows from 1 to 16, found 17");
}

TEST(Program, commandsThatCannotRunAreRefused) {
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.symbol = 99; }),
            "(load): expected one of 8 symbols, found 99");
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.row = 99; }),
            "(load): expected one of 8 rows of kI, found 99");
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.rows = 9; }),
            "(load): expected 1 to 8 rows of kI, found 9");
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.cores = 16; }),
            "(load): expected some of the machine's 4 cores");
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.queue = 2; }),
            "(load): expected a queue up to 1, found 2");
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.predicate = 2; }),
            "(load): expected a predicate up to 1, found 2");
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.buffer = 7; }),
            "(load): expected a buffer that loads fill");
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.buffer = 6; }),
            "(load): expected a symbol whose width fits the buffer");
  EXPECT_EQ(verdict<LoadCommand>([](auto &c) { c.address = 98304; }),
            "(load): the key buffer has 98304 bytes, 256 fewer than needed");
  EXPECT_EQ(verdict<LoadKeptCommand>([](auto &c) { c.buffer = 0; }),
            "(load_kept): expected a buffer of keys or values");
  EXPECT_EQ(verdict<LoadKeptCommand>([](auto &c) { c.symbol = 0; }),
            "(load_kept): expected a symbol with a row for each key");
  EXPECT_EQ(verdict<SetupCommand>([](auto &c) { c.slot = 2; }),
            "(setup): expected a slot up to 1, found 2");
  EXPECT_EQ(verdict<SetupCommand>([](auto &c) { c.site = 1; }),
            "(setup): expected one of 1 sites, found 1");
  EXPECT_EQ(verdict<ScoreCommand>([](auto &c) { c.core = 4; }),
            "(score): expected a core up to 3, found 4");
  EXPECT_EQ(verdict<ScoreCommand>([](auto &c) { c.block_rows = 5; }),
            "(score): expected block rows up to 4, found 5");
  EXPECT_EQ(verdict<ScoreCommand>([](auto &c) { c.block_rows = 0; }),
            "(score): expected at least 1 block row, found 0");
  EXPECT_EQ(verdict<ScoreCommand>([](auto &c) { c.block_row = 4; }),
            "(score): expected block rows up to 4, found 5");
  EXPECT_EQ(verdict<ScoreCommand>([](auto &c) { c.columns = 0; }),
            "(score): expected at least 1 block column, found 0");
  EXPECT_EQ(verdict<ScoreCommand>([](auto &c) { c.columns = 5; }),
            "(score): expected block columns up to 4, found 5");
  EXPECT_EQ(verdict<ScoreCommand>([](auto &c) { c.score_address = 2; }),
            "(score): expected score_address to be a multiple of 4, found 2");
  EXPECT_EQ(verdict<EndHeadCommand>([](auto &c) { c.cores = 0; }),
            "(end_head): expected some of the machine's 4 cores");
  EXPECT_EQ(verdict<StoreCommand>([](auto &c) { c.symbol = 6; }),
            "(store): expected an output symbol of 16 bits");
  EXPECT_EQ(verdict<StoreCommand>([](auto &c) { c.address = 1; }),
            "(store): expected address to be a multiple of 2");
}

TEST(Program, aGateNeedsAThreshold) {
  Program program = build(makeLongSite(1, 8));
  EndHeadCommand command;
  command.cores = 1;
  program.commands = {command};
  EXPECT_EQ(llvm::toString(verifyProgram(program, Config())),
            "command 0 (end_head): expected a site with a head gate");
}

TEST(Program, whatIsAcceptedRuns) {
  // Fields of good programs changed at random: whatever passes the check is
  // executed and scheduled without leaving its scratchpads.
  std::mt19937_64 random(17);
  int ran = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    AttentionCall call = makeRandomCall(seed % 40);
    AttentionRequest request = makeRequest(call);
    llvm::Expected<Program> program = buildAttention(request, Config());
    if (!program) {
      llvm::consumeError(program.takeError());
      continue;
    }
    for (int changes = 0; changes < 3; ++changes) {
      Program changed = *program;
      for (int n = 0; n < 3; ++n) {
        // One field of one command.
        uint64_t field = random() % 8, at = 0;
        std::visit(
            [&](auto &command) {
              visitFields(command, [&](const char *, auto &value) {
                if (at++ == field)
                  value = std::decay_t<decltype(value)>(
                      random() % 3 == 0 ? value + 4 * (random() % 64)
                                        : random() % 4);
              });
            },
            changed.commands[random() % changed.commands.size()]);
      }
      if (llvm::Error error = verifyProgram(changed, Config())) {
        llvm::consumeError(std::move(error));
        continue;
      }
      FunctionalModel model(changed, Config());
      writeInputs(changed, makeOperands(call), model);
      runProgram(changed, model, Config());
      ++ran;
    }
  }
  EXPECT_GT(ran, 50);
}
