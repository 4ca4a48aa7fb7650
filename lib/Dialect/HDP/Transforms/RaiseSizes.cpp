//===- RaiseSizes.cpp - what is known about sizes at run time -------------===//

#include "RaiseSizes.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;
using namespace hdp::raise;

std::optional<ReshapeGroups> SizeFacts::groupsOf(tensor::ReshapeOp op) {
  auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
  auto result = dyn_cast<RankedTensorType>(op.getResult().getType());
  if (!source || !result || !source.hasStaticShape() ||
      !result.hasStaticShape())
    return std::nullopt;
  bool collapses = source.getRank() >= result.getRank();
  auto groups = getReassociationIndicesForReshape(collapses ? source : result,
                                                  collapses ? result : source);
  if (!groups)
    return std::nullopt;
  return ReshapeGroups{collapses, *groups};
}

bool SizeFacts::isIdentitySelect(arith::SelectOp, tensor::ExtractOp, unsigned) {
  return false;
}
