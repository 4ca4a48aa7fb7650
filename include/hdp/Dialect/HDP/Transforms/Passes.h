//===- Passes.h - passes on the hdp dialect ---------------------*- C++ -*-===//

#ifndef HDP_DIALECT_HDP_TRANSFORMS_PASSES_H
#define HDP_DIALECT_HDP_TRANSFORMS_PASSES_H

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace hdp {

/// How `--hdp-raise-attention` writes its report.
enum class ReportFormat { Json, Text };

#define GEN_PASS_DECL
#include "hdp/Dialect/HDP/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hdp/Dialect/HDP/Transforms/Passes.h.inc"

/// Models of BufferizableOpInterface for the ops in destination style.
void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace hdp

#endif // HDP_DIALECT_HDP_TRANSFORMS_PASSES_H
