//===- hdp-translate.cpp - command streams in and out of MLIR -------------===//

#include "hdp/Target/CommandStream.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  hdp::registerCommandStreamTranslations();
  return llvm::failed(
      mlir::mlirTranslateMain(argc, argv, "HDP translation driver"));
}
