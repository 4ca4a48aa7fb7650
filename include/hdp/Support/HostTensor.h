//===- HostTensor.h - a dense tensor in host memory -------------*- C++ -*-===//
//
// What the engines, the file readers and the tools hand to each other: an
// element type, a shape, and row-major bytes.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_HOSTTENSOR_H
#define HDP_SUPPORT_HOSTTENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hdp {

/// Element types that files and engines know. I1 takes one byte an element
/// (0 or 1), as MLIR's memrefs of i1 do.
enum class ElementType { I1, U8, I8, I16, I32, I64, F16, BF16, F32, F64 };

/// Bytes that one element takes in memory.
unsigned getByteWidth(ElementType type);

/// MLIR's spelling: `i1`, `ui8`, `i8`, `i16`, `i32`, `i64`, `f16`, `bf16`,
/// `f32`, `f64`.
llvm::StringRef stringify(ElementType type);

/// The inverse of `stringify`; nothing for any other text.
std::optional<ElementType> parseElementType(llvm::StringRef text);

/// A dense row-major tensor that owns its bytes.
class HostTensor {
public:
  HostTensor() = default;

  /// A tensor of zeros. `shape` holds no negative size.
  HostTensor(ElementType type, llvm::ArrayRef<int64_t> shape);

  ElementType getElementType() const { return type; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return static_cast<int64_t>(shape.size()); }
  int64_t getNumElements() const { return numElements; }
  size_t getNumBytes() const { return bytes.size(); }

  char *getData() { return bytes.data(); }
  const char *getData() const { return bytes.data(); }

  /// The elements as `T`; `T` is the caller's promise (int8_t for I8, uint16_t
  /// for F16 and BF16, uint8_t for I1 and U8, ...).
  template <typename T> T *as() { return reinterpret_cast<T *>(bytes.data()); }
  template <typename T> const T *as() const {
    return reinterpret_cast<const T *>(bytes.data());
  }

private:
  ElementType type = ElementType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  int64_t numElements = 0;
  std::vector<char> bytes;
};

/// A tensor and what it is called, in a file or among an op's intermediates.
struct NamedTensor {
  std::string name;
  HostTensor tensor;
};

/// `2x16x64xf32`, as MLIR prints it inside `tensor<>`.
std::string formatType(const HostTensor &tensor);

} // namespace hdp

#endif // HDP_SUPPORT_HOSTTENSOR_H
