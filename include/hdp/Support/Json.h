//===- Json.h - JSON from files that nobody vouches for ---------*- C++ -*-===//
//
// LLVM's JSON parser recurses once a bracket, so a hostile file could exhaust
// the stack; this entry refuses deep nesting first.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_JSON_H
#define HDP_SUPPORT_JSON_H

#include "llvm/Support/JSON.h"

namespace hdp {

/// Parses `text`; an error starts with `what`, the file it comes from.
llvm::Expected<llvm::json::Value> parseJson(llvm::StringRef text,
                                            llvm::StringRef what);

} // namespace hdp

#endif // HDP_SUPPORT_JSON_H
