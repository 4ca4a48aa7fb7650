//===- AccelPipeline.h - attention to the co-processor ----------*- C++ -*-===//
//
// `--hdp-accel-pipeline`: a module whose attention launches programs of one
// machine, and whose host code is what it was.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_PIPELINES_ACCELPIPELINE_H
#define HDP_PIPELINES_ACCELPIPELINE_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace hdp {

struct AccelPipelineOptions
    : public mlir::PassPipelineOptions<AccelPipelineOptions> {
  Option<std::string> machine{
      *this, "machine",
      llvm::cl::desc("machine file, or hdp-edge (the default) or hdp-server"),
      llvm::cl::init("")};
  Option<unsigned> dense{
      *this, "dense",
      llvm::cl::desc("prune nothing, with codes of 16 or 8 bits; 0: prune as "
                     "policies say"),
      llvm::cl::init(0)};
  Option<bool> doubleBuffer{
      *this, "double-buffer",
      llvm::cl::desc("overlap loads and work of heads and strips"),
      llvm::cl::init(true)};
};

/// `--convert-hdp-to-hdpa`, `--hdpa-double-buffer`,
/// `--hdpa-allocate-scratchpad`. Afterwards: attention with a policy is host
/// code on tensors around launches of addressed programs; the rest is as it
/// was, and the CPU pipeline takes it all.
void buildAccelPipeline(mlir::OpPassManager &pm,
                        const AccelPipelineOptions &options);

/// `--hdp-accel-pipeline`.
void registerAccelPipeline();

} // namespace hdp

#endif // HDP_PIPELINES_ACCELPIPELINE_H
