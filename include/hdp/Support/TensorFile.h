//===- TensorFile.h - named tensors in files --------------------*- C++ -*-===//
//
// One view of .safetensors, .npz and .npy files: names, types and shapes are
// checked when the file is opened, elements are copied when one is loaded.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_TENSORFILE_H
#define HDP_SUPPORT_TENSORFILE_H

#include "hdp/Support/HostTensor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <map>
#include <memory>

namespace hdp {

/// Bytes of a tensor, or nothing when they do not fit 63 bits or a size is
/// negative. (Sizes of 0 count as 1 in the check, so that every product of
/// some of the sizes fits too.)
std::optional<int64_t> computeNumBytes(ElementType type,
                                       llvm::ArrayRef<int64_t> shape);

/// A file of named tensors, open for reading.
class TensorFile {
public:
  /// One tensor of the file. `data` points into the file or into a buffer
  /// that belongs to the TensorFile.
  struct Entry {
    std::string name;
    ElementType type = ElementType::F32;
    llvm::SmallVector<int64_t, 4> shape;
    llvm::StringRef data;
    bool isColumnMajor = false;
    /// Why the tensor cannot be loaded ("has type 'F8_E4M3', ..."), if so.
    std::string problem;
  };

  /// Opens `path` by its suffix: .safetensors, .npz or .npy (one tensor,
  /// called like the file without its suffix).
  static llvm::Expected<TensorFile> open(llvm::StringRef path);

  const std::string &getPath() const { return path; }
  llvm::ArrayRef<Entry> getEntries() const { return entries; }
  const std::map<std::string, std::string> &getMetadata() const {
    return metadata;
  }

  /// The tensor called `name`, or null.
  const Entry *find(llvm::StringRef name) const;

  /// Copies a tensor's elements out of the file, in row-major order.
  llvm::Expected<HostTensor> load(llvm::StringRef name) const;

  /// The readers behind `open`, for bytes that are in memory already; errors
  /// start with the buffer's identifier.
  static llvm::Expected<TensorFile>
  readSafetensors(std::unique_ptr<llvm::MemoryBuffer> buffer);
  static llvm::Expected<TensorFile>
  readNpz(std::unique_ptr<llvm::MemoryBuffer> buffer);
  static llvm::Expected<TensorFile>
  readNpy(std::unique_ptr<llvm::MemoryBuffer> buffer);

private:
  explicit TensorFile(std::unique_ptr<llvm::MemoryBuffer> buffer);

  /// Adds an entry; a second one of the same name is an error.
  llvm::Error add(Entry entry);

  std::string path;
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  /// What had to be unpacked (npz).
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> unpacked;
  std::vector<Entry> entries;
  llvm::StringMap<size_t> index;
  std::map<std::string, std::string> metadata;
};

/// Writes a .safetensors file.
llvm::Error
writeSafetensors(llvm::StringRef path, llvm::ArrayRef<NamedTensor> tensors,
                 const std::map<std::string, std::string> &metadata = {});

/// Writes an .npz file (members stored, dates fixed: same tensors, same
/// bytes). numpy has no bf16: such a tensor is written as f32.
llvm::Error writeNpz(llvm::StringRef path, llvm::ArrayRef<NamedTensor> tensors);

/// Writes an .npy file; bf16 as in `writeNpz`.
llvm::Error writeNpy(llvm::StringRef path, const HostTensor &tensor);

/// Writes by suffix as `TensorFile::open` reads; an .npy file takes exactly one
/// tensor.
llvm::Error writeTensorFile(llvm::StringRef path,
                            llvm::ArrayRef<NamedTensor> tensors);

} // namespace hdp

#endif // HDP_SUPPORT_TENSORFILE_H
