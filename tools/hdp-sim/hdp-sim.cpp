//===- hdp-sim.cpp - a command stream on a machine ------------------------===//
//
// Executes a stream on the values of a file and reports cycles, bytes and
// energy. No MLIR.
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"
#include "hdp/Machine/Dense.h"
#include "hdp/Machine/Report.h"
#include "hdp/Support/CommandLine.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/FileOutput.h"
#include "hdp/Support/Progress.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"

using namespace hdp;
using namespace hdp::machine;
namespace cl = llvm::cl;

namespace {
struct CommandLine {
  cl::OptionCategory category{"hdp-sim options"};
  cl::opt<std::string> stream{cl::Positional, cl::desc("STREAM"),
                              cl::cat(category)};
  cl::opt<std::string> machine{"machine", cl::value_desc("FILE.yaml"),
                               cl::cat(category),
                               cl::desc("the machine (default: hdp-edge)")};
  cl::opt<std::string> inputs{
      "inputs", cl::value_desc("FILE.npz"), cl::cat(category),
      cl::desc("floats q, k, v, or every input symbol by its name")};
  cl::opt<std::string> output{"output", cl::value_desc("FILE.npz"),
                              cl::cat(category),
                              cl::desc("write output symbols, and out")};
  cl::opt<std::string> energy{
      "energy", cl::value_desc("TABLE|FILE.yaml"), cl::cat(category),
      cl::desc("energy table (default: the machine's)")};
  cl::list<std::string> reports{
      "report", cl::value_desc("text|json:FILE|html:FILE"), cl::cat(category),
      cl::desc("how to report (default: text)")};
  cl::opt<bool> baseline{
      "baseline", cl::cat(category),
      cl::desc("also run the attention dense, in 16 and in 8 bits; needs "
               "floats q, k and v")};
  cl::opt<bool> roofline{"roofline", cl::cat(category),
                         cl::desc("also print what bounds the run")};
  cl::opt<std::string> trace{
      "trace", cl::value_desc("FILE.json"), cl::cat(category),
      cl::desc("write a trace for Perfetto, with the machine's multipliers")};
  cl::opt<bool> progress{
      "progress", cl::cat(category),
      cl::desc("show progress when standard error is no terminal, too, and in "
               "short runs")};
};
} // namespace

static llvm::Expected<Program> loadStream(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeFileError(path, buffer.getError());
  llvm::StringRef bytes = (*buffer)->getBuffer();
  return readStream(llvm::ArrayRef<char>(bytes.data(), bytes.size()), path);
}

static llvm::Error writeOutputs(const Program &program, const SimInputs &inputs,
                                FunctionalModel &model, llvm::StringRef path) {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < program.symbols.size(); ++i) {
    const Symbol &symbol = program.symbols[i];
    if (symbol.direction != Symbol::Output || symbol.bits != 16)
      continue;
    HostTensor tensor(ElementType::I16,
                      {int64_t(symbol.rows), int64_t(symbol.columns)});
    llvm::copy(model.getSymbol(i).narrow, tensor.as<int16_t>());
    tensors.push_back({symbol.name, std::move(tensor)});
  }
  if (inputs.hasOperands) {
    const Site &site = program.sites[0];
    HostTensor out(ElementType::F32, {site.Hq, site.Lq, site.dv});
    llvm::copy(readOutput(program, inputs.operands, model), out.as<float>());
    tensors.push_back({"out", std::move(out)});
  }
  return writeTensorFile(path, tensors);
}

static llvm::Error writeReports(const CommandLine &line,
                                const RunReport &report, const Launch &launch) {
  auto write = [](llvm::StringRef path, auto print) {
    return writeOutputFile(path, [&](llvm::raw_ostream &os) -> llvm::Error {
      print(os);
      return llvm::Error::success();
    });
  };
  ReportPart part{line.stream, "", &report, &launch};
  for (llvm::StringRef path : line.reports) {
    llvm::Error error = llvm::Error::success();
    if (path.consume_front("json:"))
      error = write(path, [&](llvm::raw_ostream &os) {
        os << llvm::formatv("{0:2}", toJson(report)) << "\n";
      });
    else if (path.consume_front("html:"))
      error = write(path, [&](llvm::raw_ostream &os) {
        printHtml(os, line.stream, report, part);
      });
    if (error)
      return error;
  }
  if (!line.trace.empty())
    if (llvm::Error error = write(line.trace, [&](llvm::raw_ostream &os) {
          printTrace(os, *launch.program, launch.run, report.own());
        }))
      return error;
  if (line.reports.empty() || llvm::is_contained(line.reports, "text"))
    printReport(llvm::outs(), report);
  if (line.roofline)
    printRoofline(llvm::outs(), part);
  return llvm::Error::success();
}

static llvm::Error run(const CommandLine &line) {
  if (line.stream.empty() || line.inputs.empty())
    return makeError("expected a stream and --inputs; see --help");
  for (llvm::StringRef whole : line.reports) {
    llvm::StringRef report = whole;
    if (report != "text" &&
        !((report.consume_front("json:") || report.consume_front("html:")) &&
          !report.empty()))
      return makeError("--report: expected text, json:FILE or html:FILE, "
                       "found '" +
                       whole + "'");
  }
  llvm::Expected<Program> program = loadStream(line.stream);
  if (!program)
    return program.takeError();
  Config config;
  if (!line.machine.empty()) {
    llvm::Expected<Config> loaded = loadConfig(line.machine);
    if (!loaded)
      return loaded.takeError();
    config = std::move(*loaded);
  }
  if (llvm::Error error = verifyProgram(*program, config))
    return makeError(line.stream + ": " + llvm::toString(std::move(error)));
  llvm::Expected<EnergyTable> table = loadEnergyTable(
      line.energy.empty() ? config.energy_table : line.energy.getValue());
  if (!table)
    return table.takeError();
  llvm::Expected<TensorFile> file = TensorFile::open(line.inputs);
  if (!file)
    return file.takeError();

  FunctionalModel model(*program, config);
  llvm::Expected<SimInputs> inputs = loadInputs(*program, *file, model);
  if (!inputs)
    return inputs.takeError();
  if (line.baseline && !inputs->hasOperands)
    return makeError("--baseline needs floats q, k and v in " + line.inputs);
  Launch launch;
  if (program->sites.size() == 1)
    model.record(&launch.blocks, /*onlyBlocks=*/true);
  Progress progress(line.progress, "commands", /*quiet=*/1);
  launch.run =
      runProgram(*program, model, config, [&](int64_t done, int64_t total) {
        progress.update(done, total);
      });
  if (!line.output.empty())
    if (llvm::Error error = writeOutputs(*program, *inputs, model, line.output))
      return error;
  RunReport report = makeReport(*program, launch.run, *table);
  for (unsigned bits : {16u, 8u}) {
    if (!line.baseline)
      break;
    llvm::Expected<RunReport::Baseline> baseline =
        measureDense(program->sites[0], inputs->operands, bits, config, *table);
    if (!baseline)
      return baseline.takeError();
    report.baselines.push_back(std::move(*baseline));
  }
  launch.program = std::make_shared<const Program>(std::move(*program));
  return writeReports(line, report, launch);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  CommandLine line;
  cl::HideUnrelatedOptions(line.category);
  llvm::Error error =
      parseCommandLine(argc, argv, "run a command stream on a machine\n");
  if (!error)
    error = run(line);
  return finishTool("hdp-sim", std::move(error));
}
