//===- Options.cpp - declaring and checking the options -------------------===//

#include "Options.h"
#include "hdp/Support/CommandLine.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace hdp;
namespace cl = llvm::cl;

static const char kOverview[] =
    "run a model with pruned attention\n\n"
    "  The model is IR as a front end prints it, or raised already. Its\n"
    "  arguments come from the files that a manifest names, or from a seed.\n";

namespace {
/// The options as LLVM's command line library keeps them.
struct CommandLine {
  cl::OptionCategory category{"hdp-run options"};
  cl::opt<std::string> model{cl::Positional, cl::desc("MODEL.mlir"),
                             cl::cat(category)};
  cl::opt<std::string> manifest{
      "manifest", cl::value_desc("FILE.json"), cl::cat(category),
      cl::desc("which tensor is which argument, and the data set")};
  cl::opt<std::string> random{
      "random", cl::value_desc("SEED"), cl::cat(category),
      cl::desc("random arguments instead of a manifest")};
  cl::list<std::string> shapes{
      "shape", cl::value_desc("INDEX:2x16x64"), cl::cat(category),
      cl::desc("sizes of a random argument (dynamic ones are 16)")};
  cl::opt<std::string> function{"function", cl::value_desc("NAME"),
                                cl::cat(category),
                                cl::desc("the function to call")};
  cl::opt<std::string> policy{
      "policy", cl::value_desc("exact|paper|compensated[,key=value..]"),
      cl::cat(category),
      cl::desc("how attention is pruned (default: what the model says)")};
  cl::list<std::string> layers{
      "layers", cl::CommaSeparated, cl::value_desc("0,3-5"), cl::cat(category),
      cl::desc("the attentions that get the policy (default: all)")};
  cl::opt<std::string> engine{
      "engine", cl::init("cpu"),
      cl::value_desc("reference|cpu|loops|machine|all"), cl::cat(category),
      cl::desc("who executes attention, one or several with commas between "
               "them; loops: the cpu without kernels (default: cpu)")};
  cl::opt<std::string> cpuKernels{
      "cpu-kernels", cl::init("vector"), cl::value_desc("vector|loops"),
      cl::cat(category),
      cl::desc("how the cpu engine compiles pruned attention: fused kernels "
               "where there are, or its parts as loops (default: vector)")};
  cl::opt<std::string> objectCache{
      "object-cache", cl::value_desc("FOLDER"), cl::cat(category),
      cl::desc("keep machine code there, and take it from there")};
  cl::opt<std::string> machine{
      "machine", cl::value_desc("FILE.yaml"), cl::cat(category),
      cl::desc("the machine engine's: hdp-edge (default), hdp-server or a "
               "file")};
  cl::opt<std::string> energy{
      "energy", cl::value_desc("TABLE|FILE.yaml"), cl::cat(category),
      cl::desc("energy table (default: the machine's)")};
  cl::opt<std::string> dense{
      "dense", cl::value_desc("8|16"), cl::cat(category),
      cl::desc("exact attention on the machine, in codes of so many bits "
               "(default: on the CPU)")};
  cl::opt<bool> baseline{
      "baseline", cl::cat(category),
      cl::desc("also time every attention dense, in 16 and in 8 bits")};
  cl::opt<bool> compare{
      "compare", cl::cat(category),
      cl::desc("also report the error against the model before raising, and "
               "of each layer against exact attention")};
  cl::opt<std::string> limit{"limit", cl::value_desc("N"), cl::cat(category),
                             cl::desc("only the first N samples")};
  cl::opt<std::string> threads{
      "threads", cl::value_desc("N"), cl::cat(category),
      cl::desc("threads on the cpu: of batches, else of one call's "
               "attention and kernels (default: 1)")};
  cl::opt<std::string> trace{
      "trace", cl::value_desc("FILE.json"), cl::cat(category),
      cl::desc("write the machine's trace of the first sample, for Perfetto")};
  cl::opt<bool> roofline{"roofline", cl::cat(category),
                         cl::desc("also print what bounds the machine")};
  cl::list<std::string> reports{
      "report", cl::value_desc("text|json:FILE|html:FILE"), cl::cat(category),
      cl::desc("how to report (default: text); html: the machine's page")};
  cl::opt<std::string> output{
      "output", cl::value_desc("FILE.npz"), cl::cat(category),
      cl::desc("write arguments (with --random) and results")};
  cl::opt<std::string> capture{
      "capture", cl::value_desc("FILE.npz"), cl::cat(category),
      cl::desc("write q, k and v of every attention of the first call, for "
               "hdp-bench attention --inputs")};
  cl::opt<bool> progress{
      "progress", cl::cat(category),
      cl::desc("show progress when standard error is no terminal, too")};
};
} // namespace

