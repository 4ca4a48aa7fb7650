//===- HDPA.h - the one header for users of the hdpa dialect ----*- C++ -*-===//

#ifndef HDP_DIALECT_HDPA_IR_HDPA_H
#define HDP_DIALECT_HDPA_IR_HDPA_H

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Machine/Program.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"

namespace hdp::hdpa::detail {
/// Fills the fields of a command from the attributes of their names.
template <typename CommandT>
void readFields(mlir::Operation *op, CommandT &command) {
  machine::visitFields(command, [&](const char *name, auto &value) {
    using T = std::decay_t<decltype(value)>;
    value = static_cast<T>(llvm::cast<mlir::IntegerAttr>(op->getAttr(name))
                               .getValue()
                               .getZExtValue());
  });
}
} // namespace hdp::hdpa::detail

#include "hdp/Dialect/HDPA/IR/HDPADialect.h.inc"
#include "hdp/Dialect/HDPA/IR/HDPAInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "hdp/Dialect/HDPA/IR/HDPAAttrs.h.inc"

#define GET_OP_CLASSES
#include "hdp/Dialect/HDPA/IR/HDPAOps.h.inc"

namespace hdp::hdpa {

/// The op of a command, with its fields as attributes.
mlir::Operation *createCommand(mlir::OpBuilder &builder, mlir::Location loc,
                               const machine::Command &command);

} // namespace hdp::hdpa

#endif // HDP_DIALECT_HDPA_IR_HDPA_H
