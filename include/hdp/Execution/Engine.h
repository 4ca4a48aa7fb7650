//===- Engine.h - who executes an attention ---------------------*- C++ -*-===//
//
// An engine takes one attention as a *site function* (tensors in, tensors out,
// each result named by its `hdp.tensor` attribute) and runs it on host
// tensors. Engines are compared by running the same site function on the same
// inputs; results are matched by name, because an engine may hold more than
// the function returns.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_ENGINE_H
#define HDP_EXECUTION_ENGINE_H

#include "hdp/Execution/CompiledModel.h"
#include "hdp/Support/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <vector>

namespace hdp {

namespace machine {
struct Launch;
struct RunReport;
} // namespace machine

/// The argument and result attribute that names a site function's tensors.
inline constexpr llvm::StringLiteral kTensorNameAttr = kTensorNameAttrName;

/// A call of a model as an engine sees it that models hardware, and what that
/// engine found.
struct SiteCall {
  /// The first `numValid` of the `batchSize` samples in the call count.
  int64_t numValid = 1, batchSize = 1;
  /// Keep the first launch.
  bool keepsLaunch = false;
  /// What the samples that count took; null from other engines.
  std::shared_ptr<machine::RunReport> cost;
  std::shared_ptr<machine::Launch> launch;
};

/// A site function that an engine has made ready. The function has to outlive
/// it.
class PreparedSite {
public:
  virtual ~PreparedSite() = default;

  /// Runs the site. Inputs are checked against the function's argument types
  /// (sizes that are dynamic there are those of the inputs) and not written
  /// to. A violation of N0 that only run time can see and a NaN in a bias are
  /// errors of one line. May be called by several threads at once.
  virtual llvm::Expected<std::vector<NamedTensor>>
  run(llvm::ArrayRef<const HostTensor *> inputs) const = 0;

  /// The same; an engine that models hardware also fills `call` in.
  virtual llvm::Expected<std::vector<NamedTensor>>
  measure(llvm::ArrayRef<const HostTensor *> inputs, SiteCall &call) const {
    (void)call;
    return run(inputs);
  }

  /// Runs the site on memory of the caller: `views` are the inputs, then the
  /// output, of the types and shapes that `run` would take and give. Returns
  /// the results beside `out`; nothing, and nothing is done, from an engine
  /// that cannot.
  virtual llvm::Expected<std::optional<std::vector<NamedTensor>>>
  runInPlace(llvm::ArrayRef<TensorView> views) const {
    (void)views;
    return std::nullopt;
  }
};

/// Executes attention sites.
class AttentionEngine {
public:
  virtual ~AttentionEngine() = default;

  /// What options and reports call it, e.g. `reference`.
  virtual llvm::StringRef getName() const = 0;

  /// Makes a site function ready to run. `site` is not changed.
  virtual llvm::Expected<std::unique_ptr<PreparedSite>>
  prepare(mlir::func::FuncOp site) const = 0;
};

/// Walks the site's ops in plain loops, made to be read. Besides the results
/// it gives `e` (N9).
std::unique_ptr<AttentionEngine> makeReferenceEngine();

/// For engines that compile; each as in CompileOptions.
struct JitOptions {
  std::string target = "host";
  std::string objectCache;
  unsigned threads = 1;
};

/// Compiles the site through the CPU pipeline, as loops, with every result that
/// the site function has.
std::unique_ptr<AttentionEngine> makeJitEngine(const JitOptions &options = {});

/// Compiles the attention of the site as a whole, which makes it a fused kernel
/// where there is one. It gives `out`, with a policy `statistics` (see
/// hdp.attention) and from it sQ, sK, sV and gate, and `o` if the site function
/// has it. Where there is no kernel it is makeJitEngine's.
std::unique_ptr<AttentionEngine>
makeKernelEngine(const JitOptions &options = {});

} // namespace hdp

#endif // HDP_EXECUTION_ENGINE_H
