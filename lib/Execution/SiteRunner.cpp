//===- SiteRunner.cpp - dispatch, comparison, counters --------------------===//

#include "hdp/Execution/SiteRunner.h"
#include "SiteCapture.h"
#include "SiteStatistics.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Machine/Report.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Format.h"
#include <chrono>

using namespace hdp;
using Clock = std::chrono::steady_clock;

std::string hdp::formatPolicy(PolicyAttr policy) {
  if (!policy)
    return "";
  std::string text;
  llvm::raw_string_ostream(text) << policy;
  llvm::StringRef inside = text;
  inside.consume_front("#hdp.policy<");
  inside.consume_back(">");
  return inside.str();
}

void hdp::accumulate(LayerReport &sum, const LayerReport &call) {
  sum.fullBlocks += call.fullBlocks;
  sum.prunedBlocks += call.prunedBlocks;
  sum.heads += call.heads;
  sum.gatedHeads += call.gatedHeads;
  sum.saturated += call.saturated;
  sum.nan += call.nan;
  if (call.equal)
    sum.equal = sum.equal.value_or(true) && *call.equal;
  if (call.maxError)
    sum.maxError = std::max(sum.maxError.value_or(0), *call.maxError);
  if (call.cost) {
    if (!sum.cost)
      sum.cost = std::make_shared<machine::RunReport>();
    sum.cost->add(*call.cost);
  }
  if (!sum.launch)
    sum.launch = call.launch;
}

llvm::Expected<std::unique_ptr<SiteRunner>>
SiteRunner::create(const CompiledModel &model,
                   std::vector<std::unique_ptr<AttentionEngine>> engines,
                   bool compareExact) {
  std::unique_ptr<SiteRunner> runner(new SiteRunner());
  runner->model = &model;
  runner->engines = std::move(engines);
  for (const AttentionSite &site : model.getSites())
    if (llvm::Error error = runner->prepare(site, compareExact))
      return error;
  return runner;
}

llvm::Error SiteRunner::prepare(const AttentionSite &site, bool compareExact) {
  for (const AttentionSite &other : model->getSites().take_front(site.id))
    if (other.function == site.function) {
      prepared.push_back(prepared[other.id]);
      return llvm::Error::success();
    }
  auto ready = std::make_shared<Prepared>();
  for (const auto &engine : engines) {
    auto onEngine = engine->prepare(site.function);
    if (!onEngine)
      return makeError(formatLocation(site.location) + ": " +
                       engine->getName() +
                       " engine: " + llvm::toString(onEngine.takeError()));
    ready->engines.push_back(std::move(*onEngine));
  }
  if (compareExact && site.policy) {
    auto exact = engines.front()->prepare(site.exactFunction);
    if (!exact)
      return exact.takeError();
    ready->exact = std::move(*exact);
  }
  prepared.push_back(std::move(ready));
  return llvm::Error::success();
}

/// Bit for bit with a policy, within the bound of isClose without.
static std::optional<std::string>
compareEngines(bool hasPolicy, llvm::ArrayRef<NamedTensor> a,
               llvm::ArrayRef<NamedTensor> b) {
  if (hasPolicy)
    return describeDifferences(a, b);
  const HostTensor &x = a.front().tensor, &y = b.front().tensor;
  if (isClose(x, y))
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::format("out by %.3g, with a largest element of %.3g",
                      computeMaxError(x, y), computeMaxMagnitude(x));
  return text;
}

llvm::Error
SiteRunner::runEngines(int64_t id, llvm::ArrayRef<const HostTensor *> inputs,
                       CallCounters &counters,
                       std::vector<std::vector<NamedTensor>> &results) const {
  const AttentionSite &site = model->getSites()[id];
  LayerReport &layer = counters.layers[id];
  for (const auto &[engine, onEngine] :
       llvm::zip(engines, prepared[id]->engines)) {
    SiteCall call;
    call.numValid = counters.numValid;
    call.batchSize = counters.batchSize;
    call.keepsLaunch = counters.keepsLaunches;
    auto found = onEngine->measure(inputs, call);
    if (!found)
      return makeError(formatLocation(site.location) + ": " +
                       llvm::toString(found.takeError()));
    if (!findTensor(*found, "out"))
      return makeError(formatLocation(site.location) + ": the " +
                       engine->getName() + " engine gave no output");
    if (call.cost)
      layer.cost = std::move(call.cost);
    if (call.launch && !layer.launch)
      layer.launch = std::move(call.launch);
    results.push_back(std::move(*found));
  }
  return llvm::Error::success();
}

llvm::Error SiteRunner::execute(int64_t id, llvm::ArrayRef<TensorView> views,
                                CallCounters &counters) const {
  const AttentionSite &site = model->getSites()[id];
  const Prepared &ready = *prepared[id];
  LayerReport &layer = counters.layers[id];

  if (counters.captured)
    captureInputs(site, views, *counters.captured);

  // One engine that can work on the model's own memory does.
  std::vector<std::vector<NamedTensor>> results;
  if (engines.size() == 1) {
    auto done = ready.engines.front()->runInPlace(views);
    if (!done)
      return makeError(formatLocation(site.location) + ": " +
                       llvm::toString(done.takeError()));
    if (*done)
      results.push_back(std::move(**done));
  }
  Clock::time_point start = Clock::now();
  llvm::scope_exit addCheckTime([&] {
    counters.checkSeconds +=
        std::chrono::duration<double>(Clock::now() - start).count();
  });
  bool isDone = !results.empty();
  if (isDone && !ready.exact) {
    countSite(site, {}, results.front(), counters.numValid, counters.batchSize,
              layer);
    return llvm::Error::success();
  }

  std::vector<HostTensor> inputs;
  for (const TensorView &view : views.drop_back())
    inputs.push_back(view.toHost());
  llvm::SmallVector<const HostTensor *> pointers;
  for (const HostTensor &input : inputs)
    pointers.push_back(&input);

  if (isDone) {
    results.back().push_back({"out", views.back().toHost()});
  } else {
    if (llvm::Error error = runEngines(id, pointers, counters, results))
      return error;
    if (llvm::Error error =
            views.back().assign(*findTensor(results.front(), "out")))
      return error;
    start = Clock::now();
  }
  const HostTensor &output = *findTensor(results.front(), "out");
  countSite(site, pointers, results.front(), counters.numValid,
            counters.batchSize, layer);
  for (size_t e = 1; e < results.size(); ++e) {
    std::optional<std::string> difference =
        compareEngines(static_cast<bool>(site.policy), results[0], results[e]);
    layer.equal = layer.equal.value_or(true) && !difference;
    if (difference && layer.difference.empty())
      layer.difference = (engines[0]->getName() + " and " +
                          engines[e]->getName() + ": " + *difference)
                             .str();
  }
  if (ready.exact) {
    auto exact = ready.exact->run(pointers);
    if (!exact)
      return makeError(formatLocation(site.location) + ": " +
                       llvm::toString(exact.takeError()));
    layer.maxError = std::max(layer.maxError.value_or(0),
                              computeMaxError(exact->front().tensor, output));
  }
  return llvm::Error::success();
}
