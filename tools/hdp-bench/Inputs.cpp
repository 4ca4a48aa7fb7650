//===- Inputs.cpp - random and stored Q, K and V --------------------------===//

#include "Inputs.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/TensorFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <random>

using namespace hdp;
using namespace hdp::bench;

DenseCall AttentionInputs::getHead(int64_t head, float *out) const {
  DenseCall call;
  call.queries = queries();
  call.keys = keys();
  call.headDim = headDim();
  call.valueDim = valueDim();
  call.q = q.as<float>() + head * call.queries * call.headDim;
  call.k = k.as<float>() + head * call.keys * call.headDim;
  call.v = v.as<float>() + head * call.keys * call.valueDim;
  call.out = out + head * call.queries * call.valueDim;
  call.scale = static_cast<float>(scale);
  call.workspace = nullptr;
  return call;
}

double AttentionInputs::scores() const {
  double each = 0;
  for (int64_t query = 0; query < queries(); ++query)
    each += double(getKeysOf(query));
  return double(heads()) * each;
}

/// The rows of each head that are wanted.
static HostTensor takeRows(const HostTensor &tensor,
                           const std::vector<bool> &wanted) {
  llvm::ArrayRef<int64_t> shape = tensor.getShape();
  int64_t rows = llvm::count(wanted, true), columns = shape[2];
  HostTensor result(ElementType::F32, {shape[0], rows, columns});
  float *to = result.as<float>();
  for (int64_t head = 0; head < shape[0]; ++head)
    for (int64_t row = 0; row < shape[1]; ++row)
      if (wanted[row])
        to = std::copy_n(tensor.as<float>() + (head * shape[1] + row) * columns,
                         columns, to);
  return result;
}

AttentionInputs hdp::bench::makeRandomInputs(int64_t heads, int64_t length,
                                             int64_t headDim, Masking masking,
                                             uint64_t seed) {
  AttentionInputs inputs;
  inputs.source = masking == Masking::None      ? "random"
                  : masking == Masking::Padding ? "random, padded"
                                                : "random, causal";
  inputs.masking = masking;
  inputs.scale = 1.0 / std::sqrt(static_cast<double>(headDim));
  // The sum of twelve uniform numbers: the same on every C++ library.
  std::mt19937_64 random(seed);
  auto normal = [&] {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i)
      sum += static_cast<double>(random() >> 11) * 0x1p-53;
    return static_cast<float>(sum);
  };
  for (HostTensor *tensor : {&inputs.q, &inputs.k, &inputs.v}) {
    *tensor = HostTensor(ElementType::F32, {heads, length, headDim});
    float deviation = tensor == &inputs.v ? 1.0f : 1.5f;
    for (int64_t i = 0; i < tensor->getNumElements(); ++i)
      tensor->as<float>()[i] = deviation * normal();
  }
  if (!inputs.isPadded())
    return inputs;
  std::vector<bool> allowed(length, true);
  inputs.mask = HostTensor(ElementType::I1, {1, 1, length});
  for (int64_t key = 0; key < length; ++key) {
    allowed[key] = key < length - length / 4;
    inputs.mask.as<uint8_t>()[key] = allowed[key];
  }
  inputs.paddedK = std::exchange(inputs.k, takeRows(inputs.k, allowed));
  inputs.paddedV = std::exchange(inputs.v, takeRows(inputs.v, allowed));
  return inputs;
}

/// As [heads, rows, columns].
static llvm::Expected<HostTensor> loadOperand(const TensorFile &file,
                                              llvm::StringRef name) {
  if (!file.find(name))
    return makeError(file.getPath() + ": expected a tensor '" + name +
                     "', found none");
  llvm::Expected<HostTensor> tensor = file.load(name);
  if (!tensor)
    return tensor.takeError();
  llvm::Expected<HostTensor> floats = convertTo(*tensor, ElementType::F32);
  if (!floats)
    return makeError(file.getPath() + ": '" + name +
                     "': " + llvm::toString(floats.takeError()));
  llvm::ArrayRef<int64_t> shape = floats->getShape();
  if (shape.size() < 2 || shape.size() > 4 || floats->getNumElements() == 0)
    return makeError(file.getPath() + ": expected '" + name +
                     "' of rank 2 to 4 with elements, found tensor<" +
                     formatType(*floats) + ">");
  int64_t heads = 1;
  for (int64_t size : shape.drop_back(2))
    heads *= size;
  HostTensor result(ElementType::F32,
                    {heads, shape[shape.size() - 2], shape[shape.size() - 1]});
  std::copy(floats->getData(), floats->getData() + floats->getNumBytes(),
            result.getData());
  return result;
}

/// N13: head h of the result is head h / (heads / tensor's heads).
static HostTensor repeatHeads(const HostTensor &tensor, int64_t heads) {
  llvm::ArrayRef<int64_t> shape = tensor.getShape();
  HostTensor result(ElementType::F32, {heads, shape[1], shape[2]});
  int64_t size = shape[1] * shape[2], group = heads / shape[0];
  for (int64_t h = 0; h < heads; ++h)
    std::copy_n(tensor.as<float>() + h / group * size, size,
                result.as<float>() + h * size);
  return result;
}

