//===- Ops.h - the hdp ops, one function each -------------------*- C++ -*-===//
//
// Every function reads its op's inputs from the frame and sets its results, in
// plain loops around the rules of hdp/Numerics.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_REFERENCE_OPS_H
#define HDP_LIB_EXECUTION_REFERENCE_OPS_H

#include "Frame.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "llvm/Support/Error.h"

namespace hdp::reference {

// Quantize.cpp
void evaluate(SplitOp op, Frame &frame);
void evaluate(QuantizeOp op, Frame &frame);
void evaluate(DequantizeOp op, Frame &frame);

// Scores.cpp
/// An error if the bias holds a NaN (N4).
llvm::Error evaluate(ValidityOp op, Frame &frame);
void evaluate(SplitMatmulOp op, Frame &frame);

// Pruning.cpp
void evaluate(BlockImportanceOp op, Frame &frame);
void evaluate(HeadGateOp op, Frame &frame);
void evaluate(BlockMaskOp op, Frame &frame);

// Softmax.cpp
void evaluate(SoftmaxOp op, Frame &frame);
void evaluate(ApplyOp op, Frame &frame);

// Exact.cpp
/// An error if shapes do not fit each other.
llvm::Error evaluate(AttentionOp op, Frame &frame);

} // namespace hdp::reference

#endif // HDP_LIB_EXECUTION_REFERENCE_OPS_H
