//===- TickedModel.cpp - units, cycle by cycle ----------------------------===//
//
// Each tick is one clock; nothing happens between clocks.
//
//===----------------------------------------------------------------------===//

#include "TickedModel.h"

using namespace hdp::test;
using namespace hdp::machine;

TickedArray::TickedArray(std::vector<TickedPass> passes, uint64_t portBytes,
                         const Config &config)
    : passes(std::move(passes)), portBytes(portBytes),
      perCycle(config.drain_per_cycle) {
  for (uint64_t r = 0; r < config.pe_rows; ++r)
    for (uint64_t c = 0; c < config.pe_columns; ++c)
      pes.push_back({r + c});
}

bool TickedArray::tick() {
  if (isRegistering)
    return true; // what left in the last clock is registered in this one
  uint64_t perPass = pes.size() * 4;
  // Sequencer: one step a cycle, held while operands or the drain lag.
  bool isEnd = false;
  if (pass < passes.size()) {
    const TickedPass &p = passes[pass];
    bytes += portBytes;
    room += perCycle;
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
  for (uint64_t taken = 0; taken < perCycle && !leaving.empty(); ++taken) {
    Pe &pe = pes[leaving.front()];
    ++left;
    if (--pe.waiting == 0)
      leaving.pop_front();
  }
  isRegistering = left == passes.size() * perPass;
  // PEs: a pass that ended `skew` cycles ago ends here now.
  for (size_t i = 0; i < pes.size(); ++i)
    if (pes[i].skew < ends.size() && ends[pes[i].skew]) {
      broken |= pes[i].waiting != 0;
      pes[i].waiting = 4;
      leaving.push_back(i);
    }
  if (ends.size() > pes.back().skew + 1)
    ends.pop_back();
  return false;
}

uint64_t hdp::test::tickArray(const std::vector<TickedPass> &passes,
                              uint64_t portBytes, const Config &config) {
  if (passes.empty())
    return 0;
  TickedArray array(passes, portBytes, config);
  for (uint64_t cycle = 1;; ++cycle) {
    bool isDone = array.tick();
    if (array.isBroken())
      return ~uint64_t(0);
    if (isDone)
      return cycle;
  }
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

void TickedSweep::tick() {
  left -= std::min(left, perCycle);
  if (left == 0) {
    --rows;
    left = columns;
  }
}

uint64_t hdp::test::tickSweep(uint64_t rows, uint64_t columns,
                              const Config &config) {
  uint64_t cycle = 0;
  for (TickedSweep sweep(rows, columns, config); !sweep.isDone(); ++cycle)
    sweep.tick();
  // The decision takes its own registers.
  for (uint64_t i = 0; i < config.row_end_cycles; ++i)
    ++cycle;
  return cycle;
}

void TickedSoftmax::accept(llvm::ArrayRef<uint32_t> keptPositions,
                           uint64_t groups) {
  for (uint32_t nk : keptPositions)
    if (nk > 0)
      rows.push_back({strips, nk + groups, nk});
  ++strips;
}

void TickedSoftmax::tick() {
  if (inScale < rows.size() && rows[inScale].sumAt <= cycle) {
    Row &row = rows[inScale];
    row.weights -= std::min(row.weights, config.rescale_per_cycle);
    if (row.weights == 0)
      ++inScale;
  }
  if (inExp < rows.size()) {
    Row &row = rows[inExp];
    row.exponentials -= std::min(row.exponentials, config.exp_per_cycle);
    if (row.exponentials == 0) {
      row.sumAt = cycle + 1 + config.exp_cycles + config.row_sum_cycles;
      ++inExp;
    }
  }
  ++cycle;
}

uint64_t TickedSoftmax::getDone() const {
  return inScale < rows.size() ? rows[inScale].strip : strips;
}

bool TickedSoftmax::canAccept() const {
  if (inExp < rows.size())
    return false;
  // The weights have to be made by the time at which a first sum could come.
  TickedSoftmax ahead = *this;
  for (uint64_t i = 0; i < config.exp_cycles + config.row_sum_cycles; ++i)
    ahead.tick();
  return ahead.inScale == rows.size();
}

std::vector<uint64_t>
hdp::test::tickSoftmax(const std::vector<TickedStrip> &strips, uint64_t groups,
                       const Config &config) {
  TickedSoftmax unit(config);
  std::vector<uint64_t> ends;
  size_t next = 0;
  for (uint64_t cycle = 0; ends.size() < strips.size(); ++cycle) {
    if (next < strips.size() && strips[next].start <= cycle)
      unit.accept(strips[next++].keptPositions, groups);
    unit.tick();
    if (next > ends.size() && unit.getDone() > ends.size())
      ends.push_back(cycle + 1);
  }
  return ends;
}
