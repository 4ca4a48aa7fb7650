//===- CompiledAttention.h - our engine, as a call --------------*- C++ -*-===//
//
// One attention compiled through the CPU pipeline, from inputs into a buffer
// of the caller's: no copy and no allocation of a result is timed.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_COMPILEDATTENTION_H
#define HDP_TOOLS_HDP_BENCH_COMPILEDATTENTION_H

#include "Inputs.h"
#include "hdp/Conversion/HDPToVector.h"
#include "hdp/Execution/CompiledModel.h"
#include "hdp/Numerics/Policy.h"
#include <array>
#include <optional>

namespace hdp::bench {

/// The parts of a call's time that its kernels' stages took.
using StageShares = std::array<double, kNumKernelStages>;

/// The key of a stage's cycles in a row.
inline std::string getStageKey(KernelStage stage) {
  return "cycles_" + getName(stage).str();
}

class CompiledAttention {
public:
  /// Compiles the attention of `inputs`; without a policy exact attention.
  static llvm::Expected<CompiledAttention>
  compile(const AttentionInputs &inputs,
          const std::optional<numerics::Policy> &policy,
          const CompileOptions &options, mlir::MLIRContext &context);

  /// Writes `out`, which has the shape of the result.
  llvm::Error run(const AttentionInputs &inputs, HostTensor &out) const;

  /// The same of what was compiled with `stageCycles`.
  llvm::Error runCounted(const AttentionInputs &inputs, HostTensor &out,
                         StageShares &shares) const;

  /// Seconds that compiling took.
  double getCompileSeconds() const { return compileSeconds; }

private:
  std::unique_ptr<CompiledModel> model;
  double compileSeconds = 0;
};

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_COMPILEDATTENTION_H
