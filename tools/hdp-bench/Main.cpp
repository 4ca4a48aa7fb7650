//===- Main.cpp - options, machine and output of every subcommand ---------===//

#include "Main.h"
#include "hdp/Support/CommandLine.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/FileOutput.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"

using namespace hdp;
using namespace hdp::bench;
namespace cl = llvm::cl;

cl::OptionCategory &bench::getCategory() {
  static cl::OptionCategory category("hdp-bench options");
  return category;
}

namespace {
/// The options of every subcommand.
struct CommonOptions {
  cl::opt<std::string> json{
      "json", cl::value_desc("FILE.json"), cl::sub(cl::SubCommand::getAll()),
      cl::cat(getCategory()),
      cl::desc("also write machine, rows and notes (-: standard output)")};
  cl::opt<unsigned> rounds{
      "rounds", cl::init(0), cl::sub(cl::SubCommand::getAll()),
      cl::cat(getCategory()),
      cl::desc("timed rounds (default: as many as fit, 5 to 101)")};
  cl::opt<double> seconds{
      "seconds", cl::init(2.0), cl::sub(cl::SubCommand::getAll()),
      cl::cat(getCategory()),
      cl::desc("time for the rounds of one table (default: 2)")};
  cl::opt<int> core{"core", cl::init(-1), cl::sub(cl::SubCommand::getAll()),
                    cl::cat(getCategory()),
                    cl::desc("the core to run on (default: the last one)")};
};
} // namespace

static llvm::Error run(const CommonOptions &options,
                       llvm::ArrayRef<Subcommand> commands) {
  const Subcommand *chosen = nullptr;
  std::string names;
  for (const Subcommand &command : commands) {
    names += (names.empty() ? "" : ", ") + command.command->getName().str();
    if (*command.command)
      chosen = &command;
  }
  if (!chosen)
    return makeError("expected one of the subcommands " + names);

  // The table goes to standard error when standard output is the JSON's.
  llvm::raw_ostream &os = options.json == "-" ? llvm::errs() : llvm::outs();
  std::optional<int64_t> core;
  if (options.core >= 0)
    core = options.core;
  if (!(options.seconds > 0 && options.seconds <= 86400))
    return makeError("--seconds: expected above 0 and up to 86400, found " +
                     llvm::Twine(std::to_string(options.seconds)));
  Session session(setUpHost(core), Effort{options.rounds, options.seconds},
                  chosen->command->getName(), os);
  if (core && !session.getHost().core)
    return makeError("--core: expected a core that this process may use, "
                     "found " +
                     llvm::Twine(*core));
  auto measure = [&]() -> llvm::Error {
    if (llvm::Error error = chosen->run(session))
      return error;
    session.printNotes();
    return llvm::Error::success();
  };
  if (options.json.empty())
    return measure();
  // A path that cannot be written is found before minutes are measured.
  return writeOutputFile(
      options.json, [&](llvm::raw_ostream &os) -> llvm::Error {
        if (llvm::Error error = measure())
          return error;
        os << llvm::formatv("{0:2}", llvm::json::Value(session.toJson()))
           << "\n";
        return llvm::Error::success();
      });
}

int bench::runMain(int argc, char **argv,
                   llvm::ArrayRef<Subcommand (*)()> makers) {
  llvm::InitLLVM init(argc, argv);
  // The shared libraries bring options of their own.
  cl::ResetCommandLineParser();
  std::vector<Subcommand> commands;
  for (auto make : makers)
    commands.push_back(make());
  CommonOptions options;
  llvm::Error error = parseCommandLine(
      argc, argv, "time attention, models, the machine and the compiler\n");
  if (!error)
    error = run(options, commands);
  return finishTool("hdp-bench", std::move(error));
}
