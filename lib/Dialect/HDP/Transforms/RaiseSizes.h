//===- RaiseSizes.h - what is known about sizes at run time ------*- C++
//-*-===//
//
// With dynamic shapes a front end computes result shapes in integer code and
// reshapes with a shape tensor. This proves, or does not, that such a reshape
// only joins or only splits dimensions.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISESIZES_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISESIZES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <optional>

namespace hdp::raise {

/// A reshape that only joins (`collapses`) or only splits dimensions.
struct ReshapeGroups {
  bool collapses;
  llvm::SmallVector<mlir::ReassociationIndices> groups;
};

class SizeFacts {
public:
  std::optional<ReshapeGroups> groupsOf(mlir::tensor::ReshapeOp op);

  /// True when index `dim` of `extract` is `size == 1 ? 0 : i`, of which the
  /// result is i because i stays below that size.
  bool isIdentitySelect(mlir::arith::SelectOp select,
                        mlir::tensor::ExtractOp extract, unsigned dim);
};

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISESIZES_H
