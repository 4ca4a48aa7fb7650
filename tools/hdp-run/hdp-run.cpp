//===- hdp-run.cpp - a model, its weights and data, and a report ----------===//
//
// Reads everything, runs the model over a data set or once on random
// arguments, writes reports and results. All errors are one line.
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "hdp/Execution/DataSetRun.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Execution/Predict.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/InitAll.h"
#include "hdp/Support/CommandLine.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/FileOutput.h"
#include "hdp/Support/Progress.h"
#include "hdp/Support/TensorFile.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"

using namespace hdp;
using Clock = std::chrono::steady_clock;

static llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
readModel(llvm::StringRef path, mlir::MLIRContext &context) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return makeFileError(path, buffer.getError());
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  ErrorCollector errors(&context);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
  if (!module)
    return errors.take((path + ": not a module").str());
  return module;
}

/// Everything that a run leaves behind.
struct Outcome {
  RunReport report;
  std::vector<NamedTensor> tensors;
};

static llvm::Expected<Outcome> runOnDataSet(ModelRunner &runner,
                                            const Manifest &manifest,
                                            const ToolOptions &options) {
  if (!manifest.hasDataSet())
    return makeError(manifest.getPath() + ": no dataset to run on");
  const FunctionSignature &signature = runner.getSignature();
  if (llvm::Error error =
          manifest.check(signature.arguments, signature.results))
    return error;
  llvm::Expected<std::vector<HostTensor>> weights = manifest.loadWeights();
  if (!weights)
    return weights.takeError();
  llvm::Expected<DataSet> data = manifest.loadDataSet();
  if (!data)
    return data.takeError();
  // Batches in parallel wait for nothing; what is left over, kernels share.
  int64_t samples = data->getNumSamples();
  if (options.limit)
    samples = std::min(samples, options.limit);
  int64_t batches = (samples + data->getBatchSize() - 1) / data->getBatchSize();
  auto atATime =
      static_cast<unsigned>(std::clamp<int64_t>(batches, 1, options.threads));
  runner.setThreads(options.threads / atATime);
  if (llvm::Error error = runner.compile())
    return error;

  Progress progress(options.progress, "samples");
  DataSetOptions runOptions;
  runOptions.limit = options.limit;
  runOptions.threads = atATime;
  runOptions.keepResults = !options.output.empty();
  runOptions.progress = [&](int64_t done, int64_t total) {
    progress.update(done, total);
  };
  llvm::Expected<DataSetOutcome> outcome =
      runDataSet(runner, manifest, *data, *weights, runOptions);
  if (!outcome)
    return outcome.takeError();
  outcome->report.threads = options.threads;
  return Outcome{std::move(outcome->report), std::move(outcome->results)};
}

static llvm::Expected<Outcome> runOnce(ModelRunner &runner,
                                       const ToolOptions &options) {
  llvm::Expected<std::vector<HostTensor>> arguments = makeRandomArguments(
      runner.getSignature().arguments, options.shapes, *options.seed);
  if (!arguments)
    return arguments.takeError();
  runner.setThreads(options.threads);
  if (llvm::Error error = runner.compile())
    return error;
  llvm::SmallVector<const HostTensor *> pointers;
  for (const HostTensor &argument : *arguments)
    pointers.push_back(&argument);
  llvm::Expected<CallOutcome> call = runner.run(pointers);
  if (!call)
    return call.takeError();

  Outcome outcome;
  outcome.report = runner.getReport();
  outcome.report.threads = options.threads;
  outcome.report.total = 1;
  if (runner.hasUnraised() && !call->results.empty()) {
    UnraisedReport unraised;
    unraised.maxError = computeMaxError(call->results[0], call->unraised[0]);
    std::vector<int64_t> mine = predict(call->results[0]),
                         theirs = predict(call->unraised[0]);
    for (auto [a, b] : llvm::zip(mine, theirs))
      unraised.predictionsDiffer += a != b;
    outcome.report.unraised = unraised;
  }
  outcome.tensors.reserve(arguments->size() + call->results.size());
  auto add = [&](llvm::StringRef prefix, std::vector<HostTensor> &tensors) {
    for (auto [index, tensor] : llvm::enumerate(tensors))
      outcome.tensors.push_back(
          {(prefix + llvm::Twine(index)).str(), std::move(tensor)});
  };
  add("arg", *arguments);
  add("result", call->results);
  return outcome;
}

