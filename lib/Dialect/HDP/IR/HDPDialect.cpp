//===- HDPDialect.cpp - registration of ops and attributes ----------------===//

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hdp;

#include "hdp/Dialect/HDP/IR/HDPDialect.cpp.inc"
#include "hdp/Dialect/HDP/IR/HDPEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "hdp/Dialect/HDP/IR/HDPAttrs.cpp.inc"

void HDPDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "hdp/Dialect/HDP/IR/HDPAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "hdp/Dialect/HDP/IR/HDPOps.cpp.inc"
      >();
}
