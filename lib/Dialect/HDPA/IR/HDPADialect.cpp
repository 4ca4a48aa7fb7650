//===- HDPADialect.cpp - registration of ops and attributes ---------------===//

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hdp::hdpa;

#include "hdp/Dialect/HDPA/IR/HDPADialect.cpp.inc"
#include "hdp/Dialect/HDPA/IR/HDPAInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "hdp/Dialect/HDPA/IR/HDPAAttrs.cpp.inc"

void HDPADialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "hdp/Dialect/HDPA/IR/HDPAAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "hdp/Dialect/HDPA/IR/HDPAOps.cpp.inc"
      >();
}
