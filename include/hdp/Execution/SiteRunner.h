//===- SiteRunner.h - attention sites on one or more engines ----*- C++ -*-===//
//
// What a model's compiled code calls where it left an attention to the host:
// runs it on every engine, compares them, counts what was pruned.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_SITERUNNER_H
#define HDP_EXECUTION_SITERUNNER_H

#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Execution/Report.h"

namespace hdp {

/// The counters of one call of the model, a layer for each site.
struct CallCounters {
  /// How many of the samples in the call count; the rest of a last batch are
  /// repetitions.
  int64_t numValid = 1, batchSize = 1;
  std::vector<LayerReport> layers;
  /// Keep each layer's first launch on a machine.
  bool keepsLaunches = false;
  /// Where inputs of the sites are copied to; null: nowhere.
  std::vector<NamedTensor> *captured = nullptr;
  /// Time for comparing and counting, which is not the model's.
  double checkSeconds = 0;
};

/// Adds one call's counters of a layer to its sum.
void accumulate(LayerReport &sum, const LayerReport &call);

class SiteRunner {
public:
  /// Makes every site of `model` ready on every engine. With `compareExact`
  /// each site with a policy also runs without, for the error. The model has
  /// to outlive the runner.
  static llvm::Expected<std::unique_ptr<SiteRunner>>
  create(const CompiledModel &model,
         std::vector<std::unique_ptr<AttentionEngine>> engines,
         bool compareExact);

  /// Executes a site: the first engine's output is written to the last view.
  /// May be called by several threads, each with its own counters.
  llvm::Error execute(int64_t site, llvm::ArrayRef<TensorView> views,
                      CallCounters &counters) const;

private:
  /// A site function made ready.
  struct Prepared {
    std::vector<std::unique_ptr<PreparedSite>> engines;
    std::unique_ptr<PreparedSite> exact;
  };

  llvm::Error prepare(const AttentionSite &site, bool compareExact);
  /// Runs a site on every engine, on copies of its inputs.
  llvm::Error runEngines(int64_t site,
                         llvm::ArrayRef<const HostTensor *> inputs,
                         CallCounters &counters,
                         std::vector<std::vector<NamedTensor>> &results) const;

  const CompiledModel *model = nullptr;
  std::vector<std::unique_ptr<AttentionEngine>> engines;
  /// By site; equal sites share theirs.
  std::vector<std::shared_ptr<Prepared>> prepared;
};

/// What stands inside `#hdp.policy<..>`; empty without a policy.
std::string formatPolicy(PolicyAttr policy);

} // namespace hdp

#endif // HDP_EXECUTION_SITERUNNER_H
