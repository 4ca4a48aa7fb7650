//===- RaiseReportFlag.h - --hdp-raise-report as an option ------*- C++ -*-===//
//
// `--hdp-raise-report=FILE` is short for the option `report=FILE` of the raise
// pass or pipeline on the same command line. With `-` the report is the output:
// the IR is then not printed.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_OPT_RAISEREPORTFLAG_H
#define HDP_TOOLS_HDP_OPT_RAISEREPORTFLAG_H

#include <string>
#include <vector>

namespace hdp {

/// A command line that can be changed and handed on as argc, argv.
class ArgumentList {
public:
  ArgumentList(int argc, char **argv) : strings(argv, argv + argc) {}
  std::vector<std::string> strings;
  int count() const { return static_cast<int>(strings.size()); }
  char **data();

private:
  std::vector<char *> pointers;
};

/// Rewrites the short form to the long one. False after an error message.
bool rewriteRaiseReport(ArgumentList &arguments);

} // namespace hdp

#endif // HDP_TOOLS_HDP_OPT_RAISEREPORTFLAG_H
