//===- hdp-bench-machine.cpp - hdp-bench's subcommand without MLIR --------===//

#include "Main.h"

int main(int argc, char **argv) {
  return hdp::bench::runMain(argc, argv, {hdp::bench::makeMachineCommand});
}
