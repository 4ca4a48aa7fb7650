//===- CPUPipeline.h - a model on tensors to the LLVM dialect ---*- C++ -*-===//
//
// The stages of `--hdp-cpu-pipeline`. Each says what the IR is afterwards; the
// pipeline is all of them, in this order. hdp-run and the engines use the same.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_PIPELINES_CPUPIPELINE_H
#define HDP_PIPELINES_CPUPIPELINE_H

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace hdp {

/// How pruned attention is lowered.
enum class AttentionLowering { Loops, Vector };

/// What attention without a policy multiplies.
enum class ExactProducts { F32, BF16 };

struct CPUPipelineOptions
    : public mlir::PassPipelineOptions<CPUPipelineOptions> {
  Option<bool> dispatchAttention{
      *this, "dispatch-attention",
      llvm::cl::desc("leave each hdp.attention to the host: a call of "
                     "hdp_dispatch_site with its buffers"),
      llvm::cl::init(false)};
  Option<bool> vectorize{
      *this, "vectorize",
      llvm::cl::desc("vector code for contractions, elementwise work and "
                     "reductions; false: loops, bit for bit what plain loops "
                     "compute"),
      llvm::cl::init(true)};
  Option<std::string> target{
      *this, "target",
      llvm::cl::desc(
          "instruction set: host, amx, avx512-bf16, avx512, avx-vnni, avx2 or "
          "portable; several "
          "between commas, or any: kernels for each, chosen at run time"),
      llvm::cl::init("host")};
  Option<bool> threads{
      *this, "threads",
      llvm::cl::desc("let hdp_parallel run large kernels in several threads; "
                     "results do not depend on how many"),
      llvm::cl::init(false)};
  Option<int64_t> unroll{
      *this, "unroll",
      llvm::cl::desc("reduction steps in one pass of an innermost loop"),
      llvm::cl::init(4)};
  Option<AttentionLowering> attention{
      *this, "attention", llvm::cl::desc("how pruned attention is lowered"),
      llvm::cl::values(
          clEnumValN(AttentionLowering::Loops, "loops", "its parts as loops"),
          clEnumValN(AttentionLowering::Vector, "vector",
                     "fused kernels where there are, loops elsewhere")),
      llvm::cl::init(AttentionLowering::Vector)};
  Option<bool> stageCycles{
      *this, "stage-cycles",
      llvm::cl::desc("fused kernels add the ticks of each stage to "
                     "@hdp_stage_cycles"),
      llvm::cl::init(false)};

  Option<ExactProducts> exact{
      *this, "exact",
      llvm::cl::desc("what attention without a policy multiplies"),
      llvm::cl::values(
          clEnumValN(ExactProducts::F32, "f32", "f32"),
          clEnumValN(ExactProducts::BF16, "bf16",
                     "bf16 where the target has products of it, with other "
                     "results; f32 elsewhere")),
      llvm::cl::init(ExactProducts::F32)};

  bool usesVectors() const { return attention == AttentionLowering::Vector; }
};

/// Afterwards: no TOSA; linalg, tensor, arith, math, scf on tensors.
void buildTosaToLinalgStage(mlir::OpPassManager &pm);

/// Afterwards: still on tensors; only linalg.generic, fill and shape ops,
/// contractions with a contiguous innermost loop; entry points prepared.
void buildTensorStage(mlir::OpPassManager &pm,
                      const CPUPipelineOptions &options);

/// Afterwards: memrefs, allocated and freed; results belong to the caller.
void buildBufferStage(mlir::OpPassManager &pm,
                      const CPUPipelineOptions &options);

/// Afterwards: functions of calls, allocations and control flow, and small
/// private functions of scf loops.
void buildKernelStage(mlir::OpPassManager &pm,
                      const CPUPipelineOptions &options);

/// Afterwards: the LLVM dialect and nothing else.
void buildLLVMStage(mlir::OpPassManager &pm, const CPUPipelineOptions &options);

/// All stages.
void buildCPUPipeline(mlir::OpPassManager &pm,
                      const CPUPipelineOptions &options);

/// The attentions that `dispatch-attention` leaves to the host, by number:
/// those that `--hdp-attention-to-calls` would find in `module`.
llvm::SmallVector<AttentionOp> getAttentionSites(mlir::ModuleOp module);

/// `--hdp-cpu-pipeline`.
void registerCPUPipeline();

} // namespace hdp

#endif // HDP_PIPELINES_CPUPIPELINE_H
