//===- OverwritingOpModel.h - bufferization, destination style --*- C++ -*-===//
//
// The bufferization of ops that are in destination style and overwrite their
// inits entirely: the memref form is the same op without results.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_DIALECT_HDP_TRANSFORMS_OVERWRITINGOPMODEL_H
#define HDP_DIALECT_HDP_TRANSFORMS_OVERWRITINGOPMODEL_H

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

namespace hdp {

template <typename Op>
struct OverwritingOpModel
    : mlir::bufferization::DstBufferizableOpInterfaceExternalModel<
          OverwritingOpModel<Op>, Op> {
  bool
  bufferizesToMemoryRead(mlir::Operation *op, mlir::OpOperand &operand,
                         const mlir::bufferization::AnalysisState &) const {
    return llvm::cast<mlir::DestinationStyleOpInterface>(op).isDpsInput(
        &operand);
  }

  bool
  bufferizesToMemoryWrite(mlir::Operation *op, mlir::OpOperand &operand,
                          const mlir::bufferization::AnalysisState &) const {
    return llvm::cast<mlir::DestinationStyleOpInterface>(op).isDpsInit(
        &operand);
  }

  llvm::LogicalResult
  bufferize(mlir::Operation *op, mlir::RewriterBase &rewriter,
            const mlir::bufferization::BufferizationOptions &options,
            mlir::bufferization::BufferizationState &state) const {
    auto destination = llvm::cast<mlir::DestinationStyleOpInterface>(op);
    if (destination.hasPureBufferSemantics())
      return llvm::success();
    llvm::SmallVector<mlir::Value> buffers;
    for (mlir::Value operand : op->getOperands()) {
      mlir::FailureOr<mlir::Value> buffer =
          mlir::bufferization::getBuffer(rewriter, operand, options, state);
      if (llvm::failed(buffer))
        return llvm::failure();
      buffers.push_back(*buffer);
    }
    mlir::OperationState newOp(op->getLoc(), op->getName(), buffers,
                               mlir::TypeRange(), op->getAttrs());
    newOp.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.setInsertionPoint(op);
    rewriter.create(newOp);
    llvm::SmallVector<mlir::Value> replacements;
    for (mlir::OpResult result : op->getResults())
      replacements.push_back(
          buffers[destination.getTiedOpOperand(result)->getOperandNumber()]);
    mlir::bufferization::replaceOpWithBufferizedValues(rewriter, op,
                                                       replacements);
    return llvm::success();
  }
};

} // namespace hdp

#endif // HDP_DIALECT_HDP_TRANSFORMS_OVERWRITINGOPMODEL_H
