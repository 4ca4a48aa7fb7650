//===- RaiseCheck.h - raising changes no result -----------------*- C++ -*-===//
//
// Runs a module as it is and as the raise pipeline leaves it on equal random
// arguments, and compares what the functions return.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_RAISECHECK_H
#define HDP_EXECUTION_RAISECHECK_H

#include "hdp/Execution/RandomInputs.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <functional>

namespace hdp {

struct RaiseCheckOptions {
  /// LLVM's -O level.
  unsigned optLevel = 0;
  uint64_t seed = 1;
  /// Magnitude of random arguments of rank 1 and 2.
  double weightScale = 0.05;
  /// Sizes of a function's arguments; null: dynamic ones have the default.
  std::function<ArgumentShapes(llvm::StringRef function)> shapes;
  /// A module without any attention raised need not be compiled.
  bool skipUnraised = false;
};

/// An attention that was not raised: the reason's code, and the text.
struct RaiseRefusal {
  std::string reason, message;
};

/// What raising did to a function.
struct FunctionCheck {
  std::string name;
  int64_t raised = 0;
  std::vector<RaiseRefusal> refusals;
  /// Whether both forms ran.
  bool isCompared = false;
  /// The largest difference, over the largest magnitude of that result.
  double error = 0.0;
  /// What it may be: 1e-4, with elements of f16 anywhere 2e-2, of bf16 6e-2.
  double tolerance = 0.0;
  /// Elements that are NaN before and 0 after raising: a row without a key
  /// that may be attended to, in a form that does not guard against it.
  int64_t numGuarded = 0;
  /// The first difference beyond the tolerance; empty if there is none.
  std::string difference;
};

/// Compares two results of one function, at `tolerance` of the largest
/// magnitude; adds to `check`.
void compareResults(llvm::ArrayRef<HostTensor> expected,
                    llvm::ArrayRef<HostTensor> found, FunctionCheck &check);

/// Checks every public function. The module is consumed. An error means that
/// one of the forms did not compile or run; a difference is none.
llvm::Expected<std::vector<FunctionCheck>>
checkRaising(mlir::ModuleOp module, const RaiseCheckOptions &options);

} // namespace hdp

#endif // HDP_EXECUTION_RAISECHECK_H
