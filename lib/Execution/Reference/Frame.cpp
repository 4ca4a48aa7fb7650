//===- Frame.cpp - tensors behind the reference engine's values -----------===//
//
// Results in the shape of their inits, permuted copies, broadcast rows.
//
//===----------------------------------------------------------------------===//

#include "Frame.h"
#include "mlir/IR/BuiltinTypes.h"
#include <cstring>

using namespace mlir;
using namespace hdp;
using namespace hdp::reference;

std::optional<ElementType> reference::convertElementType(Type type) {
  if (type.isF16())
    return ElementType::F16;
  if (type.isBF16())
    return ElementType::BF16;
  if (type.isF32())
    return ElementType::F32;
  if (type.isF64())
    return ElementType::F64;
  if (type.isInteger(1))
    return ElementType::I1;
  if (type.isInteger(8))
    return ElementType::I8;
  if (type.isInteger(16))
    return ElementType::I16;
  if (type.isInteger(32))
    return ElementType::I32;
  if (type.isInteger(64))
    return ElementType::I64;
  return std::nullopt;
}

HostTensor &Frame::makeResult(DestinationStyleOpInterface op, unsigned index) {
  OpResult result = op->getResult(index);
  const HostTensor &init = get(op.getTiedOpOperand(result)->get());
  auto tensor =
      std::make_shared<HostTensor>(init.getElementType(), init.getShape());
  HostTensor &reference = *tensor;
  set(result, std::move(tensor));
  return reference;
}

HostTensor reference::transpose(const HostTensor &tensor,
                                llvm::ArrayRef<int64_t> permutation) {
  int64_t rank = tensor.getRank();
  llvm::SmallVector<int64_t> shape, strides(rank, 1), permutedStrides;
  for (int64_t dim = rank - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * tensor.getShape()[dim + 1];
  for (int64_t dim : permutation) {
    shape.push_back(tensor.getShape()[dim]);
    permutedStrides.push_back(strides[dim]);
  }
  HostTensor result(tensor.getElementType(), shape);
  unsigned width = getByteWidth(tensor.getElementType());
  llvm::SmallVector<int64_t> position(rank, 0);
  for (int64_t to = 0; to < result.getNumElements(); ++to) {
    int64_t from = 0;
    for (int64_t dim = 0; dim < rank; ++dim)
      from += position[dim] * permutedStrides[dim];
    std::memcpy(result.getData() + to * width, tensor.getData() + from * width,
                width);
    for (int64_t dim = rank - 1; dim >= 0 && ++position[dim] == shape[dim];
         --dim)
      position[dim] = 0;
  }
  return result;
}

int64_t reference::getBroadcastRow(llvm::ArrayRef<int64_t> shape,
                                   llvm::ArrayRef<int64_t> scores, int64_t b,
                                   int64_t i) {
  // Positions from the inside out: the row, then the leading dimensions.
  int64_t stride = shape.back(), offset = 0, rest = b;
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim) {
    bool isRow = dim + 2 == static_cast<int64_t>(shape.size());
    int64_t position = isRow ? i : rest % scores[dim];
    if (!isRow)
      rest /= scores[dim];
    if (shape[dim] != 1)
      offset += position * stride;
    stride *= shape[dim];
  }
  return offset;
}
