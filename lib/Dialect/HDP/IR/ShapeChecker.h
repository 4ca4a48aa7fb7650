//===- ShapeChecker.h - shapes with named sizes -----------------*- C++ -*-===//
//
// The verifiers state each operand's shape by names (Lq, d, ...); equal names
// must have equal sizes where both are static.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_DIALECT_HDP_IR_SHAPECHECKER_H
#define HDP_LIB_DIALECT_HDP_IR_SHAPECHECKER_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringMap.h"

namespace hdp {

/// The shape that an operand must have: leading dimensions, the last of which
/// is called `head` ("Hq" or "Hkv"), then `inner` ones. An absent operand
/// (null) has every shape.
struct ExpectedShape {
  llvm::StringRef operand;
  mlir::Value value;
  llvm::StringRef head;
  llvm::SmallVector<llvm::StringRef, 2> inner;
};

class ShapeChecker {
public:
  /// `batchRank` is the number of leading dimensions.
  ShapeChecker(mlir::Operation *op, int64_t batchRank)
      : op(op), batchRank(batchRank) {}

  /// All operands in order; then Hq is a multiple of Hkv (N13).
  llvm::LogicalResult check(llvm::ArrayRef<ExpectedShape> shapes);
  /// The same for a shape that is not an operand's own.
  llvm::LogicalResult check(const ExpectedShape &expected,
                            llvm::ArrayRef<int64_t> shape);
  llvm::LogicalResult checkHeads();

  /// The size `name` must be ceil(size `of` / `divisor`).
  llvm::LogicalResult checkQuotient(llvm::StringRef name, llvm::StringRef of,
                                    int64_t divisor);

  /// The static size, or -1 where it is dynamic or was never named. Leading
  /// dimensions before the last are called B0, B1, ...
  int64_t get(llvm::StringRef name) const;

private:
  struct Size {
    int64_t value;
    std::string where;
  };
  mlir::Operation *op;
  int64_t batchRank;
  llvm::StringMap<Size> sizes;
};

} // namespace hdp

#endif // HDP_LIB_DIALECT_HDP_IR_SHAPECHECKER_H
