//===- RaiseSizes.h - what is known about sizes at run time -----*- C++ -*-===//
//
// With dynamic shapes a front end computes result shapes in integer code and
// reshapes with a shape tensor. Sizes are read as products of a constant and
// of sizes that are not looked into; this proves, or does not, that a reshape
// only joins or only splits dimensions. A product of sizes is taken not to
// overflow, as it counts elements of a tensor.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISESIZES_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISESIZES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <map>
#include <optional>

namespace hdp::raise {

/// A reshape that only joins (`collapses`) or only splits dimensions.
struct ReshapeGroups {
  bool collapses;
  llvm::SmallVector<mlir::ReassociationIndices> groups;
};

/// factor * product of symbols (sorted).
struct Size {
  int64_t factor = 1;
  llvm::SmallVector<unsigned, 2> symbols;

  bool operator==(const Size &other) const {
    return factor == other.factor && symbols == other.symbols;
  }
};

class SizeFacts {
public:
  std::optional<ReshapeGroups> groupsOf(mlir::tensor::ReshapeOp op);

  /// True when index `dim` of `extract` is `size == 1 ? 0 : i`, of which the
  /// result is i because the loop i runs over exactly that size.
  bool isIdentitySelect(mlir::arith::SelectOp select,
                        mlir::tensor::ExtractOp extract, unsigned dim);

private:
  using MaybeSize = std::optional<Size>;

  MaybeSize valueOf(mlir::Value value);
  MaybeSize computeValue(mlir::Value value);
  MaybeSize sizeOf(mlir::Value tensor, int64_t dim);
  MaybeSize computeSize(mlir::Value tensor, int64_t dim);
  std::optional<bool> truthOf(mlir::Value condition);
  Size symbol(mlir::Value value, int64_t dim);
  bool isSize(const Size &size) const;
  Size simplified(const Size &size);
  /// Learns the equalities that the function around `op` asserts.
  void learn(mlir::Operation *op);

  llvm::DenseMap<mlir::Value, MaybeSize> values;
  std::map<std::pair<void *, int64_t>, unsigned> symbols;
  /// Symbols that are sizes of dimensions, so not negative.
  llvm::DenseSet<unsigned> sizes;
  llvm::DenseMap<unsigned, Size> known;
  llvm::DenseSet<mlir::Operation *> learned;
  unsigned depth = 0;
};

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISESIZES_H
