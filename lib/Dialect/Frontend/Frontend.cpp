//===- Frontend.cpp - attention ops of other projects, to be read ---------===//

#include "hdp/Dialect/Frontend/Frontend.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;

#include "hdp/Dialect/Frontend/IREELinalgExtDialect.cpp.inc"
#include "hdp/Dialect/Frontend/TMTensorDialect.cpp.inc"

#define GET_OP_CLASSES
#include "hdp/Dialect/Frontend/TMTensor.cpp.inc"

#define GET_OP_CLASSES
#include "hdp/Dialect/Frontend/IREELinalgExt.cpp.inc"

void hdp::tm_tensor::TMTensorDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "hdp/Dialect/Frontend/TMTensor.cpp.inc"
      >();
}

void hdp::iree_linalg_ext::IREELinalgExtDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "hdp/Dialect/Frontend/IREELinalgExt.cpp.inc"
      >();
}
