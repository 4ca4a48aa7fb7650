//===- InitAll.h - everything that the tools register -----------*- C++ -*-===//

#ifndef HDP_INITALL_H
#define HDP_INITALL_H

#include "hdp/Conversion/Passes.h"
#include "hdp/Dialect/Frontend/Frontend.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Dialect/HDPA/Transforms/Passes.h"
#include "hdp/Pipelines/AccelPipeline.h"
#include "hdp/Pipelines/CPUPipeline.h"
#include "hdp/Pipelines/Passes.h"
#include "hdp/Pipelines/RaisePipeline.h"

namespace hdp {

/// The project's dialects and their interface models.
inline void registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<HDPDialect, hdpa::HDPADialect, tm_tensor::TMTensorDialect,
                  iree_linalg_ext::IREELinalgExtDialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
  registerLaunchBufferizationModel(registry);
}

/// The project's passes and pipelines.
inline void registerAllPasses() {
  registerHDPTransformsPasses();
  registerHDPATransformsPasses();
  registerHDPConversionPasses();
  registerHDPPipelinesPasses();
  registerAccelPipeline();
  registerCPUPipeline();
  registerRaisePipeline();
}

} // namespace hdp

#endif // HDP_INITALL_H
