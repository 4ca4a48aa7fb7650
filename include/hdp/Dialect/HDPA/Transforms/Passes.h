//===- Passes.h - passes on programs ----------------------------*- C++ -*-===//

#ifndef HDP_DIALECT_HDPA_TRANSFORMS_PASSES_H
#define HDP_DIALECT_HDPA_TRANSFORMS_PASSES_H

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "mlir/Pass/Pass.h"

namespace hdp {

#define GEN_PASS_DECL
#include "hdp/Dialect/HDPA/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hdp/Dialect/HDPA/Transforms/Passes.h.inc"

/// The model of BufferizableOpInterface for hdpa.launch.
void registerLaunchBufferizationModel(mlir::DialectRegistry &registry);

} // namespace hdp

#endif // HDP_DIALECT_HDPA_TRANSFORMS_PASSES_H
