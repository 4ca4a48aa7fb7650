//===- Product.h - a matrix product and what goes with it -------*- C++ -*-===//
//
// Ops on buffers that one kernel does together: a contraction, the fill that
// its sums begin with, and the elementwise op that alone reads its result.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_PIPELINES_PRODUCT_H
#define HDP_LIB_PIPELINES_PRODUCT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace hdp {

/// On a function that holds such ops, which nothing else sees.
inline constexpr llvm::StringLiteral kProductAttr = "hdp.product";

struct Product {
  mlir::linalg::LinalgOp contraction;
  /// Null where there is none.
  mlir::linalg::LinalgOp fill, epilogue;
};

/// What may be done together with a contraction on buffers: neighbours in its
/// block such that nothing else sees what they leave out. `areDisjoint` says of
/// two buffers that they cannot overlap. Nothing if `op` is no contraction.
std::optional<Product>
matchProduct(mlir::linalg::LinalgOp op,
             llvm::function_ref<bool(mlir::Value, mlir::Value)> areDisjoint);

/// The ops of a function with the attribute; nothing for another one.
std::optional<Product> getProduct(mlir::func::FuncOp kernel);

} // namespace hdp

#endif // HDP_LIB_PIPELINES_PRODUCT_H
