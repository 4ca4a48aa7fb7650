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
  Option<bool> keepExtraUses{
      *this, "keep-extra-uses",
      llvm::cl::desc("raise attention whose scores or probabilities are used "
                     "elsewhere too; what computes them then stays beside it"),
      llvm::cl::init(false)};
  Option<int64_t> require{
      *this, "require",
      llvm::cl::desc("fail unless exactly this many attentions were raised; "
                     "-1: any number"),
      llvm::cl::init(-1)};
};

/// What raising wants in front, `--hdp-prepare`: TOSA becomes linalg by the
/// route that keeps every op's meaning, then canonical form without common
/// subexpressions. Afterwards: no TOSA. Unit dimensions, copies, casts, `+ 0`
/// and `* 1` need no pass: raising reads through them.
void buildPrepareStage(mlir::OpPassManager &pm);

/// The prepare stage, then `--hdp-raise-attention`.
void buildRaisePipeline(mlir::OpPassManager &pm,
                        const RaisePipelineOptions &options);

/// `--hdp-prepare` and `--hdp-raise-pipeline`.
void registerRaisePipeline();

} // namespace hdp

#endif // HDP_PIPELINES_RAISEPIPELINE_H
