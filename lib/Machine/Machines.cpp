//===- Machines.cpp - machine files by name -------------------------------===//
//
// A name without a dot or slash is one of the files that come with the tools.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Config.h"
#include "hdp/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace hdp;
using namespace hdp::machine;

llvm::Expected<Config> machine::openMachine(llvm::StringRef nameOrPath,
                                            const char *argv0) {
  if (nameOrPath.find_first_of("./") != llvm::StringRef::npos)
    return loadConfig(nameOrPath);
  static int anchor; // an address in this program
  llvm::SmallString<128> path(
      llvm::sys::path::parent_path(llvm::sys::path::parent_path(
          llvm::sys::fs::getMainExecutable(argv0, &anchor))));
  llvm::sys::path::append(path, "share", "hdp", "machines",
                          nameOrPath + ".yaml");
  if (llvm::sys::fs::exists(path))
    return loadConfig(path);
  if (nameOrPath == Config().name) // the defaults of Params.def
    return Config();
  return makeError(
      "expected a machine hdp-edge, hdp-server or a file, found '" +
      nameOrPath + "'");
}
