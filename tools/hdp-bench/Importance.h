//===- Importance.h - how much a threshold would prune ----------*- C++ -*-===//
//
// To compare at a wanted share of pruned blocks, the threshold that gives it
// has to be found: the importance of every block once (N5), then a threshold
// for each rho tried (N6).
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_IMPORTANCE_H
#define HDP_TOOLS_HDP_BENCH_IMPORTANCE_H

#include "Inputs.h"
#include "hdp/Numerics/Policy.h"
#include <vector>

namespace hdp::bench {

/// The importance of every full block, without masks.
class ImportanceTable {
public:
  ImportanceTable(const AttentionInputs &inputs,
                  const numerics::Policy &policy);

  /// The share of full blocks that `policy`, with any threshold, prunes.
  double getPrunedFraction(const numerics::Policy &policy) const;

  /// `policy` with the rho whose share is the closest to `fraction`.
  numerics::Policy tune(numerics::Policy policy, double fraction) const;

private:
  /// By head and block row.
  std::vector<std::vector<int32_t>> rows;
};

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_IMPORTANCE_H
