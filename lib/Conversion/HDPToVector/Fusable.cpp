//===- Fusable.cpp - which attentions there are kernels for ---------------===//

#include "hdp/Conversion/HDPToVector.h"
#include "hdp/Numerics/Mask.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace hdp;

static bool isLastKept(std::optional<ArrayRef<int64_t>> perm) {
  return !perm || perm->back() == static_cast<int64_t>(perm->size()) - 1;
}

/// Whether scores with the offsets of K's bytes stay below 2^30, and Q's codes
/// in the bytes that they are cut into.
static bool scoresFit(const numerics::Policy &policy, int64_t d, bool hasBias) {
  int64_t width = policy.format.width(), F = policy.format.fractionBits;
  int64_t perScore = int64_t(1) << (2 * width - 2);
  if (policy.products == numerics::Products::Cross) {
    if (width == 16 && policy.split == numerics::Split::Floor)
      return false;
    int64_t P = int64_t(1) << (policy.format.integerBits - 1);
    perScore = P * ((P << F) + (2 << F));
  }
  int64_t limit = (int64_t(1) << 30) - (hasBias ? numerics::biasLimit : 0);
  return d <= limit / (2 * perScore);
}

/// Whether the theta of a group's blocks, with the offsets of pooled codes, sum
/// up in 32 bits.
static bool sumsFit(const numerics::Policy &policy, int64_t d, bool hasBias) {
  if (policy.pruned != numerics::Pruned::Compensated)
    return true;
  int64_t blocks = policy.group ? policy.group : 16384;
  int64_t perScore = d << (2 * policy.format.integerBits - 1);
  if (hasBias)
    perScore += numerics::biasLimit >> policy.scoreFractionBits();
  return blocks * 4 <= (int64_t(1) << 31) / perScore;
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
  if (policy.blockRows != 2 || policy.blockCols != 2)
    return "blocks are not 2x2";
  if (policy.selection != numerics::Selection::Rho)
    return "blocks are selected by count";
  if (policy.group % 16 != 0)
    return "groups are not multiples of 16 block columns";
  if (!scoresFit(policy, d, static_cast<bool>(op.getBias())))
    return "scores need more than 30 bits";
  if (!sumsFit(policy, d, static_cast<bool>(op.getBias())))
    return "sums of importance need more than 32 bits";
  return "";
}
