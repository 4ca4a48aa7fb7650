//===- Energy.h - counters times constants ----------------------*- C++ -*-===//
//
// Named tables of energy constants, and what a run takes by them, as a range.
// Outside timing: no cycle depends on it.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_ENERGY_H
#define HDP_MACHINE_ENERGY_H

#include "hdp/Machine/Counters.h"

namespace hdp::machine {

/// From the lowest to the highest source.
struct Range {
  double low = 0, high = 0;
  Range &operator+=(const Range &o) {
    low += o.low;
    high += o.high;
    return *this;
  }
  Range operator*(double factor) const { return {low * factor, high * factor}; }
};

/// A table of constants.
struct EnergyTable {
  std::string name = "lpddr4-45nm";
#define HDP_ENERGY(field, unit, low, high, sentence, source)                   \
  Range field = {low, high};
#include "hdp/Machine/Energy.def"
};

/// The table called `name` (lpddr4-45nm, hbm2-45nm), or that of a YAML file: a
/// mapping of constants to a number or `[low, high]`; those left out are
/// lpddr4-45nm's.
llvm::Expected<EnergyTable> loadEnergyTable(llvm::StringRef name);
llvm::Expected<EnergyTable> parseEnergyTable(llvm::StringRef text,
                                             llvm::StringRef file);

/// Picojoules by where they go.
struct Energy {
  Range multiply, accumulate, scratchpads, softmax, normalise, sparsity, dram,
      leakage;
  Range total() const;
};

/// Calls `visit(name, range)` for each part of an energy.
template <typename Visitor>
void forEachPart(const Energy &energy, Visitor visit) {
  visit("multiply", energy.multiply);
  visit("accumulate", energy.accumulate);
  visit("scratchpads", energy.scratchpads);
  visit("softmax", energy.softmax);
  visit("normalise", energy.normalise);
  visit("sparsity", energy.sparsity);
  visit("dram", energy.dram);
  visit("leakage", energy.leakage);
}

/// The energy of counters with multipliers of a kind, over `cycles`.
Energy computeEnergy(const Counters &counters, const EnergyTable &table,
                     MacReading reading, const Config &config, uint64_t cycles);

/// Square millimetres of all scratchpads.
Range computeArea(const EnergyTable &table, const Config &config);

/// The table of docs/Machine.md.
void printEnergyTable(llvm::raw_ostream &os);

} // namespace hdp::machine

#endif // HDP_MACHINE_ENERGY_H