static llvm::Error writeReports(const RunReport &report,
                                const ToolOptions &options) {
  auto write = [](const std::string &path, auto print) {
    return writeOutputFile(path, [&](llvm::raw_ostream &os) -> llvm::Error {
      print(os);
      return llvm::Error::success();
    });
  };
  for (const std::string &path : options.jsonReports)
    if (llvm::Error error = write(path, [&](llvm::raw_ostream &os) {
          os << llvm::formatv("{0:2}", toJson(report)) << "\n";
        }))
      return error;
  for (const std::string &path : options.htmlReports)
    if (llvm::Error error = write(
            path, [&](llvm::raw_ostream &os) { printMachineHtml(os, report); }))
      return error;
  if (!options.trace.empty())
    if (llvm::Error error = write(options.trace, [&](llvm::raw_ostream &os) {
          printMachineTrace(os, report);
        }))
      return error;
  if (options.textReport)
    printReport(llvm::outs(), report);
  if (options.roofline)
    printMachineRoofline(llvm::outs(), report);
  return llvm::Error::success();
}

/// Engines that disagree make the run fail, after its report.
static llvm::Error checkEngines(const RunReport &report) {
  if (report.getEnginesEqual().value_or(true))
    return llvm::Error::success();
  for (auto [index, layer] : llvm::enumerate(report.layers))
    if (!layer.equal.value_or(true))
      return makeError("engines differ, first in layer " + llvm::Twine(index) +
                       " (" + layer.location + "): " + layer.difference);
  return llvm::Error::success();
}

static llvm::Error run(ToolOptions options) {
  std::optional<Manifest> manifest;
  if (!options.manifest.empty()) {
    llvm::Expected<Manifest> loaded = Manifest::load(options.manifest);
    if (!loaded)
      return loaded.takeError();
    manifest = std::move(*loaded);
    options.runner.function = manifest->getFunction();
  }

  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hdp::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = readModel(options.model, context);
  if (!module)
    return module.takeError();
  auto runner = ModelRunner::create(std::move(*module), options.runner);
  if (!runner)
    return runner.takeError();
  if ((*runner)->getNumAttentions() == 0 && !options.runner.policy.empty() &&
      options.runner.policy != "exact")
    llvm::errs() << "hdp-run: warning: " << options.model
                 << ((*runner)->getNumLaunches()
                         ? ": attention is launches of programs already, the "
                           "policy has no effect\n"
                         : ": no attention was recognised, the policy has no "
                           "effect\n");

  llvm::Expected<Outcome> outcome =
      manifest ? runOnDataSet(**runner, *manifest, options)
               : runOnce(**runner, options);
  if (!outcome)
    return outcome.takeError();
  if (!(*runner)->getUnraisedProblem().empty())
    llvm::errs() << "hdp-run: warning: no comparison with the unraised "
                    "model: "
                 << (*runner)->getUnraisedProblem() << "\n";
  outcome->report.model = options.model;
  if (!options.output.empty())
    if (llvm::Error error = writeTensorFile(options.output, outcome->tensors))
      return error;
  if (!options.capture.empty()) {
    std::vector<NamedTensor> captured = (*runner)->takeCaptured();
    if (captured.empty())
      return makeError("--capture: " + options.model + " has no attention");
    if (llvm::Error error = writeTensorFile(options.capture, captured))
      return error;
  }
  if (llvm::Error error = writeReports(outcome->report, options))
    return error;
  return checkEngines(outcome->report);
}

int main(int argc, char **argv) {
  llvm::Expected<ToolOptions> options = parseOptions(argc, argv);
  llvm::Error error = options ? run(std::move(*options)) : options.takeError();
  return finishTool("hdp-run", std::move(error));
}