/// `text` as an integer of at least `low`.
static llvm::Error parseInteger(llvm::StringRef option, llvm::StringRef text,
                                uint64_t low, uint64_t high, uint64_t &value) {
  if (text.getAsInteger(10, value) || value < low || value > high)
    return makeError("--" + option + ": expected an integer from " +
                     llvm::Twine(low) + " to " + llvm::Twine(high) +
                     ", found '" + text + "'");
  return llvm::Error::success();
}

static llvm::Error parseEngine(llvm::StringRef text,
                               std::vector<std::string> &engines) {
  engines.clear();
  llvm::SmallVector<llvm::StringRef> names;
  text.split(names, ',');
  if (text == "all")
    names = {"reference", "cpu", "machine"};
  for (llvm::StringRef name : names) {
    if (name == "all")
      return makeError("--engine: expected 'all' alone, found '" + text + "'");
    if (llvm::is_contained(engines, name))
      return makeError("--engine: '" + name + "' is given twice");
    if (!llvm::is_contained({"reference", "cpu", "loops", "machine"}, name))
      return makeError("--engine: expected reference, cpu, loops, machine or "
                       "all, found '" +
                       name + "'");
    engines.push_back(name.str());
  }
  return llvm::Error::success();
}

/// Options of the machine engine.
static llvm::Error parseMachine(const CommandLine &line, ToolOptions &options) {
  if (!llvm::is_contained(options.runner.engines, "machine")) {
    for (const cl::Option *option : std::initializer_list<const cl::Option *>{
             &line.machine, &line.energy, &line.dense, &line.baseline,
             &line.trace, &line.roofline})
      if (option->getNumOccurrences() > 0)
        return makeError("--" + option->ArgStr +
                         " needs --engine=machine or --engine=all");
    return llvm::Error::success();
  }
  MachineOptions &machine = options.runner.machine;
  llvm::Expected<machine::Config> config = machine::loadConfig(
      line.machine.empty() ? "hdp-edge" : line.machine.getValue());
  if (!config)
    return config.takeError();
  llvm::Expected<machine::EnergyTable> energy = machine::loadEnergyTable(
      line.energy.empty() ? config->energy_table : line.energy.getValue());
  if (!energy)
    return energy.takeError();
  machine.config = std::move(*config);
  machine.energy = std::move(*energy);
  machine.hasBaseline = line.baseline;
  if (line.dense.empty())
    return llvm::Error::success();
  if (line.dense != "8" && line.dense != "16")
    return makeError("--dense: expected 8 or 16, found '" + line.dense + "'");
  if (line.engine != "machine")
    return makeError("--dense needs --engine=machine: other engines compute "
                     "exact attention in floating point");
  machine.denseBits = line.dense == "8" ? 8 : 16;
  return llvm::Error::success();
}

