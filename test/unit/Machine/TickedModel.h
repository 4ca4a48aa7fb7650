//===- TickedModel.h - units, cycle by cycle --------------------*- C++ -*-===//
//
// What the formulas of TimingRules.h have to equal: registers and queues that
// are stepped one cycle at a time. Slow, and written without the formulas.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_MACHINE_TICKEDMODEL_H
#define HDP_TEST_UNIT_MACHINE_TICKEDMODEL_H

#include "hdp/Machine/Config.h"
#include <deque>
#include <vector>

namespace hdp::test {

/// One pass of the array: every PE works `steps` cycles, while `bytes` have to
/// come through the port.
struct TickedPass {
  uint64_t steps, bytes;
};

/// The PE array, the port of its operands and its drain, for one command.
class TickedArray {
public:
  TickedArray(std::vector<TickedPass> passes, uint64_t portBytes,
              const machine::Config &config);
  /// One clock. Returns whether the last result was registered behind the drain
  /// by its end.
  bool tick();
  /// A result was overwritten before it had left.
  bool isBroken() const { return broken; }

private:
  /// A PE: gets the ends of passes `skew` cycles late, and has a second set of
  /// accumulators that holds results until they have left.
  struct Pe {
    uint64_t skew = 0, waiting = 0;
  };
  const std::vector<TickedPass> passes;
  const uint64_t portBytes, perCycle;
  std::vector<Pe> pes;
  /// The sequencer: steps of the current pass, bytes that came for it, results
  /// that the drain could have taken since the pass began.
  size_t pass = 0;
  uint64_t steps = 0, bytes = 0, room = 0;
  std::deque<bool> ends; // whether a pass ended, by cycle, newest first
  std::deque<size_t> leaving;
  uint64_t left = 0;
  bool isRegistering = false, broken = false;
};

/// The cycles of an array command's passes, 0 without passes; ~0 if it broke.
uint64_t tickArray(const std::vector<TickedPass> &passes, uint64_t portBytes,
                   const machine::Config &config);

/// The rounds that a dispatcher makes, one PE at a time, of kept blocks in row
/// order (each given by its block row).
uint64_t tickDispatcher(const std::vector<uint32_t> &blocks,
                        const machine::Config &config);

/// The sparsity engine's sweep over rows of thetas.
class TickedSweep {
public:
  TickedSweep(uint64_t rows, uint64_t columns, const machine::Config &config)
      : rows(rows), columns(columns), left(columns),
        perCycle(config.sweep_per_cycle) {}
  bool isDone() const { return rows == 0 || columns == 0; }
  void tick();

private:
  uint64_t rows, columns, left, perCycle;
};

/// The cycle after the last decision of a sweep.
uint64_t tickSweep(uint64_t rows, uint64_t columns,
                   const machine::Config &config);

/// The softmax unit: a pipe of exponentials and one of weights behind it.
class TickedSoftmax {
public:
  explicit TickedSoftmax(const machine::Config &config) : config(config) {}
  /// A strip whose rows may enter from the next clock on.
  void accept(llvm::ArrayRef<uint32_t> keptPositions, uint64_t groups);
  void tick();
  /// Strips whose last weight has been made, since the beginning.
  uint64_t getDone() const;
  /// Whether a strip that is accepted now cannot catch up with the weights of
  /// those before.
  bool canAccept() const;

private:
  struct Row {
    size_t strip;
    uint64_t exponentials, weights;
    uint64_t sumAt = ~uint64_t(0);
  };
  const machine::Config config;
  std::vector<Row> rows;
  size_t inExp = 0, inScale = 0, strips = 0;
  uint64_t cycle = 0;
};

/// For each of a sequence of strips, given with the cycle from which it may
/// start, the cycle after its last weight.
struct TickedStrip {
  std::vector<uint32_t> keptPositions;
  uint64_t start = 0;
};
std::vector<uint64_t> tickSoftmax(const std::vector<TickedStrip> &strips,
                                  uint64_t groups,
                                  const machine::Config &config);

} // namespace hdp::test

#endif // HDP_TEST_UNIT_MACHINE_TICKEDMODEL_H
