//===- Inputs.cpp - tensors of a file for a program -----------------------===//
//
// Shapes are checked against the program's site and symbols before anything is
// written.
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::machine;

static llvm::Expected<HostTensor> load(const TensorFile &file,
                                       llvm::StringRef name,
                                       llvm::ArrayRef<int64_t> shape) {
  llvm::Expected<HostTensor> tensor = file.load(name);
  if (!tensor)
    return tensor.takeError();
  auto text = [](llvm::ArrayRef<int64_t> sizes) {
    std::string result;
    for (int64_t size : sizes)
      result += (result.empty() ? "" : "x") + std::to_string(size);
    return result;
  };
  if (tensor->getShape() != shape)
    return makeError(file.getPath() + ": expected " + name + " of shape " +
                     text(shape) + ", found " + text(tensor->getShape()));
  return tensor;
}

static llvm::Expected<HostTensor> loadFloats(const TensorFile &file,
                                             llvm::StringRef name,
                                             llvm::ArrayRef<int64_t> shape) {
  llvm::Expected<HostTensor> tensor = load(file, name, shape);
  if (!tensor)
    return tensor;
  llvm::Expected<HostTensor> floats = convertTo(*tensor, ElementType::F32);
  if (!floats)
    return makeError(file.getPath() + ": " + name + ": " +
                     llvm::toString(floats.takeError()));
  return floats;
}

template <typename T> static llvm::ArrayRef<T> elementsOf(const HostTensor &t) {
  return llvm::ArrayRef<T>(t.as<T>(), size_t(t.getNumElements()));
}

/// A mask or bias: its shape is the file's, within what N4 allows.
static llvm::Expected<HostTensor> loadMask(const TensorFile &file,
                                           llvm::StringRef name,
                                           const Site &site, uint32_t &heads,
                                           uint32_t &rows) {
  const TensorFile::Entry *entry = file.find(name);
  if (entry->shape.size() != 3 ||
      (entry->shape[0] != 1 && entry->shape[0] != site.Hq) ||
      (entry->shape[1] != 1 && entry->shape[1] != site.Lq))
    return makeError(file.getPath() + ": expected " + name + " of [1 or " +
                     llvm::Twine(site.Hq) + ", 1 or " + llvm::Twine(site.Lq) +
                     ", " + llvm::Twine(site.Lk) + "]");
  heads = uint32_t(entry->shape[0]);
  rows = uint32_t(entry->shape[1]);
  return load(file, name, {entry->shape[0], entry->shape[1], site.Lk});
}

