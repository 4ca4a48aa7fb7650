//===- CaseRun.h - generated cases through the check ------------*- C++ -*-===//

#ifndef HDP_TOOLS_HDP_RAISE_CHECK_CASERUN_H
#define HDP_TOOLS_HDP_RAISE_CHECK_CASERUN_H

#include "AttentionCase.h"
#include "mlir/IR/MLIRContext.h"
#include <map>

namespace hdp::check {

struct CaseRunOptions {
  uint64_t seed = 1;
  uint64_t first = 0, count = 0;
  uint64_t perModule = 16;
  unsigned optLevel = 0;
  /// Print each case.
  bool verbose = false;
};

/// What became of cases.
struct CaseCounts {
  uint64_t total = 0, raised = 0, refused = 0;
  // Failures.
  uint64_t wrong = 0;      ///< results differ
  uint64_t missed = 0;     ///< attention, refused for no allowed reason
  uint64_t unexpected = 0; ///< raised, though it is no attention
  uint64_t failed = 0;     ///< did not parse, compile or run

  uint64_t getFailures() const { return wrong + missed + unexpected + failed; }
};

struct CaseSummary {
  CaseCounts all, attention, nearMisses;
  /// By `axis=value`.
  std::map<std::string, CaseCounts> byAxis;
};

/// Runs cases; prints every failure with what replays it and its function.
CaseSummary runCases(mlir::MLIRContext &context, const CaseRunOptions &options);

/// `axis`, `value`, cases, raised, refused: one line each.
void printAxes(const CaseSummary &summary);

} // namespace hdp::check

#endif // HDP_TOOLS_HDP_RAISE_CHECK_CASERUN_H
