//===- Progress.h - a line that says how far a run is -----------*- C++ -*-===//

#ifndef HDP_TOOLS_HDP_RUN_PROGRESS_H
#define HDP_TOOLS_HDP_RUN_PROGRESS_H

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

namespace hdp {

/// Overwrites one line of a terminal ten times a second; elsewhere, on
/// request, writes a line a second.
class Progress {
public:
  explicit Progress(bool always)
      : isTerminal(llvm::errs().is_displayed()), always(always) {}

  void update(int64_t done, int64_t total) {
    if (!isTerminal && !always)
      return;
    Clock::time_point now = Clock::now();
    double wait = isTerminal ? 0.1 : 1.0;
    bool isLast = done == total;
    if (!isLast && std::chrono::duration<double>(now - last).count() < wait)
      return;
    last = now;
    double seconds = std::chrono::duration<double>(now - start).count();
    llvm::errs() << (isTerminal ? "\r" : "") << done << " of " << total
                 << " samples, " << llvm::format("%.1f", seconds) << " s"
                 << (isTerminal && !isLast ? "" : "\n");
  }

private:
  using Clock = std::chrono::steady_clock;
  bool isTerminal, always;
  Clock::time_point start = Clock::now(), last;
};

} // namespace hdp

#endif // HDP_TOOLS_HDP_RUN_PROGRESS_H