static llvm::Error loadOperands(const Program &program, const TensorFile &file,
                                SimInputs &inputs) {
  const Site &site = program.sites[0];
  AttentionOperands &operands = inputs.operands;
  struct Wanted {
    const char *name;
    int64_t shape[3];
  };
  for (const Wanted &wanted : {Wanted{"q", {site.Hq, site.Lq, site.d}},
                               Wanted{"k", {site.Hkv, site.Lk, site.d}},
                               Wanted{"v", {site.Hkv, site.Lk, site.dv}}}) {
    llvm::Expected<HostTensor> tensor =
        loadFloats(file, wanted.name, wanted.shape);
    if (!tensor)
      return tensor.takeError();
    inputs.tensors.push_back(std::move(*tensor));
  }
  for (const char *name : {"mask", "bias"}) {
    bool isMask = llvm::StringRef(name) == "mask";
    if (!file.find(name))
      continue;
    uint32_t heads = 1, rows = 1;
    llvm::Expected<HostTensor> tensor = loadMask(file, name, site, heads, rows);
    if (!tensor)
      return tensor.takeError();
    if (isMask ? getByteWidth(tensor->getElementType()) != 1
               : tensor->getElementType() != ElementType::F32)
      return makeError(file.getPath() + ": expected " + name + " of " +
                       (isMask ? "bytes" : "f32") + ", found " +
                       stringify(tensor->getElementType()));
    if (!isMask)
      if (std::optional<int64_t> at = findNaN(*tensor))
        return makeError(file.getPath() +
                         ": expected a bias without NaN, found NaN at " +
                         formatPosition(tensor->getShape(), *at));
    (isMask ? operands.maskHeads : operands.biasHeads) = heads;
    (isMask ? operands.maskRows : operands.biasRows) = rows;
    inputs.tensors.push_back(std::move(*tensor));
    if (isMask)
      operands.mask = elementsOf<uint8_t>(inputs.tensors.back());
    else
      operands.bias = elementsOf<float>(inputs.tensors.back());
  }
  // Element buffers do not move with their tensors' vector.
  operands.q = elementsOf<float>(inputs.tensors[0]);
  operands.k = elementsOf<float>(inputs.tensors[1]);
  operands.v = elementsOf<float>(inputs.tensors[2]);

  // The masks have to be those that the program was written for.
  AttentionRequest request = makeRequest(site, operands);
  auto rowsOf = [&](llvm::StringRef name) -> uint64_t {
    int symbol = program.findSymbol(name);
    return symbol < 0 ? 0 : program.symbols[size_t(symbol)].rows;
  };
  uint64_t valid = !request.site.hasMask
                       ? 0
                       : uint64_t(request.maskPerHead ? site.Hq : 1) *
                             (request.maskPerRow ? site.Lq : 1);
  uint64_t bias = !request.site.hasBias
                      ? 0
                      : uint64_t(site.Hq) * (request.biasPerRow ? site.Lq : 1);
  if (valid != rowsOf("valid") || bias != rowsOf("B"))
    return makeError(file.getPath() +
                     ": mask and bias are not of the kind that the stream was "
                     "written for");
  inputs.hasOperands = true;
  return llvm::Error::success();
}

/// An input symbol from an integer tensor of as many elements.
static llvm::Error loadSymbol(const Symbol &symbol, const TensorFile &file,
                              SymbolData &data) {
  llvm::Expected<HostTensor> tensor = file.load(symbol.name);
  if (!tensor)
    return tensor.takeError();
  auto elements = int64_t(symbol.rows * symbol.columns);
  if (tensor->getNumElements() != elements)
    return makeError(file.getPath() + ": expected " + symbol.name + " of " +
                     llvm::Twine(elements) + " elements, found " +
                     llvm::Twine(tensor->getNumElements()));
  // Unsigned elements are bits: masks.
  int64_t low = symbol.bits == 1 ? 0 : -(int64_t(1) << (symbol.bits - 1));
  int64_t high = symbol.bits == 1 ? 1 : (int64_t(1) << symbol.bits) - 1;
  for (int64_t i = 0; i < elements; ++i) {
    double value = getFloatElement(*tensor, i);
    if (!(value >= double(low) && value <= double(high)) ||
        value != double(int64_t(value)))
      return makeError(file.getPath() + ": expected " + symbol.name + " in " +
                       llvm::Twine(unsigned(symbol.bits)) + " bits, found " +
                       llvm::Twine(std::to_string(value)));
    if (data.wide.empty())
      data.narrow[size_t(i)] = int16_t(value);
    else
      data.wide[size_t(i)] = int32_t(value);
  }
  return llvm::Error::success();
}

llvm::Expected<SimInputs> hdp::loadInputs(const Program &program,
                                          const TensorFile &file,
                                          FunctionalModel &model) {
  SimInputs inputs;
  inputs.tensors.reserve(5);
  if (program.sites.size() == 1 && file.find("q") && file.find("k") &&
      file.find("v")) {
    if (llvm::Error error = loadOperands(program, file, inputs))
      return error;
    writeInputs(program, inputs.operands, model);
    return inputs;
  }
  for (size_t i = 0; i < program.symbols.size(); ++i)
    if (program.symbols[i].direction == Symbol::Input)
      if (llvm::Error error =
              loadSymbol(program.symbols[i], file, model.getSymbol(i)))
        return error;
  return inputs;
}
