//===- BufferizableOpInterfaceImpl.cpp - from tensors to memrefs ----------===//
//
// One model serves every op of the dialect.
//
//===----------------------------------------------------------------------===//

#include "hdp/Dialect/HDP/Transforms/OverwritingOpModel.h"
#include "hdp/Dialect/HDP/Transforms/Passes.h"

using namespace mlir;
using namespace hdp;

namespace {

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
