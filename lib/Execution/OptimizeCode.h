//===- OptimizeCode.h - LLVM's passes over a compiled module ----*- C++ -*-===//
//
// LLVM's -O pipeline, of which kernels of vector code (see
// hdp/Conversion/FunctionTarget.h) go through a part. Private to the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_OPTIMIZECODE_H
#define HDP_LIB_EXECUTION_OPTIMIZECODE_H

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace hdp {

/// Optimizes `module` at -O`optLevel`, 0 to 3, for `machine`.
void optimizeCode(llvm::Module &module, unsigned optLevel,
                  llvm::TargetMachine &machine);

} // namespace hdp

#endif // HDP_LIB_EXECUTION_OPTIMIZECODE_H
