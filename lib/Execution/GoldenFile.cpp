//===- GoldenFile.cpp - metadata and tensors of a golden file -------------===//
//
// Everything is checked here, so that an error says what a file lacks instead
// of a comparison failing later.
//
//===----------------------------------------------------------------------===//

#include "hdp/Execution/GoldenFile.h"
#include "hdp/Execution/ValueType.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/TensorFile.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <cstring>

using namespace hdp;
using namespace hdp::numerics;

namespace {

/// Reads one file; the first thing that is wrong is kept and ends the reading.
class Reader {
public:
  explicit Reader(const TensorFile &file) : file(file) {}

  llvm::Expected<GoldenFile> read();

private:
  void fail(const llvm::Twine &message) {
    if (error.empty())
      error = (file.getPath() + ": " + message).str();
  }

  llvm::StringRef getText(const char *key);
  int64_t getInteger(const char *key);
  double getReal(const char *key);
  bool getBool(const char *key);
  /// One of two words, in the order of their enumerators.
  template <typename Enum>
  Enum getWord(const char *key, llvm::StringRef first, llvm::StringRef second);

  void readPolicy(Policy &policy);
  HostTensor loadInput(llvm::StringRef name, ElementType type,
                       llvm::ArrayRef<int64_t> shape);
  HostTensor loadBroadcast(llvm::StringRef name, ElementType type,
                           llvm::ArrayRef<int64_t> shape);
  HostTensor load(llvm::StringRef name);
  void readInputs(GoldenFile &golden);
  void readExpected(GoldenFile &golden);

  const TensorFile &file;
  std::string error;
};

/// The tensor with other elements of the same width.
HostTensor reinterpret(const HostTensor &tensor, ElementType type) {
  HostTensor result(type, tensor.getShape());
  std::memcpy(result.getData(), tensor.getData(), tensor.getNumBytes());
  return result;
}

std::string formatExpected(ElementType type, llvm::ArrayRef<int64_t> shape) {
  ValueType expected;
  expected.elementType = type;
  expected.shape.assign(shape.begin(), shape.end());
  return formatType(expected);
}

TensorSpec specOf(const HostTensor &tensor) {
  TensorSpec spec;
  spec.elementType = tensor.getElementType();
  spec.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  return spec;
}

} // namespace

llvm::StringRef Reader::getText(const char *key) {
  auto it = file.getMetadata().find(key);
  if (it == file.getMetadata().end()) {
    fail("expected '" + llvm::Twine(key) + "' in the metadata, found none");
    return "";
  }
  return it->second;
}

int64_t Reader::getInteger(const char *key) {
  llvm::StringRef text = getText(key);
  int64_t value = 0;
  if (text.getAsInteger(10, value))
    fail("expected an integer '" + llvm::Twine(key) + "', found '" + text +
         "'");
  return value;
}

double Reader::getReal(const char *key) {
  llvm::StringRef text = getText(key);
  double value = 0;
  if (text.getAsDouble(value) || !std::isfinite(value))
    fail("expected a number '" + llvm::Twine(key) + "', found '" + text + "'");
  return value;
}

template <typename Enum>
Enum Reader::getWord(const char *key, llvm::StringRef first,
                     llvm::StringRef second) {
  llvm::StringRef text = getText(key);
  if (text != first && text != second)
    fail("expected '" + llvm::Twine(key) + "' to be '" + first + "' or '" +
         second + "', found '" + text + "'");
  return static_cast<Enum>(text == second);
}

bool Reader::getBool(const char *key) {
  return getWord<bool>(key, "false", "true");
}

void Reader::readPolicy(Policy &policy) {
  policy.format = {getInteger("I"), getInteger("F")};
  policy.valueFractionBits = getInteger("VF");
  policy.exponents = getWord<Exponents>("exponent", "static", "dynamic");
  if (policy.exponents == Exponents::Static) {
    policy.sq = getInteger("sQ");
    policy.sk = getInteger("sK");
    policy.sv = getInteger("sV");
  }
  policy.split = getWord<Split>("split", "floor", "nearest");
  policy.importance = getWord<Importance>("importance", "abs", "signed");
  policy.products = getWord<Products>("products", "cross", "full");
  policy.pruned = getWord<Pruned>("pruned", "dropped", "compensated");
  policy.group = getInteger("group");
  policy.blockRows = getInteger("bq");
  policy.blockCols = getInteger("bk");
  policy.selection = getWord<Selection>("policy", "rho", "topk");
  policy.threshold =
      getReal(policy.selection == Selection::TopK ? "keep" : "rho");
  policy.measure = getWord<Measure>("measure", "magnitude", "spread");
  policy.tau = getReal("tau");
  policy.gated = getWord<Gated>("gated", "zero", "mean");
  policy.reciprocal = getWord<Reciprocal>("reciprocal", "linear", "exact");
}

