//===- Frame.h - values of one run of a site function -----------*- C++ -*-===//
//
// What the reference engine knows while it walks a function: a tensor or a
// number for every SSA value, and views that make the loops of the ops read
// like their rules.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_REFERENCE_FRAME_H
#define HDP_LIB_EXECUTION_REFERENCE_FRAME_H

#include "hdp/Numerics/NativeOps.h"
#include "hdp/Support/HostTensor.h"
#include "mlir/IR/Operation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/ADT/DenseMap.h"
#include <memory>

namespace hdp::reference {

/// The element type of tensors of `type`; nothing if engines do not know it.
std::optional<ElementType> convertElementType(mlir::Type type);

/// A tensor seen as [batch, ...]: all leading dimensions are one (for a group
/// of heads that reads one K/V head, N13 then needs one division), the last
/// `inner` ones are indexed by themselves.
template <typename T> class View {
public:
  /// A view of nothing, for an operand that an op does not have.
  View() = default;
  View(T *data, llvm::ArrayRef<int64_t> shape, int64_t inner) : data(data) {
    llvm::ArrayRef<int64_t> leading = shape.drop_back(inner);
    for (int64_t size : leading)
      batch *= size;
    if (inner == 2)
      rows = shape[shape.size() - 2];
    if (inner >= 1)
      columns = shape.back();
  }

  T &operator()(int64_t b) const { return data[b]; }
  T &operator()(int64_t b, int64_t i) const { return data[b * columns + i]; }
  T &operator()(int64_t b, int64_t i, int64_t j) const {
    return data[(b * rows + i) * columns + j];
  }

  int64_t batch = 1, rows = 1, columns = 1;

private:
  T *data = nullptr;
};

/// How bq x bk blocks lie over Lq x Lk positions, and groups over blocks (N9).
struct BlockGrid {
  int64_t Lq, Lk, blockRows, blockCols, group;

  int64_t rows() const { return (Lq + blockRows - 1) / blockRows; }
  int64_t columns() const { return (Lk + blockCols - 1) / blockCols; }
  int64_t groups() const {
    return group == 0 ? 1 : (columns() + group - 1) / group;
  }
  int64_t rowBegin(int64_t r) const { return r * blockRows; }
  int64_t rowEnd(int64_t r) const { return std::min(Lq, (r + 1) * blockRows); }
  int64_t columnBegin(int64_t c) const { return c * blockCols; }
  int64_t columnEnd(int64_t c) const {
    return std::min(Lk, (c + 1) * blockCols);
  }
  /// Positions that exist in a full block of block row r.
  int64_t fullBlockSize(int64_t r) const {
    return (rowEnd(r) - rowBegin(r)) * blockCols;
  }
  int64_t groupOf(int64_t c) const { return group == 0 ? 0 : c / group; }
};

/// The values of one run.
class Frame {
public:
  void set(mlir::Value value, std::shared_ptr<const HostTensor> tensor) {
    tensors[value] = std::move(tensor);
  }
  void set(mlir::Value value, int64_t number) { numbers[value] = number; }

  std::shared_ptr<const HostTensor> getShared(mlir::Value value) const {
    return tensors.lookup(value);
  }
  const HostTensor &get(mlir::Value value) const {
    return *tensors.find(value)->second;
  }
  /// An index or an i1.
  int64_t getNumber(mlir::Value value) const { return numbers.lookup(value); }

  /// A view of a tensor whose last `inner` dimensions stay apart.
  template <typename T>
  View<const T> view(mlir::Value value, int64_t inner) const {
    const HostTensor &tensor = get(value);
    return View<const T>(tensor.as<T>(), tensor.getShape(), inner);
  }

  /// Makes result `index` of an op in destination style, zeros of the shape
  /// that its init has.
  HostTensor &makeResult(mlir::DestinationStyleOpInterface op, unsigned index);

  template <typename T>
  View<T> makeView(mlir::DestinationStyleOpInterface op, unsigned index,
                   int64_t inner) {
    HostTensor &tensor = makeResult(op, index);
    return View<T>(tensor.as<T>(), tensor.getShape(), inner);
  }

  /// Tensors that the reference holds beside the function's results.
  std::vector<NamedTensor> extras;

private:
  llvm::DenseMap<mlir::Value, std::shared_ptr<const HostTensor>> tensors;
  llvm::DenseMap<mlir::Value, int64_t> numbers;
};

/// The tensor whose dimension i is dimension permutation[i] of `tensor`.
HostTensor transpose(const HostTensor &tensor,
                     llvm::ArrayRef<int64_t> permutation);

/// Where a mask or bias [.., Lq, Lk] has its row for query row i of flattened
/// head b of scores [.., Lq, Lk]: dimensions of size 1 are broadcast. Gives the
/// index of the row's first element.
int64_t getBroadcastRow(llvm::ArrayRef<int64_t> shape,
                        llvm::ArrayRef<int64_t> scores, int64_t b, int64_t i);

} // namespace hdp::reference

#endif // HDP_LIB_EXECUTION_REFERENCE_FRAME_H
