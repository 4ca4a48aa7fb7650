//===- BufferizableOpInterfaceImpl.cpp - from tensors to memrefs ----------===//
//
// One model serves every op: all are in destination style and overwrite their
// inits entirely, so the memref form is the same op without results.
//
//===----------------------------------------------------------------------===//

#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace hdp;

namespace {

template <typename Op>
struct OverwritingOpModel
    : DstBufferizableOpInterfaceExternalModel<OverwritingOpModel<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return cast<DestinationStyleOpInterface>(op).isDpsInput(&operand);
  }

  bool bufferizesToMemoryWrite(Operation *op, OpOperand &operand,
                               const AnalysisState &) const {
    return cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto destination = cast<DestinationStyleOpInterface>(op);
    if (destination.hasPureBufferSemantics())
      return success();
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState newOp(op->getLoc(), op->getName(), buffers, TypeRange(),
                         op->getAttrs());
    newOp.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.setInsertionPoint(op);
    rewriter.create(newOp);
    SmallVector<Value> replacements;
    for (OpResult result : op->getResults())
      replacements.push_back(
          buffers[destination.getTiedOpOperand(result)->getOperandNumber()]);
    replaceOpWithBufferizedValues(rewriter, op, replacements);
    return success();
  }
};

template <typename... Ops> void attachModels(MLIRContext *context) {
  (Ops::template attachInterface<OverwritingOpModel<Ops>>(*context), ...);
}

} // namespace

void hdp::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, HDPDialect *) {
    attachModels<AttentionOp, SplitOp, QuantizeOp, DequantizeOp, ValidityOp,
                 SplitMatmulOp, BlockImportanceOp, HeadGateOp, BlockMaskOp,
                 SoftmaxOp, ApplyOp>(context);
  });
}
