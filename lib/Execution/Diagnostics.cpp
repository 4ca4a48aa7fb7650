//===- Diagnostics.cpp - the first error, on one line ---------------------===//

#include "hdp/Execution/Diagnostics.h"
#include "hdp/Support/Error.h"
#include "mlir/IR/Verifier.h"

using namespace hdp;

std::string hdp::formatLocation(mlir::Location location) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto place = location->findInstanceOf<mlir::FileLineColLoc>())
    os << place.getFilename().getValue() << ":" << place.getLine() << ":"
       << place.getColumn();
  else
    os << location;
  return text;
}

ErrorCollector::ErrorCollector(mlir::MLIRContext *context)
    : handler(context, [this](mlir::Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error ||
            !first.empty())
          return mlir::success();
        std::string message = diagnostic.str();
        std::replace(message.begin(), message.end(), '\n', ' ');
        if (!mlir::isa<mlir::UnknownLoc>(diagnostic.getLocation()))
          first = formatLocation(diagnostic.getLocation()) + ": ";
        first += message;
        return mlir::success();
      }) {}

llvm::Error ErrorCollector::take(llvm::StringRef fallback) {
  return makeError(first.empty() ? fallback : llvm::StringRef(first));
}

llvm::Error
hdp::runPasses(mlir::ModuleOp module, llvm::StringRef fallback,
               llvm::function_ref<void(mlir::OpPassManager &)> build,
               Verify verify) {
  ErrorCollector errors(module.getContext());
  mlir::PassManager pm(module.getContext());
  pm.enableVerifier(verify == Verify::EachPass);
  build(pm);
  if (mlir::succeeded(pm.run(module)) &&
      (verify == Verify::EachPass || mlir::succeeded(mlir::verify(module))))
    return llvm::Error::success();
  return errors.take(fallback);
}
