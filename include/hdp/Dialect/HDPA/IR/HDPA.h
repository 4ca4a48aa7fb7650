//===- HDPA.h - the one header for users of the hdpa dialect ----*- C++ -*-===//

#ifndef HDP_DIALECT_HDPA_IR_HDPA_H
#define HDP_DIALECT_HDPA_IR_HDPA_H

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Machine/NamedProgram.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace hdp::hdpa::detail {
/// Fills the fields of a command from the attributes of their names.
template <typename CommandT>
void readFields(mlir::Operation *op,
                llvm::function_ref<uint32_t(mlir::Attribute)> toAddress,
                CommandT &command) {
  machine::visitFields(command, [&](const char *name, auto &value) {
    using T = std::decay_t<decltype(value)>;
    mlir::Attribute attribute = op->getAttr(name);
    if constexpr (sizeof(T) == sizeof(uint32_t))
      if (machine::isAddress(name)) {
        value = toAddress(attribute);
        return;
      }
    value = static_cast<T>(
        llvm::cast<mlir::IntegerAttr>(attribute).getValue().getZExtValue());
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

/// The op of a command, with its fields as attributes. With `buffers` the
/// command is one of a named program on these.
mlir::Operation *
createCommand(mlir::OpBuilder &builder, mlir::Location loc,
              const machine::Command &command,
              llvm::ArrayRef<machine::NamedBuffer> buffers = {});

/// Gives an op the address fields of `command`.
void setAddresses(mlir::Operation *op, const machine::Command &command,
                  llvm::ArrayRef<machine::NamedBuffer> buffers = {});

/// A program of ops, for a machine; an addressed one if it has no buffers.
ProgramOp createProgram(mlir::OpBuilder &builder, mlir::Location loc,
                        llvm::StringRef name,
                        const machine::NamedProgram &program,
                        MachineAttr machine);

} // namespace hdp::hdpa

#endif // HDP_DIALECT_HDPA_IR_HDPA_H
