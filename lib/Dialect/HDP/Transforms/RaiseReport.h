//===- RaiseReport.h - what was raised, what was not, and why ---*- C++ -*-===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEREPORT_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEREPORT_H

#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace hdp::raise {

/// One candidate that stays as it is. `reason` is a short stable code.
struct Refusal {
  mlir::Location location;
  std::string function;
  std::string reason;
  std::string message;

  explicit Refusal(mlir::Location location) : location(location) {}
  /// Fills in code and message; always false, to be returned.
  bool because(llvm::StringRef code, const llvm::Twine &text) {
    reason = code.str();
    message = text.str();
    return false;
  }
};

/// What was seen in one function. Attention that a front end kept as one op
/// counts as raised or refused only.
struct FunctionCounts {
  std::string function;
  unsigned contractions = 0;
  unsigned softmaxes = 0;
  unsigned raised = 0;
  unsigned refused = 0;
};

/// The counts of one run, also the contents of the report.
struct Report {
  unsigned raised = 0;
  llvm::SmallVector<Refusal> refused;
  /// In the order in which something was seen in them.
  std::vector<FunctionCounts> functions;

  /// The counts of one function, zero at first.
  FunctionCounts &in(llvm::StringRef function);

  void writeJson(llvm::raw_ostream &os) const;
  /// A table of the functions, then a line a refusal.
  void writeText(llvm::raw_ostream &os) const;
};

/// "file:line:col" of the innermost source location, "unknown" without one.
std::string describeLocation(mlir::Location location);

/// A number for a message, as short as "%g" makes it.
std::string numberText(double value);

/// Remarks of category `hdp` for one outcome.
void remarkRaised(mlir::Location location, llvm::StringRef function,
                  llvm::StringRef what);
void remarkRefused(const Refusal &refusal);

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEREPORT_H
