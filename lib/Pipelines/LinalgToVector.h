//===- LinalgToVector.h - the vectorisers of single ops ---------*- C++ -*-===//
//
// Each emits the op's work in front of it and leaves the op to the caller; or
// emits nothing and says so, for an op that is not its business.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_PIPELINES_LINALGTOVECTOR_H
#define HDP_LIB_PIPELINES_LINALGTOVECTOR_H

#include "Product.h"
#include "hdp/Conversion/VectorEmitter.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace hdp {

/// A contraction in register tiles, its operands packed where that pays; sums
/// begin with the value of `fill`, and `epilogue` is done to each tile, where
/// there are such ops. Functions on vectors are appended to `math`.
bool vectorizeContraction(VectorEmitter &e, const Product &product,
                          llvm::SmallVectorImpl<mlir::Operation *> &math);

/// An op whose body is done for several elements at once: elementwise work, and
/// reductions. Math functions on vectors are appended to `math`.
bool vectorizeLoops(VectorEmitter &e, mlir::linalg::LinalgOp op,
                    llvm::SmallVectorImpl<mlir::Operation *> &math);

/// The op can be done to vectors of `product`, a buffer that it reads, as they
/// are computed.
bool canFollowProduct(mlir::linalg::LinalgOp op, mlir::Value product);

} // namespace hdp

#endif // HDP_LIB_PIPELINES_LINALGTOVECTOR_H
