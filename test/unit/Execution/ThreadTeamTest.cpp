//===- ThreadTeamTest.cpp - parts, whoever takes them ---------------------===//

#include "ThreadTeam.h"
#include "gtest/gtest.h"
#include <atomic>
#include <cfenv>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

using namespace hdp;

namespace {

/// How often each number was taken.
std::vector<int> countCalls(unsigned count) {
  std::unique_ptr<std::atomic<int>[]> taken(new std::atomic<int>[count]());
  runParts(count, [&](unsigned part) { ++taken[part]; });
  return std::vector<int>(taken.get(), taken.get() + count);
}

TEST(ThreadTeamTest, EveryNumberOnce) {
  for (unsigned count : {1u, 2u, 3u, 7u, 2u, 20u, 1u})
    for (int i = 0; i < 200; ++i)
      ASSERT_EQ(countCalls(count), std::vector<int>(count, 1));
}

// Longer than threads stay awake: they sleep, and are woken.
TEST(ThreadTeamTest, SleepingThreadsWake) {
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(countCalls(3), std::vector<int>(3, 1));
  }
}

// A part that takes long: the caller sleeps until it is done.
TEST(ThreadTeamTest, CallsWaitForTheSlowest) {
  for (int i = 0; i < 10; ++i) {
    std::atomic<int> done{0};
    runParts(4, [&](unsigned part) {
      std::this_thread::sleep_for(std::chrono::milliseconds(part));
      ++done;
    });
    ASSERT_EQ(done.load(), 4);
  }
}

// Two parts that wait for each other are in two threads.
TEST(ThreadTeamTest, PartsRunAtTheSameTime) {
  std::atomic<int> arrived{0};
  runParts(2, [&](unsigned) {
    ++arrived;
    while (arrived.load() < 2)
      std::this_thread::yield();
  });
  EXPECT_EQ(arrived.load(), 2);
}

TEST(ThreadTeamTest, CallersAtOnceAndInParts) {
  std::atomic<int> calls{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i)
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round)
        runParts(3, [&](unsigned) { runParts(2, [&](unsigned) { ++calls; }); });
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(calls.load(), 3 * 50 * 3 * 2);
}

// Results do not depend on the thread, whatever the caller's rounding is.
TEST(ThreadTeamTest, PartsHaveTheCallersEnvironment) {
  for (int mode : {FE_UPWARD, FE_TONEAREST, FE_DOWNWARD}) {
    std::vector<int> modes(4, -1);
    std::fesetround(mode);
    std::atomic<int> arrived{0};
    runParts(4, [&](unsigned part) {
      modes[part] = std::fegetround();
      ++arrived;
      while (arrived.load() < 4)
        std::this_thread::yield();
    });
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(modes, std::vector<int>(4, mode));
  }
}

} // namespace
