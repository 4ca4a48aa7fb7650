//===- ManifestTensors.cpp - weights and data sets from their files -------===//

#include "hdp/Execution/Manifest.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/TensorFile.h"
#include <cstring>

using namespace hdp;

/// `name` from `file` with elements of `type`; an error starts with `where`.
static llvm::Expected<HostTensor> loadAs(const TensorFile &file,
                                         llvm::StringRef name, ElementType type,
                                         llvm::StringRef where) {
  llvm::Expected<HostTensor> tensor = file.load(name);
  if (!tensor)
    return makeError(where + ": " + llvm::toString(tensor.takeError()));
  llvm::Expected<HostTensor> converted = convertTo(*tensor, type);
  if (!converted)
    return makeError(where + ": " + file.getPath() + ": tensor '" + name +
                     "': " + llvm::toString(converted.takeError()));
  return converted;
}

llvm::Expected<std::vector<HostTensor>> Manifest::loadWeights() const {
  std::vector<HostTensor> tensors;
  if (weights.empty())
    return tensors;
  tensors.reserve(weights.size()); // growing would copy them all
  llvm::Expected<TensorFile> file = TensorFile::open(weightsFile);
  if (!file)
    return makeError(path +
                     ": weights.file: " + llvm::toString(file.takeError()));
  for (size_t i = 0; i < weights.size(); ++i) {
    const ManifestEntry &entry = weights[i];
    std::string where = path + ": weights.arguments[" + std::to_string(i) +
                        "] '" + entry.name + "'";
    llvm::Expected<HostTensor> tensor =
        loadAs(*file, entry.name, entry.type, where);
    if (!tensor)
      return tensor.takeError();
    if (tensor->getShape() != llvm::ArrayRef<int64_t>(entry.shape))
      return makeError(where + ": expected " +
                       formatType(ValueType{entry.type, entry.shape}) +
                       ", found tensor<" + formatType(*tensor) + "> in " +
                       weightsFile);
    if (std::optional<int64_t> nan = findNaN(*tensor))
      return makeError(where + ": element " +
                       formatPosition(tensor->getShape(), *nan) +
                       " is nan in " + weightsFile);
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

llvm::Expected<DataSet> Manifest::loadDataSet() const {
  if (!hasDataSet())
    return makeError(path + ": no dataset");
  llvm::Expected<TensorFile> file = TensorFile::open(dataSetFile);
  if (!file)
    return makeError(path +
                     ": dataset.file: " + llvm::toString(file.takeError()));
  DataSet data;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ManifestEntry &entry = inputs[i];
    const std::string &name = dataSetInputs.at(entry.name);
    std::string where = path + ": dataset.inputs." + entry.name;
    if (entry.shape.empty())
      return makeError(where + ": the input is a scalar, a data set needs a "
                               "dimension that counts samples");
    llvm::Expected<HostTensor> tensor = loadAs(*file, name, entry.type, where);
    if (!tensor)
      return tensor.takeError();
    auto sample = llvm::ArrayRef<int64_t>(entry.shape).drop_front();
    if (tensor->getRank() == 0 || tensor->getShape().drop_front() != sample) {
      ValueType expected{entry.type, entry.shape};
      expected.shape[0] = -1;
      return makeError(where + ": expected " + formatType(expected) +
                       ", found tensor<" + formatType(*tensor) + "> in " +
                       dataSetFile);
    }
    int64_t numSamples = tensor->getShape()[0];
    if (numSamples == 0)
      return makeError(where + ": no samples in " + dataSetFile);
    if (i == 0) {
      data.numSamples = numSamples;
      data.batchSize = entry.shape[0];
    }
    if (numSamples != data.numSamples)
      return makeError(where + ": " + llvm::Twine(numSamples) +
                       " samples, expected " + llvm::Twine(data.numSamples));
    if (entry.shape[0] != data.batchSize)
      return makeError(
          where + ": the input takes " + llvm::Twine(entry.shape[0]) +
          " samples at a time, expected " + llvm::Twine(data.batchSize));
    data.inputs.push_back(std::move(*tensor));
  }
  if (data.inputs.empty())
    return makeError(path + ": dataset: the function has no inputs");
  if (labelsTensor.empty())
    return data;

  std::string where = path + ": dataset.labels";
  llvm::Expected<HostTensor> labels =
      loadAs(*file, labelsTensor, ElementType::I64, where);
  if (!labels)
    return labels.takeError();
  // A prediction drops the last dimension of result 0.
  const ManifestEntry *result = nullptr;
  for (const ManifestEntry &entry : results)
    if (entry.index == 0)
      result = &entry;
  if (!result || result->shape.size() < 2 || result->shape[0] != data.batchSize)
    return makeError(where + ": labels need a result 0 of shape [" +
                     llvm::Twine(data.batchSize) + ", .., classes]");
  ValueType expected{ElementType::I64, result->shape};
  expected.shape[0] = data.numSamples;
  expected.shape.pop_back();
  if (labels->getShape() != llvm::ArrayRef<int64_t>(expected.shape))
    return makeError(where + ": expected " + formatType(expected) +
                     ", found tensor<" + formatType(*labels) + "> in " +
                     dataSetFile);
  data.labels.assign(labels->as<int64_t>(),
                     labels->as<int64_t>() + labels->getNumElements());
  data.labelsPerSample = labels->getNumElements() / data.numSamples;
  return data;
}

std::vector<HostTensor> DataSet::takeBatch(int64_t first, int64_t end) const {
  assert(first >= 0 && first < end && end <= numSamples);
  std::vector<HostTensor> batch;
  for (const HostTensor &input : inputs) {
    llvm::SmallVector<int64_t, 4> shape(input.getShape());
    shape[0] = batchSize;
    HostTensor tensor(input.getElementType(), shape);
    size_t bytes = tensor.getNumBytes() / batchSize;
    for (int64_t i = 0; i < batchSize; ++i)
      std::memcpy(tensor.getData() + i * bytes,
                  input.getData() + std::min(first + i, end - 1) * bytes,
                  bytes);
    batch.push_back(std::move(tensor));
  }
  return batch;
}
