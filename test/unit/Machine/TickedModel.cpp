//===- TickedModel.cpp - units, cycle by cycle ----------------------------===//
//
// Each loop over `cycle` is one clock; nothing happens between clocks.
//
//===----------------------------------------------------------------------===//

#include "TickedModel.h"
#include <deque>

using namespace hdp::test;
using namespace hdp::machine;

namespace {
/// A PE: a step counter fed by the sequencer `skew` cycles ago, and a second
/// set of accumulators that holds results until they have left.
struct Pe {
  uint64_t skew = 0;
  uint64_t waiting = 0; // results in the second set
};
} // namespace

uint64_t hdp::test::tickArray(const std::vector<TickedPass> &passes,
                              uint64_t portBytes, const Config &config) {
  if (passes.empty())
    return 0;
  std::vector<Pe> pes;
  for (uint64_t r = 0; r < config.pe_rows; ++r)
    for (uint64_t c = 0; c < config.pe_columns; ++c)
      pes.push_back({r + c});
  uint64_t perPass = pes.size() * 4;

  // The sequencer: steps of the current pass, bytes that came for it, results
  // that the drain could have taken since the pass began.
  size_t pass = 0;
  uint64_t steps = 0, bytes = 0, room = 0;
  std::deque<bool> ends; // whether a pass ended, by cycle, newest first
  std::deque<size_t> leaving;
  uint64_t left = 0, lastCycle = 0;
  for (uint64_t cycle = 0; left < passes.size() * perPass; ++cycle) {
    // Sequencer: one step a cycle, held while operands or the drain lag.
    bool isEnd = false;
    if (pass < passes.size()) {
      const TickedPass &p = passes[pass];
      bytes += portBytes;
      room += config.drain_per_cycle;
      if (steps < p.steps && (steps + 1 < p.steps || bytes >= p.bytes))
        ++steps;
      if (steps == p.steps && bytes >= p.bytes && room >= perPass) {
        isEnd = true;
        ++pass;
        steps = bytes = room = 0;
      }
    }
    ends.push_front(isEnd);
    // Drain: takes results in the order in which they were complete.
    uint64_t taken = 0;
    while (taken < config.drain_per_cycle && !leaving.empty()) {
      Pe &pe = pes[leaving.front()];
      --pe.waiting;
      ++taken;
      ++left;
      lastCycle = cycle + 2; // leaves in this clock, is registered in the next
      if (pe.waiting == 0)
        leaving.pop_front();
    }
    // PEs: a pass that ended `skew` cycles ago ends here now.
    for (size_t i = 0; i < pes.size(); ++i)
      if (pes[i].skew < ends.size() && ends[pes[i].skew]) {
        if (pes[i].waiting != 0)
          return ~uint64_t(0);
        pes[i].waiting = 4;
        leaving.push_back(i);
      }
    if (ends.size() > config.pe_rows + config.pe_columns)
      ends.pop_back();
  }
  return lastCycle;
}

uint64_t hdp::test::tickDispatcher(const std::vector<uint32_t> &blocks,
                                   const Config &config) {
  uint64_t rounds = 0;
  size_t next = 0;
  while (next < blocks.size()) {
    uint64_t rows = 0;
    for (uint64_t pe = 0; pe < config.pes() && next < blocks.size(); ++pe) {
      // A PE takes the next block if its row is, or can become, a live one.
      if (pe == 0 || blocks[next] != blocks[next - 1]) {
        if (rows == config.pe_rows)
          break;
        ++rows;
      }
      ++next;
    }
    ++rounds;
  }
  return rounds;
}

uint64_t hdp::test::tickSweep(uint64_t rows, uint64_t columns,
                              const Config &config) {
  uint64_t cycle = 0;
  for (uint64_t row = 0; row < rows; ++row)
    for (uint64_t left = columns; left > 0; ++cycle)
      left -= std::min(left, config.sweep_per_cycle);
  // The decision takes its own registers.
  for (uint64_t i = 0; i < config.row_end_cycles; ++i)
    ++cycle;
  return cycle;
}

std::vector<uint64_t>
hdp::test::tickSoftmax(const std::vector<TickedStrip> &strips, uint64_t groups,
                       const Config &config) {
  struct Row {
    size_t strip;
    uint64_t exponentials, weights, from;
    uint64_t sumAt = ~uint64_t(0);
  };
  std::vector<Row> rows;
  for (size_t s = 0; s < strips.size(); ++s)
    for (uint32_t nk : strips[s].keptPositions)
      if (nk > 0)
        rows.push_back({s, nk + groups, nk, strips[s].start});
  std::vector<uint64_t> ends(strips.size(), 0);
  size_t inExp = 0, inScale = 0;
  for (uint64_t cycle = 0; inScale < rows.size(); ++cycle) {
    if (inScale < rows.size() && rows[inScale].sumAt <= cycle) {
      Row &row = rows[inScale];
      row.weights -= std::min(row.weights, config.rescale_per_cycle);
      if (row.weights == 0) {
        ends[row.strip] = cycle + 1;
        ++inScale;
      }
    }
    if (inExp < rows.size() && rows[inExp].from <= cycle) {
      Row &row = rows[inExp];
      row.exponentials -= std::min(row.exponentials, config.exp_per_cycle);
      if (row.exponentials == 0) {
        row.sumAt = cycle + 1 + config.exp_cycles + config.row_sum_cycles;
        ++inExp;
      }
    }
  }
  return ends;
}
