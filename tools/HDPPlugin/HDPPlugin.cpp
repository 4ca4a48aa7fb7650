//===- HDPPlugin.cpp - the project inside a stock mlir-opt ----------------===//
//
// One shared object for `--load-dialect-plugin` and `--load-pass-plugin`. It
// takes MLIR from the program that loads it.
//
//===----------------------------------------------------------------------===//

#include "hdp/InitAll.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "HDP", LLVM_VERSION_STRING,
          [](mlir::DialectRegistry *registry) {
            hdp::registerAllDialects(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "HDP", LLVM_VERSION_STRING,
          [] { hdp::registerAllPasses(); }};
}
