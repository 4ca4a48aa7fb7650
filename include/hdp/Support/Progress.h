//===- Progress.h - a line that says how far a run is -----------*- C++ -*-===//
//
// For tools, on standard error.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_PROGRESS_H
#define HDP_SUPPORT_PROGRESS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

namespace hdp {

/// Overwrites one line of a terminal ten times a second, from `quiet` seconds
/// on; elsewhere, on request (`always`), writes a line a second.
class Progress {
public:
  Progress(bool always, llvm::StringRef what, double quiet = 0)
      : isTerminal(llvm::errs().is_displayed()), always(always), what(what),
        quiet(quiet) {}

  void update(int64_t done, int64_t total) {
    if (!isTerminal && !always)
      return;
    Clock::time_point now = Clock::now();
    double wait = isTerminal ? 0.1 : 1.0;
    bool isLast = done == total;
    if (!isLast && std::chrono::duration<double>(now - last).count() < wait)
      return;
    double seconds = std::chrono::duration<double>(now - start).count();
    if (!always && seconds < quiet)
      return;
    last = now;
    llvm::errs() << (isTerminal ? "\r" : "") << done << " of " << total << " "
                 << what << ", " << llvm::format("%.1f", seconds) << " s"
                 << (isTerminal && !isLast ? "" : "\n");
  }

private:
  using Clock = std::chrono::steady_clock;
  bool isTerminal, always;
  llvm::StringRef what;
  double quiet;
  Clock::time_point start = Clock::now(), last;
};

} // namespace hdp

#endif // HDP_SUPPORT_PROGRESS_H
