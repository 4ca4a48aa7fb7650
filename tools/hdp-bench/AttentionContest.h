//===- AttentionContest.h - one shape, all implementations ------*- C++ -*-===//

#ifndef HDP_TOOLS_HDP_BENCH_ATTENTIONCONTEST_H
#define HDP_TOOLS_HDP_BENCH_ATTENTIONCONTEST_H

#include "Inputs.h"
#include "Session.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Numerics/Policy.h"

namespace hdp::bench {

struct ContestOptions {
  /// Wanted shares of pruned blocks, 0 to 1.
  std::vector<double> pruned;
  numerics::Policy policy;
};

/// Times everything on `inputs`; adds a row for each implementation and prints
/// a table.
llvm::Error runAttentionContest(const AttentionInputs &inputs,
                                const ContestOptions &options,
                                mlir::MLIRContext &context, Session &session);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_ATTENTIONCONTEST_H
