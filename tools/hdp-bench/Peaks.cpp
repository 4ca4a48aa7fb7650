//===- Peaks.cpp - choosing and timing peak loops -------------------------===//

#include "Peaks.h"
#include "RoundRobin.h"
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

using namespace hdp;
using namespace hdp::bench;

/// Each step is 64 additions, one after the other.
static void runClock(int64_t steps) {
  uint64_t x = 1;
  for (int64_t i = 0; i < steps; ++i)
    for (int c = 0; c < 64; ++c) {
      x += static_cast<uint64_t>(steps);
      asm volatile("" : "+r"(x));
    }
}

PeakLoop hdp::bench::getClockLoop() { return {runClock, 64.0}; }

/// The best of a few, as a neighbour on the core can only slow it down.
static double measure(PeakLoop loop) {
  if (!loop.run)
    return 0;
  constexpr int64_t steps = 200000;
  double best = 0;
  loop.run(steps / 10);
  for (int i = 0; i < 9; ++i) {
    double start = processorSeconds();
    loop.run(steps);
    double seconds = std::max(processorSeconds() - start, 1e-9);
    best = std::max(best, loop.operations * double(steps) / seconds);
  }
  return best;
}

Peaks hdp::bench::measurePeaks(const Host &host) {
  Peaks peaks;
  peaks.clock = measure(getClockLoop());
  peaks.f32 = measure(getPeakF32(host));
  if (host.hasAVX512())
    peaks.int8 = measure(getPeakInt8AVX512());
  return peaks;
}

PeakLoop hdp::bench::getPeakF32(const Host &host) {
  if (host.hasAVX512())
    return getPeakF32AVX512();
  return host.hasAVX2() ? getPeakF32AVX2() : PeakLoop();
}

void hdp::bench::runShared(const PeakLoop &loop, int64_t steps,
                           unsigned threads) {
  std::vector<std::thread> others;
  std::atomic<unsigned> ready{1};
  for (unsigned i = 1; i < threads; ++i)
    others.emplace_back([&] {
      leavePinnedCore();
      ++ready;
      loop.run(steps / threads);
    });
  // They begin on this core.
  while (ready.load() < threads)
    std::this_thread::yield();
  loop.run(steps / threads);
  for (std::thread &thread : others)
    thread.join();
}
