//===- RaisePipeline.h - a model as printed to hdp.attention ----*- C++ -*-===//
//
// `--hdp-raise-pipeline`: what a front end prints, in linalg, TOSA or a mixture
// of both, with its attention as one op each. hdp-run uses the same.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_PIPELINES_RAISEPIPELINE_H
#define HDP_PIPELINES_RAISEPIPELINE_H

#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace hdp {

struct RaisePipelineOptions
    : public mlir::PassPipelineOptions<RaisePipelineOptions> {
  Option<std::string> report{
      *this, "report",
      llvm::cl::desc("file for what was seen, raised and refused; - is the "
                     "standard output"),
      llvm::cl::init("")};
  Option<ReportFormat> reportFormat{
      *this, "report-format", llvm::cl::desc("how the report is written"),
      llvm::cl::init(ReportFormat::Json),
      llvm::cl::values(clEnumValN(ReportFormat::Json, "json", "for programs"),
                       clEnumValN(ReportFormat::Text, "text", "a table"))};
  Option<int64_t> require{
      *this, "require",
      llvm::cl::desc("fail unless exactly this many attentions were raised; "
                     "-1: any number"),
      llvm::cl::init(-1)};
};

/// TOSA to linalg, canonical form, `--hdp-raise-attention`.
void buildRaisePipeline(mlir::OpPassManager &pm,
                        const RaisePipelineOptions &options);

/// `--hdp-raise-pipeline`.
void registerRaisePipeline();

} // namespace hdp

#endif // HDP_PIPELINES_RAISEPIPELINE_H
