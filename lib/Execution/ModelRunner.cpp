//===- ModelRunner.cpp - raise, set the policy, compile, call -------------===//

#include "hdp/Execution/ModelRunner.h"
#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Pipelines/RaisePipeline.h"
#include "hdp/Support/Error.h"
#include <chrono>

using namespace hdp;
using Clock = std::chrono::steady_clock;

/// The counters of the call that this thread is in.
static thread_local CallCounters *currentCounters = nullptr;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The function that the options name, or the one that is meant.
static llvm::Expected<mlir::func::FuncOp> findFunction(mlir::ModuleOp module,
                                                       llvm::StringRef name) {
  std::string file = formatLocation(module.getLoc());
  file = file.substr(0, file.find(':'));
  llvm::SmallVector<mlir::func::FuncOp> found;
  std::string names;
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    names += (names.empty() ? "'" : ", '") + function.getName().str() + "'";
    if (function.getName() == (name.empty() ? "main" : name))
      return function;
    found.push_back(function);
  }
  if (name.empty() && found.size() == 1)
    return found.front();
  if (names.empty())
    return makeError(file + ": no public function");
  if (name.empty())
    return makeError(file + ": which function? there are " + names);
  return makeError(file + ": no public function '" + name + "', there is " +
                   names);
}

static llvm::Error setPolicy(mlir::ModuleOp module, llvm::StringRef policy,
                             llvm::ArrayRef<std::string> layers) {
  HDPSetPolicyOptions options;
  options.policy = policy.str();
  options.layers.assign(layers.begin(), layers.end());
  return runPasses(
      module, "the policy cannot be set", [&](mlir::OpPassManager &pm) {
        pm.addNestedPass<mlir::func::FuncOp>(createHDPSetPolicy(options));
      });
}

