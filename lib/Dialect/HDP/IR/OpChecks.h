//===- OpChecks.h - what the verifiers of several ops check -----*- C++ -*-===//

#ifndef HDP_LIB_DIALECT_HDP_IR_OPCHECKS_H
#define HDP_LIB_DIALECT_HDP_IR_OPCHECKS_H

#include "ShapeChecker.h"
#include "hdp/Numerics/Policy.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace hdp::detail {

/// All operands are tensors, or all memrefs.
llvm::LogicalResult verifyOneSemantics(mlir::DestinationStyleOpInterface op);

int64_t getRank(mlir::Value value);

/// Ranks of leading dimensions come from an operand with `inner` other ones.
mlir::FailureOr<int64_t> getBatchRank(mlir::Operation *op,
                                      llvm::StringRef operand,
                                      mlir::Value value, int64_t inner);

/// N0: what the rules bound, as far as sizes are static. An op without a scale
/// is checked with 1.
llvm::LogicalResult verifyLimits(mlir::Operation *op,
                                 const numerics::Policy &policy,
                                 const ShapeChecker &shapes, bool hasBias,
                                 double scale = 1.0);

/// A mask or bias is `[B, Lq, Lk]`, all but Lk broadcast from 1.
llvm::LogicalResult verifyBroadcast(mlir::Operation *op, llvm::StringRef name,
                                    mlir::Value value,
                                    llvm::ArrayRef<int64_t> scores);

} // namespace hdp::detail

#endif // HDP_LIB_DIALECT_HDP_IR_OPCHECKS_H
