//===- Yaml.h - one mapping from a YAML file --------------------*- C++ -*-===//
//
// Machine files and energy tables are read the same way: one document, its
// first error with file, line and caret.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_YAML_H
#define HDP_LIB_MACHINE_YAML_H

#include "hdp/Support/Error.h"
#include "llvm/Support/YAMLTraits.h"

namespace hdp::machine {

/// Keeps the first diagnostic in `text`, a std::string, in the words of this
/// project; later ones follow from it.
void keepFirst(const llvm::SMDiagnostic &diagnostic, void *text);

/// Reads `text`, which `file` holds, into `value`; `what` is what it should
/// have been. A file without a document is an error, not a mapping without
/// keys, which is written {}.
template <typename T>
llvm::Error readYaml(llvm::StringRef text, llvm::StringRef file, T &value,
                     llvm::StringRef what) {
  std::string problem;
  llvm::yaml::Input input(llvm::MemoryBufferRef(text, file), nullptr, keepFirst,
                          &problem);
  bool hasDocument = input.setCurrentDocument();
  if (hasDocument) {
    llvm::yaml::EmptyContext context;
    llvm::yaml::yamlize(input, value, true, context);
  }
  if (problem.empty() && input.error())
    problem = (file + ": not " + what).str();
  if (problem.empty() && !hasDocument)
    problem = (file + ": expected " + what + ", found nothing").str();
  if (problem.empty() && input.nextDocument())
    problem = (file + ": expected one document, found another").str();
  if (problem.empty())
    return llvm::Error::success();
  return makeError(llvm::StringRef(problem).rtrim());
}

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_YAML_H
