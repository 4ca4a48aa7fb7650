//===- hdp-golden.cpp - golden vectors through every engine ---------------===//
//
// For each file and engine a line `file: engine: n of m tensors equal`, and
// beneath it every tensor that differs, with its first differing element. Exits
// with 1 on any difference, on a file that cannot be read, and on a tensor that
// an engine should hold and does not. A machine that is too small for a file
// says so and is left out of it.
//
//===----------------------------------------------------------------------===//

#include "hdp/Execution/Engine.h"
#include "hdp/Execution/GoldenFile.h"
#include "hdp/Execution/MachineEngine.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/InitAll.h"
#include "hdp/Support/CPUTarget.h"
#include "hdp/Support/CommandLine.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace hdp;

namespace {

/// An engine and what lines call it.
struct NamedEngine {
  std::string name;
  std::unique_ptr<AttentionEngine> engine;
  bool isKernel = false; ///< as far as there are kernels
};
using Engines = std::vector<NamedEngine>;

/// The golden files that `path` names: itself, or those of a folder.
llvm::Expected<std::vector<std::string>> findFiles(const std::string &path) {
  if (!llvm::sys::fs::is_directory(path))
    return std::vector<std::string>{path};
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(path, error), end;
       !error && it != end; it.increment(error))
    if (llvm::StringRef(it->path()).ends_with(".safetensors"))
      files.push_back(it->path());
  if (error)
    return makeFileError(path, error);
  if (files.empty())
    return makeError(path + ": expected .safetensors files in the folder, "
                            "found none");
  llvm::sort(files);
  return files;
}

/// Whether `engine` may do without a tensor of the file: `e` is no result of
/// any op. The machine has no integer scores beyond a block, no validity beyond
/// a row, and measures heads only where one can be gated. A kernel has the
/// output and what it counts of heads.
bool mayLack(const AttentionEngine &engine, bool isKernel,
             llvm::StringRef name) {
  if (isKernel)
    return !llvm::is_contained({"out", "o", "sQ", "sK", "sV", "gate"}, name);
  if (engine.getName() == "machine")
    return llvm::is_contained({"II", "valid", "B", "H", "hpos"}, name);
  return name == "e" && engine.getName() != "reference";
}

/// Compares and prints; true if nothing differs.
bool report(llvm::StringRef path, const NamedEngine &named,
            const GoldenFile &golden, llvm::ArrayRef<NamedTensor> found) {
  // Without a kernel, that engine ran the loops.
  bool isKernel = named.isKernel && findTensor(found, "statistics");
  std::string who = named.name;
  if (named.isKernel && !isKernel)
    who = "loops, no " + who;
  size_t equal = 0;
  std::string lacking, differences;
  for (const NamedTensor &expected : golden.expected) {
    const HostTensor *tensor = findTensor(found, expected.name);
    if (!tensor) {
      if (mayLack(*named.engine, isKernel, expected.name))
        lacking += " " + expected.name;
      else
        differences += "  " + expected.name + ": not computed\n";
      continue;
    }
    std::optional<std::string> difference =
        describeDifference(expected.tensor, *tensor);
    if (!difference)
      if (std::optional<int64_t> index = findNaN(expected.tensor))
        difference = formatPosition(expected.tensor.getShape(), *index) +
                     ": nan and nan";
    if (!difference)
      ++equal;
    else
      differences += "  " + expected.name +
                     ": expected and found differ: " + *difference + "\n";
  }
  llvm::outs() << path << ": " << who << ": " << equal << " of "
               << golden.expected.size() << " tensors equal";
  if (!lacking.empty())
    llvm::outs() << " (not held:" << lacking << ")";
  llvm::outs() << "\n" << differences;
  return differences.empty();
}

/// Prints that a machine is left out which is too small for the attention; any
/// other error is the result.
llvm::Error leaveOut(const std::string &where, llvm::Error error) {
  return llvm::handleErrors(
      std::move(error),
      [&](std::unique_ptr<llvm::StringError> what) -> llvm::Error {
        if (what->convertToErrorCode() != std::errc::no_buffer_space)
          return makeError(where + what->getMessage());
        llvm::outs() << where << "left out: " << what->getMessage() << "\n";
        return llvm::Error::success();
      });
}

