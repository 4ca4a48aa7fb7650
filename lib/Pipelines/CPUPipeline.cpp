//===- CPUPipeline.cpp - the stages from tensors to the LLVM dialect ------===//
//
// The order of upstream's and our passes; what each stage leaves is said in
// the header.
//
//===----------------------------------------------------------------------===//

#include "hdp/Pipelines/CPUPipeline.h"
#include "hdp/Conversion/Passes.h"
#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void hdp::buildTosaToLinalgStage(OpPassManager &pm) {
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(tosa::createTosaOptionalDecompositionsPass());
  function.addPass(createCanonicalizerPass());
  function.addPass(tosa::createTosaInferShapesPass());
  function.addPass(tosa::createTosaMakeBroadcastablePass());
  function.addPass(tosa::createTosaToLinalgNamed());
  function.addPass(createCanonicalizerPass());
  function.addPass(tosa::createTosaLayerwiseConstantFoldPass());
  function.addPass(tosa::createTosaMakeBroadcastablePass());
  function.addPass(tosa::createTosaToLinalg());
  TosaToArithPassOptions arith;
  arith.includeApplyRescale = true;
  function.addPass(createTosaToArithPass(arith));
  function.addPass(createTosaToTensorPass());
}

void hdp::buildTensorStage(OpPassManager &pm,
                           const CPUPipelineOptions &options) {
  pm.addPass(createConvertElementwiseToLinalgPass());
  pm.addPass(createCheckCPUInput());
  if (!options.dispatchAttention)
    options.usesVectors()
        ? pm.addPass(createDecomposeUnfused())
        : pm.nest<func::FuncOp>().addPass(createHDPDecomposeAttention());
  pm.addPass(createPrepareEntryPoints());
  pm.addPass(createDecomposeLinalg());
  pm.nest<func::FuncOp>().addPass(createLinalgGeneralizeNamedOpsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (options.vectorize)
    pm.addPass(createConvolutionsToProducts());
  pm.addPass(createFuseElementwise({options.vectorize}));
  pm.addPass(createInterchangeReductions({!options.vectorize}));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void hdp::buildBufferStage(OpPassManager &pm, const CPUPipelineOptions &) {
  pm.addPass(createSeparateInits());
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.allowReturnAllocsFromLoops = true;
  options.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(options));
  bufferization::buildBufferDeallocationPipeline(pm);
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void hdp::buildKernelStage(OpPassManager &pm,
                           const CPUPipelineOptions &options) {
  if (options.dispatchAttention)
    pm.addPass(createAttentionToCalls());
  pm.addPass(createLaunchToCalls());
  pm.addPass(createOutlineKernels({options.vectorize}));
  pm.addPass(createPlanBuffers());
  if (options.threads && options.vectorize)
    pm.addPass(createSplitKernels());
  pm.addPass(createKernelVariants({options.target}));
  // Kernels that have a target do not look at these.
  std::string target = options.target;
  if (target == "any" || llvm::StringRef(target).contains(','))
    target = "portable";
  if (options.usesVectors())
    pm.addPass(createConvertHDPToVector({target, options.stageCycles}));
  if (options.vectorize)
    pm.addPass(createConvertExactToVector(
        {target, /*bf16=*/options.exact == ExactProducts::BF16}));
  pm.addPass(createConvertHDPToLoops());
  if (options.vectorize)
    pm.addPass(createLinalgToVector({target}));
  pm.addPass(createLinalgToLoops({options.unroll}));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void hdp::buildLLVMStage(OpPassManager &pm, const CPUPipelineOptions &options) {
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  arith::ArithExpandOpsPassOptions arith;
  arith.includeBf16 = true;
  pm.addPass(arith::createArithExpandOpsPass(arith));
  math::MathExpandOpsPassOptions math;
  math.opMnemonics = {"exp2"};
  pm.nest<func::FuncOp>().addPass(math::createMathExpandOpsPass(math));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass()); // on vectors lane by lane
  pm.addPass(createConvertVectorToLLVMPass());
  // All that is left at once: one walk over the code for six dialects.
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (options.dispatchAttention)
    pm.addPass(createEmitSiteDispatch());
  if (options.threads)
    pm.addPass(createEmitSplitCalls());
  pm.addPass(createEmitVariantCalls());
  pm.addPass(createCheckLowered());
}

void hdp::buildCPUPipeline(OpPassManager &pm,
                           const CPUPipelineOptions &options) {
  pm.addPass(createLowerTosa());
  buildTensorStage(pm, options);
  buildBufferStage(pm, options);
  buildKernelStage(pm, options);
  buildLLVMStage(pm, options);
}

void hdp::registerCPUPipeline() {
  PassPipelineRegistration<CPUPipelineOptions>(
      "hdp-cpu-pipeline",
      "lower a model on tensors to the LLVM dialect, for this machine's CPU",
      buildCPUPipeline);
}
