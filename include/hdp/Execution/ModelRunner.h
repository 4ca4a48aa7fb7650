//===- ModelRunner.h - a model with pruned attention, ready to call -*- C++ -*//
//
// From a module as a front end prints it to calls: raises attention, sets the
// policy, compiles the rest, and gives attention to the engines.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_MODELRUNNER_H
#define HDP_EXECUTION_MODELRUNNER_H

#include "hdp/Execution/MachineEngine.h"
#include "hdp/Execution/SiteRunner.h"
#include "mlir/IR/OwningOpRef.h"
#include <mutex>

namespace hdp {

struct RunnerOptions {
  /// The function to call; empty: the module's only public one, or `main`.
  std::string function;
  /// As `--hdp-set-policy` takes it; empty: what the module says.
  std::string policy;
  std::vector<std::string> layers;
  /// `reference`, `cpu`, `loops` (the cpu engine without kernels), `machine`;
  /// at least one. The model goes on with the first one's output.
  std::vector<std::string> engines = {"cpu"};
  /// Also run the model as it was before raising, and exact attention beside
  /// every pruned one.
  bool compare = false;
  /// How the cpu engine compiles pruned attention.
  AttentionLowering cpuKernels = AttentionLowering::Vector;
  /// A folder of machine code from earlier runs; empty: none.
  std::string objectCache;
  /// For the machine engine.
  MachineOptions machine;
  /// Keep the launches of call 0, for traces and pictures.
  bool keepsLaunches = false;
  /// Keep the inputs of every attention in call 0.
  bool capturesInputs = false;
};

/// What one call gave.
struct CallOutcome {
  std::vector<HostTensor> results;
  /// The unraised model's, with `compare`.
  std::vector<HostTensor> unraised;
};

class ModelRunner {
public:
  /// Raises and sets the policy; nothing is compiled yet. The context has all
  /// of MLIR's and the project's dialects registered. Errors are one line.
  static llvm::Expected<std::unique_ptr<ModelRunner>>
  create(mlir::OwningOpRef<mlir::ModuleOp> module, RunnerOptions options);

  const FunctionSignature &getSignature() const { return signature; }
  /// How many attentions of the module are hdp.attention after raising.
  int64_t getNumAttentions() const { return numAttentions; }
  /// How many launches of programs for a machine it has already.
  int64_t getNumLaunches() const { return numLaunches; }
  /// Why there is no unraised model to compare with, if so.
  const std::string &getUnraisedProblem() const { return unraisedProblem; }
  bool hasUnraised() const { return unraised != nullptr; }

  /// How many threads share the kernels of one call; before `compile`.
  void setThreads(unsigned number) { threads = number; }
  llvm::Error compile();

  /// Calls the function. `call` numbers the calls (the lowest one's difference
  /// is reported); the first `numValid` of `batchSize` samples count. May be
  /// called by several threads.
  llvm::Expected<CallOutcome> run(llvm::ArrayRef<const HostTensor *> arguments,
                                  int64_t call = 0, int64_t numValid = 1,
                                  int64_t batchSize = 1);

  /// Layers, seconds (the sum over calls) and engines of all calls so far.
  RunReport getReport() const;

  /// With `capturesInputs`: `layerN.q`, `k` and `v` as [heads.., rows,
  /// columns], `mask` and `bias` if there are, and `scale` of each attention.
  std::vector<NamedTensor> takeCaptured();

private:
  ModelRunner() = default;
  llvm::Error compileUnraised();

  RunnerOptions options;
  FunctionSignature signature;
  mlir::OwningOpRef<mlir::ModuleOp> module, original;
  int64_t numAttentions = 0, numLaunches = 0;
  unsigned threads = 1;
  std::unique_ptr<CompiledModel> model, unraised;
  std::string unraisedProblem;
  std::unique_ptr<SiteRunner> sites;

  mutable std::mutex mutex; ///< guards what follows
  RunReport report;
  /// By layer: the call that its difference is of.
  std::vector<int64_t> differenceCalls;
  std::vector<NamedTensor> captured;
};

} // namespace hdp

#endif // HDP_EXECUTION_MODELRUNNER_H
