//===- HostCode.h - what the host does around a program ---------*- C++ -*-===//

#ifndef HDP_LIB_CONVERSION_HDPTOHDPA_HOSTCODE_H
#define HDP_LIB_CONVERSION_HDPTOHDPA_HOSTCODE_H

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Machine/ProgramBuilder.h"

namespace hdp {

/// Emits, before an attention on tensors with static shapes, the operands of
/// the program of `request` in the order of its symbols, the launch, and what
/// makes floats of its output. Without `hasMask` the program has its mask
/// itself. Gives the replacement of the attention's result.
mlir::Value emitHostCode(mlir::OpBuilder &builder, AttentionOp op,
                         const machine::AttentionRequest &request,
                         llvm::StringRef program, bool hasMask);

} // namespace hdp

#endif // HDP_LIB_CONVERSION_HDPTOHDPA_HOSTCODE_H
