//===- RoundRobin.cpp - rounds, medians, ratios ---------------------------===//

#include "RoundRobin.h"
#include "Host.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <chrono>
#include <ctime>

using namespace hdp;
using namespace hdp::bench;
using Clock = std::chrono::steady_clock;

double hdp::bench::processorSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

double hdp::bench::getMedian(std::vector<double> values) {
  auto middle = values.begin() + (values.size() - 1) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

size_t RoundRobin::addTimed(std::string name, Call call) {
  entries.push_back({std::move(name), std::move(call), {}});
  return entries.size() - 1;
}

size_t RoundRobin::add(std::string name, std::function<llvm::Error()> call) {
  return addTimed(std::move(name),
                  [call = std::move(call)]() -> llvm::Expected<double> {
                    double start = processorSeconds();
                    if (llvm::Error error = call())
                      return error;
                    return processorSeconds() - start;
                  });
}

/// How long threads are at work before the call that counts.
static constexpr double kWakeSeconds = 10e-3;

static double toSeconds(Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

size_t RoundRobin::addThreaded(std::string name,
                               std::function<llvm::Error()> call) {
  return addTimed(std::move(name),
                  [call = std::move(call)]() -> llvm::Expected<double> {
                    // The first call starts the threads; the other cores have
                    // slept.
                    if (llvm::Error error = call())
                      return error;
                    spreadThreads();
                    Clock::time_point begun = Clock::now();
                    double seconds = 0;
                    do {
                      Clock::time_point start = Clock::now();
                      if (llvm::Error error = call())
                        return error;
                      seconds = toSeconds(Clock::now() - start);
                    } while (toSeconds(Clock::now() - begun) < kWakeSeconds);
                    return seconds;
                  });
}

/// Seconds below which a call is repeated, and the second one timed.
static constexpr double kShort = 0.5e-3;

llvm::Error RoundRobin::run(const Effort &effort) {
  double total = 0;
  for (Entry &entry : entries) {
    if (effort.isCold)
      break;
    llvm::Expected<double> seconds = entry.call();
    if (!seconds)
      return seconds.takeError();
    total += *seconds;
    entry.isShort = *seconds < kShort;
  }
  int64_t rounds = effort.rounds;
  if (rounds == 0)
    rounds = effort.isCold
                 ? 1
                 : static_cast<int64_t>(std::clamp(
                       effort.seconds / std::max(total, 1e-9), 5.0, 101.0));
  for (int64_t round = 0; round < rounds; ++round)
    for (Entry &entry : entries) {
      // A short call would pay for what the one before it left in caches.
      if (entry.isShort)
        if (llvm::Expected<double> untimed = entry.call(); !untimed)
          return untimed.takeError();
      llvm::Expected<double> seconds = entry.call();
      if (!seconds)
        return seconds.takeError();
      entry.seconds.push_back(*seconds);
    }
  return llvm::Error::success();
}

int64_t RoundRobin::getRounds() const {
  return entries.empty() ? 0 : static_cast<int64_t>(entries[0].seconds.size());
}

double RoundRobin::getMedian(size_t index) const {
  return bench::getMedian(entries[index].seconds);
}

double RoundRobin::getMinimum(size_t index) const {
  return *llvm::min_element(entries[index].seconds);
}

double RoundRobin::getSpeedup(size_t index, size_t other) const {
  std::vector<double> ratios;
  for (auto [mine, theirs] :
       llvm::zip(entries[index].seconds, entries[other].seconds))
    ratios.push_back(theirs / std::max(mine, 1e-9));
  return bench::getMedian(std::move(ratios));
}
