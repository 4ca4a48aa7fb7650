//===- hdp-opt.cpp - mlir-opt with this project's dialects and passes -----===//

#include "RaiseReportFlag.h"

#include "hdp/InitAll.h"
#include "hdp/Support/CommandLine.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  hdp::hideLibraryOptions();
  hdp::ArgumentList arguments(argc, argv);
  if (!hdp::rewriteRaiseReport(arguments))
    return 1;
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hdp::registerAllDialects(registry);
  mlir::registerAllPasses();
  hdp::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      arguments.count(), arguments.data(), "HDP optimizer driver\n", registry));
}
