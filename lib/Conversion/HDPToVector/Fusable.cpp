//===- Fusable.cpp - which attentions there are kernels for ---------------===//

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
  if (op.getBias() && policy.pruned == numerics::Pruned::Compensated &&
      (policy.group == 0 || policy.group > 128))
    return "sums of importance with a bias need more than 32 bits";
  if (policy.blockRows != 2 || policy.blockCols != 2)
    return "blocks are not 2x2";
  if (policy.selection != numerics::Selection::Rho)
    return "blocks are selected by count";
  if (policy.importance != numerics::Importance::Signed)
    return "importance is not signed";
  if (policy.products != numerics::Products::Full)
    return "products are not full";
  if (policy.tau8() > 0)
    return "heads are gated";
  if (policy.group % 16 != 0)
    return "groups are not multiples of 16 block columns";
  // Pooled codes fit a byte, and the theta of up to 16384 blocks with their
  // offsets sum up in 32 bits.
  if (policy.format.integerBits > 7 ||
      d << (2 * policy.format.integerBits + 1) > int64_t(1) << 17)
    return "sums of importance need more than 32 bits";
  return "";
}
