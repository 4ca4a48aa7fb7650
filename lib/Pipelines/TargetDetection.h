//===- TargetDetection.h - which targets a processor has --------*- C++ -*-===//

#ifndef HDP_LIB_PIPELINES_TARGETDETECTION_H
#define HDP_LIB_PIPELINES_TARGETDETECTION_H

#include "hdp/Support/CPUTarget.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace hdp {

/// A bit for each kind, `1 << kind`.
inline int64_t getTargetBit(TargetKind kind) {
  return int64_t(1) << static_cast<int>(kind);
}

/// The internal function of `module` that returns the bits of the targets that
/// the running processor and its operating system have; made where there is
/// none. It remembers what it found. `asksForTiles`: AMX among them, which the
/// operating system is asked for; of no use where no variant needs it.
mlir::LLVM::LLVMFuncOp getTargetDetection(mlir::ModuleOp module,
                                          bool asksForTiles);

} // namespace hdp

#endif // HDP_LIB_PIPELINES_TARGETDETECTION_H
