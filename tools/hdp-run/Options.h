//===- Options.h - hdp-run's command line -----------------------*- C++ -*-===//
//
// What the user asked for, checked as far as that goes without reading a file.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_RUN_OPTIONS_H
#define HDP_TOOLS_HDP_RUN_OPTIONS_H

#include "hdp/Execution/ModelRunner.h"
#include "hdp/Execution/RandomInputs.h"

namespace hdp {

struct ToolOptions {
  std::string model;
  std::string manifest;         ///< empty with a seed
  std::optional<uint64_t> seed; ///< random arguments
  ArgumentShapes shapes;
  RunnerOptions runner;
  int64_t limit = 0; ///< 0: all samples
  unsigned threads = 1;
  bool progress = false; ///< also when standard error is no terminal
  std::string output;    ///< empty: none
  std::string capture;   ///< path of attention's inputs; empty: none
  bool textReport = false;
  std::vector<std::string> jsonReports; ///< paths
  std::vector<std::string> htmlReports; ///< paths, of the machine's page
  std::string trace;     ///< path of the machine's trace; empty: none
  bool roofline = false; ///< also print what bounds the machine
};

/// Reads the command line. Prints and exits for --help and --version.
llvm::Expected<ToolOptions> parseOptions(int argc, char **argv);

} // namespace hdp

#endif // HDP_TOOLS_HDP_RUN_OPTIONS_H
