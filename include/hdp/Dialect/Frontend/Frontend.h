//===- Frontend.h - attention ops of other projects, to be read -*- C++ -*-===//

#ifndef HDP_DIALECT_FRONTEND_FRONTEND_H
#define HDP_DIALECT_FRONTEND_FRONTEND_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "hdp/Dialect/Frontend/IREELinalgExtDialect.h.inc"
#include "hdp/Dialect/Frontend/TMTensorDialect.h.inc"

#define GET_OP_CLASSES
#include "hdp/Dialect/Frontend/TMTensor.h.inc"

#define GET_OP_CLASSES
#include "hdp/Dialect/Frontend/IREELinalgExt.h.inc"

#endif // HDP_DIALECT_FRONTEND_FRONTEND_H
