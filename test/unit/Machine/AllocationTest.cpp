//===- AllocationTest.cpp - addresses, and what checks them ---------------===//
//
// Allocations of real and of random programs pass the checker and a byte by
// byte account that is written here once more; corrupted ones do not pass.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Allocation.h"
#include "MachineCall.h"
#include "hdp/Machine/DoubleBuffer.h"
#include <gtest/gtest.h>
#include <map>
#include <set>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::test;

namespace {

/// Loads into random turns of random buffers: any live ranges at all.
NamedProgram makeRandomLoads(std::mt19937_64 &random, const Config &config) {
  NamedProgram named;
  named.program.arch = getArch(config);
  named.program.symbols = {{"x", Symbol::Input, 8, 64, 8, 0}};
  const Buffer scratchpads[] = {Buffer::Query, Buffer::Key, Buffer::Value};
  size_t count = 1 + random() % 6;
  for (size_t b = 0; b < count; ++b)
    named.buffers.push_back({"b" + std::to_string(b), scratchpads[random() % 3],
                             8 + random() % 120, uint32_t(1 + random() % 3)});
  size_t commands = 1 + random() % 60;
  std::vector<uint32_t> reached(count);
  for (size_t i = 0; i < commands; ++i) {
    auto b = uint32_t(random() % count);
    LoadCommand load;
    load.cores = 1 + random() % 3;
    load.predicate = noPredicate;
    load.buffer = uint8_t(named.buffers[b].scratchpad);
    load.rows = uint32_t(1 + random() % (named.buffers[b].bytes / 8));
    // Mostly the latest turn, sometimes a new one or an older one.
    if (random() % 3 == 0)
      ++reached[b];
    uint32_t back = random() % 4 == 0 ? uint32_t(random() % 3) : 0;
    load.address = Reference{b, reached[b] - std::min(back, reached[b])}.pack();
    named.program.commands.push_back(load);
  }
  return named;
}

/// Whether every byte belongs to one turn from its first command to its last,
/// and lies in its scratchpad.
bool isLegal(const NamedProgram &named, const Program &addressed,
             const Config &config) {
  std::map<std::tuple<unsigned, uint32_t>, std::pair<size_t, size_t>> life;
  auto forEach = [&](auto visit) {
    for (size_t i = 0; i < addressed.commands.size(); ++i) {
      const auto &load = std::get<LoadCommand>(addressed.commands[i]);
      uint32_t turn = std::get<LoadCommand>(named.program.commands[i]).address;
      forEachCore(load.cores,
                  [&](unsigned core) { visit(i, core, turn, load); });
    }
  };
  forEach([&](size_t i, unsigned core, uint32_t turn, const LoadCommand &) {
    auto &[first, last] = life.try_emplace({core, turn}, i, i).first->second;
    first = std::min(first, i);
    last = std::max(last, i);
  });
  // Core, scratchpad, byte, command -> turn.
  std::map<std::tuple<unsigned, unsigned, uint64_t, size_t>, uint32_t> owners;
  bool isGood = true;
  std::map<std::tuple<unsigned, uint32_t>, bool> seen;
  forEach([&](size_t, unsigned core, uint32_t turn, const LoadCommand &load) {
    if (!seen.try_emplace({core, turn}, true).second)
      return;
    uint64_t bytes = named.buffers[turn >> 24].bytes;
    for (uint64_t byte = load.address; byte < load.address + bytes; ++byte) {
      isGood &= byte < getBufferBytes(config, Buffer(load.buffer));
      for (size_t t = life[{core, turn}].first; t <= life[{core, turn}].second;
           ++t)
        isGood &= owners.try_emplace({core, load.buffer, byte, t}, turn)
                      .first->second == turn;
    }
  });
  return isGood;
}

Config makeSmallMachine(std::mt19937_64 &random) {
  Config config;
  config.cores = config.cores_per_head = 2;
  for (uint64_t *bytes : {&config.q_bytes, &config.k_bytes, &config.v_bytes})
    *bytes = 64 + random() % 1024;
  return config;
}

} // namespace

TEST(Allocation, randomProgramsGetLegalAddresses) {
  std::mt19937_64 random(1);
  int placed = 0, refused = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    Config config = makeSmallMachine(random);
    NamedProgram named = makeRandomLoads(random, config);
    if (llvm::Error error = verifyNamedProgram(named, config)) {
      llvm::consumeError(std::move(error)); // a buffer above its scratchpad
      continue;
    }
    llvm::Expected<Allocation> allocation = allocate(named, config);
    if (!allocation) {
      ++refused;
      std::string message = llvm::toString(allocation.takeError());
      EXPECT_NE(message.find("fewer than the program's buffers need"),
                std::string::npos)
          << message;
      continue;
    }
    ++placed;
    Program program = applyAllocation(named, *allocation);
    llvm::Error error = checkAllocation(named, program, config);
    EXPECT_FALSE(bool(error)) << llvm::toString(std::move(error));
    EXPECT_TRUE(isLegal(named, program, config)) << "trial " << trial;
  }
  EXPECT_GT(placed, 300);
  EXPECT_GT(refused, 100);
}

