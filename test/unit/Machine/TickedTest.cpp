//===- TickedTest.cpp - formulas against clocks ---------------------------===//
//
// Random work on random units: the event model's formulas give the cycle that
// the per-cycle models reach, exactly.
//
//===----------------------------------------------------------------------===//

#include "MachineCall.h"
#include "TickedModel.h"
#include "hdp/Machine/TimingRules.h"
#include <gtest/gtest.h>

using namespace hdp::machine;
using namespace hdp::test;

namespace {

Config randomUnits(std::mt19937_64 &random) {
  Config config = makeRandomConfig(random);
  config.issue_cycles = 0;
  config.v_port_bytes = 1 + random() % 128;
  config.rescale_per_cycle = 1 + random() % 16;
  config.exp_cycles = random() % 20;
  config.row_sum_cycles = random() % 12;
  config.row_end_cycles = random() % 20;
  return config;
}

uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

} // namespace

TEST(Ticked, theDefaultArrayFillsInSixCycles) {
  EXPECT_EQ(fillCycles(Config()), 6u);
  EXPECT_EQ(tickArray({{64, 0}}, 64, Config()), 64u + 6);
  EXPECT_EQ(tickArray({{4, 0}, {4, 0}}, 64, Config()), 2u * 4 + 6);
}

TEST(Ticked, tilesOfIntegerAndDensePasses) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 400; ++round) {
    Config config = randomUnits(random);
    Activity activity;
    activity.depth = 1 + random() % 70;
    activity.tiles = 1 + random() % 12;
    activity.isPooled = random() % 2;
    auto bits = uint8_t(activity.isPooled ? 5 : 4);
    activity.products = {{bits, bits, activity.isPooled, 1}};
    activity.operandBits = bits;
    uint64_t steps =
        ceilDiv(activity.depth * productCost(activity.products[0], config), 16);
    uint64_t bytes = ceilDiv(config.pe_columns * 2 * activity.depth * bits, 8);
    std::vector<TickedPass> passes(activity.tiles, {steps, bytes});
    EXPECT_EQ(durationOf(IntegerPassCommand(), activity, config).occupancy,
              tickArray(passes, config.k_port_bytes, config))
        << "round " << round;
  }
}

TEST(Ticked, roundsOfKeptBlocks) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 400; ++round) {
    Config config = randomUnits(random);
    Activity activity;
    activity.depth = 1 + random() % 70;
    activity.products = {{12, 4, false, 1}, {4, 8, false, 1}};
    activity.operandBits = 12;
    std::vector<uint32_t> blocks;
    for (uint32_t r = 0; r < 1 + random() % 5; ++r) {
      auto n = uint32_t(random() % 3 == 0 ? 0 : random() % 30);
      activity.rows.push_back({n, 0, 0});
      blocks.insert(blocks.end(), n, r);
    }
    uint64_t rounds = tickDispatcher(blocks, config);
    EXPECT_EQ(packRounds(activity.rows, config), rounds);
    uint64_t cost = productCost(activity.products[0], config) +
                    productCost(activity.products[1], config);
    uint64_t bytes = ceilDiv(config.pes() * 2 * activity.depth * 12, 8);
    std::vector<TickedPass> passes(rounds,
                                   {ceilDiv(activity.depth * cost, 16), bytes});
    EXPECT_EQ(durationOf(ScoreCommand(), activity, config).occupancy,
              tickArray(passes, config.k_port_bytes, config))
        << "round " << round;
  }
}

TEST(Ticked, weighedRows) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 400; ++round) {
    Config config = randomUnits(random);
    Activity activity;
    activity.valueColumns = 1 + random() % 70;
    activity.operandBits = random() % 2 ? 8 : 16;
    activity.products = {{16, uint8_t(activity.operandBits), false, 1},
                         {16, 21, false, 1}};
    std::vector<TickedPass> passes;
    uint64_t lanes = config.pes() * 2;
    for (uint32_t r = 0; r < 1 + random() % 5; ++r) {
      RowWork row{0, uint32_t(random() % 40), uint32_t(random() % 4)};
      activity.rows.push_back(row);
      uint64_t cost = row.keys * productCost(activity.products[0], config) +
                      row.sums * productCost(activity.products[1], config);
      if (row.keys + row.sums > 0)
        passes.insert(passes.end(), ceilDiv(activity.valueColumns, lanes),
                      {ceilDiv(cost, 16),
                       ceilDiv(row.keys * lanes * activity.operandBits, 8)});
    }
    EXPECT_EQ(durationOf(WeighCommand(), activity, config).occupancy,
              tickArray(passes, config.v_port_bytes, config))
        << "round " << round;
  }
}

TEST(Ticked, sweepsOfTheSparsityEngine) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 200; ++round) {
    Config config = randomUnits(random);
    Activity activity;
    activity.sweptRows = 1 + random() % 8;
    activity.sweptColumns = 1 + random() % 200;
    Duration duration = endRows(activity, config);
    EXPECT_EQ(duration.occupancy + duration.latency,
              tickSweep(activity.sweptRows, activity.sweptColumns, config));
  }
}

TEST(Ticked, stripsThroughTheSoftmaxUnit) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 400; ++round) {
    Config config = randomUnits(random);
    uint64_t groups = random() % 13, free = 0;
    std::vector<TickedStrip> strips;
    std::vector<uint64_t> ends;
    for (uint64_t s = 0; s < 1 + random() % 5; ++s) {
      Activity activity;
      activity.groups = uint32_t(groups);
      TickedStrip strip;
      for (uint64_t i = 0; i < 1 + random() % 8; ++i)
        strip.keptPositions.push_back(uint32_t(1 + random() % 120));
      if (random() % 3 == 0)
        strip.keptPositions.push_back(0);
      activity.keptPositions.assign(strip.keptPositions.begin(),
                                    strip.keptPositions.end());
      strip.start = free + random() % 50;
      Duration duration = softmax(activity, config);
      free = strip.start + duration.occupancy;
      ends.push_back(free + duration.latency);
      strips.push_back(strip);
    }
    EXPECT_EQ(tickSoftmax(strips, groups, config), ends) << "round " << round;
  }
}
