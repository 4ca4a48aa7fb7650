//===- RaiseCheck.cpp - both forms, compiled, called, compared ------------===//

#include "hdp/Execution/RaiseCheck.h"
#include "hdp/Dialect/Frontend/Frontend.h"
#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Pipelines/RaisePipeline.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

using namespace hdp;

//===----------------------------------------------------------------------===//
// Raising
//===----------------------------------------------------------------------===//

/// Runs the pipeline; the refusals of its report go to their functions.
static llvm::Error raise(mlir::ModuleOp module,
                         std::vector<FunctionCheck> &checks) {
  llvm::SmallString<64> path;
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("hdp-raise-check", "json", path))
    return makeError("cannot make a temporary file: " + error.message());
  llvm::FileRemover remover(path);
  RaisePipelineOptions options;
  options.report = path.str().str();
  if (llvm::Error error =
          runPasses(module, "raising failed", [&](mlir::OpPassManager &pm) {
            buildRaisePipeline(pm, options);
          }))
    return error;
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return makeFileError(path, buffer.getError());
  llvm::Expected<llvm::json::Value> report =
      llvm::json::parse((*buffer)->getBuffer());
  if (!report)
    return report.takeError();
  // Ours, with these keys.
  for (const llvm::json::Value &value :
       *report->getAsObject()->getArray("refused")) {
    const llvm::json::Object &entry = *value.getAsObject();
    auto text = [&](llvm::StringRef key) {
      return entry.getString(key).value_or("").str();
    };
    for (FunctionCheck &check : checks)
      if (check.name == text("function"))
        check.refusals.push_back({text("reason"), text("message")});
  }
  for (FunctionCheck &check : checks)
    module.lookupSymbol(check.name)->walk([&](AttentionOp) { ++check.raised; });
  return llvm::Error::success();
}

/// A front end's own attention has no other meaning here than hdp.attention.
static bool holdsFrontendOps(mlir::ModuleOp module) {
  return module
      .walk([](mlir::Operation *op) {
        return mlir::isa_and_present<tm_tensor::TMTensorDialect,
                                     iree_linalg_ext::IREELinalgExtDialect>(
                   op->getDialect())
                   ? mlir::WalkResult::interrupt()
                   : mlir::WalkResult::advance();
      })
      .wasInterrupted();
}

/// The tolerance that the coarsest type in `function` asks for.
static double chooseTolerance(mlir::func::FuncOp function) {
  double tolerance = 1e-4;
  function.walk([&](mlir::Operation *op) {
    for (mlir::Type type : op->getResultTypes()) {
      mlir::Type element = mlir::getElementTypeOrSelf(type);
      if (element.isF16())
        tolerance = std::max(tolerance, 2e-2);
      if (element.isBF16())
        tolerance = std::max(tolerance, 6e-2);
    }
  });
  return tolerance;
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

void hdp::compareResults(llvm::ArrayRef<HostTensor> expected,
                         llvm::ArrayRef<HostTensor> found,
                         FunctionCheck &check) {
  for (size_t r = 0; r < expected.size(); ++r) {
    const HostTensor &before = expected[r], &after = found[r];
    auto differ = [&](const llvm::Twine &text) {
      if (check.difference.empty())
        check.difference = ("result " + llvm::Twine(r) + text).str();
    };
    if (before.getElementType() != after.getElementType() ||
        before.getShape() != after.getShape()) {
      differ(": " + formatType(before) + " and " + formatType(after));
      continue;
    }
    double magnitude = computeMaxMagnitude(before);
    for (int64_t i = 0, e = before.getNumElements(); i < e; ++i) {
      double x = getFloatElement(before, i), y = getFloatElement(after, i);
      if (x == y || (std::isnan(x) && std::isnan(y)))
        continue;
      if (std::isnan(x) && y == 0.0) {
        ++check.numGuarded;
        continue;
      }
      double error = std::fabs(x - y) / std::max(magnitude, 1e-30);
      if (std::isnan(error))
        error = INFINITY;
      check.error = std::max(check.error, error);
      if (error > check.tolerance)
        differ(" at " + formatPosition(before.getShape(), i) + ": " +
               formatElement(before, i) + " before and " +
               formatElement(after, i) + " after raising");
    }
  }
}

static llvm::Error compareFunction(const CompiledModel &before,
                                   const CompiledModel &after,
                                   const RaiseCheckOptions &options,
                                   FunctionCheck &check) {
  const FunctionSignature *signature = before.lookup(check.name);
  if (!signature)
    return makeError("it cannot be called");
  ArgumentShapes shapes;
  if (options.shapes)
    shapes = options.shapes(check.name);
  auto arguments = makeRandomArguments(signature->arguments, shapes,
                                       options.seed, options.weightScale);
  if (!arguments)
    return arguments.takeError();
  llvm::SmallVector<const HostTensor *> pointers;
  for (const HostTensor &argument : *arguments)
    pointers.push_back(&argument);
  auto expected = before.run(check.name, pointers);
  if (!expected)
    return expected.takeError();
  auto found = after.run(check.name, pointers);
  if (!found)
    return makeError("after raising: " + llvm::toString(found.takeError()));
  compareResults(*expected, *found, check);
  check.isCompared = true;
  return llvm::Error::success();
}

llvm::Expected<std::vector<FunctionCheck>>
hdp::checkRaising(mlir::ModuleOp module, const RaiseCheckOptions &options) {
  std::vector<FunctionCheck> checks;
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    FunctionCheck check;
    check.name = function.getName().str();
    check.tolerance = chooseTolerance(function);
    checks.push_back(std::move(check));
  }
  bool runs = !holdsFrontendOps(module);
  mlir::OwningOpRef<mlir::ModuleOp> raised = module.clone();
  if (llvm::Error error = raise(*raised, checks))
    return error;
  bool someRaised = llvm::any_of(
      checks, [](const FunctionCheck &check) { return check.raised > 0; });
  if (!runs || (options.skipUnraised && !someRaised))
    return checks;

  CompileOptions compileOptions;
  compileOptions.optLevel = options.optLevel;
  auto before = CompiledModel::compile(module, compileOptions);
  if (!before)
    return before.takeError();
  auto after = CompiledModel::compile(*raised, compileOptions);
  if (!after)
    return makeError("after raising: " + llvm::toString(after.takeError()));
  for (FunctionCheck &check : checks)
    if (llvm::Error error = compareFunction(**before, **after, options, check))
      return makeError("function '" + check.name +
                       "': " + llvm::toString(std::move(error)));
  return checks;
}
