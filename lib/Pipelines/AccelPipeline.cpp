//===- AccelPipeline.cpp - attention to the co-processor ------------------===//

#include "hdp/Pipelines/AccelPipeline.h"
#include "hdp/Conversion/Passes.h"
#include "hdp/Dialect/HDPA/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

void hdp::buildAccelPipeline(OpPassManager &pm,
                             const AccelPipelineOptions &options) {
  ConvertHDPToHDPAOptions convert;
  convert.machine = options.machine;
  convert.dense = options.dense;
  pm.addPass(createConvertHDPToHDPA(convert));
  OpPassManager &program = pm.nest<hdpa::ProgramOp>();
  if (options.doubleBuffer)
    program.addPass(createHDPADoubleBuffer());
  program.addPass(createHDPAAllocateScratchpad());
}

void hdp::registerAccelPipeline() {
  PassPipelineRegistration<AccelPipelineOptions>(
      "hdp-accel-pipeline",
      "lower attention to programs of the accelerator, with addresses, and "
      "their launches",
      buildAccelPipeline);
}
