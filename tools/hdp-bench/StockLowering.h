//===- StockLowering.h - what MLIR does without this project ----*- C++ -*-===//

#ifndef HDP_TOOLS_HDP_BENCH_STOCKLOWERING_H
#define HDP_TOOLS_HDP_BENCH_STOCKLOWERING_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace hdp::bench {

/// Upstream's passes from linalg on tensors to the LLVM dialect, each op a
/// nest of scalar loops where it stands.
llvm::Error lowerStock(mlir::ModuleOp module);

/// Machine code of `function` at -O3 through MLIR's execution engine as it is.
/// `module` is in the LLVM dialect.
llvm::Error compileStock(mlir::ModuleOp module, llvm::StringRef function);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_STOCKLOWERING_H
