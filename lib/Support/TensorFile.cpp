//===- TensorFile.cpp - what all tensor files have in common --------------===//

#include "hdp/Support/TensorFile.h"
#include "hdp/Support/Error.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include <cstring>

using namespace hdp;

static constexpr llvm::StringLiteral kSuffixes = ".safetensors, .npz or .npy";

std::optional<int64_t> hdp::computeNumBytes(ElementType type,
                                            llvm::ArrayRef<int64_t> shape) {
  int64_t bound = getByteWidth(type);
  bool isEmpty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    isEmpty |= size == 0;
    if (llvm::MulOverflow(bound, std::max<int64_t>(size, 1), bound))
      return std::nullopt;
  }
  return isEmpty ? 0 : bound;
}

TensorFile::TensorFile(std::unique_ptr<llvm::MemoryBuffer> buffer)
    : path(buffer->getBufferIdentifier()), buffer(std::move(buffer)) {}

llvm::Error TensorFile::add(Entry entry) {
  if (!index.try_emplace(entry.name, entries.size()).second)
    return makeError(path + ": tensor '" + entry.name + "' occurs twice");
  entries.push_back(std::move(entry));
  return llvm::Error::success();
}

llvm::Expected<TensorFile> TensorFile::open(llvm::StringRef path) {
  llvm::StringRef suffix = llvm::sys::path::extension(path);
  if (suffix != ".safetensors" && suffix != ".npz" && suffix != ".npy")
    return makeError(path + ": unknown kind of file, expected " + kSuffixes);
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeFileError(path, buffer.getError());
  if (suffix == ".safetensors")
    return readSafetensors(std::move(*buffer));
  if (suffix == ".npz")
    return readNpz(std::move(*buffer));
  return readNpy(std::move(*buffer));
}

const TensorFile::Entry *TensorFile::find(llvm::StringRef name) const {
  auto it = index.find(name);
  return it == index.end() ? nullptr : &entries[it->second];
}

/// Copies column-major elements of `width` bytes to row-major order.
static void copyColumnMajor(const char *source, HostTensor &target,
                            unsigned width) {
  llvm::ArrayRef<int64_t> shape = target.getShape();
  llvm::SmallVector<int64_t> position(shape.size(), 0);
  for (int64_t i = 0, e = target.getNumElements(); i < e; ++i) {
    int64_t offset = 0, stride = 1;
    for (size_t d = 0; d < shape.size(); ++d) {
      offset += position[d] * stride;
      stride *= shape[d];
    }
    std::memcpy(target.getData() + i * width, source + offset * width, width);
    for (size_t d = shape.size(); d-- > 0;) {
      if (++position[d] < shape[d])
        break;
      position[d] = 0;
    }
  }
}

llvm::Expected<HostTensor> TensorFile::load(llvm::StringRef name) const {
  const Entry *entry = find(name);
  if (!entry)
    return makeError(path + ": no tensor '" + name + "'");
  if (!entry->problem.empty())
    return makeError(path + ": tensor '" + name + "' " + entry->problem);
  HostTensor tensor(entry->type, entry->shape);
  assert(tensor.getNumBytes() == entry->data.size() && "checked when opened");
  if (entry->isColumnMajor)
    copyColumnMajor(entry->data.data(), tensor, getByteWidth(entry->type));
  else if (!entry->data.empty())
    std::memcpy(tensor.getData(), entry->data.data(), entry->data.size());
  // Engines rely on 0 or 1 (HostTensor.h); a file may hold any byte.
  if (entry->type == ElementType::I1)
    for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i)
      tensor.as<uint8_t>()[i] = tensor.as<uint8_t>()[i] != 0;
  return tensor;
}

llvm::Error hdp::writeTensorFile(llvm::StringRef path,
                                 llvm::ArrayRef<NamedTensor> tensors) {
  llvm::StringRef suffix = llvm::sys::path::extension(path);
  if (suffix == ".safetensors")
    return writeSafetensors(path, tensors);
  if (suffix == ".npz")
    return writeNpz(path, tensors);
  if (suffix != ".npy")
    return makeError(path + ": unknown kind of file, expected " + kSuffixes);
  if (tensors.size() != 1)
    return makeError(path + ": an .npy file holds one tensor, not " +
                     llvm::Twine(tensors.size()));
  return writeNpy(path, tensors.front().tensor);
}