/// Which keys a mask allows, or an additive one; an error if that differs from
/// query to query or if there are other numbers to be added.
static llvm::Error readMask(const TensorFile &file, const std::string &name,
                            bool isBias, std::vector<bool> &allowed) {
  if (!file.find(name))
    return llvm::Error::success();
  llvm::Expected<HostTensor> tensor = file.load(name);
  if (!tensor)
    return tensor.takeError();
  auto keys = static_cast<int64_t>(allowed.size());
  std::vector<bool> first;
  for (int64_t i = 0; i < tensor->getNumElements(); ++i) {
    double x = isBias ? getFloatElement(*tensor, i) : 0.0;
    bool allows =
        isBias ? x > numerics::forbiddingBias : tensor->as<uint8_t>()[i] != 0;
    if (i < keys)
      first.push_back(allows);
    if ((allows && x != 0) || allows != first[i % keys])
      return makeError(file.getPath() + ": expected '" + name +
                       "' to forbid the same keys to all queries and to add "
                       "nothing else");
  }
  for (int64_t key = 0; key < keys; ++key)
    allowed[key] = allowed[key] && first[key];
  return llvm::Error::success();
}

/// The attention whose tensors' names begin with `prefix`.
static llvm::Expected<AttentionInputs> readOne(const TensorFile &file,
                                               const std::string &prefix) {
  AttentionInputs inputs;
  inputs.source = llvm::sys::path::filename(file.getPath()).str();
  if (!prefix.empty())
    inputs.source += " " + prefix.substr(0, prefix.size() - 1);
  for (auto [name, tensor] :
       {std::make_pair("q", &inputs.q), std::make_pair("k", &inputs.k),
        std::make_pair("v", &inputs.v)}) {
    llvm::Expected<HostTensor> loaded = loadOperand(file, prefix + name);
    if (!loaded)
      return loaded.takeError();
    *tensor = std::move(*loaded);
  }
  int64_t heads = inputs.heads(), shared = inputs.k.getShape()[0];
  if (inputs.k.getShape()[2] != inputs.headDim() ||
      inputs.v.getShape()[0] != shared || heads % shared != 0 ||
      inputs.v.getShape()[1] != inputs.keys())
    return makeError(file.getPath() + ": q, k and v do not fit: tensor<" +
                     formatType(inputs.q) + ">, tensor<" +
                     formatType(inputs.k) + ">, tensor<" +
                     formatType(inputs.v) + ">");
  if (shared != heads) {
    inputs.k = repeatHeads(inputs.k, heads);
    inputs.v = repeatHeads(inputs.v, heads);
  }
  inputs.scale = 1.0 / std::sqrt(static_cast<double>(inputs.headDim()));
  if (prefix.empty())
    return inputs;

  llvm::Expected<HostTensor> scale = file.load(prefix + "scale");
  if (!scale)
    return scale.takeError();
  inputs.scale = getFloatElement(*scale, 0);
  std::vector<bool> allowed(inputs.keys(), true);
  for (bool isBias : {false, true})
    if (llvm::Error error = readMask(file, prefix + (isBias ? "bias" : "mask"),
                                     isBias, allowed))
      return error;
  if (!llvm::is_contained(allowed, true))
    return makeError(file.getPath() + ": " + prefix +
                     "q attends to no key at all");
  if (inputs.queries() == inputs.keys())
    inputs.q = takeRows(inputs.q, allowed);
  inputs.k = takeRows(inputs.k, allowed);
  inputs.v = takeRows(inputs.v, allowed);
  return inputs;
}

llvm::Error hdp::bench::readInputs(llvm::StringRef path,
                                   llvm::ArrayRef<unsigned> layers,
                                   std::vector<AttentionInputs> &all) {
  llvm::Expected<TensorFile> file = TensorFile::open(path);
  if (!file)
    return file.takeError();
  auto getPrefix = [](size_t layer) {
    return "layer" + std::to_string(layer) + ".";
  };
  std::vector<std::string> prefixes;
  for (unsigned layer : layers)
    prefixes.push_back(getPrefix(layer));
  while (layers.empty() && file->find(getPrefix(prefixes.size()) + "q"))
    prefixes.push_back(getPrefix(prefixes.size()));
  if (prefixes.empty())
    prefixes.push_back("");
  for (const std::string &prefix : prefixes) {
    llvm::Expected<AttentionInputs> inputs = readOne(*file, prefix);
    if (!inputs)
      return inputs.takeError();
    all.push_back(std::move(*inputs));
  }
  return llvm::Error::success();
}

double hdp::bench::computeErrorOfExact(const AttentionInputs &inputs,
                                       const HostTensor &out) {
  double largest = 0;
  std::vector<double> weights(inputs.keys());
  for (int64_t head = 0; head < inputs.heads(); ++head) {
    DenseCall call = inputs.getHead(head, const_cast<float *>(out.as<float>()));
    int64_t step = std::max<int64_t>(1, call.queries / 8);
    for (int64_t i = head % step; i < call.queries; i += step) {
      double most = -std::numeric_limits<double>::infinity(), total = 0;
      weights.resize(inputs.getKeysOf(i));
      for (size_t j = 0; j < weights.size(); ++j) {
        double sum = 0;
        for (int64_t t = 0; t < call.headDim; ++t)
          sum += double(call.q[i * call.headDim + t]) *
                 double(call.k[j * call.headDim + t]);
        weights[j] = sum * inputs.scale;
        most = std::max(most, weights[j]);
      }
      for (double &weight : weights)
        total += weight = std::exp(weight - most);
      for (int64_t t = 0; t < call.valueDim; ++t) {
        double sum = 0;
        for (size_t j = 0; j < weights.size(); ++j)
          sum += weights[j] * double(call.v[j * call.valueDim + t]);
        double difference =
            std::abs(sum / total - double(call.out[i * call.valueDim + t]));
        // A NaN counts as infinitely wrong.
        if (!(difference <= largest))
          largest = std::isnan(difference)
                        ? std::numeric_limits<double>::infinity()
                        : difference;
      }
    }
  }
  return largest;
}
