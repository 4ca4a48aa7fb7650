//===- Manifest.h - which tensor is which argument --------------*- C++ -*-===//
//
// A model's IR has numbered arguments; its weights and a data set are files of
// named tensors. A manifest is the JSON file that binds them:
//
//   {"function": "main",
//    "inputs": [{"index": 0, "name": "x", "type": "f32", "shape": [1, 8]}],
//    "weights": {"file": "w.safetensors", "arguments": [{..as above..}]},
//    "results": [{"index": 0, "name": "logits", ..}],
//    "dataset": {"file": "d.safetensors", "inputs": {"x": "samples"},
//                "labels": "label"}}
//
// Paths are relative to the manifest. Inputs and weights together have every
// argument once, results every result. `weights` may be left out when there
// are none, `dataset` and `labels` too.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_MANIFEST_H
#define HDP_EXECUTION_MANIFEST_H

#include "hdp/Execution/ValueType.h"
#include "llvm/Support/Error.h"
#include <map>

namespace hdp {

/// An argument or result as the manifest has it.
struct ManifestEntry {
  int64_t index = 0;
  std::string name;
  ElementType type = ElementType::F32;
  llvm::SmallVector<int64_t, 4> shape;
};

/// Samples and labels, bound to a manifest's inputs.
class DataSet {
public:
  int64_t getNumSamples() const { return numSamples; }
  /// Samples that the model takes at a time: dimension 0 of its inputs.
  int64_t getBatchSize() const { return batchSize; }

  /// The inputs of one call, in the manifest's order: samples `first` to
  /// `first + batch - 1`; from sample `end` on, sample `end - 1` again.
  std::vector<HostTensor> takeBatch(int64_t first, int64_t end) const;

  bool hasLabels() const { return !labels.empty(); }
  /// The labels of one sample.
  llvm::ArrayRef<int64_t> getLabels(int64_t sample) const {
    return llvm::ArrayRef(labels).slice(sample * labelsPerSample,
                                        labelsPerSample);
  }

private:
  friend class Manifest;
  std::vector<HostTensor> inputs;
  std::vector<int64_t> labels;
  int64_t numSamples = 0, batchSize = 1, labelsPerSample = 1;
};

/// A manifest whose own text has been checked. Every error starts with the
/// manifest's path and the place in it.
class Manifest {
public:
  static llvm::Expected<Manifest> load(llvm::StringRef path);
  static llvm::Expected<Manifest> parse(llvm::StringRef text,
                                        llvm::StringRef path);

  const std::string &getPath() const { return path; }
  const std::string &getFunction() const { return function; }
  llvm::ArrayRef<ManifestEntry> getInputs() const { return inputs; }
  llvm::ArrayRef<ManifestEntry> getWeights() const { return weights; }
  llvm::ArrayRef<ManifestEntry> getResults() const { return results; }
  bool hasDataSet() const { return !dataSetFile.empty(); }

  /// Checks that every argument and result of the function is there once, with
  /// its type and shape.
  llvm::Error check(llvm::ArrayRef<ValueType> arguments,
                    llvm::ArrayRef<ValueType> functionResults) const;

  /// Reads the weights, in the order of `getWeights`, converted to the
  /// manifest's types. A NaN is an error that names tensor and element.
  llvm::Expected<std::vector<HostTensor>> loadWeights() const;

  /// Reads samples and labels.
  llvm::Expected<DataSet> loadDataSet() const;

private:
  std::string path, function;
  std::vector<ManifestEntry> inputs, weights, results;
  std::string weightsFile, dataSetFile, labelsTensor;
  /// Input name -> tensor of the data set.
  std::map<std::string, std::string> dataSetInputs;
};

} // namespace hdp

#endif // HDP_EXECUTION_MANIFEST_H
