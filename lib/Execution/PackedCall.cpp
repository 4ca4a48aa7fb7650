//===- PackedCall.cpp - memref descriptors and result structs -------------===//

#include "PackedCall.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/MathExtras.h"
#include <cstdlib>
#include <cstring>

using namespace hdp;

/// A descriptor is: allocated pointer, aligned pointer, offset, sizes, strides.
static size_t getDescriptorWords(const ValueType &type) {
  return 3 + 2 * type.shape.size();
}

static std::vector<int64_t> makeDescriptor(const HostTensor &tensor) {
  size_t rank = static_cast<size_t>(tensor.getRank());
  std::vector<int64_t> words(3 + 2 * rank, 0);
  // The code reads through this pointer only: entry points are prepared so.
  words[0] = words[1] = reinterpret_cast<int64_t>(tensor.getData());
  int64_t stride = 1;
  for (size_t dim = rank; dim-- > 0;) {
    words[3 + dim] = tensor.getShape()[dim];
    words[3 + rank + dim] = stride;
    stride *= tensor.getShape()[dim];
  }
  return words;
}

TensorView hdp::readDescriptor(const ValueType &type, const void *descriptor) {
  const int64_t *words = static_cast<const int64_t *>(descriptor);
  size_t rank = type.shape.size();
  TensorView view;
  view.elementType = type.elementType;
  view.data = reinterpret_cast<char *>(words[1]) +
              words[2] * static_cast<int64_t>(getByteWidth(type.elementType));
  view.shape.assign(words + 3, words + 3 + rank);
  view.strides.assign(words + 3 + rank, words + 3 + 2 * rank);
  return view;
}

PackedCall::PackedCall(const FunctionSignature &signature,
                       llvm::ArrayRef<const HostTensor *> arguments)
    : signature(signature) {
  size_t size = 0;
  for (const ValueType &type : signature.results) {
    size_t align = type.isScalar ? getByteWidth(type.elementType) : 8;
    size = llvm::alignTo(size, align);
    offsets.push_back(size);
    size += type.isScalar ? getByteWidth(type.elementType)
                          : 8 * getDescriptorWords(type);
  }
  results.assign(llvm::divideCeil(size, 8), 0);
  bool returnsScalar =
      signature.results.size() == 1 && signature.results[0].isScalar;
  bool hasStruct = !signature.results.empty() && !returnsScalar;

  // Addresses of elements are taken: no reallocation after this.
  descriptors.reserve(arguments.size());
  pointers.reserve(arguments.size() + 1);
  if (hasStruct) {
    pointers.push_back(results.data());
    slots.push_back(&pointers.back());
  }
  for (auto [type, tensor] : llvm::zip(signature.arguments, arguments)) {
    if (type.isScalar) {
      slots.push_back(const_cast<char *>(tensor->getData()));
      continue;
    }
    descriptors.push_back(makeDescriptor(*tensor));
    pointers.push_back(descriptors.back().data());
    slots.push_back(&pointers.back());
  }
  if (returnsScalar)
    slots.push_back(results.data());
}

std::vector<HostTensor> PackedCall::takeResults() {
  std::vector<HostTensor> tensors;
  llvm::SmallPtrSet<void *, 4> buffers;
  for (auto [type, offset] : llvm::zip(signature.results, offsets)) {
    const char *at = reinterpret_cast<const char *>(results.data()) + offset;
    if (type.isScalar) {
      HostTensor scalar(type.elementType, {});
      std::memcpy(scalar.getData(), at, scalar.getNumBytes());
      if (type.elementType == ElementType::I1)
        *scalar.getData() &= 1;
      tensors.push_back(std::move(scalar));
      continue;
    }
    tensors.push_back(readDescriptor(type, at).toHost());
    buffers.insert(*reinterpret_cast<void *const *>(at));
  }
  for (void *buffer : buffers)
    std::free(buffer);
  return tensors;
}
