//===- HostCode.h - the LLVM dialect as code in this process ----*- C++ -*-===//
//
// MLIR's execution engine, set up for this machine. Private to the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_HOSTCODE_H
#define HDP_LIB_EXECUTION_HOSTCODE_H

#include "ObjectCache.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"

namespace llvm::orc {
class LLJIT;
}

namespace hdp {

/// Takes an array of pointers to the arguments, a result's last.
using PackedFunction = void (*)(void **);

class HostCode {
public:
  /// Compiles `module` (LLVM dialect) at -O`optLevel` for this CPU, without
  /// contraction of floating point. Symbols that are neither in the module nor
  /// in this process are an error. With a folder for objects, code that is
  /// there is taken from it, and put there if it is not.
  static llvm::Expected<std::unique_ptr<HostCode>>
  compile(mlir::ModuleOp module, unsigned optLevel,
          llvm::StringRef cacheFolder = "");

  ~HostCode();

  /// The C wrapper of public function `name`.
  llvm::Expected<PackedFunction> lookup(llvm::StringRef name) const;

  /// Whether the code came from the folder.
  bool isCached() const { return cached != nullptr; }

private:
  static llvm::Expected<std::unique_ptr<HostCode>>
  load(std::unique_ptr<llvm::MemoryBuffer> object);

  /// One of them.
  std::unique_ptr<mlir::ExecutionEngine> engine;
  std::unique_ptr<llvm::orc::LLJIT> cached;
};

} // namespace hdp

#endif // HDP_LIB_EXECUTION_HOSTCODE_H
