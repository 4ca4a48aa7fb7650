//===- HDPToVector.h - fused attention kernels ------------------*- C++ -*-===//
//
// What `--convert-hdp-to-vector` can do, for those who decide whether an
// attention is decomposed or stays whole until it becomes a kernel.
//
// An attention with `statistics` (an optional second init of hdp.attention, a
// row of HeadStatistic numbers for each query head) gets a kernel that counts:
// its last argument. An emitter adds up with `addStatistic`, which emits
// nothing where nobody counts; `countFullBlocks` and `countKeptBlocks` do so
// from the buffers fullCounts, counts and partialCounts.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_CONVERSION_HDPTOVECTOR_H
#define HDP_CONVERSION_HDPTOVECTOR_H

#include "hdp/Dialect/HDP/IR/HDP.h"

namespace hdp {

/// What a kernel does, in the order of its stages.
enum class KernelStage {
  Pack,    ///< exponents, codes of Q, K and V
  Pool,    ///< importance, thresholds
  List,    ///< masks, lists of kept blocks, mean scores
  Score,   ///< scores of kept blocks
  Softmax, ///< weights
  Apply    ///< weighted sums, output
};
inline constexpr int64_t kNumKernelStages = 6;
llvm::StringRef getName(KernelStage stage);

/// The memref<6xi64> to which kernels with the option `stage-cycles` add the
/// ticks of the cycle counter that each stage took.
inline constexpr llvm::StringLiteral kStageCyclesGlobal = "hdp_stage_cycles";

/// Why there is no fused kernel for `op`, on tensors or memrefs; empty if there
/// is one. The answer is the same for every target.
llvm::StringRef getUnfusableReason(AttentionOp op);

inline bool isFusable(AttentionOp op) { return getUnfusableReason(op).empty(); }

} // namespace hdp

#endif // HDP_CONVERSION_HDPTOVECTOR_H
