//===- Machine.cpp - hdp-bench machine ------------------------------------===//
//
// How fast the accelerator's model is: multiplications and cycles simulated in
// a second of processor time.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Machine.h"
#include "Session.h"
#include "hdp/Machine/HostSide.h"
#include "hdp/Support/Error.h"
#include <random>

using namespace hdp;
using namespace hdp::bench;
namespace cl = llvm::cl;

namespace {
struct MachineOptions {
  cl::SubCommand command{"machine", "the speed of the accelerator's model"};
  cl::opt<std::string> machine{"machine", cl::value_desc("FILE.yaml"),
                               cl::sub(command),
                               cl::desc("the machine (default: hdp-edge)")};
  cl::list<unsigned> lengths{"length", cl::CommaSeparated, cl::value_desc("S"),
                             cl::sub(command),
                             cl::desc("rows of Q and K (default: 128,512)")};
  cl::opt<unsigned> heads{"heads", cl::init(12), cl::sub(command),
                          cl::desc("heads (default: 12)")};
};
} // namespace

static llvm::Error run(const MachineOptions &options, Session &session) {
  machine::Config config;
  if (!options.machine.empty()) {
    llvm::Expected<machine::Config> loaded =
        machine::loadConfig(options.machine);
    if (!loaded)
      return loaded.takeError();
    config = std::move(*loaded);
  }
  std::vector<unsigned> lengths(options.lengths.begin(), options.lengths.end());
  if (lengths.empty())
    lengths = {128, 512};
  for (unsigned length : lengths) {
    machine::Site site;
    site.Hq = site.Hkv = options.heads;
    site.Lq = site.Lk = length;
    site.d = site.dv = 64;
    site.scale = 0.125;
    std::mt19937_64 random(1);
    std::normal_distribution<float> normal;
    size_t size = size_t(site.Hq) * length * 64;
    std::vector<float> tensors[3];
    for (std::vector<float> &tensor : tensors)
      for (size_t i = 0; i < size; ++i)
        tensor.push_back(normal(random));
    machine::AttentionOperands operands;
    operands.q = tensors[0];
    operands.k = tensors[1];
    operands.v = tensors[2];
    llvm::Expected<machine::Program> program =
        machine::buildAttention(makeRequest(site, operands), config);
    if (!program)
      return program.takeError();

    machine::Schedule schedule;
    RoundRobin rounds;
    size_t model = rounds.add("machine", [&]() -> llvm::Error {
      machine::FunctionalModel functional(*program, config);
      writeInputs(*program, operands, functional);
      machine::Run result = runProgram(*program, functional, config);
      schedule = result.get(machine::MacReading::Fixed);
      return llvm::Error::success();
    });
    if (llvm::Error error = rounds.run(session.getEffort()))
      return error;
    double seconds = rounds.getMedian(model);
    session.addRow(llvm::json::Object{
        {"implementation", "machine"},
        {"heads", int64_t(options.heads)},
        {"length", int64_t(length)},
        {"head_dim", 64},
        {"milliseconds", 1e3 * seconds},
        {"cycles", int64_t(schedule.cycles)},
        {"cycles_per_second", static_cast<double>(schedule.cycles) / seconds}});
  }
  session.printTable("simulation, processor time",
                     {{"implementation", "implementation"},
                      {"heads", "heads"},
                      {"length", "length"},
                      {"head_dim", "d"},
                      {"milliseconds", "ms", 3},
                      {"cycles", "cycles"},
                      {"cycles_per_second", "cycles/s"}});
  return llvm::Error::success();
}

Subcommand hdp::bench::makeMachineCommand() {
  static MachineOptions options;
  return {&options.command,
          [](Session &session) { return run(options, session); }};
}
