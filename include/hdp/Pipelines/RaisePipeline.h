//===- RaisePipeline.h - a model as printed to hdp.attention ----*- C++ -*-===//
//
// `--hdp-raise-pipeline`: what a front end prints, in linalg, TOSA or a mixture
// of both, with its attention as one op each. hdp-run uses the same.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_PIPELINES_RAISEPIPELINE_H
#define HDP_PIPELINES_RAISEPIPELINE_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace hdp {

struct RaisePipelineOptions
    : public mlir::PassPipelineOptions<RaisePipelineOptions> {
  Option<std::string> report{
      *this, "report",
      llvm::cl::desc("file for what was raised and refused, as JSON; - is the "
                     "standard output"),
      llvm::cl::init("")};
};

/// TOSA to linalg, canonical form, `--hdp-raise-attention`.
void buildRaisePipeline(mlir::OpPassManager &pm,
                        const RaisePipelineOptions &options);

/// `--hdp-raise-pipeline`.
void registerRaisePipeline();

} // namespace hdp

#endif // HDP_PIPELINES_RAISEPIPELINE_H
