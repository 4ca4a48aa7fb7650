//===- HostCode.h - the LLVM dialect as code in this process ----*- C++ -*-===//
//
// MLIR's execution engine, set up for this machine. Private to the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_HOSTCODE_H
#define HDP_LIB_EXECUTION_HOSTCODE_H

#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"

namespace hdp {

/// Takes an array of pointers to the arguments, a result's last.
using PackedFunction = void (*)(void **);

class HostCode {
public:
  /// Compiles `module` (LLVM dialect) at -O`optLevel` for this CPU, without
  /// contraction of floating point. Symbols that are neither in the module nor
  /// in this process are an error.
  static llvm::Expected<std::unique_ptr<HostCode>>
  compile(mlir::ModuleOp module, unsigned optLevel);

  /// The C wrapper of public function `name`.
  llvm::Expected<PackedFunction> lookup(llvm::StringRef name) const;

private:
  std::unique_ptr<mlir::ExecutionEngine> engine;
};

} // namespace hdp

#endif // HDP_LIB_EXECUTION_HOSTCODE_H
