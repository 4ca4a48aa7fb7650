//===- Error.h - one-line errors --------------------------------*- C++ -*-===//
//
// How the MLIR-free part makes an llvm::Error from text, so that every message
// is one line, in lower case, and names the file it is about.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_ERROR_H
#define HDP_SUPPORT_ERROR_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <system_error>

namespace hdp {

/// An error with exactly this text.
inline llvm::Error makeError(const llvm::Twine &message) {
  return llvm::make_error<llvm::StringError>(message,
                                             llvm::inconvertibleErrorCode());
}

/// `path: no such file or directory`: what the system says, in lower case.
llvm::Error makeFileError(llvm::StringRef path, std::error_code code);

} // namespace hdp

#endif // HDP_SUPPORT_ERROR_H
