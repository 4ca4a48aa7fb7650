//===- Diagnostics.h - MLIR's diagnostics as one-line errors ----*- C++ -*-===//
//
// Tools print one line for what went wrong; this collects it.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_DIAGNOSTICS_H
#define HDP_EXECUTION_DIAGNOSTICS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"

namespace hdp {

/// While it lives, errors of the context are kept instead of printed; warnings
/// and remarks are dropped.
class ErrorCollector {
public:
  explicit ErrorCollector(mlir::MLIRContext *context);

  /// The first error, `file:line:col: message`, or `fallback` if there was
  /// none.
  llvm::Error take(llvm::StringRef fallback);

private:
  std::string first;
  mlir::ScopedDiagnosticHandler handler;
};

/// When the IR is verified: code with kernels in it is large, and a
/// verification of it takes as long as a pass.
enum class Verify { EachPass, AtTheEnd };

/// Runs the passes that `build` adds on `module`; their first error is the
/// result.
llvm::Error runPasses(mlir::ModuleOp module, llvm::StringRef fallback,
                      llvm::function_ref<void(mlir::OpPassManager &)> build,
                      Verify verify = Verify::EachPass);

/// `file:line:col`, or how MLIR prints a location without one.
std::string formatLocation(mlir::Location location);

} // namespace hdp

#endif // HDP_EXECUTION_DIAGNOSTICS_H
