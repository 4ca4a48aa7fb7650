//===- VectorAccess.cpp - how an op reads and writes along a loop ---------===//
//
// Whether an op on buffers can be done for several elements at once: its
// element types, its body, and where its operands lie.
//
//===----------------------------------------------------------------------===//

#include "VectorAccess.h"
#include "LinalgToVector.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace hdp;

bool hdp::is16BitFloat(Type type) { return type.isF16() || type.isBF16(); }

/// Types whose vectors lie in memory as their elements do.
static bool isElement(Type type) {
  return is16BitFloat(type) || type.isF32() || type.isF64() ||
         type.isInteger(8) || type.isInteger(16) || type.isInteger(32) ||
         type.isInteger(64);
}

bool hdp::isBodySupported(linalg::LinalgOp op) {
  if (op->getNumRegions() != 1 || op->getRegion(0).empty() ||
      op.getNumLoops() == 0 || op.getNumDpsInits() == 0)
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isElement(getElementTypeOrSelf(operand.get().getType())))
      return false;
    if (auto type = dyn_cast<ShapedType>(operand.get().getType()))
      if (!isa<MemRefType>(type))
        return false;
  }
  for (Operation &inside : op.getBlock()->without_terminator()) {
    if (isa<linalg::IndexOp, arith::ConstantOp>(inside))
      continue;
    if (!OpTrait::hasElementwiseMappableTraits(&inside) ||
        inside.getNumRegions() != 0 || !isPure(&inside))
      return false;
    for (Type type : inside.getResultTypes())
      if (!isElement(type) && !type.isInteger(1) && !type.isIndex())
        return false;
  }
  return llvm::all_of(op.getIteratorTypesArray(), [](utils::IteratorType type) {
    return type == utils::IteratorType::parallel ||
           type == utils::IteratorType::reduction;
  });
}

Access hdp::getAccess(AffineMap map, unsigned dim) {
  if (!map.isFunctionOfDim(dim))
    return Access::Same;
  unsigned last = map.getNumResults() - 1;
  for (unsigned i = 0; i < last; ++i)
    if (map.getResult(i).isFunctionOfDim(dim))
      return Access::Far;
  // d, or d plus an expression without d (the window of a convolution).
  AffineExpr expr = map.getResult(last);
  AffineExpr self = getAffineDimExpr(dim, map.getContext());
  if (auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
      sum && sum.getKind() == AffineExprKind::Add) {
    if (sum.getLHS() == self && !sum.getRHS().isFunctionOfDim(dim))
      expr = sum.getLHS();
    else if (sum.getRHS() == self && !sum.getLHS().isFunctionOfDim(dim))
      expr = sum.getRHS();
  }
  return expr == self ? Access::Next : Access::Far;
}

Access hdp::getAccess(linalg::LinalgOp op, OpOperand *operand, unsigned dim) {
  if (!isa<MemRefType>(operand->get().getType()))
    return Access::Same;
  Access access = getAccess(op.getMatchingIndexingMap(operand), dim);
  if (access != Access::Next)
    return access;
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  auto type = cast<MemRefType>(operand->get().getType());
  if (failed(type.getStridesAndOffset(strides, offset)) || strides.back() != 1)
    return Access::Far;
  return Access::Next;
}

bool hdp::canFollowProduct(linalg::LinalgOp op, Value product) {
  if (op.getNumDpsInits() != 1 || op.getNumLoops() == 0 ||
      op.getNumLoops() != op.getNumParallelLoops() || !isBodySupported(op) ||
      !op.getRegionOutputArgs()[0].use_empty() ||
      !op.getBlock()->getOps<linalg::IndexOp>().empty())
    return false;
  unsigned last = op.getNumLoops() - 1;
  OpOperand *init = op.getDpsInitOperand(0);
  if (!op.getMatchingIndexingMap(init).isIdentity() ||
      getAccess(op, init, last) != Access::Next)
    return false;
  bool readsProduct = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (!map.isProjectedPermutation() ||
        getAccess(op, input, last) == Access::Far)
      return false;
    if (input->get() != product)
      continue;
    if (!map.isIdentity())
      return false;
    readsProduct = true;
  }
  return readsProduct;
}