HostTensor Reader::load(llvm::StringRef name) {
  if (!file.find(name)) {
    fail("expected a tensor '" + name + "', found none");
    return HostTensor();
  }
  llvm::Expected<HostTensor> tensor = file.load(name);
  if (tensor)
    return std::move(*tensor);
  std::string text = llvm::toString(tensor.takeError());
  if (error.empty())
    error = text; // names the file already
  return HostTensor();
}

HostTensor Reader::loadInput(llvm::StringRef name, ElementType type,
                             llvm::ArrayRef<int64_t> shape) {
  HostTensor tensor = load(name);
  if (error.empty() &&
      (tensor.getElementType() != type || tensor.getShape() != shape))
    fail("expected '" + name + "' of type " + formatExpected(type, shape) +
         ", found " + "tensor<" + formatType(tensor) + ">");
  return tensor;
}

HostTensor Reader::loadBroadcast(llvm::StringRef name, ElementType type,
                                 llvm::ArrayRef<int64_t> shape) {
  HostTensor tensor = load(name);
  bool fits = tensor.getElementType() == type &&
              tensor.getRank() == static_cast<int64_t>(shape.size());
  for (size_t dim = 0; fits && dim < shape.size(); ++dim)
    fits = tensor.getShape()[dim] == shape[dim] ||
           (tensor.getShape()[dim] == 1 && dim + 1 < shape.size());
  if (!fits)
    fail("expected '" + name + "' of type " + formatExpected(type, shape) +
         " or broadcast to it, found " + "tensor<" + formatType(tensor) + ">");
  return tensor;
}

void Reader::readInputs(GoldenFile &golden) {
  int64_t sizes[6];
  const char *names[] = {"Hq", "Hkv", "Lq", "Lk", "d", "dv"};
  // What bounds a size here bounds every product of three of them.
  for (int dim = 0; dim < 6; ++dim) {
    sizes[dim] = getInteger(names[dim]);
    if (sizes[dim] < 1 || sizes[dim] > (1 << 20))
      fail("expected '" + llvm::Twine(names[dim]) + "' from 1 to 2^20, found " +
           llvm::Twine(sizes[dim]));
  }
  if (!error.empty())
    return;
  auto [Hq, Hkv, Lq, Lk, d, dv] = sizes;
  golden.inputs.push_back(loadInput("q", ElementType::F32, {Hq, Lq, d}));
  golden.inputs.push_back(loadInput("k", ElementType::F32, {Hkv, Lk, d}));
  golden.inputs.push_back(loadInput("v", ElementType::F32, {Hkv, Lk, dv}));
  AttentionSpec &spec = golden.spec;
  spec.query = specOf(golden.inputs[0]);
  spec.key = specOf(golden.inputs[1]);
  spec.value = specOf(golden.inputs[2]);
  spec.result.shape = {Hq, Lq, dv};
  if (file.find("mask")) {
    HostTensor mask = loadBroadcast("mask", ElementType::U8, {Hq, Lq, Lk});
    golden.inputs.push_back(reinterpret(mask, ElementType::I1));
    spec.mask = specOf(golden.inputs.back());
  }
  if (file.find("bias")) {
    golden.inputs.push_back(
        loadBroadcast("bias", ElementType::F32, {Hq, Lq, Lk}));
    spec.bias = specOf(golden.inputs.back());
  }
}

void Reader::readExpected(GoldenFile &golden) {
  for (const TensorFile::Entry &entry : file.getEntries()) {
    llvm::StringRef name = entry.name;
    if (!name.consume_front("x."))
      continue;
    HostTensor tensor = load(entry.name);
    if (tensor.getElementType() == ElementType::U8) {
      bool isFlag = name == "valid" || name == "kept" || name == "gate";
      tensor = reinterpret(tensor, isFlag ? ElementType::I1 : ElementType::I8);
    }
    golden.expected.push_back({name.str(), std::move(tensor)});
  }
  if (golden.expected.empty())
    fail("expected tensors named 'x.*' to compare with, found none");
}

llvm::Expected<GoldenFile> Reader::read() {
  GoldenFile golden;
  readPolicy(golden.spec.policy.emplace());
  golden.spec.scale = getReal("scale");
  golden.spec.causal = getBool("causal");
  readInputs(golden);
  readExpected(golden);
  if (!error.empty())
    return makeError(error);
  return golden;
}

llvm::Expected<GoldenFile> GoldenFile::open(llvm::StringRef path) {
  llvm::Expected<TensorFile> file = TensorFile::open(path);
  if (!file)
    return file.takeError();
  return Reader(*file).read();
}
