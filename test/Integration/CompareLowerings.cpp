//===- CompareLowerings.cpp - the CPU pipeline against plain loops --------===//
//
// usage: test-compare-lowerings FILE.mlir...
//
// Compiles every public function of each file three times: by the CPU pipeline
// at -O3 as vector code and as loops, and by upstream's plainest loops at -O1
// (no fusion, no interchange, no kernels). Runs all on the same random
// arguments. Loops agree in every byte, vector code as far as the order of sums
// allows.
// Where a front end kept its attention op, there is nothing to compare with:
// the model is raised, compiled and run. One line a file; non-zero if anything
// differs or fails.
//
//===----------------------------------------------------------------------===//

#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/RandomInputs.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/InitAll.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace hdp;

/// Plain loops are one function a model, and LLVM takes minutes for a big one:
/// models from this size on are only compiled and run.
static constexpr uint64_t kPlainLimit = 150000;

static constexpr llvm::StringLiteral kPlainLowering =
    "hdp-lower-tosa,hdp-prepare-entry-points,"
    "func.func(linalg-generalize-named-ops),"
    "one-shot-bufferize{bufferize-function-boundaries=true "
    "allow-return-allocs-from-loops=true "
    "function-boundary-type-conversion=identity-layout-map},"
    "func.func(convert-linalg-to-loops)";

using Results = std::vector<std::vector<HostTensor>>;

static llvm::Expected<Results> run(mlir::ModuleOp module, unsigned optLevel,
                                   bool vectorize) {
  CompileOptions options;
  options.optLevel = optLevel;
  options.vectorize = vectorize;
  auto model = CompiledModel::compile(module, options);
  if (!model)
    return model.takeError();
  Results all;
  for (const FunctionSignature &signature : (*model)->getSignatures()) {
    auto arguments = makeRandomArguments(signature.arguments, {}, 1);
    if (!arguments)
      return arguments.takeError();
    std::vector<const HostTensor *> pointers;
    for (const HostTensor &argument : *arguments)
      pointers.push_back(&argument);
    auto results = (*model)->run(signature.name, pointers);
    if (!results)
      return results.takeError();
    all.push_back(std::move(*results));
  }
  return all;
}

static bool areEqual(const Results &a, const Results &b) {
  return llvm::equal(a, b, [](const auto &x, const auto &y) {
    return llvm::equal(x, y, [](const HostTensor &s, const HostTensor &t) {
      return s.getShape() == t.getShape() &&
             std::memcmp(s.getData(), t.getData(), s.getNumBytes()) == 0;
    });
  });
}

static bool areClose(const Results &a, const Results &b) {
  return llvm::equal(a, b, [](const auto &x, const auto &y) {
    return llvm::equal(x, y, [](const HostTensor &s, const HostTensor &t) {
      return isClose(s, t);
    });
  });
}

static bool keepsAttention(mlir::ModuleOp module) {
  return module
      ->walk([](mlir::Operation *op) {
        return llvm::isa_and_present<tm_tensor::TMTensorDialect,
                                     iree_linalg_ext::IREELinalgExtDialect>(
                   op->getDialect())
                   ? mlir::WalkResult::interrupt()
                   : mlir::WalkResult::advance();
      })
      .wasInterrupted();
}

/// True unless something is wrong with `path`; says what it found.
static bool compare(llvm::StringRef path, mlir::MLIRContext &context) {
  llvm::outs() << llvm::sys::path::filename(path) << ": ";
  mlir::ParserConfig config(&context);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(path, config);
  if (!module) {
    llvm::outs() << "left out, does not parse\n";
    return true;
  }
  bool isRaised = keepsAttention(*module);
  mlir::PassManager raise(&context);
  buildRaisePipeline(raise, {});
  if (isRaised && failed(raise.run(*module))) {
    llvm::outs() << "error: raising failed\n";
    return false;
  }
  mlir::OwningOpRef<mlir::ModuleOp> plain = module->clone();
  mlir::OwningOpRef<mlir::ModuleOp> loops = module->clone();
  auto vectors = run(*module, 3, true);
  if (!vectors) {
    llvm::outs() << "error: " << llvm::toString(vectors.takeError()) << "\n";
    return false;
  }
  auto results = run(*loops, 3, false);
  if (!results) {
    llvm::outs() << "error: loops: " << llvm::toString(results.takeError())
                 << "\n";
    return false;
  }
  if (!areClose(*vectors, *results)) {
    llvm::outs() << "vector code is DIFFERENT\n";
    return false;
  }
  uint64_t size = 0;
  (void)llvm::sys::fs::file_size(path, size);
  if (size >= kPlainLimit || isRaised) {
    llvm::outs() << "compiled and run\n";
    return true;
  }
  mlir::PassManager pm(&context);
  if (failed(mlir::parsePassPipeline(kPlainLowering, pm)) ||
      failed(pm.run(*plain))) {
    llvm::outs() << "error: the plain lowering failed\n";
    return false;
  }
  auto expected = run(*plain, 1, false);
  if (!expected) {
    llvm::outs() << "error: plain loops: "
                 << llvm::toString(expected.takeError()) << "\n";
    return false;
  }
  bool equal = areEqual(*results, *expected);
  llvm::outs() << (equal ? "equal\n" : "DIFFERENT\n");
  return equal;
}

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  hdp::registerAllDialects(registry);
  hdp::registerAllPasses();
  bool isRight = true;
  for (int i = 1; i < argc; ++i) {
    mlir::MLIRContext context(registry);
    isRight &= compare(argv[i], context);
    llvm::outs().flush();
  }
  return !isRight;
}