TEST(Allocation, theCheckerAgreesWithBytesOnCorruptedAddresses) {
  std::mt19937_64 random(2);
  int bad = 0, good = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    Config config = makeSmallMachine(random);
    NamedProgram named = makeRandomLoads(random, config);
    if (llvm::Error error = verifyNamedProgram(named, config)) {
      llvm::consumeError(std::move(error));
      continue;
    }
    llvm::Expected<Allocation> allocation = allocate(named, config);
    if (!allocation) {
      llvm::consumeError(allocation.takeError());
      continue;
    }
    Placement &place = (*allocation)[random() % allocation->size()];
    switch (random() % 3) {
    case 0: // elsewhere
      place.base = random() % 512;
      break;
    case 1: // fewer slots
      place.slots = std::max(1u, place.slots - 1);
      break;
    case 2: // closer together
      place.size -= std::min<uint64_t>(place.size - 1, random() % 16);
      break;
    }
    Program program = applyAllocation(named, *allocation);
    llvm::Error error = checkAllocation(named, program, config);
    bool isLegalNow = isLegal(named, program, config);
    ++(isLegalNow ? good : bad);
    EXPECT_EQ(!error, isLegalNow) << "trial " << trial;
    llvm::consumeError(std::move(error));
    if (HasFailure())
      return;
  }
  EXPECT_GT(bad, 300);
  EXPECT_GT(good, 300);
}

TEST(Allocation, aCorruptedAttentionIsRefused) {
  // Every single mistake in the addresses of real programs is found.
  std::mt19937_64 random(3);
  int moved = 0, squeezed = 0, single = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    Config config;
    llvm::Expected<NamedProgram> named =
        buildNamedAttention(makeRequest(call), config);
    ASSERT_TRUE(bool(named));
    llvm::Expected<Overlapped> done = doubleBuffer(*named, config);
    ASSERT_TRUE(bool(done)) << llvm::toString(done.takeError());
    llvm::Expected<Allocation> allocation = allocate(*named, config);
    ASSERT_TRUE(bool(allocation));
    auto isRefused = [&](const Program &program) {
      llvm::Error error = checkAllocation(*named, program, config);
      bool refused = bool(error);
      llvm::consumeError(std::move(error));
      return refused;
    };
    Program right = applyAllocation(*named, *allocation);
    ASSERT_FALSE(isRefused(right));

    std::set<size_t> used;
    NamedAccesses accesses;
    for (const Command &command : named->program.commands) {
      getNamedAccesses(AccessFinder(named->program), command, accesses);
      for (const NamedAccess &access : accesses)
        used.insert(access.what.buffer);
    }
    // The slots that live turns need, whatever buffers ask for.
    NamedProgram least = *named;
    for (NamedBuffer &buffer : least.buffers)
      buffer.slots = 1;
    llvm::Expected<Allocation> needed = allocate(least, config);
    ASSERT_TRUE(bool(needed));

    for (size_t b = 0; b < allocation->size(); ++b) {
      Allocation wrong = *allocation;
      wrong[b].base = getBufferBytes(config, named->buffers[b].scratchpad);
      EXPECT_EQ(isRefused(applyAllocation(*named, wrong)), used.count(b) != 0);
      // Onto a neighbour in the same scratchpad, both live all the time.
      for (size_t other = 0; other < b; ++other)
        if (named->buffers[other].scratchpad == named->buffers[b].scratchpad &&
            named->buffers[b].name == "key_fraction") {
          wrong[b].base = (*allocation)[other].base;
          EXPECT_TRUE(isRefused(applyAllocation(*named, wrong)));
          ++moved;
        }
      if ((*needed)[b].slots > 1) {
        wrong = *allocation;
        wrong[b].slots = (*needed)[b].slots - 1;
        EXPECT_TRUE(isRefused(applyAllocation(*named, wrong)));
        ++squeezed;
      }
    }
    // One command alone.
    Program wrong = right;
    for (Command &command : wrong.commands)
      if (auto *score = std::get_if<ScoreCommand>(&command)) {
        score->score_address += 4;
        break;
      }
    EXPECT_TRUE(isRefused(wrong));
    wrong = right;
    wrong.commands.pop_back();
    EXPECT_TRUE(isRefused(wrong));
    wrong = right;
    for (Command &command : wrong.commands)
      if (auto *store = std::get_if<StoreCommand>(&command)) {
        store->rows += 1;
        EXPECT_TRUE(isRefused(wrong));
        ++single;
        break;
      }
  }
  EXPECT_GT(moved, 30);
  EXPECT_GT(squeezed, 30);
  EXPECT_GT(single, 30);
}

