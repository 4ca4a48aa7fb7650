//===- TimingTest.cpp - every rule on its cycle ---------------------------===//
//
// One test a rule of docs/Machine.md, with the sum spelled out; a command that
// waits starts on the very cycle on which what it waits for is there.
//
//===----------------------------------------------------------------------===//

#include "MachineCall.h"
#include "hdp/Machine/Machine.h"
#include "hdp/Machine/TimingRules.h"
#include <gtest/gtest.h>

using namespace hdp::machine;
using namespace hdp::test;

namespace {

/// The default machine without refresh.
Config quiet() {
  Config config;
  config.dram_refresh_interval_cycles = 0;
  return config;
}

/// One head of 8 x 8, d 64, and its commands by hand.
struct Hand {
  Program program;
  std::vector<Activity> activities;
  Config config = quiet();

  Hand() {
    Site site;
    site.Lq = site.Lk = 8;
    site.d = site.dv = 64;
    site.scale = 0.125;
    program.sites = {site};
    program.arch = getArch(config);
    program.symbols = {{"in", Symbol::Input, 8, 4096, 64, 0},
                       {"o", Symbol::Output, 16, 4096, 64, 1 << 20}};
  }
  Activity &add(const Command &command) {
    program.commands.push_back(command);
    return activities.emplace_back();
  }
  /// A load of `rows` rows of 64 bytes to `address` of the key buffer.
  void load(uint32_t row, uint32_t rows, uint32_t address, uint64_t cores = 1,
            uint8_t queue = 0) {
    LoadCommand c;
    c.cores = cores;
    c.queue = queue;
    c.predicate = noPredicate;
    c.buffer = uint8_t(Buffer::Key);
    c.row = row;
    c.rows = rows;
    c.address = address;
    Activity &activity = add(c);
    activity.runs = {{row * 64, rows * 64}};
    activity.dramBytes = rows * 64;
  }
  /// An integer pass that reads keys from `address`.
  void integer(uint32_t address, uint64_t tiles = 1, uint8_t core = 0) {
    IntegerPassCommand c;
    c.core = core;
    c.block_rows = 4;
    c.columns = 4;
    c.key_address = address;
    Activity &activity = add(c);
    activity.tiles = tiles;
    activity.depth = 64;
    activity.isPooled = true;
    activity.products = {{5, 5, true, 1}};
    activity.operandBits = 5;
  }
  Schedule run() { return schedule(program, activities, config); }
};

constexpr uint64_t piece =
    80 + 3; // 2 KiB at 25.6 bytes a cycle, one row opened
constexpr uint64_t pass = 4 + 64 + 6; // issue, one tile of 64, fill

} // namespace

TEST(Timing, T1StartsWhenTheUnitIsFreeAndTheDataIsThere) {
  Hand hand;
  hand.load(0, 32, 0);
  hand.integer(0);    // waits for the keys
  hand.integer(4096); // waits for the array only
  Schedule s = hand.run();
  EXPECT_EQ(s.commands[0].free, piece);
  EXPECT_EQ(s.commands[0].end, piece + 100);
  EXPECT_EQ(s.commands[1].start, piece + 100);
  EXPECT_EQ(s.commands[1].end, piece + 100 + pass);
  EXPECT_EQ(s.commands[2].start, s.commands[1].free);
  EXPECT_EQ(s.cycles, piece + 100 + 2 * pass);
  const QueueTime &array = s.get(0, Queue::Array);
  EXPECT_EQ(array.stalled[unsigned(Cause::Loads)], piece + 100);
  EXPECT_EQ(array.busy, 2 * pass);
  EXPECT_EQ(array.idle, 0u);
  EXPECT_EQ(s.get(0, Queue::Prefetch).idle, s.cycles - piece);
}

TEST(Timing, T1SpaceIsFreeWhenItsReadersHaveEnded) {
  Hand hand;
  hand.load(0, 4, 0);
  hand.integer(0);
  hand.load(4, 4, 0); // over keys that are still read
  Schedule s = hand.run();
  EXPECT_EQ(s.commands[2].start, s.commands[1].end);
  EXPECT_EQ(s.get(0, Queue::Prefetch).stalled[unsigned(Cause::Space)],
            s.commands[1].end - s.commands[0].free);
}

TEST(Timing, T1OneLoadFillsSeveralCores) {
  Hand hand;
  hand.load(0, 32, 0, /*cores=*/0b1001);
  hand.integer(0, 1, 0);
  hand.integer(0, 1, 3);
  hand.integer(0, 1, 1); // has not been loaded: nothing to wait for
  Schedule s = hand.run();
  EXPECT_EQ(s.commands[1].start, piece + 100);
  EXPECT_EQ(s.commands[2].start, piece + 100);
  EXPECT_EQ(s.commands[3].start, 0u);
}

