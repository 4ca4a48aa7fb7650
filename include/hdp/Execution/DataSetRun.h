//===- DataSetRun.h - a model over a data set -------------------*- C++ -*-===//
//
// Calls the model on every batch, several at a time on request, and counts
// what it predicts. Results do not depend on the number of threads.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_DATASETRUN_H
#define HDP_EXECUTION_DATASETRUN_H

#include "hdp/Execution/Manifest.h"
#include "hdp/Execution/ModelRunner.h"

namespace hdp {

struct DataSetOptions {
  /// Only the first samples; 0: all.
  int64_t limit = 0;
  unsigned threads = 1;
  /// Keep the results of all samples, for an output file.
  bool keepResults = false;
  /// Called now and then, by one thread at a time.
  std::function<void(int64_t done, int64_t total)> progress;
};

struct DataSetOutcome {
  RunReport report;
  /// `result0`, ..: the results of all samples, if they were to be kept.
  std::vector<NamedTensor> results;
};

/// Runs the model on the data set; `weights` are in the manifest's order.
llvm::Expected<DataSetOutcome>
runDataSet(ModelRunner &runner, const Manifest &manifest, const DataSet &data,
           llvm::ArrayRef<HostTensor> weights, const DataSetOptions &options);

} // namespace hdp

#endif // HDP_EXECUTION_DATASETRUN_H
