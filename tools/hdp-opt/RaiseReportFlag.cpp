//===- RaiseReportFlag.cpp - --hdp-raise-report on the command line -------===//

#include "RaiseReportFlag.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/WithColor.h"

using llvm::StringRef;

char **hdp::ArgumentList::data() {
  pointers.clear();
  for (std::string &string : strings)
    pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers.data();
}

static StringRef withoutDashes(StringRef argument) {
  StringRef name = argument.ltrim('-');
  size_t dashes = argument.size() - name.size();
  return dashes == 1 || dashes == 2 ? name : StringRef();
}

bool hdp::rewriteRaiseReport(ArgumentList &arguments) {
  std::string file;
  llvm::erase_if(arguments.strings, [&](const std::string &argument) {
    StringRef name = withoutDashes(argument);
    if (!name.consume_front("hdp-raise-report="))
      return false;
    file = name.str();
    return true;
  });
  if (!file.empty()) {
    auto raises = [](const std::string &argument) {
      StringRef name = withoutDashes(argument).split('=').first;
      return name == "hdp-raise-pipeline" || name == "hdp-raise-attention";
    };
    auto found = llvm::find_if(arguments.strings, raises);
    if (found == arguments.strings.end()) {
      llvm::WithColor::error(llvm::errs(), "hdp-opt")
          << "--hdp-raise-report needs --hdp-raise-pipeline or "
             "--hdp-raise-attention\n";
      return false;
    }
    *found += StringRef(*found).contains('=') ? " report=" : "=report=";
    *found += file;
  }
  llvm::Regex toOutput("hdp-raise-[a-z]+[={](.*[ ,])?report=-([ ,}]|$)");
  for (const std::string &argument : arguments.strings)
    if (toOutput.match(argument)) {
      arguments.strings.push_back("-o");
      arguments.strings.push_back("/dev/null");
      break;
    }
  return true;
}