TEST(Timing, T2PiecesOfTwoQueuesTakeTurns) {
  Hand hand;
  hand.load(0, 64, 0);                       // two pieces
  hand.load(2048, 32, 8192, 1, /*queue=*/1); // one piece of another row
  Schedule s = hand.run();
  EXPECT_EQ(s.commands[1].free, 2 * piece);
  EXPECT_EQ(s.commands[0].free, 3 * piece);
  EXPECT_EQ(s.get(0, Queue::Demand).stalled[unsigned(Cause::Dram)], piece);
  EXPECT_EQ(s.dram.bursts, 96u);
  EXPECT_EQ(s.dram.rowMisses, 3u);
}

TEST(Timing, T2TransfersAreWholeAlignedBursts) {
  Config config = quiet();
  auto pieces = cutIntoPieces({{60, 8}, {70, 10}, {200, 1}}, config);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].bursts, 3u); // 0..127 once, 192..255
  pieces = cutIntoPieces({{0, 4097}}, config);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[2].bursts, 1u);
  EXPECT_TRUE(cutIntoPieces({{5, 0}}, config).empty());
}

TEST(Timing, T3RowsStayOpenAndRefreshClosesThem) {
  Config config; // a refresh of 210 every 3900
  Dram dram(config);
  DramPiece onePiece = cutIntoPieces({{0, 2048}}, config)[0];
  EXPECT_EQ(dram.serve(onePiece, 0).end, 80u + 3);
  EXPECT_EQ(dram.serve(onePiece, 1000).end, 1000u + 80); // the row is open
  EXPECT_EQ(dram.serve(onePiece, 3899).start, 3899u);
  // 3979 is within the refresh that began at 3900: it goes on at 4110.
  Dram::Service service = dram.serve(onePiece, 3950);
  EXPECT_EQ(service.start, 3900u + 210);
  EXPECT_EQ(service.end, 4110u + 80 + 3);
  EXPECT_EQ(dram.getCounters().refreshes, 1u);
  EXPECT_EQ(dram.getCounters().rowMisses, 2u);
}

TEST(Timing, T4CostOfAProduct) {
  Config fixed, brick = withReading(fixed, MacReading::Brick);
  auto cost = [&](const Config &config, uint8_t a, uint8_t b,
                  bool pooled = false) {
    return productCost({a, b, pooled, 1}, config);
  };
  EXPECT_EQ(cost(fixed, 16, 16), 16u);
  EXPECT_EQ(cost(fixed, 4, 4), 16u);
  EXPECT_EQ(cost(fixed, 16, 21), 32u);
  EXPECT_EQ(cost(brick, 16, 16), 16u);
  EXPECT_EQ(cost(brick, 8, 8), 4u);
  EXPECT_EQ(cost(brick, 16, 13), 16u);
  EXPECT_EQ(cost(brick, 5, 5), 4u);
  EXPECT_EQ(cost(brick, 5, 5, true), 1u); // one brick has the bit to spare
  EXPECT_EQ(cost(brick, 12, 4), 3u);
}

TEST(Timing, T5ATileWaitsForTheSlowestOfThree) {
  Activity activity;
  activity.depth = 64;
  activity.products = {{5, 5, true, 1}};
  activity.operandBits = 5;
  Config fixed, brick = withReading(fixed, MacReading::Brick);
  EXPECT_EQ(tileCycles(activity, fixed), 64u);
  EXPECT_EQ(tileCycles(activity, brick), 5u); // port: 8 x 64 x 5 / 8 / 64
  brick.k_port_bytes = 4096;
  EXPECT_EQ(tileCycles(activity, brick), 4u); // 64 / 16, and 32 results / 8
  brick.drain_per_cycle = 4;
  EXPECT_EQ(tileCycles(activity, brick), 8u);
}

TEST(Timing, T6ARoundOfKeptBlocks) {
  Activity full, cross;
  full.depth = cross.depth = 64;
  full.products = {{8, 8, false, 1}};
  full.operandBits = 8;
  cross.products = {{12, 4, false, 1}, {4, 8, false, 1}};
  cross.operandBits = 12;
  Config fixed, brick = withReading(fixed, MacReading::Brick);
  EXPECT_EQ(roundCycles(full, fixed), 64u);
  EXPECT_EQ(roundCycles(full, brick), 16u); // 64 / 4; port 8 x 2 x 64 / 64
  EXPECT_EQ(roundCycles(cross, fixed), 128u);
  EXPECT_EQ(roundCycles(cross, brick), 24u); // port: 16 x 64 x 1.5 / 64
}

