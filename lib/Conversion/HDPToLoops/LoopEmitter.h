//===- LoopEmitter.h - loops, loads and stores by lambda --------*- C++ -*-===//
//
// What the emitters of the single ops share: loop nests with a body passed in,
// element access, and the walk over heads that maps query heads to key and
// value heads (N13).
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_CONVERSION_HDPTOLOOPS_LOOPEMITTER_H
#define HDP_LIB_CONVERSION_HDPTOLOOPS_LOOPEMITTER_H

#include "EmitOps.h"
#include "hdp/Dialect/HDP/IR/HDP.h"

namespace hdp {

using Values = llvm::SmallVector<mlir::Value>;

/// The leading indices of one head: of queries, and of keys and values.
struct HeadIndices {
  Values query;
  Values key;
};

class LoopEmitter {
public:
  explicit LoopEmitter(mlir::ImplicitLocOpBuilder &builder)
      : b(builder), ops(builder) {}

  mlir::ImplicitLocOpBuilder &b;
  /// The Ops policy handed to the rules of hdp/Numerics.
  EmitOps ops;

  mlir::Value index(int64_t value);
  /// Size of a dimension of a memref, a constant where it is static.
  mlir::Value size(mlir::Value memref, int64_t dim);
  /// Sizes counted from the back: 0 is the last dimension.
  mlir::Value sizeFromBack(mlir::Value memref, int64_t dim);
  static int64_t rank(mlir::Value memref);

  /// for iv in [low, high): body(iv)
  void loop(mlir::Value low, mlir::Value high,
            llvm::function_ref<void(mlir::Value)> body);
  void loop(mlir::Value high, llvm::function_ref<void(mlir::Value)> body);
  /// for iv in [low, high): acc = body(iv, acc); returns the last acc.
  Values
  accumulate(mlir::Value low, mlir::Value high, mlir::ValueRange init,
             llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  /// if (condition) then() else otherwise()
  void when(mlir::Value condition, llvm::function_ref<void()> then,
            llvm::function_ref<void()> otherwise = nullptr);
  /// condition ? then() : otherwise(), only one of them run.
  mlir::Value choose(mlir::Value condition,
                     llvm::function_ref<mlir::Value()> then,
                     llvm::function_ref<mlir::Value()> otherwise);

  mlir::Value load(mlir::Value memref, mlir::ValueRange indices);
  /// Integers of up to 16 bits and i1 as i32 (i1 without a sign).
  mlir::Value loadI32(mlir::Value memref, mlir::ValueRange indices);
  /// Floats widened to f64 or f32, exactly.
  mlir::Value loadF64(mlir::Value memref, mlir::ValueRange indices);
  mlir::Value loadF32(mlir::Value memref, mlir::ValueRange indices);
  /// Integers are truncated to the element type, f32 is rounded to it.
  void store(mlir::Value value, mlir::Value memref, mlir::ValueRange indices);

  /// Runs `body` for every head. `memref` has the query heads in front of
  /// `inner` other dimensions; `keyHeads`, if any, is the number of key and
  /// value heads (the batch dimensions in front of it are the same).
  void forEachHead(mlir::Value memref, int64_t inner, mlir::Value keyHeads,
                   llvm::function_ref<void(const HeadIndices &)> body);
  /// The number of key and value heads of `memref`, which has them in front of
  /// `inner` other dimensions; null when there are no leading dimensions.
  mlir::Value keyHeadCount(mlir::Value memref, int64_t inner);

  /// The indices of a mask's or bias's element for a position of the scores:
  /// dimensions of size 1 are broadcast. A dynamic size decides at run time.
  Values broadcast(mlir::Value operand, llvm::ArrayRef<mlir::Value> position);

  mlir::Value minIndex(mlir::Value x, mlir::Value y);
  mlir::Value toI32(mlir::Value index);
  mlir::Value toI64(mlir::Value index);
};

/// {head.., inner..}
Values at(llvm::ArrayRef<mlir::Value> head,
          std::initializer_list<mlir::Value> inner);

// One emitter an op; each expects the form on memrefs.
void emitLoops(LoopEmitter &emitter, AttentionOp op);
void emitLoops(LoopEmitter &emitter, SplitOp op);
void emitLoops(LoopEmitter &emitter, QuantizeOp op);
void emitLoops(LoopEmitter &emitter, DequantizeOp op);
void emitLoops(LoopEmitter &emitter, ValidityOp op);
void emitLoops(LoopEmitter &emitter, SplitMatmulOp op);
void emitLoops(LoopEmitter &emitter, BlockImportanceOp op);
void emitLoops(LoopEmitter &emitter, HeadGateOp op);
void emitLoops(LoopEmitter &emitter, BlockMaskOp op);
void emitLoops(LoopEmitter &emitter, SoftmaxOp op);
void emitLoops(LoopEmitter &emitter, ApplyOp op);

} // namespace hdp

#endif // HDP_LIB_CONVERSION_HDPTOLOOPS_LOOPEMITTER_H
