//===- VectorLoops.h - the emitter of elementwise work ----------*- C++ -*-===//
//
// One linalg op whose body is done for several elements at once: in loops of
// its own, or on a vector that somebody else has computed.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_PIPELINES_VECTORLOOPS_H
#define HDP_LIB_PIPELINES_VECTORLOOPS_H

#include "LinalgToVector.h"

namespace hdp {

class LoopVectorizer {
public:
  LoopVectorizer(VectorEmitter &e, mlir::linalg::LinalgOp op,
                 llvm::SmallVectorImpl<mlir::Operation *> &math)
      : e(e), b(e.b), op(op), math(math), types(op.getIteratorTypesArray()),
        sizes(op.getStaticLoopRanges()), position(op.getNumLoops()) {}
  bool run();

  /// For an op that passes canFollowProduct: its result where the loops stand
  /// at `place`, for vectors along the last, of which `input` is what it reads
  /// from the buffer `product`. The result is stored.
  void follow(mlir::Value product, mlir::Value input, Values place,
              mlir::Value mask);

private:
  bool chooseLoop();
  bool canCombine();
  mlir::Value getSize(unsigned dim);
  Values getIndices(mlir::OpOperand *operand);
  Values getBounds(mlir::OpOperand *operand);
  mlir::Value read(mlir::OpOperand *operand, int64_t lanes, mlir::Value mask);
  Values compute(int64_t lanes, mlir::Value mask, mlir::ValueRange inits);
  Values reduce(llvm::ArrayRef<unsigned> dims, int64_t lanes, mlir::Value mask,
                Values inits);
  void nest(llvm::ArrayRef<unsigned> dims, llvm::function_ref<void()> body);
  void nestShared(llvm::function_ref<void()> body);
  void emitParallel(int64_t lanes, mlir::Value mask);
  void emitAlongParallel();
  void emitAlongReduction();
  mlir::Value combine(unsigned init, mlir::Value x, mlir::Value y);
  mlir::Value getNeutral(unsigned init, int64_t lanes);

  VectorEmitter &e;
  mlir::ImplicitLocOpBuilder &b;
  mlir::linalg::LinalgOp op;
  llvm::SmallVectorImpl<mlir::Operation *> &math;
  llvm::SmallVector<mlir::utils::IteratorType> types;
  llvm::SmallVector<int64_t> sizes;
  /// The loop over vectors, its lanes, and how many registers at once.
  unsigned inner = 0;
  int64_t lanes = 1, unroll = 1;
  llvm::SmallVector<unsigned> parallel, reductions;
  /// The op that combines a term with each init; null along a parallel loop.
  llvm::SmallVector<mlir::Operation *> combiners;
  Values position;
  /// A buffer whose elements are at hand, and they.
  mlir::Value knownBuffer, knownVector;
};

} // namespace hdp

#endif // HDP_LIB_PIPELINES_VECTORLOOPS_H