static llvm::Error parseReports(llvm::ArrayRef<std::string> reports,
                                ToolOptions &options) {
  options.textReport = reports.empty();
  for (llvm::StringRef whole : reports) {
    llvm::StringRef report = whole;
    if (report == "text")
      options.textReport = true;
    else if (report.consume_front("json:") && !report.empty())
      options.jsonReports.push_back(report.str());
    else if (report.consume_front("html:") && !report.empty())
      options.htmlReports.push_back(report.str());
    else
      return makeError("--report: expected text, json:FILE or html:FILE, "
                       "found '" +
                       whole + "'");
  }
  if (!options.htmlReports.empty() &&
      !llvm::is_contained(options.runner.engines, "machine"))
    return makeError("--report=html needs --engine=machine or --engine=all");
  return llvm::Error::success();
}

/// Checks what the options say together and moves it to `options`.
static llvm::Error convert(const CommandLine &line, ToolOptions &options) {
  if (line.model.empty())
    return makeError("expected a model, found none; see --help");
  options.model = line.model;
  options.manifest = line.manifest;
  bool isRandom = line.random.getNumOccurrences() > 0;
  if (options.manifest.empty() == !isRandom)
    return makeError("expected either --manifest or --random, found " +
                     llvm::Twine(isRandom ? "both" : "none"));
  uint64_t number = 0;
  if (isRandom) {
    if (llvm::Error error =
            parseInteger("random", line.random, 0, UINT64_MAX, number))
      return error;
    options.seed = number;
  }
  if (!line.limit.empty()) {
    if (llvm::Error error =
            parseInteger("limit", line.limit, 1, INT64_MAX, number))
      return error;
    options.limit = static_cast<int64_t>(number);
  }
  if (!line.threads.empty()) {
    if (llvm::Error error =
            parseInteger("threads", line.threads, 1, 256, number))
      return error;
    options.threads = static_cast<unsigned>(number);
  }
  if (isRandom && options.limit)
    return makeError("--limit needs a data set, so a --manifest");
  if (!isRandom && !line.shapes.empty())
    return makeError("--shape is for --random; a manifest has the shapes");
  if (!isRandom && !line.function.empty())
    return makeError("--function is for --random; a manifest names it");
  if (line.policy.getNumOccurrences() > 0 && line.policy.empty())
    return makeError("--policy: expected exact, paper or compensated, found "
                     "none");
  if (!line.layers.empty() && line.policy.empty())
    return makeError("--layers needs a --policy");
  for (llvm::StringRef shape : line.shapes)
    if (llvm::Error error = parseArgumentShape(shape, options.shapes))
      return makeError("--" + llvm::toString(std::move(error)));
  if (llvm::Error error = parseEngine(line.engine, options.runner.engines))
    return error;
  if (llvm::Error error = parseMachine(line, options))
    return error;
  if (llvm::Error error = parseReports(line.reports, options))
    return error;
  options.trace = line.trace;
  options.roofline = line.roofline;
  options.runner.keepsLaunches =
      !options.trace.empty() || !options.htmlReports.empty();
  options.runner.function = line.function;
  options.runner.policy = line.policy;
  options.runner.layers.assign(line.layers.begin(), line.layers.end());
  options.runner.compare = line.compare;
  options.runner.objectCache = line.objectCache;
  if (line.cpuKernels != "vector" && line.cpuKernels != "loops")
    return makeError("--cpu-kernels: expected vector or loops, found '" +
                     line.cpuKernels + "'");
  options.runner.cpuKernels = line.cpuKernels == "vector"
                                  ? AttentionLowering::Vector
                                  : AttentionLowering::Loops;
  options.progress = line.progress;
  options.output = line.output;
  options.capture = line.capture;
  options.runner.capturesInputs = !options.capture.empty();
  return llvm::Error::success();
}

llvm::Expected<ToolOptions> hdp::parseOptions(int argc, char **argv) {
  // The shared libraries bring options of their own, some with our names.
  cl::ResetCommandLineParser();
  CommandLine line;
  cl::HideUnrelatedOptions(line.category);
  if (llvm::Error error = parseCommandLine(argc, argv, kOverview))
    return error;
  ToolOptions options;
  if (llvm::Error error = convert(line, options))
    return error;
  return options;
}
