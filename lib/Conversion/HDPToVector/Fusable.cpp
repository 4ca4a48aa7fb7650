//===- Fusable.cpp - which attentions there are kernels for ---------------===//

#include "ScorePlanes.h"
#include "hdp/Conversion/HDPToVector.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace hdp;

static bool isLastKept(std::optional<ArrayRef<int64_t>> perm) {
  return !perm || perm->back() == static_cast<int64_t>(perm->size()) - 1;
}

llvm::StringRef hdp::getUnfusableReason(AttentionOp op) {
  if (!op.getPolicy())
    return "attention is exact";
  numerics::Policy policy = op.getPolicy()->getValue();
  int64_t d = op.getQueryShape().back(), dv = op.getValueShape().back();
  if (ShapedType::isDynamic(d) || ShapedType::isDynamic(dv))
    return "a head dimension is dynamic";
  if (!isLastKept(op.getQueryPerm()) || !isLastKept(op.getKeyPerm()) ||
      !isLastKept(op.getValuePerm()) || !isLastKept(op.getResultPerm()))
    return "rows are not contiguous";
  for (Type type : {op.getQuery().getType(), op.getKey().getType(),
                    op.getValue().getType(), op.getInit().getType()}) {
    Type element = getElementTypeOrSelf(type);
    if (!element.isF32() && !element.isF16() && !element.isBF16())
      return "elements are neither f32, f16 nor bf16";
  }
  auto isPower = [](int64_t size) { return (size & (size - 1)) == 0; };
  if (!isPower(policy.blockRows) || !isPower(policy.blockCols))
    return "sides of blocks are not powers of two";
  if (policy.pruned == numerics::Pruned::Compensated) {
    if (policy.blockRows % 2)
      return "blocks of one row share weights";
    if (policy.group * policy.blockCols % 2)
      return "groups have an odd number of keys";
  }
  if (!scoresFit(policy, d, static_cast<bool>(op.getBias())))
    return "scores need more than 30 bits";
  return "";
}
