//===- Contraction.h - sums of products in any layout -----------*- C++ -*-===//
//
// Which linalg ops are matrix products, whatever their operands' layouts, and
// which of their loops is which.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_PIPELINES_CONTRACTION_H
#define HDP_LIB_PIPELINES_CONTRACTION_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace hdp {

/// out[b, m, n] += lhs[b, m, k] * rhs[b, k, n], any number of each kind of
/// loop, dimensions of each operand in any order; all f32 or all f64, factors
/// of 16 bits that are widened to the f32 of the sums, or integers of 8, 16 and
/// 32 bits that are widened to the i32 of the sums, less a zero point.
struct Contraction {
  mlir::OpOperand *lhs, *rhs, *out;
  llvm::SmallVector<unsigned> batch, m, n, k;
  /// The loops to tile: n is the result's last dimension. There may be no m.
  std::optional<unsigned> mainM;
  unsigned mainN, mainK;
};

/// The op adds products of two operands, of the types above, read in any way.
bool isSumOfProducts(mlir::linalg::LinalgOp op);

/// Nothing for an op that is not such a product, or whose result's last
/// dimension belongs to both operands.
std::optional<Contraction> matchContraction(mlir::linalg::LinalgOp op);

} // namespace hdp

#endif // HDP_LIB_PIPELINES_CONTRACTION_H
