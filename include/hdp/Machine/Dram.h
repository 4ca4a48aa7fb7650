//===- Dram.h - the memory behind all cores ---------------------*- C++ -*-===//
//
// Rules T2 and T3: pieces of transfers, their bursts, open rows and refreshes.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_DRAM_H
#define HDP_MACHINE_DRAM_H

#include "hdp/Machine/Activity.h"
#include "hdp/Machine/Config.h"
#include <vector>

namespace hdp::machine {

/// What is moved without interruption: whole bursts, not always adjacent.
struct DramPiece {
  llvm::SmallVector<DramRun, 2> runs;
  uint64_t bursts = 0;
};

/// T2: the pieces of a transfer. Bytes are rounded out to aligned bursts; runs
/// that share one count it once.
std::vector<DramPiece> cutIntoPieces(llvm::ArrayRef<DramRun> runs,
                                     const Config &config);

/// The same one by one.
class TransferCutter {
public:
  void start(llvm::ArrayRef<DramRun> runs, const Config &config);
  /// The next piece; false when there is none left.
  bool next(DramPiece &piece);

private:
  llvm::ArrayRef<DramRun> left;
  uint64_t size = 1, most = 1;
  /// What is left of the run in work, in bursts; its end stays when it is done.
  uint64_t begin = 0, end = 0;
};

struct DramCounters {
  uint64_t busy = 0, bursts = 0, rowMisses = 0, refreshes = 0,
           refreshCycles = 0;
};

/// The state of the DRAM: when it is free, which rows are open.
class Dram {
public:
  explicit Dram(const Config &config)
      : config(config), openRows(config.dram_banks, ~uint64_t(0)) {}

  struct Service {
    uint64_t start, end;
  };
  /// T3: serves a piece that arrives at `time`, after what was served before.
  Service serve(const DramPiece &piece, uint64_t time);

  const DramCounters &getCounters() const { return counters; }

private:
  /// The first cycle from `time` on that is not within a refresh.
  uint64_t afterRefresh(uint64_t time);

  const Config config;
  std::vector<uint64_t> openRows;
  uint64_t freeAt = 0, lastRefresh = 0;
  DramCounters counters;
};

} // namespace hdp::machine

#endif // HDP_MACHINE_DRAM_H
