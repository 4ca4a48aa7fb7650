//===- hdp-raise-check.cpp - proof that raising changes no result ---------===//
//
// Files: every function as it is and raised, on equal random arguments.
// Cases: the same for generated attention in random spellings, which has to be
// raised, and for near misses, which must not be.
//
//===----------------------------------------------------------------------===//

#include "CaseRun.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Execution/RaiseCheck.h"
#include "hdp/InitAll.h"
#include "hdp/Support/CommandLine.h"
#include "hdp/Support/Error.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include <chrono>

using namespace hdp;
using namespace hdp::check;
namespace cl = llvm::cl;

namespace {
struct CommandLine {
  cl::OptionCategory category{"hdp-raise-check options"};
  cl::list<std::string> files{cl::Positional, cl::desc("[FILE.mlir...]"),
                              cl::cat(category)};
  cl::opt<uint64_t> cases{"cases", cl::init(0), cl::value_desc("N"),
                          cl::cat(category), cl::desc("generated cases")};
  cl::opt<uint64_t> seed{"seed", cl::init(1), cl::value_desc("S"),
                         cl::cat(category),
                         cl::desc("seed of cases and arguments (default: 1)")};
  cl::opt<uint64_t> first{"first", cl::init(0), cl::value_desc("K"),
                          cl::cat(category),
                          cl::desc("number of the first case (default: 0)")};
  cl::opt<uint64_t> only{"case", cl::value_desc("K"), cl::cat(category),
                         cl::desc("this case alone, and print it")};
  cl::opt<uint64_t> perModule{
      "per-module", cl::init(16), cl::value_desc("N"), cl::cat(category),
      cl::desc("cases compiled together (default: 16)")};
  cl::opt<unsigned> optLevel{"opt", cl::init(0), cl::value_desc("LEVEL"),
                             cl::cat(category),
                             cl::desc("LLVM's -O level (default: 0)")};
  cl::opt<uint64_t> maxBytes{
      "max-bytes", cl::init(0), cl::value_desc("N"), cl::cat(category),
      cl::desc("leave out larger files (default: none)")};
  cl::opt<bool> verbose{"print-cases", cl::cat(category),
                        cl::desc("print every case, not only failures")};
  cl::opt<bool> axes{"axes", cl::cat(category),
                     cl::desc("how many cases of each choice were raised")};
};
} // namespace

namespace {
enum class Verdict { NoModule, Right, Wrong };
} // namespace

/// Whether raising changed what a function of `path` gives.
static llvm::Expected<Verdict> checkFile(llvm::StringRef path,
                                         mlir::MLIRContext &context,
                                         const CommandLine &line) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return makeFileError(path, buffer.getError());
  llvm::outs() << llvm::sys::path::filename(path) << ": ";
  if (line.maxBytes && (*buffer)->getBufferSize() > line.maxBytes) {
    llvm::outs() << "left out, " << (*buffer)->getBufferSize() << " bytes\n";
    return Verdict::Right;
  }
  mlir::OwningOpRef<mlir::ModuleOp> module;
  {
    ErrorCollector errors(&context);
    llvm::SourceMgr sources;
    sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
    module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
    if (!module) {
      llvm::outs() << "left out, "
                   << llvm::toString(errors.take("not a module")) << "\n";
      return Verdict::NoModule;
    }
  }
  RaiseCheckOptions options;
  options.optLevel = line.optLevel;
  options.seed = line.seed;
  options.skipUnraised = true;
  auto checks = checkRaising(*module, options);
  if (!checks) {
    llvm::outs() << "error: " << llvm::toString(checks.takeError()) << "\n";
    return Verdict::Wrong;
  }
  int64_t raised = 0, refused = 0, guarded = 0;
  double error = 0.0, tolerance = 0.0;
  bool compared = true;
  std::string difference;
  for (const FunctionCheck &check : *checks) {
    raised += check.raised;
    refused += static_cast<int64_t>(check.refusals.size());
    guarded += check.numGuarded;
    error = std::max(error, check.error);
    tolerance = std::max(tolerance, check.tolerance);
    compared &= check.isCompared;
    if (difference.empty() && !check.difference.empty())
      difference = check.name + ": " + check.difference;
  }
  llvm::outs() << raised << " raised, " << refused << " refused, ";
  if (!difference.empty())
    llvm::outs() << "DIFFERENT, " << difference;
  else if (!compared)
    llvm::outs() << (raised ? "not compared: the front end's attention has "
                              "no other form here"
                            : "nothing to compare");
  else
    llvm::outs() << llvm::formatv("agrees, error {0:e1} of {1:e0}", error,
                                  tolerance);
  if (guarded)
    llvm::outs() << ", " << guarded << " elements 0 instead of NaN";
  llvm::outs() << "\n";
  return difference.empty() ? Verdict::Right : Verdict::Wrong;
}

