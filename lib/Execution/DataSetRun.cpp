//===- DataSetRun.cpp - batches, threads, predictions ---------------------===//

#include "hdp/Execution/DataSetRun.h"
#include "hdp/Execution/Predict.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Support/Error.h"
#include <atomic>
#include <cstring>
#include <thread>

using namespace hdp;

/// The first `count` of the slices along dimension 0.
static HostTensor takeSamples(const HostTensor &tensor, int64_t count) {
  llvm::SmallVector<int64_t, 4> shape(tensor.getShape());
  shape[0] = count;
  HostTensor taken(tensor.getElementType(), shape);
  if (taken.getNumBytes() > 0)
    std::memcpy(taken.getData(), tensor.getData(), taken.getNumBytes());
  return taken;
}

namespace {
/// What one batch adds to the counts.
struct BatchCounts {
  int64_t correct = 0, unraisedCorrect = 0, predictions = 0, differ = 0;
  double maxError = 0;
};

class Run {
public:
  Run(ModelRunner &runner, const Manifest &manifest, const DataSet &data,
      llvm::ArrayRef<HostTensor> weights, const DataSetOptions &options)
      : runner(runner), manifest(manifest), data(data), weights(weights),
        options(options), total(data.getNumSamples()),
        batchSize(data.getBatchSize()) {
    if (options.limit > 0)
      total = std::min(total, options.limit);
    numBatches = (total + batchSize - 1) / batchSize;
    kept.resize(manifest.getResults().size());
  }

  llvm::Expected<DataSetOutcome> execute();

private:
  void work();
  llvm::Error runBatch(int64_t batch);
  llvm::Error checkResults(llvm::ArrayRef<HostTensor> results) const;
  BatchCounts count(int64_t first, const HostTensor &scores,
                    const HostTensor *unraised) const;
  void keep(int64_t first, int64_t numValid,
            llvm::ArrayRef<HostTensor> results);

  ModelRunner &runner;
  const Manifest &manifest;
  const DataSet &data;
  llvm::ArrayRef<HostTensor> weights;
  const DataSetOptions &options;
  int64_t total, batchSize, numBatches;

  std::atomic<int64_t> next{0};
  std::mutex mutex; ///< guards what follows
  BatchCounts sum;
  int64_t done = 0;
  std::vector<HostTensor> kept;
  /// The failure of the lowest batch that failed.
  int64_t failedBatch = -1;
  std::string failure;
};
} // namespace

/// Result 0 has a row for each sample, and every result that is kept.
llvm::Error Run::checkResults(llvm::ArrayRef<HostTensor> results) const {
  for (size_t i = 0; i < results.size(); ++i) {
    if (i > 0 && !options.keepResults)
      break;
    const HostTensor &result = results[i];
    if (result.getRank() == 0 || result.getShape()[0] != batchSize)
      return makeError("result " + llvm::Twine(i) + " is tensor<" +
                       formatType(result) + ">, expected " +
                       llvm::Twine(batchSize) + " samples in its dimension 0");
  }
  return llvm::Error::success();
}

BatchCounts Run::count(int64_t first, const HostTensor &scores,
                       const HostTensor *unraised) const {
  BatchCounts counts;
  std::vector<int64_t> predictions = predict(scores);
  std::vector<int64_t> expected;
  counts.predictions = static_cast<int64_t>(predictions.size());
  if (unraised) {
    expected = predict(*unraised);
    counts.maxError = computeMaxError(scores, *unraised);
    for (auto [mine, theirs] : llvm::zip(predictions, expected))
      counts.differ += mine != theirs;
  }
  if (!data.hasLabels())
    return counts;
  int64_t numSamples = scores.getShape()[0];
  size_t perSample = predictions.size() / numSamples;
  for (int64_t i = 0; i < numSamples; ++i)
    for (auto [j, label] : llvm::enumerate(data.getLabels(first + i))) {
      counts.correct += predictions[i * perSample + j] == label;
      counts.unraisedCorrect +=
          unraised && expected[i * perSample + j] == label;
    }
  return counts;
}

