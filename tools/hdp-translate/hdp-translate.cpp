//===- hdp-translate.cpp - command streams and C headers ------------------===//

#include "hdp/Support/CommandLine.h"
#include "hdp/Target/CHeader.h"
#include "hdp/Target/CommandStream.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  hdp::hideLibraryOptions();
  hdp::registerCHeaderTranslation();
  hdp::registerCommandStreamTranslations();
  return llvm::failed(
      mlir::mlirTranslateMain(argc, argv, "HDP translation driver"));
}
