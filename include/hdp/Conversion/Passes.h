//===- Passes.h - conversions out of the hdp dialect ------------*- C++ -*-===//

#ifndef HDP_CONVERSION_PASSES_H
#define HDP_CONVERSION_PASSES_H

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace hdp {

#define GEN_PASS_DECL
#include "hdp/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hdp/Conversion/Passes.h.inc"

/// Patterns that replace hdp ops on memrefs by loops.
void populateHDPToLoopsPatterns(mlir::RewritePatternSet &patterns);

} // namespace hdp

#endif // HDP_CONVERSION_PASSES_H
