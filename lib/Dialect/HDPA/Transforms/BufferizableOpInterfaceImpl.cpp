//===- BufferizableOpInterfaceImpl.cpp - launches on memrefs --------------===//

#include "hdp/Dialect/HDP/Transforms/OverwritingOpModel.h"
#include "hdp/Dialect/HDPA/Transforms/Passes.h"

void hdp::registerLaunchBufferizationModel(mlir::DialectRegistry &registry) {
  registry.addExtension(+[](mlir::MLIRContext *context, hdpa::HDPADialect *) {
    hdpa::LaunchOp::attachInterface<OverwritingOpModel<hdpa::LaunchOp>>(
        *context);
  });
}
