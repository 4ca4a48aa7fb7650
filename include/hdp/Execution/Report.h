//===- Report.h - what a run found ------------------------------*- C++ -*-===//
//
// The counters of a run as plain structs, and the text and JSON made from
// them. docs/Report.md lists the JSON's keys.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_REPORT_H
#define HDP_EXECUTION_REPORT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hdp {

namespace machine {
struct Launch;
struct RunReport;
} // namespace machine

/// One attention of the model, over all samples.
struct LayerReport {
  /// `file:line:col`.
  std::string location;
  /// As `#hdp.policy<..>` holds it, empty for exact attention.
  std::string policy;

  /// With a policy: blocks and heads that were there, and what was left out.
  int64_t fullBlocks = 0, prunedBlocks = 0;
  int64_t heads = 0, gatedHeads = 0;
  /// With a policy: elements of Q, K and V whose code was clamped, and NaNs
  /// (N1).
  int64_t saturated = 0, nan = 0;

  /// Several engines: whether they agreed everywhere.
  std::optional<bool> equal;
  /// The first disagreement: which tensors, which elements.
  std::string difference;
  /// The largest error of the output against exact attention on the same Q, K
  /// and V.
  std::optional<double> maxError;

  /// What a machine took for it; null when none ran it.
  std::shared_ptr<machine::RunReport> cost;
  /// Its first launch in the first call, if it was to be kept.
  std::shared_ptr<machine::Launch> launch;

  bool hasPolicy() const { return !policy.empty(); }
};

/// The same inputs through the model as it was before raising.
struct UnraisedReport {
  /// Of result 0.
  double maxError = 0;
  std::optional<int64_t> correct;
  /// Predictions that are not the raised model's.
  int64_t predictionsDiffer = 0;
};

struct RunReport {
  std::string model, function;
  std::vector<std::string> engines;
  unsigned threads = 1;
  /// Predictions that match their label, when there are labels.
  std::optional<int64_t> correct;
  /// Samples, or predictions where a sample has several labels.
  int64_t total = 0;
  int64_t samples = 1;
  /// Calls of the model only, without what compares and counts.
  double seconds = 0;
  double compileSeconds = 0;
  std::vector<LayerReport> layers;
  std::optional<UnraisedReport> unraised;

  /// Over all layers with a policy; nothing when no layer has one.
  std::optional<double> getPrunedFraction() const;
  std::optional<double> getGatedFraction() const;
  /// Nothing when one engine ran.
  std::optional<bool> getEnginesEqual() const;
  /// What the machine took for all layers, one after the other; null when none
  /// ran.
  std::shared_ptr<machine::RunReport> getCost() const;
};

/// The report as JSON; fractions and errors that do not apply are null. JSON
/// has no infinity: an error that is not finite is the string "inf".
llvm::json::Value toJson(const RunReport &report);

/// The report for people.
void printReport(llvm::raw_ostream &os, const RunReport &report);

/// What a machine did, for people who look closer: a trace of the first sample,
/// what bounds each layer, a page that stands alone. Layers that no machine
/// executed are left out.
void printMachineTrace(llvm::raw_ostream &os, const RunReport &report);
void printMachineRoofline(llvm::raw_ostream &os, const RunReport &report);
void printMachineHtml(llvm::raw_ostream &os, const RunReport &report);

} // namespace hdp

#endif // HDP_EXECUTION_REPORT_H
