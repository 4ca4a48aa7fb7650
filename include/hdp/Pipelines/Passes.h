//===- Passes.h - passes that take a model to the CPU -----------*- C++ -*-===//
//
// Declarations generated from Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_PIPELINES_PASSES_H
#define HDP_PIPELINES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace hdp {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

#endif // HDP_PIPELINES_PASSES_H
