//===- ThreadTeam.h - threads that share the parts of a call ----*- C++ -*-===//
//
// Work of some ten microseconds is worth sharing only if handing it over costs
// less than waking a thread does: threads stay awake for a while after a call.
// Private to the library; no MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_THREADTEAM_H
#define HDP_LIB_EXECUTION_THREADTEAM_H

#include "llvm/ADT/STLFunctionalExtras.h"

namespace hdp {

/// Calls `part` once for every number below `count`, in at most `count` threads
/// at a time, this one among them, and returns when all calls have. Whoever is
/// ready takes the next number, so a thread that is late costs nothing but its
/// help. Threads have the caller's floating-point environment. May be called by
/// several threads at once, and from within a part. Parts do not throw.
void runParts(unsigned count, llvm::function_ref<void(unsigned)> part);

} // namespace hdp

#endif // HDP_LIB_EXECUTION_THREADTEAM_H
