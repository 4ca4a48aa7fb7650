//===- LaunchRuntime.h - the co-processor of compiled code ------*- C++ -*-===//
//
// What `hdpa.launch` calls (see `--hdpa-launch-to-calls`), executed by the
// machine's functional model. Private to the library; no MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_LAUNCHRUNTIME_H
#define HDP_LIB_EXECUTION_LAUNCHRUNTIME_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace hdp {

/// Runs a stream on operands. `table` is what the call has: the number of
/// operands, then for each bits of an element, rank, address, sizes, strides.
/// Streams are read once. May be called by several threads.
llvm::Error executeLaunch(llvm::ArrayRef<char> stream, const int64_t *table);

} // namespace hdp

#endif // HDP_LIB_EXECUTION_LAUNCHRUNTIME_H
