//===- CommandLine.cpp - LLVM's words about options in ours ---------------===//

#include "hdp/Support/CommandLine.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/FileOutput.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace hdp;

void hdp::hideLibraryOptions() {
  // The categories of --help and --color are private to LLVM.
  for (auto &entry : llvm::cl::getRegisteredOptions())
    if (!llvm::is_contained({"Generic Options", "Color Options"},
                            entry.second->Categories.front()->getName()))
      entry.second->setHiddenFlag(llvm::cl::Hidden);
}

llvm::Error hdp::parseCommandLine(int argc, char **argv,
                                  llvm::StringRef overview) {
  std::string message;
  llvm::raw_string_ostream os(message);
  if (llvm::cl::ParseCommandLineOptions(argc, argv, overview, &os))
    return llvm::Error::success();
  // About a value of the wrong type LLVM has told standard error itself.
  if (message.empty())
    return makeError("");
  // `tool: Unknown ..  Try: ..`, and a line with a guess: what it says first.
  llvm::StringRef text = llvm::StringRef(message).split('\n').first;
  text = text.substr(text.find(": ") + 2).split("  Try:").first;
  std::string said = text.rtrim(".!").str();
  if (!said.empty())
    said.front() = llvm::toLower(said.front());
  return makeError(said + "; see --help");
}

int hdp::finishTool(llvm::StringRef tool, llvm::Error error) {
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    std::error_code code = llvm::outs().error();
    llvm::outs().clear_error(); // else the stream aborts at exit
    error = llvm::joinErrors(std::move(error),
                             makeFileError("standard output", code));
  }
  if (!error)
    return 0;
  std::string message = llvm::toString(std::move(error));
  if (!message.empty())
    llvm::errs() << tool << ": error: " << message << "\n";
  return 1;
}
