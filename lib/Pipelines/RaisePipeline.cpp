//===- RaisePipeline.cpp - a model as printed to hdp.attention ------------===//

#include "hdp/Pipelines/RaisePipeline.h"
#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "hdp/Pipelines/CPUPipeline.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace hdp {
#define GEN_PASS_DEF_LOWERTOSA
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;

namespace {
struct LowerTosa : hdp::impl::LowerTosaBase<LowerTosa> {
  using LowerTosaBase::LowerTosaBase;

  void runOnOperation() override {
    WalkResult found = getOperation()->walk([](Operation *op) {
      return isa_and_present<tosa::TosaDialect>(op->getDialect())
                 ? WalkResult::interrupt()
                 : WalkResult::advance();
    });
    if (!found.wasInterrupted())
      return markAllAnalysesPreserved();
    OpPassManager stage(ModuleOp::getOperationName());
    buildTosaToLinalgStage(stage);
    if (failed(runPipeline(stage, getOperation())))
      signalPassFailure();
  }
};
} // namespace

void hdp::buildPrepareStage(OpPassManager &pm) {
  pm.addPass(createLowerTosa());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void hdp::buildRaisePipeline(OpPassManager &pm,
                             const RaisePipelineOptions &options) {
  buildPrepareStage(pm);
  HDPRaiseAttentionOptions raise;
  raise.report = options.report;
  raise.reportFormat = options.reportFormat;
  raise.keepExtraUses = options.keepExtraUses;
  raise.require = options.require;
  pm.addPass(createHDPRaiseAttention(raise));
}

void hdp::registerRaisePipeline() {
  PassPipelineRegistration<>("hdp-prepare",
                             "what raising wants in front: TOSA to linalg, "
                             "canonical form",
                             buildPrepareStage);
  PassPipelineRegistration<RaisePipelineOptions>(
      "hdp-raise-pipeline",
      "find attention in a model in linalg, TOSA or both, one hdp.attention "
      "each",
      buildRaisePipeline);
}
