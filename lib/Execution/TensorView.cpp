//===- TensorView.cpp - copies between host tensors and strided memory ----===//

#include "hdp/Execution/CompiledModel.h"
#include "hdp/Support/Error.h"
#include <cstring>

using namespace hdp;

/// Calls `copy(dense, view)` with the byte offsets of every row of `view`'s
/// last dimension, in row-major order.
static void forEachRow(const TensorView &view,
                       llvm::function_ref<void(size_t, int64_t)> copy) {
  int64_t rank = static_cast<int64_t>(view.shape.size());
  int64_t width = getByteWidth(view.elementType);
  int64_t rows = 1;
  for (int64_t dim = 0; dim + 1 < rank; ++dim)
    rows *= view.shape[dim];
  int64_t rowBytes = (rank ? view.shape.back() : 1) * width;
  llvm::SmallVector<int64_t, 4> index(rank, 0);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t offset = 0;
    for (int64_t dim = 0; dim + 1 < rank; ++dim)
      offset += index[dim] * view.strides[dim];
    copy(static_cast<size_t>(row * rowBytes), offset * width);
    for (int64_t dim = rank - 2; dim >= 0; --dim) {
      if (++index[dim] < view.shape[dim])
        break;
      index[dim] = 0;
    }
  }
}

/// Copies one row between dense memory and memory with `step` bytes from
/// element to element.
static void copyRow(char *target, int64_t targetStep, const char *source,
                    int64_t sourceStep, int64_t count, int64_t width) {
  if (targetStep == width && sourceStep == width) {
    std::memcpy(target, source, static_cast<size_t>(count * width));
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(target + i * targetStep, source + i * sourceStep,
                static_cast<size_t>(width));
}

HostTensor TensorView::toHost() const {
  HostTensor result(elementType, shape);
  if (result.getNumElements() == 0)
    return result;
  int64_t width = getByteWidth(elementType);
  int64_t count = shape.empty() ? 1 : shape.back();
  int64_t step = shape.empty() ? width : strides.back() * width;
  forEachRow(*this, [&](size_t dense, int64_t offset) {
    copyRow(result.getData() + dense, width, data + offset, step, count, width);
  });
  return result;
}

llvm::Error TensorView::assign(const HostTensor &source) const {
  if (source.getElementType() != elementType ||
      source.getShape() != llvm::ArrayRef(shape))
    return makeError("expected " +
                     formatType(ValueType{elementType, shape, false}) +
                     ", found tensor<" + formatType(source) + ">");
  if (source.getNumElements() == 0)
    return llvm::Error::success();
  int64_t width = getByteWidth(elementType);
  int64_t count = shape.empty() ? 1 : shape.back();
  int64_t step = shape.empty() ? width : strides.back() * width;
  forEachRow(*this, [&](size_t dense, int64_t offset) {
    copyRow(data + offset, step, source.getData() + dense, width, count, width);
  });
  return llvm::Error::success();
}
