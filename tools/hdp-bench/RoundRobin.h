//===- RoundRobin.h - timing implementations against each other -*- C++ -*-===//
//
// Every implementation once, again and again, so that what disturbs one
// disturbs all; those of less than half a millisecond twice, the second time
// counts. Medians are reported, and ratios are medians of the ratios
// within a round.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_ROUNDROBIN_H
#define HDP_TOOLS_HDP_BENCH_ROUNDROBIN_H

#include "llvm/Support/Error.h"
#include <functional>
#include <string>
#include <vector>

namespace hdp::bench {

/// Processor time of this process, which waiting for a busy core does not add
/// to, in seconds.
double processorSeconds();

/// How long to go on.
struct Effort {
  /// Exactly so many rounds, if not 0.
  int64_t rounds = 0;
  /// Otherwise as many as fit into this, but at least 5 and at most 101.
  double seconds = 2.0;
  /// Without the untimed round, for what is slow and has nothing to warm.
  bool isCold = false;
};

class RoundRobin {
public:
  /// One timed call; its seconds, or an error that ends everything.
  using Call = std::function<llvm::Expected<double>()>;

  /// Adds an implementation that says itself how long it took.
  size_t addTimed(std::string name, Call call);
  /// Adds one that is timed here, in processor time.
  size_t add(std::string name, std::function<llvm::Error()> call);

  /// Adds one that may use threads on all cores, timed by the clock.
  size_t addThreaded(std::string name, std::function<llvm::Error()> call);

  /// One untimed round, then the timed ones. A cold run of no given number of
  /// rounds is one.
  llvm::Error run(const Effort &effort);

  size_t size() const { return entries.size(); }
  const std::string &getName(size_t index) const { return entries[index].name; }
  int64_t getRounds() const;
  double getMedian(size_t index) const;
  double getMinimum(size_t index) const;
  /// How many times as long `other` takes: above 1, `index` is faster.
  double getSpeedup(size_t index, size_t other) const;

private:
  struct Entry {
    std::string name;
    Call call;
    std::vector<double> seconds;
    bool isShort = false;
  };
  std::vector<Entry> entries;
};

/// The middle one, or the lower of two. `values` is not empty.
double getMedian(std::vector<double> values);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_ROUNDROBIN_H
