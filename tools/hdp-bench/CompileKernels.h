//===- CompileKernels.h - compile time of kernels of all kinds --*- C++ -*-===//
//
// One attention after the other to machine code: policies, masks, sizes, types
// and targets that have kernels of their own.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_COMPILEKERNELS_H
#define HDP_TOOLS_HDP_BENCH_COMPILEKERNELS_H

#include "Session.h"
#include "mlir/IR/MLIRContext.h"

namespace hdp::bench {

/// Adds and prints a row for every kind of kernel that can be compiled for this
/// machine.
llvm::Error timeKernels(Session &session, int64_t length,
                        mlir::MLIRContext &context);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_COMPILEKERNELS_H
