//===- FileOutput.h - output files that are whole or absent -----*- C++ -*-===//
//
// Every file that a tool writes goes through here: it is written beside its
// destination and renamed once it is complete, so an error leaves what was
// there before.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_FILEOUTPUT_H
#define HDP_SUPPORT_FILEOUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace hdp {

/// Writes what `write` prints to `path` (`-`: standard output). Devices and
/// pipes are written in place, they cannot be renamed over.
llvm::Error
writeOutputFile(llvm::StringRef path,
                llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write);

} // namespace hdp

#endif // HDP_SUPPORT_FILEOUTPUT_H
