//===- TickedModel.h - units, cycle by cycle --------------------*- C++ -*-===//
//
// What the formulas of TimingRules.h have to equal: registers and queues that
// are stepped one cycle at a time. Slow, and written without the formulas.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_MACHINE_TICKEDMODEL_H
#define HDP_TEST_UNIT_MACHINE_TICKEDMODEL_H

#include "hdp/Machine/Config.h"
#include <vector>

namespace hdp::test {

/// One pass of the array: every PE works `steps` cycles, while `bytes` have to
/// come through the port.
struct TickedPass {
  uint64_t steps, bytes;
};

/// The PE array and its drain; gives the cycle after the last result was
/// registered behind the drain, 0 without passes. A result that is overwritten
/// before it left makes it ~0.
uint64_t tickArray(const std::vector<TickedPass> &passes, uint64_t portBytes,
                   const machine::Config &config);

/// The rounds that a dispatcher makes, one PE at a time, of kept blocks in row
/// order (each given by its block row).
uint64_t tickDispatcher(const std::vector<uint32_t> &blocks,
                        const machine::Config &config);

/// The sparsity engine's sweep over rows of `columns` thetas: the cycle after
/// the last decision.
uint64_t tickSweep(uint64_t rows, uint64_t columns,
                   const machine::Config &config);

/// The softmax unit's two pipes over a sequence of strips, each a list of kept
/// positions by row and the cycle from which it may start: for each strip the
/// cycle after its last weight.
struct TickedStrip {
  std::vector<uint32_t> keptPositions;
  uint64_t start = 0;
};
std::vector<uint64_t> tickSoftmax(const std::vector<TickedStrip> &strips,
                                  uint64_t groups,
                                  const machine::Config &config);

} // namespace hdp::test

#endif // HDP_TEST_UNIT_MACHINE_TICKEDMODEL_H