/// Layers that the function does not have are a mistake, unless no attention
/// was recognised, which is reported as such. Setting the policy has checked
/// how they are written.
static llvm::Error checkLayers(mlir::func::FuncOp function,
                               llvm::ArrayRef<std::string> layers) {
  unsigned numLayers = 0;
  function.walk([&](AttentionOp) { ++numLayers; });
  for (llvm::StringRef text : layers) {
    unsigned last = 0;
    text.substr(text.find('-') + 1).getAsInteger(10, last);
    if (numLayers != 0 && last >= numLayers)
      return makeError("expected layers below " + llvm::Twine(numLayers) +
                       ", found " + llvm::Twine(last));
  }
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<ModelRunner>>
ModelRunner::create(mlir::OwningOpRef<mlir::ModuleOp> module,
                    RunnerOptions options) {
  std::unique_ptr<ModelRunner> runner(new ModelRunner());
  llvm::Expected<mlir::func::FuncOp> function =
      findFunction(*module, options.function);
  if (!function)
    return function.takeError();
  llvm::Expected<FunctionSignature> signature = hdp::getSignature(*function);
  if (!signature)
    return signature.takeError();
  runner->signature = std::move(*signature);
  options.function = runner->signature.name;

  if (options.compare) {
    runner->original = module->clone();
    if (llvm::Error error = setPolicy(*runner->original, "exact", {}))
      return error;
  }
  if (llvm::Error error =
          runPasses(*module, "raising failed", [](mlir::OpPassManager &pm) {
            buildRaisePipeline(pm, {});
          }))
    return error;
  if (!options.policy.empty()) {
    if (llvm::Error error = setPolicy(*module, options.policy, options.layers))
      return error;
    auto raised =
        module->lookupSymbol<mlir::func::FuncOp>(runner->signature.name);
    if (llvm::Error error = checkLayers(raised, options.layers))
      return error;
  }
  module->walk([&](hdpa::LaunchOp) { ++runner->numLaunches; });
  module->walk([&](AttentionOp op) {
    ++runner->numAttentions;
    LayerReport layer;
    layer.location = formatLocation(op.getLoc());
    layer.policy = formatPolicy(op.getPolicyAttr());
    runner->report.layers.push_back(std::move(layer));
  });
  runner->report.function = options.function;
  runner->report.engines = options.engines;
  runner->module = std::move(module);
  runner->options = std::move(options);
  return runner;
}

/// The engines that have these names.
static llvm::Expected<std::vector<std::unique_ptr<AttentionEngine>>>
makeEngines(const RunnerOptions &options, unsigned threads) {
  JitOptions jit;
  jit.threads = threads;
  jit.objectCache = options.objectCache;
  std::vector<std::unique_ptr<AttentionEngine>> engines;
  for (const std::string &name : options.engines) {
    if (name == "reference")
      engines.push_back(makeReferenceEngine());
    else if (name == "cpu" && options.cpuKernels == AttentionLowering::Vector)
      engines.push_back(makeKernelEngine(jit));
    else if (name == "cpu" || name == "loops")
      engines.push_back(makeJitEngine(jit));
    else if (name == "machine")
      engines.push_back(makeMachineEngine(options.machine, makeJitEngine(jit)));
    else
      return makeError("no engine '" + name + "'");
  }
  return engines;
}

llvm::Error ModelRunner::compileUnraised() {
  auto compiled = CompiledModel::compile(*original);
  if (compiled)
    unraised = std::move(*compiled);
  else // e.g. an attention op that only raising understands
    unraisedProblem = llvm::toString(compiled.takeError());
  return llvm::Error::success();
}

llvm::Error ModelRunner::compile() {
  Clock::time_point start = Clock::now();
  bool isPruned = llvm::any_of(report.layers, [](const LayerReport &layer) {
    return layer.hasPolicy();
  });
  // Exact attention on the CPU alone needs no host in between.
  bool dispatch =
      numAttentions > 0 && (isPruned || options.capturesInputs ||
                            options.engines != std::vector<std::string>{"cpu"});
  CompileOptions compileOptions;
  compileOptions.dispatchAttention = dispatch;
  compileOptions.attention = options.cpuKernels;
  compileOptions.threads = threads;
  compileOptions.objectCache = options.objectCache;
  compileOptions.siteResults =
      options.engines.size() > 1 ? SiteResults::All : SiteResults::Statistics;
  auto compiled = CompiledModel::compile(*module, compileOptions);
  if (!compiled)
    return compiled.takeError();
  model = std::move(*compiled);

  if (dispatch) {
    // What the lowering left, in its order: equal attentions may be one now.
    report.layers.clear();
    for (const AttentionSite &site : model->getSites()) {
      LayerReport layer;
      layer.location = formatLocation(site.location);
      layer.policy = formatPolicy(site.policy);
      report.layers.push_back(std::move(layer));
    }
    auto engines = makeEngines(options, threads);
    if (!engines)
      return engines.takeError();
    auto runner =
        SiteRunner::create(*model, std::move(*engines), options.compare);
    if (!runner)
      return runner.takeError();
    sites = std::move(*runner);
    model->setSiteCallback(
        [this](int64_t site, llvm::ArrayRef<TensorView> views) {
          return sites->execute(site, views, *currentCounters);
        });
  }
  differenceCalls.assign(report.layers.size(), -1);
  report.compileSeconds = secondsSince(start);
  return options.compare ? compileUnraised() : llvm::Error::success();
}

llvm::Expected<CallOutcome>
ModelRunner::run(llvm::ArrayRef<const HostTensor *> arguments, int64_t call,
                 int64_t numValid, int64_t batchSize) {
  CallCounters counters;
  counters.numValid = numValid;
  counters.batchSize = batchSize;
  counters.keepsLaunches = options.keepsLaunches && call == 0;
  counters.layers.resize(report.layers.size());
  std::vector<NamedTensor> inputs;
  if (options.capturesInputs && call == 0)
    counters.captured = &inputs;
  currentCounters = &counters;
  Clock::time_point start = Clock::now();
  auto results = model->run(options.function, arguments);
  double seconds = secondsSince(start) - counters.checkSeconds;
  currentCounters = nullptr;
  if (!results)
    return results.takeError();
  CallOutcome outcome;
  outcome.results = std::move(*results);

  if (unraised) {
    auto expected = unraised->run(options.function, arguments);
    if (!expected)
      return makeError("the unraised model: " +
                       llvm::toString(expected.takeError()));
    outcome.unraised = std::move(*expected);
  }

  std::lock_guard<std::mutex> lock(mutex);
  if (counters.captured)
    captured = std::move(inputs);
  report.seconds += seconds;
  for (auto [index, layer] : llvm::enumerate(counters.layers)) {
    accumulate(report.layers[index], layer);
    int64_t &known = differenceCalls[index];
    if (!layer.difference.empty() && (known < 0 || call < known)) {
      known = call;
      report.layers[index].difference = layer.difference;
    }
  }
  return outcome;
}

std::vector<NamedTensor> ModelRunner::takeCaptured() {
  std::lock_guard<std::mutex> lock(mutex);
  return std::move(captured);
}

RunReport ModelRunner::getReport() const {
  std::lock_guard<std::mutex> lock(mutex);
  return report;
}