void Run::keep(int64_t first, int64_t numValid,
               llvm::ArrayRef<HostTensor> results) {
  for (size_t i = 0; i < results.size() && i < kept.size(); ++i) {
    const HostTensor &result = results[i];
    if (kept[i].getRank() == 0) {
      llvm::SmallVector<int64_t, 4> shape(result.getShape());
      shape[0] = total;
      kept[i] = HostTensor(result.getElementType(), shape);
    }
    size_t bytes = result.getNumBytes() / batchSize;
    std::memcpy(kept[i].getData() + first * bytes, result.getData(),
                numValid * bytes);
  }
}

llvm::Error Run::runBatch(int64_t batch) {
  int64_t first = batch * batchSize;
  int64_t numValid = std::min(batchSize, total - first);
  std::vector<HostTensor> inputs = data.takeBatch(first, total);
  llvm::SmallVector<const HostTensor *> arguments(
      runner.getSignature().arguments.size());
  for (auto [entry, tensor] : llvm::zip(manifest.getInputs(), inputs))
    arguments[entry.index] = &tensor;
  for (auto [entry, tensor] : llvm::zip(manifest.getWeights(), weights))
    arguments[entry.index] = &tensor;

  llvm::Expected<CallOutcome> outcome =
      runner.run(arguments, batch, numValid, batchSize);
  if (!outcome)
    return outcome.takeError();
  if (llvm::Error error = checkResults(outcome->results))
    return error;
  BatchCounts counts;
  if (!outcome->results.empty()) {
    HostTensor scores = takeSamples(outcome->results[0], numValid);
    HostTensor unraised;
    if (!outcome->unraised.empty())
      unraised = takeSamples(outcome->unraised[0], numValid);
    counts =
        count(first, scores, outcome->unraised.empty() ? nullptr : &unraised);
  }

  std::lock_guard<std::mutex> lock(mutex);
  if (options.keepResults)
    keep(first, numValid, outcome->results);
  sum.correct += counts.correct;
  sum.unraisedCorrect += counts.unraisedCorrect;
  sum.predictions += counts.predictions;
  sum.differ += counts.differ;
  sum.maxError = std::max(sum.maxError, counts.maxError);
  done += numValid;
  if (options.progress)
    options.progress(done, total);
  return llvm::Error::success();
}

void Run::work() {
  for (int64_t batch; (batch = next++) < numBatches;) {
    llvm::Error error = runBatch(batch);
    if (!error)
      continue;
    // Batches before this one are being run; none behind it will be.
    next = numBatches;
    std::string text = llvm::toString(std::move(error));
    std::lock_guard<std::mutex> lock(mutex);
    if (failedBatch < 0 || batch < failedBatch) {
      failedBatch = batch;
      failure = std::move(text);
    }
  }
}

llvm::Expected<DataSetOutcome> Run::execute() {
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.threads; ++i)
    threads.emplace_back([this] { work(); });
  work();
  for (std::thread &thread : threads)
    thread.join();
  if (failedBatch >= 0) {
    int64_t first = failedBatch * batchSize;
    int64_t last = std::min(first + batchSize, total) - 1;
    std::string samples = "sample " + std::to_string(first);
    if (last > first)
      samples += " to " + std::to_string(last);
    return makeError(samples + ": " + failure);
  }

  DataSetOutcome outcome;
  outcome.report = runner.getReport();
  outcome.report.threads = options.threads;
  outcome.report.seconds /= options.threads;
  outcome.report.samples = total;
  outcome.report.total = data.hasLabels() ? sum.predictions : total;
  if (data.hasLabels())
    outcome.report.correct = sum.correct;
  if (runner.hasUnraised()) {
    UnraisedReport unraised;
    unraised.maxError = sum.maxError;
    unraised.predictionsDiffer = sum.differ;
    if (data.hasLabels())
      unraised.correct = sum.unraisedCorrect;
    outcome.report.unraised = unraised;
  }
  if (options.keepResults)
    for (auto [index, tensor] : llvm::enumerate(kept))
      outcome.results.push_back(
          {"result" + std::to_string(index), std::move(tensor)});
  return outcome;
}

llvm::Expected<DataSetOutcome>
hdp::runDataSet(ModelRunner &runner, const Manifest &manifest,
                const DataSet &data, llvm::ArrayRef<HostTensor> weights,
                const DataSetOptions &options) {
  return Run(runner, manifest, data, weights, options).execute();
}
