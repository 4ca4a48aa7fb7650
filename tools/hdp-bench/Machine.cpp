//===- Machine.cpp - hdp-bench machine ------------------------------------===//
//
// How fast the accelerator's model is: products and cycles simulated in a
// second of processor time, values computed, both kinds of multipliers
// scheduled. With --figures what it says instead, which no clock changes.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Machine.h"
#include "MachineFigures.h"
#include "Session.h"
#include "hdp/Machine/Counters.h"
#include "hdp/Support/Error.h"
#include <fstream>
#include <sys/resource.h>

using namespace hdp;
using namespace hdp::bench;
using namespace hdp::machine;
namespace cl = llvm::cl;

namespace {
struct MachineOptions {
  cl::SubCommand command{"machine", "the speed of the accelerator's model"};
  ListOption<std::string> machines{command, "machine", "NAME|FILE.yaml",
                                   "machines (default: hdp-edge,hdp-server)"};
  ListOption<unsigned> lengths{command, "length", "S",
                               "rows of Q and K (default: 128,512)"};
  ListOption<std::string> policies{
      command, "policy", "POLICY",
      "dense16, dense8, paper, compensated (default: all)"};
  ListOption<double> kept{command, "kept", "FRACTION",
                          "full blocks that are kept (default: 0.25,0.1)"};
  cl::opt<unsigned> heads{"heads", cl::init(12), cl::sub(command),
                          cl::cat(getCategory()),
                          cl::desc("heads (default: 12)")};
  cl::opt<bool> figures{
      "figures", cl::sub(command), cl::cat(getCategory()),
      cl::desc("print the tables of docs/Validation.md instead of times")};
  cl::opt<std::string> samples{
      "samples", cl::value_desc("FILE"), cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("the same of a model's layers: s0.layer0.q, .k, .v and so on")};
};

/// The most memory that the process had since resetPeak, where the system lets
/// it be reset (Linux); since its start elsewhere.
void resetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }
int64_t getPeak() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (llvm::StringRef text = line; text.consume_front("VmHWM:")) {
      int64_t kib = 0;
      if (!text.trim().consumeInteger(10, kib))
        return kib * 1024;
    }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return int64_t(usage.ru_maxrss) * 1024;
}
} // namespace

static llvm::Error measure(const Layer &layer, const Variant &variant,
                           const Config &config, int64_t baseBytes,
                           Session &session) {
  resetPeak();
  llvm::Expected<Program> program = buildLayer(layer, variant, config);
  if (!program)
    return program.takeError();
  // Scratchpads are the host's memory once; every round fills them again.
  FunctionalModel functional(*program, config);
  Run result;
  double setUp = 0;
  RoundRobin rounds;
  size_t model = rounds.addTimed("machine", [&]() -> llvm::Expected<double> {
    double begin = processorSeconds();
    if (llvm::Error error = buildLayer(layer, variant, config).takeError())
      return llvm::Expected<double>(std::move(error));
    Dependences dependences = findDependences(*program, config);
    writeInputs(*program, layer.operands(), functional);
    double middle = processorSeconds();
    setUp = middle - begin;
    runProgram(*program, functional, config, dependences, result);
    return processorSeconds() - middle;
  });
  if (llvm::Error error = rounds.run(session.getEffort()))
    return error;
  RunCounters counters = count(*program, result);
  double seconds = rounds.getMedian(model);
  uint64_t cycles = result.get(MacReading::Fixed).cycles;
  session.addRow(llvm::json::Object{
      {"implementation", "machine"},
      {"machine", config.name},
      {"multipliers", int64_t(config.macs())},
      {"policy", variant.name},
      {"pruned", prunedFraction(counters)},
      {"heads", int64_t(layer.heads)},
      {"length", int64_t(layer.length)},
      {"head_dim", int64_t(layer.d)},
      {"milliseconds", 1e3 * seconds},
      {"set_up_milliseconds", 1e3 * setUp},
      {"macs", int64_t(counters.total.macs)},
      {"mac_per_second", double(counters.total.macs) / seconds},
      {"cycles", int64_t(cycles)},
      {"cycles_brick", int64_t(result.get(MacReading::Brick).cycles)},
      {"cycles_per_second", double(cycles) / seconds},
      {"peak_rss_bytes", getPeak()},
      {"base_rss_bytes", baseBytes}});
  return llvm::Error::success();
}

static llvm::Error run(const MachineOptions &options, Session &session) {
  if (options.figures)
    return printFigures(llvm::outs());
  if (!options.samples.empty())
    return printSamples(llvm::outs(), options.samples);
  auto orDefault = [](const auto &list, auto values) {
    return list.empty() ? values : decltype(values)(list.begin(), list.end());
  };
  using Strings = std::vector<std::string>;
  std::vector<Config> configs;
  for (const std::string &name :
       orDefault(options.machines, Strings{"hdp-edge", "hdp-server"})) {
    llvm::Expected<Config> config = loadConfig(name);
    if (!config)
      return config.takeError();
    configs.push_back(std::move(*config));
  }
  std::vector<Variant> variants;
  for (const std::string &name :
       orDefault(options.policies,
                 Strings{"dense16", "dense8", "paper", "compensated"})) {
    llvm::Expected<Variant> variant = makeVariant(name);
    if (!variant)
      return variant.takeError();
    variants.push_back(std::move(*variant));
  }
  auto kept = orDefault(options.kept, std::vector<double>{0.25, 0.1});
  for (double fraction : kept)
    if (!(fraction > 0 && fraction <= 1))
      return makeError("--kept: expected above 0 and up to 1, found " +
                       llvm::Twine(std::to_string(fraction)));
  int64_t base = getPeak(); // libraries, mostly
  for (unsigned length :
       orDefault(options.lengths, std::vector<unsigned>{128, 512})) {
    if (length == 0 || length > 32768 || options.heads == 0)
      return makeError("expected heads from 1 and lengths from 1 to 32768, "
                       "found " +
                       llvm::Twine(options.heads) + " and " +
                       llvm::Twine(length));
    Layer layer(options.heads, length, 64, 1);
    for (Variant &variant : variants)
      for (double fraction : kept) {
        if (!variant.dense)
          if (llvm::Error error = calibrate(layer, fraction, variant))
            return error;
        for (const Config &config : configs)
          if (llvm::Error error =
                  measure(layer, variant, config, base, session))
            return error;
        if (variant.dense)
          break;
      }
  }
  session.printTable("simulation, processor time on one core",
                     {{"machine", "machine"},
                      {"policy", "policy"},
                      {"pruned", "pruned", 2},
                      {"length", "length"},
                      {"milliseconds", "ms", 2},
                      {"set_up_milliseconds", "set up ms", 2},
                      {"macs", "products"},
                      {"mac_per_second", "products/s"},
                      {"cycles", "cycles"},
                      {"cycles_per_second", "cycles/s"},
                      {"peak_rss_bytes", "peak bytes"},
                      {"base_rss_bytes", "before"}});
  return llvm::Error::success();
}

Subcommand hdp::bench::makeMachineCommand() {
  static MachineOptions options;
  return {&options.command,
          [](Session &session) { return run(options, session); }};
}
