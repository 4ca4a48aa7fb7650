//===- TimingRules.h - how long a command takes -----------------*- C++ -*-===//
//
// Rules T4 to T14 of docs/Machine.md, one function each: from what a command
// did to the cycles it occupies its unit, and the cycles after that until its
// results are there.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_TIMINGRULES_H
#define HDP_MACHINE_TIMINGRULES_H

#include "hdp/Machine/Activity.h"
#include "hdp/Machine/Config.h"

namespace hdp::machine {

/// Cycles of a command: the unit is free after `occupancy`, the results are
/// there after `occupancy` + `latency`.
struct Duration {
  uint64_t occupancy = 0, latency = 0;
};

/// T4: what one product costs, in sixteenths of a cycle of a multiplier.
uint64_t productCost(const ProductCount &product, const Config &config);

/// The cost of all products of a command (utilisation), in sixteenths.
uint64_t totalCost(const Activity &activity, const Config &config);

/// T5: cycles from tile to tile of an integer pass or a dense score.
uint64_t tileCycles(const Activity &activity, const Config &config);

/// T6: cycles from round to round of a score of kept blocks.
uint64_t roundCycles(const Activity &activity, const Config &config);

/// T7: rounds that blocks take: each round fills the PEs with the next blocks
/// in row order, of at most `pe_rows` block rows.
uint64_t packRounds(llvm::ArrayRef<RowWork> rows, const Config &config);

/// T8: cycles from the last step of the array's first PE until the last result
/// is registered behind the drain.
uint64_t fillCycles(const Config &config);

/// T8: an array command around `work` cycles: issue, work, fill of the array.
Duration arrayCommand(uint64_t work, const Config &config);

/// T9: cycles of the array for weighing the values of a strip.
uint64_t weighCycles(const Activity &activity, const Config &config);

/// T10: END_R.
Duration endRows(const Activity &activity, const Config &config);

/// T11: END_H.
Duration endHead(const Activity &activity, const Config &config);

/// T12: the softmax unit on a strip.
Duration softmax(const Activity &activity, const Config &config);

/// T13: output codes of a strip.
Duration normalise(const Activity &activity, const Config &config);

/// What the rules make of a machine alone.
struct RuleConstants {
  explicit RuleConstants(const Config &config) : fill(fillCycles(config)) {}
  uint64_t fill;
};

/// The duration of any command but loads and stores that move bytes; T14 when
/// it was dropped.
Duration durationOf(const Command &command, const Activity &activity,
                    const Config &config, const RuleConstants &constants);
Duration durationOf(const Command &command, const Activity &activity,
                    const Config &config);

} // namespace hdp::machine

#endif // HDP_MACHINE_TIMINGRULES_H
