//===- Yaml.cpp - the reader's diagnostics as text ------------------------===//

#include "Yaml.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"

using namespace hdp;

void machine::keepFirst(const llvm::SMDiagnostic &diagnostic, void *text) {
  std::string &kept = *static_cast<std::string *>(text);
  if (!kept.empty())
    return;
  std::string message = diagnostic.getMessage().rtrim('.').str();
  if (message == "unexpected scalar") // a list, a mapping or nothing
    message = "expected a single value";
  if (!message.empty())
    message.front() = llvm::toLower(message.front());
  llvm::SMDiagnostic said(
      *diagnostic.getSourceMgr(), diagnostic.getLoc(), diagnostic.getFilename(),
      diagnostic.getLineNo(), diagnostic.getColumnNo(), diagnostic.getKind(),
      message, diagnostic.getLineContents(), diagnostic.getRanges());
  llvm::raw_string_ostream os(kept);
  said.print(nullptr, os, /*ShowColors=*/false);
}
