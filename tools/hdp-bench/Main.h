//===- Main.h - what hdp-bench and hdp-bench-machine share ------*- C++ -*-===//

#ifndef HDP_TOOLS_HDP_BENCH_MAIN_H
#define HDP_TOOLS_HDP_BENCH_MAIN_H

#include "Session.h"

namespace hdp::bench {

/// The whole program: parses the command line, runs the subcommand that it
/// names, one of those that `makers` make, and gives the exit code.
int runMain(int argc, char **argv, llvm::ArrayRef<Subcommand (*)()> makers);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_MAIN_H
