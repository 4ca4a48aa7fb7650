//===- ObjectCache.h - machine code on disk ---------------------*- C++ -*-===//
//
// A folder of objects by what they were made from. A file that is damaged, or
// that somebody else wrote, counts as absent. Private to the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_OBJECTCACHE_H
#define HDP_LIB_EXECUTION_OBJECTCACHE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <string>

namespace llvm {
class TargetMachine;
}

namespace hdp {

/// Names the code of `module` (LLVM dialect): its text, without locations,
/// the optimization level, the processor, and the versions of LLVM and of the
/// format.
std::string makeObjectKey(mlir::ModuleOp module, unsigned optLevel,
                          const llvm::TargetMachine &machine);

/// One entry.
class ObjectCache {
public:
  ObjectCache(llvm::StringRef folder, const std::string &key);

  /// The object, or null.
  std::unique_ptr<llvm::MemoryBuffer> read() const;

  /// Stores what `dump` writes to the file that it is given. The folder is made
  /// if it is not there.
  llvm::Error write(llvm::function_ref<void(llvm::StringRef path)> dump) const;

private:
  std::string folder, path;
};

} // namespace hdp

#endif // HDP_LIB_EXECUTION_OBJECTCACHE_H