/// Runs a file through every engine; true if nothing differs.
llvm::Expected<bool> runFile(llvm::StringRef path, const Engines &engines,
                             mlir::MLIRContext &context) {
  llvm::Expected<GoldenFile> golden = GoldenFile::open(path);
  if (!golden)
    return golden.takeError();
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  llvm::Expected<mlir::func::FuncOp> site = buildSite(golden->spec, *module);
  if (!site)
    return makeError(path + ": " + llvm::toString(site.takeError()));
  std::vector<const HostTensor *> inputs;
  for (const HostTensor &input : golden->inputs)
    inputs.push_back(&input);

  bool isEqual = true, hasRun = false;
  for (const NamedEngine &named : engines) {
    std::string where = (path + ": " + named.name + ": ").str();
    llvm::Expected<std::unique_ptr<PreparedSite>> prepared =
        named.engine->prepare(*site);
    if (!prepared)
      return makeError(where + llvm::toString(prepared.takeError()));
    llvm::Expected<std::vector<NamedTensor>> found = (*prepared)->run(inputs);
    if (!found) {
      if (llvm::Error error = leaveOut(where, found.takeError()))
        return error;
      continue;
    }
    hasRun = true;
    isEqual &= report(path, named, *golden, *found);
  }
  if (!hasRun)
    return makeError(path + ": no engine ran");
  return isEqual;
}

enum class EngineChoice { Reference, Cpu, Kernel, Machine, All };

/// The machine engine on a configuration by name or file.
llvm::Expected<NamedEngine> makeMachine(const std::string &name) {
  llvm::Expected<machine::Config> config = machine::loadConfig(name);
  if (!config)
    return config.takeError();
  MachineOptions options;
  options.config = std::move(*config);
  return NamedEngine{"machine " + options.config.name,
                     makeMachineEngine(options, makeJitEngine())};
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::OptionCategory category("hdp-golden options");
  llvm::cl::list<std::string> paths(
      llvm::cl::Positional, llvm::cl::OneOrMore, llvm::cl::cat(category),
      llvm::cl::desc("<golden files, or folders of them>"));
  llvm::cl::opt<EngineChoice> choice(
      "engine", llvm::cl::cat(category), llvm::cl::desc("which engines run"),
      llvm::cl::init(EngineChoice::All),
      llvm::cl::values(
          clEnumValN(EngineChoice::Reference, "reference", "plain loops"),
          clEnumValN(EngineChoice::Cpu, "cpu", "compiled code, as loops"),
          clEnumValN(EngineChoice::Kernel, "kernel",
                     "fused kernels for each instruction set of this machine; "
                     "loops where there are none"),
          clEnumValN(EngineChoice::Machine, "machine",
                     "command streams on the accelerator's model"),
          clEnumValN(EngineChoice::All, "all", "every engine (the default)")));
  llvm::cl::list<std::string> machines(
      "machine", llvm::cl::value_desc("FILE.yaml"), llvm::cl::cat(category),
      llvm::cl::desc("machines (default: hdp-edge and hdp-server)"));
  llvm::cl::HideUnrelatedOptions(category);
  if (llvm::Error error = parseCommandLine(
          argc, argv, "compare every engine with golden vectors, on bits\n"))
    return finishTool("hdp-golden", std::move(error));

  Engines engines;
  auto isChosen = [&](EngineChoice one) {
    return choice == one || choice == EngineChoice::All;
  };
  if (isChosen(EngineChoice::Reference))
    engines.push_back({"reference", makeReferenceEngine()});
  if (isChosen(EngineChoice::Cpu))
    engines.push_back({"cpu", makeJitEngine()});
  for (const CPUTarget &target : getCPUTargets())
    if (isChosen(EngineChoice::Kernel) && isSupportedByHost(target.kind))
      engines.push_back({"kernel " + target.name.str(),
                         makeKernelEngine({target.name.str(), ""}),
                         /*isKernel=*/true});
  if (!machines.empty() && !isChosen(EngineChoice::Machine))
    return finishTool("hdp-golden",
                      makeError("--machine needs --engine=machine or "
                                "--engine=all"));
  std::vector<std::string> names(machines.begin(), machines.end());
  if (names.empty())
    names = {"hdp-edge", "hdp-server"};
  for (const std::string &name : names) {
    if (!isChosen(EngineChoice::Machine))
      break;
    llvm::Expected<NamedEngine> engine = makeMachine(name);
    if (!engine)
      return finishTool("hdp-golden", engine.takeError());
    engines.push_back(std::move(*engine));
  }
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hdp::registerAllDialects(registry);
  mlir::MLIRContext context(registry);

  bool isEqual = true;
  auto fail = [&](llvm::Error error) {
    isEqual &= finishTool("hdp-golden", std::move(error)) == 0;
  };
  for (const std::string &path : paths) {
    llvm::Expected<std::vector<std::string>> files = findFiles(path);
    if (!files) {
      fail(files.takeError());
      continue;
    }
    for (const std::string &file : *files) {
      llvm::Expected<bool> result = runFile(file, engines, context);
      if (!result)
        fail(result.takeError());
      else
        isEqual &= *result;
    }
  }
  fail(llvm::Error::success());
  return isEqual ? 0 : 1;
}
