//===- hdp-objdump.cpp - command streams for people -----------------------===//
//
// Lists machine, sites, symbols and commands of a stream.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Program.h"
#include "hdp/Support/CommandLine.h"
#include "hdp/Support/Error.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace hdp;
using namespace hdp::machine;
namespace cl = llvm::cl;

static llvm::Error run(llvm::StringRef path) {
  if (path.empty())
    return makeError("expected a stream, found none; see --help");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeFileError(path, buffer.getError());
  llvm::StringRef bytes = (*buffer)->getBuffer();
  llvm::Expected<Program> program =
      readStream(llvm::ArrayRef<char>(bytes.data(), bytes.size()), path);
  if (!program)
    return program.takeError();
  print(llvm::outs(), *program);
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::OptionCategory category{"hdp-objdump options"};
  cl::opt<std::string> stream{cl::Positional, cl::desc("STREAM"),
                              cl::cat(category)};
  cl::HideUnrelatedOptions(category);
  llvm::Error error = parseCommandLine(argc, argv, "list a command stream\n");
  if (!error)
    error = run(stream);
  return finishTool("hdp-objdump", std::move(error));
}
