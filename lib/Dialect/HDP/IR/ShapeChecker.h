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

/// The names of `rank` leading dimensions: B0, B1, .. and for the last one
/// `head` ("Hq" or "Hkv").
llvm::SmallVector<std::string> getBatchNames(int64_t rank,
                                             llvm::StringRef head);

class ShapeChecker {
public:
  explicit ShapeChecker(mlir::Operation *op) : op(op) {}

  /// `shape` of `operand` must have the sizes `batch` then `inner` by name.
  llvm::LogicalResult check(llvm::StringRef operand,
                            llvm::ArrayRef<int64_t> shape,
                            llvm::ArrayRef<std::string> batch,
                            llvm::ArrayRef<llvm::StringRef> inner);
  llvm::LogicalResult check(llvm::StringRef operand, mlir::Value value,
                            llvm::ArrayRef<std::string> batch,
                            llvm::ArrayRef<llvm::StringRef> inner);

  /// The size `name` must be ceil(size `of` / `divisor`).
  llvm::LogicalResult checkQuotient(llvm::StringRef name, llvm::StringRef of,
                                    int64_t divisor);

  /// Hq must be a multiple of Hkv (N13).
  llvm::LogicalResult checkHeads();

  /// The static size, or -1 where it is dynamic or was never named.
  int64_t get(llvm::StringRef name) const;

private:
  struct Size {
    int64_t value;
    std::string where;
  };
  mlir::Operation *op;
  llvm::StringMap<Size> sizes;
};

} // namespace hdp

#endif // HDP_LIB_DIALECT_HDP_IR_SHAPECHECKER_H
