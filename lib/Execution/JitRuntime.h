//===- JitRuntime.h - what compiled code calls in this process --*- C++ -*-===//
//
// A run-time failure inside compiled code (a failed cf.assert, an error of the
// host's attention) ends the call, not the process. Private to the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_JITRUNTIME_H
#define HDP_LIB_EXECUTION_JITRUNTIME_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <utility>

namespace hdp {

/// Executes attention `site` with the descriptors of its buffers.
using SiteDispatcher =
    llvm::function_ref<llvm::Error(int64_t site, void **descriptors)>;

/// Calls `function` with `arguments`, both as MLIR's packed wrappers have
/// them. A failure in there is returned; what the code had allocated by then is
/// freed, but for buffers that one thread allocated and another one would have
/// freed (kernels have none). Calls may be nested (a site runs compiled code
/// again) and made by several threads. Kernels that are split run in `threads`.
llvm::Error invokeGuarded(void (*function)(void **), void **arguments,
                          SiteDispatcher dispatch, unsigned threads = 1);

/// The symbols to bind: name and address.
llvm::ArrayRef<std::pair<llvm::StringRef, void *>> getRuntimeSymbols();

/// Conversions that a compiler's own library may lack, among the symbols.
/// Exposed for tests; bits in, bits out, rounded to nearest even.
uint16_t truncateToHalf(double value);
uint16_t truncateToBFloat(double value);
float extendHalf(uint16_t bits);

} // namespace hdp

#endif // HDP_LIB_EXECUTION_JITRUNTIME_H