TEST(Allocation, buffersThatAreNeverLiveTogetherShareBytes) {
  Config config;
  config.q_bytes = 96;
  NamedProgram named;
  named.program.arch = getArch(config);
  named.program.symbols = {{"x", Symbol::Input, 8, 64, 8, 0}};
  named.buffers = {{"early", Buffer::Query, 64, 1},
                   {"late", Buffer::Query, 64, 1}};
  for (uint32_t b : {0, 0, 1, 1}) {
    LoadCommand load;
    load.cores = 1;
    load.predicate = noPredicate;
    load.rows = 8;
    load.address = Reference{b, 0}.pack();
    named.program.commands.push_back(load);
  }
  llvm::Expected<Allocation> allocation = allocate(named, config);
  ASSERT_TRUE(bool(allocation)) << llvm::toString(allocation.takeError());
  EXPECT_EQ((*allocation)[1].base, 0u);
  EXPECT_FALSE(bool(
      checkAllocation(named, applyAllocation(named, *allocation), config)));

  // Live at the same time they do not fit.
  std::swap(named.program.commands[1], named.program.commands[2]);
  allocation = allocate(named, config);
  ASSERT_FALSE(bool(allocation));
  EXPECT_EQ(llvm::toString(allocation.takeError()),
            "the query buffer has 96 bytes, 32 fewer than the program's "
            "buffers need");

  // With room they do not share: nothing waits for anything.
  std::swap(named.program.commands[1], named.program.commands[2]);
  config.q_bytes = 128;
  named.program.arch = getArch(config);
  allocation = allocate(named, config);
  ASSERT_TRUE(bool(allocation));
  EXPECT_EQ((*allocation)[1].base, 64u);
}

TEST(Allocation, aNamedProgramIsVerified) {
  Config config;
  AttentionCall call = makeRandomCall(3);
  llvm::Expected<NamedProgram> built =
      buildNamedAttention(makeRequest(call), config);
  ASSERT_TRUE(bool(built));
  auto messageOf = [&](auto change) {
    NamedProgram named = *built;
    change(named);
    llvm::Error error = verifyNamedProgram(named, config);
    return error ? llvm::toString(std::move(error)) : std::string();
  };
  auto firstScore = [](NamedProgram &named) -> ScoreCommand & {
    for (Command &command : named.program.commands)
      if (auto *score = std::get_if<ScoreCommand>(&command))
        return *score;
    return std::get<ScoreCommand>(named.program.commands.front());
  };
  auto contains = [](const std::string &text, const char *part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_EQ(messageOf([](NamedProgram &) {}), "");
  EXPECT_TRUE(contains(
      messageOf([](NamedProgram &named) { named.buffers[0].bytes = 0; }),
      "buffer @query: expected 1 to 32768 bytes, what the query buffer has, "
      "found 0"));
  EXPECT_TRUE(contains(
      messageOf([](NamedProgram &named) { named.buffers[0].slots = 0; }),
      "buffer @query: expected 1 to 16777216 slots, found 0"));
  EXPECT_TRUE(contains(messageOf([](NamedProgram &named) {
                         named.buffers[0].scratchpad = Buffer::Registers;
                       }),
                       "expected a scratchpad, found registers"));
  EXPECT_TRUE(contains(
      messageOf([](NamedProgram &named) { named.buffers[0].bytes = 1; }),
      "buffer @query has 1 bytes, "));
  EXPECT_TRUE(contains(messageOf([&](NamedProgram &named) {
                         firstScore(named).score_address = Reference::unused;
                       }),
                       "expected a buffer for what the command does in the "
                       "score buffer, found none"));
  EXPECT_TRUE(contains(messageOf([&](NamedProgram &named) {
                         firstScore(named).score_address =
                             firstScore(named).query_address;
                       }),
                       "expected a buffer in the score buffer, found @query in "
                       "the query buffer"));
  EXPECT_TRUE(contains(messageOf([&](NamedProgram &named) {
                         firstScore(named).score_address =
                             Reference{200, 0}.pack();
                       }),
                       "buffers, found 200"));
  EXPECT_TRUE(contains(messageOf([&](NamedProgram &named) {
                         ScoreCommand &score = firstScore(named);
                         score.query_fraction = score.query_address + 1;
                       }),
                       "expected one turn of a buffer in a command, found "
                       "two"));
}
