//===- hdp-bench.cpp - measurements, one subcommand a subject -------------===//
//
// Times this project's engines and what they compete with on one core of this
// machine, and says which machine that is.
//
// The subcommand `machine` becomes hdp-bench-machine, which does not load MLIR:
// the memory that it reports should be the model's.
//
//===----------------------------------------------------------------------===//

#include "Main.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <unistd.h>

using namespace hdp::bench;

/// Returns only where there is no such program beside this one.
static void becomeMachine(char **argv) {
  static int anchor;
  llvm::SmallString<256> path(
      llvm::sys::fs::getMainExecutable(argv[0], &anchor));
  llvm::sys::path::remove_filename(path);
  llvm::sys::path::append(path, "hdp-bench-machine");
  execv(path.c_str(), argv);
}

int main(int argc, char **argv) {
  if (argc > 1 && llvm::StringRef(argv[1]) == "machine")
    becomeMachine(argv);
  return runMain(argc, argv,
                 {makeAttentionCommand, makeCompileCommand, makeMachineCommand,
                  makeModelCommand});
}
