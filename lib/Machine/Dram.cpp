//===- Dram.cpp - rules T2 and T3 -----------------------------------------===//
//
// Row r of the DRAM lies in bank r mod banks; a refresh closes all rows.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Dram.h"

using namespace hdp;
using namespace hdp::machine;

void TransferCutter::start(llvm::ArrayRef<DramRun> runs, const Config &config) {
  left = runs;
  size = config.dram_burst_bytes;
  most = config.dram_piece_bytes / size;
  begin = end = 0;
}

bool TransferCutter::next(DramPiece &piece) {
  piece.runs.clear();
  piece.bursts = 0;
  while (piece.bursts < most) {
    if (begin == end) {
      if (left.empty())
        break;
      DramRun run = left.front();
      left = left.drop_front();
      if (run.bytes == 0)
        continue;
      uint64_t before = end;
      begin = run.address / size;
      end = (run.address + run.bytes - 1) / size + 1;
      if (begin + 1 == before) // the run before has this burst
        begin = before;
      continue;
    }
    uint64_t count = std::min(end - begin, most - piece.bursts);
    piece.runs.push_back({begin * size, count * size});
    piece.bursts += count;
    begin += count;
  }
  return piece.bursts > 0;
}

std::vector<DramPiece> machine::cutIntoPieces(llvm::ArrayRef<DramRun> runs,
                                              const Config &config) {
  std::vector<DramPiece> pieces;
  TransferCutter cutter;
  cutter.start(runs, config);
  for (DramPiece piece; cutter.next(piece);)
    pieces.push_back(piece);
  return pieces;
}

uint64_t Dram::afterRefresh(uint64_t time) {
  uint64_t interval = config.dram_refresh_interval_cycles;
  if (interval == 0 || time < interval)
    return time;
  // Refresh n takes the cycles from n * interval on.
  uint64_t n = time / interval;
  if (n != lastRefresh) {
    counters.refreshes += n - lastRefresh;
    lastRefresh = n;
    std::fill(openRows.begin(), openRows.end(), ~uint64_t(0));
  }
  uint64_t end = n * interval + config.dram_refresh_cycles;
  if (time < end) {
    counters.refreshCycles += end - time;
    return end;
  }
  return time;
}

Dram::Service Dram::serve(const DramPiece &piece, uint64_t time) {
  uint64_t start = afterRefresh(std::max(time, freeAt));
  uint64_t misses = 0;
  for (const DramRun &run : piece.runs)
    for (uint64_t row = run.address / config.dram_row_bytes;
         row <= (run.address + run.bytes - 1) / config.dram_row_bytes; ++row) {
      uint64_t &open = openRows[row % openRows.size()];
      misses += open != row;
      open = row;
    }
  uint64_t bytes = piece.bursts * config.dram_burst_bytes;
  uint64_t cycles = (bytes * 1000 + config.dram_bytes_per_kilocycle - 1) /
                        config.dram_bytes_per_kilocycle +
                    misses * config.dram_row_miss_cycles;
  freeAt = start + cycles;
  counters.busy += cycles;
  counters.bursts += piece.bursts;
  counters.rowMisses += misses;
  return {start, freeAt};
}
