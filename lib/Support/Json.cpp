//===- Json.cpp - nesting check in front of LLVM's parser -----------------===//

#include "hdp/Support/Json.h"
#include "hdp/Support/Error.h"

using namespace hdp;

/// Manifests, reports and safetensors headers nest at most six levels.
static constexpr unsigned kMaxNesting = 64;

/// Whether brackets outside of strings nest deeper than `kMaxNesting`.
static bool nestsTooDeep(llvm::StringRef text) {
  unsigned depth = 0;
  bool inString = false;
  for (size_t i = 0, e = text.size(); i < e; ++i) {
    char c = text[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxNesting)
        return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

llvm::Expected<llvm::json::Value> hdp::parseJson(llvm::StringRef text,
                                                 llvm::StringRef what) {
  if (nestsTooDeep(text))
    return makeError(what + ": json nests deeper than " +
                     llvm::Twine(kMaxNesting) + " levels");
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return makeError(what +
                     ": invalid json: " + llvm::toString(value.takeError()));
  return value;
}
