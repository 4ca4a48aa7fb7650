//===- ReportTest.cpp - counters, energy and their printers ---------------===//
//
// Sums by hand, energy tables from YAML, and reports of a small run.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Report.h"
#include "MachineCall.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::test;

namespace {

struct Reported {
  Program program;
  Run run;
  RunReport report;
};

Reported makeReported(double tau = 0.0) {
  AttentionCall call = makeRandomCall(1);
  call.policy = numerics::compensatedPolicy();
  call.policy.tau = tau;
  call.Hq = 4;
  call.Hkv = 2;
  call.Lq = call.Lk = 12;
  call.d = call.dv = 8;
  call.mask.clear();
  call.bias.clear();
  call.causal = false;
  std::mt19937_64 random(4);
  for (auto *x : {&call.q, &call.k, &call.v}) {
    x->resize(x == &call.q ? 4 * 12 * 8 : 2 * 12 * 8);
    for (float &value : *x)
      value = float(int64_t(random() % 200) - 100) / 50;
  }
  Config config;
  llvm::Expected<Program> program = buildAttention(makeRequest(call), config);
  EXPECT_TRUE(bool(program));
  FunctionalModel model(*program, config);
  writeInputs(*program, makeOperands(call), model);
  Run run = runProgram(*program, model, config);
  RunReport report = makeReport(*program, run, EnergyTable());
  return {*program, run, report};
}

std::string errorOf(llvm::StringRef text) {
  llvm::Expected<EnergyTable> table = parseEnergyTable(text, "e.yaml");
  return table ? "" : llvm::toString(table.takeError());
}

} // namespace

TEST(Counters, headsAddUpToTheRun) {
  Reported r = makeReported();
  const RunCounters &counters = r.report.counters;
  ASSERT_EQ(counters.heads.size(), 4u);
  Counters sum;
  for (const Counters &head : counters.heads) {
    sum.macs += head.macs;
    sum.dramBytes += head.dramBytes;
    sum.commands += head.commands;
    sum.fullBlocks += head.fullBlocks;
    EXPECT_EQ(head.fullBlocks, 36u);
    EXPECT_GT(head.macs, 0u);
    EXPECT_GT(head.dramBytes, 0u);
  }
  EXPECT_EQ(sum.macs, counters.total.macs);
  EXPECT_EQ(sum.dramBytes, counters.total.dramBytes);
  EXPECT_EQ(sum.commands, r.program.commands.size());
  EXPECT_EQ(sum.fullBlocks, counters.total.fullBlocks);
}

TEST(Counters, aGatedHeadHasAllItsBlocksPruned) {
  Reported r = makeReported(/*tau=*/1e6);
  EXPECT_EQ(r.report.counters.total.gatedHeads, 4u);
  EXPECT_EQ(prunedFraction(r.report.counters.total), 1.0);
  EXPECT_LT(prunedFraction(makeReported().report.counters.total), 1.0);
}

TEST(Energy, isCountersTimesConstants) {
  Counters counters;
  counters.products = {{8, 8, false, 1000}};
  counters.macCost[0] = 16000; // one cycle of a multiplier each
  counters.macCost[1] = 4000;
  counters.dramBytes = 64;
  counters.read[unsigned(Buffer::Key)] = 100;
  counters.written[unsigned(Buffer::Score)] = 10;
  counters.exponentials = 5;
  EnergyTable table;
  Config config;
  Energy e = computeEnergy(counters, table, MacReading::Fixed, config, 1000);
  // 16 x 16 bits, whatever the operands.
  EXPECT_NEAR(e.multiply.low, 1000 * (0.0029948 * 256 + 0.00052 * 32), 1e-6);
  EXPECT_NEAR(e.accumulate.low, 1000 * 0.676, 1e-6);
  EXPECT_NEAR(e.scratchpads.low, 100 * 0.194 + 10 * 0.538, 1e-6);
  EXPECT_NEAR(e.scratchpads.high, 100 * 0.319 + 10 * 1.081, 1e-6);
  EXPECT_NEAR(e.softmax.low, 5 * 3.0, 1e-6);
  EXPECT_NEAR(e.dram.low, 64 * 8 * 8.0, 1e-6);
  EXPECT_NEAR(e.dram.high, 64 * 8 * 26.2, 1e-6);
  // 4 cores of 370 KiB for a microsecond.
  EXPECT_EQ(config.scratchpadBytes(), (114u + 96 + 128 + 32 + 8) * 1024);
  EXPECT_NEAR(e.leakage.low, 0.01125 * 4 * 378 * 1000, 1e-6);
  e = computeEnergy(counters, table, MacReading::Brick, config, 1000);
  EXPECT_NEAR(e.multiply.low,
              1000 * (1.2 * (0.0029948 * 64 + 0.00052 * 16) + 0.05), 1e-6);
  EXPECT_NEAR(e.accumulate.low, 250 * 0.676, 1e-6);
  EXPECT_NEAR(computeArea(table, config).low, 4 * 378 * 0.00325, 1e-9);
}