TEST(Timing, T7PacksBlocksOfTwoLiveRows) {
  Config config;
  auto rounds = [&](std::initializer_list<uint32_t> slots) {
    std::vector<RowWork> rows;
    for (uint32_t n : slots)
      rows.push_back({n, 0, 0});
    return packRounds(rows, config);
  };
  EXPECT_EQ(rounds({}), 0u);
  EXPECT_EQ(rounds({0, 0}), 0u);
  EXPECT_EQ(rounds({8}), 1u);
  EXPECT_EQ(rounds({9}), 2u);
  EXPECT_EQ(rounds({4, 4}), 1u);
  EXPECT_EQ(rounds({2, 2, 2}), 2u); // a third row has to wait
  EXPECT_EQ(rounds({5, 0, 6, 5}), 2u);
}

TEST(Timing, T8AnArrayCommandIsIssueWorkAndFill) {
  Config config;
  EXPECT_EQ(arrayCommand(64, config).occupancy, 4u + 64 + 6);
  EXPECT_EQ(arrayCommand(0, config).occupancy, 4u);
  Hand hand;
  hand.integer(0, 3);
  EXPECT_EQ(hand.run().cycles, 4u + 3 * 64 + 6);
}

TEST(Timing, T9WeighingGoesRowByRow) {
  Config config;
  Activity activity;
  activity.valueColumns = 64;
  activity.operandBits = 8;
  activity.products = {{16, 8, false, 1}, {16, 13, false, 1}};
  activity.rows = {{0, 10, 3}, {0, 0, 0}, {0, 1, 0}};
  // 4 passes of 16 columns: 13 products; an empty row; 1, held by the drain.
  EXPECT_EQ(weighCycles(activity, config), 4u * 13 + 0 + 4 * 4);
  // Bricks: 10 x 8/16 + 3 x 16/16.
  EXPECT_EQ(weighCycles(activity, withReading(config, MacReading::Brick)),
            4u * 8 + 0 + 4 * 4);
  config.v_port_bytes = 8; // 10 keys x 16 columns x 1 byte / 8
  EXPECT_EQ(weighCycles(activity, config), 4u * 20 + 0 + 4 * 4);
}

TEST(Timing, T10EndRSweepsAndDecides) {
  Hand hand;
  hand.integer(0);
  EndRowsCommand c;
  c.block_rows = 4;
  Activity &activity = hand.add(c);
  activity.sweptRows = 4;
  activity.sweptColumns = 17;
  Schedule s = hand.run();
  EXPECT_EQ(s.commands[1].start, pass); // theta is there with the last result
  EXPECT_EQ(s.commands[1].free, pass + 4 * 3);
  EXPECT_EQ(s.commands[1].end, pass + 4 * 3 + 16);
}

TEST(Timing, T11EndHAsksTheOtherCores) {
  Config config;
  Activity activity;
  activity.cores = 1;
  EXPECT_EQ(endHead(activity, config).latency, 0u);
  EXPECT_EQ(endHead(activity, config).occupancy, 16u);
  activity.cores = 4;
  EXPECT_EQ(endHead(activity, config).latency, 32u);
}

TEST(Timing, T12SoftmaxIsTwoPipes) {
  Config config; // 2 exponentials, 8 weights a cycle; 16 and 8 cycles between
  Activity activity;
  activity.groups = 3;
  activity.keptPositions = {10, 0, 21};
  // 7 + 12 exponentials; the last row's weights follow 24 later, 3 cycles.
  Duration duration = softmax(activity, config);
  EXPECT_EQ(duration.occupancy + duration.latency, 19u + 24 + 3);
  // The next strip may not catch up with these weights.
  EXPECT_EQ(duration.occupancy, 19u + 3);
  activity.keptPositions = {0};
  EXPECT_EQ(softmax(activity, config).occupancy, 1u);
}

TEST(Timing, T13NormaliseByItsReciprocal) {
  Config config;
  Activity activity;
  activity.codes = 8 * 64;
  EXPECT_EQ(normalise(activity, config).occupancy, 64u);
  EXPECT_EQ(normalise(activity, config).latency, 8u);
  activity.isExact = true;
  EXPECT_EQ(normalise(activity, config).latency, 32u);
}

TEST(Timing, T14ADroppedCommandTakesOneCycle) {
  Hand hand;
  hand.integer(0);
  hand.activities[0].isDropped = true;
  hand.load(0, 32, 0);
  hand.activities[1].isDropped = true;
  Schedule s = hand.run();
  EXPECT_EQ(s.commands[0].end, 1u);
  EXPECT_EQ(s.commands[1].end, 2u); // its space is free at 1
  EXPECT_EQ(s.dram.bursts, 0u);
}