/// True unless a case failed.
static bool checkCases(mlir::MLIRContext &context, const CommandLine &line) {
  auto start = std::chrono::steady_clock::now();
  CaseRunOptions options;
  options.seed = line.seed;
  options.first = line.first;
  options.count = line.cases;
  options.perModule = std::max<uint64_t>(1, line.perModule);
  options.optLevel = line.optLevel;
  options.verbose = line.verbose;
  if (line.only.getNumOccurrences()) {
    options.first = line.only;
    options.count = 1;
    options.verbose = true;
  }
  CaseSummary summary = runCases(context, options);
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  if (line.axes)
    printAxes(summary);
  const CaseCounts &all = summary.all;
  llvm::outs() << "seed " << options.seed << ", cases " << options.first
               << " to " << options.first + options.count - 1 << ": "
               << summary.attention.raised << " of " << summary.attention.total
               << " attentions raised, " << summary.nearMisses.refused << " of "
               << summary.nearMisses.total << " near misses not raised\n"
               << all.wrong << " wrong matches, " << all.missed << " missed, "
               << all.unexpected << " near misses raised, " << all.failed
               << " errors\n";
  llvm::outs().flush();
  llvm::errs() << llvm::formatv("{0:f1} s, {1:f0} ms a case\n", seconds.count(),
                                1000 * seconds.count() /
                                    std::max<uint64_t>(1, all.total));
  return all.getFailures() == 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ResetCommandLineParser();
  CommandLine line;
  cl::HideUnrelatedOptions(line.category);
  if (llvm::Error error = parseCommandLine(
          argc, argv, "check that raising attention changes no result\n"))
    return finishTool("hdp-raise-check", std::move(error));
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hdp::registerAllDialects(registry);
  bool hasCases = line.cases > 0 || line.only.getNumOccurrences();
  bool isRight = true;
  if (line.files.empty() && !hasCases)
    return finishTool("hdp-raise-check",
                      makeError("expected files or --cases, found none; see "
                                "--help"));
  if (line.optLevel > 3)
    return finishTool("hdp-raise-check",
                      makeError("--opt: expected from 0 to 3, found " +
                                llvm::Twine(line.optLevel)));
  size_t numModules = 0;
  for (const std::string &file : line.files) {
    mlir::MLIRContext context(registry);
    llvm::Expected<Verdict> verdict = checkFile(file, context, line);
    if (!verdict)
      return finishTool("hdp-raise-check", verdict.takeError());
    isRight &= *verdict != Verdict::Wrong;
    numModules += *verdict != Verdict::NoModule;
    llvm::outs().flush();
  }
  if (!line.files.empty() && numModules == 0)
    return finishTool("hdp-raise-check",
                      makeError("expected a module to check, found none in " +
                                llvm::Twine(line.files.size()) + " files"));
  if (hasCases) {
    mlir::MLIRContext context(registry);
    isRight &= checkCases(context, line);
  }
  return !isRight;
}