TEST(Energy, tablesByNameAndFromYaml) {
  llvm::Expected<EnergyTable> table = loadEnergyTable("hbm2-45nm");
  ASSERT_TRUE(bool(table));
  EXPECT_EQ(table->dram_pj_per_bit.low, 3.9);
  table = parseEnergyTable(
      "name: mine\ndram_pj_per_bit: 4.2 to 70\ntheta_pj: 1\n", "e.yaml");
  ASSERT_TRUE(bool(table));
  EXPECT_EQ(table->name, "mine");
  EXPECT_EQ(table->dram_pj_per_bit.low, 4.2);
  EXPECT_EQ(table->dram_pj_per_bit.high, 70);
  EXPECT_EQ(table->theta_pj.high, 1);
  EXPECT_EQ(table->exponential_pj.low, 3.0);
}

TEST(Energy, badTablesAreLocated) {
  EXPECT_EQ(errorOf("theta_pj: 1\nthetta: 2\n"),
            "e.yaml:2:1: error: unknown key 'thetta'\nthetta: 2\n^~~~~~");
  std::string error = errorOf("theta_pj: 3 to 1\n");
  EXPECT_EQ(error.substr(0, error.find('\n')),
            "e.yaml:1:11: error: expected a number or LOW to HIGH, found '3 to "
            "1'");
  EXPECT_NE(errorOf("theta_pj: -1\n"), "");
  EXPECT_NE(errorOf("theta_pj: much\n"), "");
  llvm::Expected<EnergyTable> table = loadEnergyTable("nowhere.yaml");
  ASSERT_FALSE(bool(table));
  EXPECT_EQ(llvm::toString(table.takeError()),
            "expected an energy table lpddr4-45nm, hbm2-45nm or a file, found "
            "nowhere.yaml");
}

TEST(Report, jsonHoldsWhatTheCountersSay) {
  Reported r = makeReported();
  llvm::json::Value value = toJson(r.report);
  const llvm::json::Object &json = *value.getAsObject();
  EXPECT_EQ(*json.getInteger("cycles"),
            int64_t(r.run.get(MacReading::Fixed).cycles));
  EXPECT_EQ(*json.getInteger("macs"), int64_t(r.report.counters.total.macs));
  EXPECT_EQ(*json.getNumber("dense_operations"), 4.0 * 12 * 12 * 8 * 4);
  EXPECT_EQ(json.getArray("heads")->size(), 4u);
  for (const char *reading : {"fixed", "brick"}) {
    const llvm::json::Object &part = *json.getObject(reading);
    EXPECT_EQ(part.getArray("units")->size(), 4u * 7 + 1);
    for (const llvm::json::Value &unit : *part.getArray("units")) {
      const llvm::json::Object &u = *unit.getAsObject();
      int64_t cycles = *u.getInteger("busy") + *u.getInteger("idle");
      for (const auto &stalled : *u.getObject("stalled"))
        cycles += *stalled.second.getAsInteger();
      EXPECT_EQ(cycles, *part.getInteger("cycles"));
    }
  }
  const llvm::json::Object &machine = *json.getObject("machine");
  for (const ParamInfo &param : getParams())
    EXPECT_EQ(*machine.getInteger(param.name), int64_t(param.initial));
}

TEST(Report, textNamesTheNumbersThatMatter) {
  Reported r = makeReported();
  std::string text;
  llvm::raw_string_ostream os(text);
  printReport(os, r.report);
  for (const char *part :
       {"machine hdp-edge: 4 cores, 128 multipliers", "effective GOP/s",
        "MAC utilisation", "energy uJ",
        "fixed, all cores:", "brick, all cores:", "  array ", "idle"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
}

TEST(Report, theTraceHasAnEventACommand) {
  Reported r = makeReported();
  std::string text;
  llvm::raw_string_ostream os(text);
  printTrace(os, r.program, r.run, MacReading::Brick);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  ASSERT_TRUE(bool(value)) << llvm::toString(value.takeError());
  const llvm::json::Array &events =
      *value->getAsObject()->getArray("traceEvents");
  size_t commands = 0, names = 0;
  for (const llvm::json::Value &event : events) {
    const llvm::json::Object &e = *event.getAsObject();
    if (*e.getString("ph") == "M") {
      ++names;
      continue;
    }
    const CommandTime &time = r.run.get(MacReading::Brick).commands[commands++];
    EXPECT_NEAR(*e.getNumber("ts"), double(time.start) / 1000, 1e-9);
    EXPECT_GE(*e.getNumber("dur"), 0.0);
  }
  EXPECT_EQ(commands, r.program.commands.size());
  EXPECT_EQ(names, 4u * 8 + 2);
}
