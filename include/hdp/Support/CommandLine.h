//===- CommandLine.h - how tools begin and end ------------------*- C++ -*-===//
//
// Every tool reads its options the same way and says what is wrong in one line
// on standard error: `tool: error: what`.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_COMMANDLINE_H
#define HDP_SUPPORT_COMMANDLINE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace hdp {

/// Leaves the options that LLVM's shared library brings, those of every back
/// end, to --help-hidden. For mains of MLIR, which then register theirs.
void hideLibraryOptions();

/// LLVM's reader of options, which does not exit on a wrong one. An error
/// without words stands for what it has printed itself.
llvm::Error parseCommandLine(int argc, char **argv, llvm::StringRef overview);

/// The exit code of a tool that ended with `error`, whose words are printed. A
/// full disk behind standard output is an error, too.
int finishTool(llvm::StringRef tool, llvm::Error error);

} // namespace hdp

#endif // HDP_SUPPORT_COMMANDLINE_H
