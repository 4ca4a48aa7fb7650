//===- Contraction.cpp - sums of products in any layout -------------------===//

#include "Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace hdp;

/// The argument of the body that is a factor, widened or not, less a zero point
/// or not; counts the operations between them.
static Value getFactor(Value factor, unsigned &numOps) {
  if (auto shifted = factor.getDefiningOp<arith::SubIOp>()) {
    if (shifted.getRhs().getParentBlock() == shifted->getBlock())
      return Value();
    factor = shifted.getLhs();
    ++numOps;
  }
  Operation *wide = factor.getDefiningOp();
  if (!isa_and_present<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(wide))
    return factor;
  ++numOps;
  return wide->getOperand(0);
}

/// The body is out + lhs * rhs, in any order of the operands.
static bool isMultiplyAdd(Block &body) {
  if (body.getNumArguments() != 3)
    return false;
  Value out = body.getArgument(2);
  Operation *sum = body.getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_present<arith::AddFOp, arith::AddIOp>(sum) ||
      !llvm::is_contained(sum->getOperands(), out))
    return false;
  Value other = sum->getOperand(sum->getOperand(0) == out ? 1 : 0);
  Operation *product = other.getDefiningOp();
  if (!isa_and_present<arith::MulFOp, arith::MulIOp>(product))
    return false;
  unsigned numOps = 0;
  Value x = getFactor(product->getOperand(0), numOps),
        y = getFactor(product->getOperand(1), numOps);
  if (!llvm::hasNItems(body, 3 + numOps))
    return false;
  Value a = body.getArgument(0), b = body.getArgument(1);
  return (x == a && y == b) || (x == b && y == a);
}

/// The loop of `dims` with the most iterations; an unknown number is many.
static unsigned getLongest(ArrayRef<unsigned> dims, ArrayRef<int64_t> sizes) {
  auto length = [&](unsigned dim) {
    return ShapedType::isDynamic(sizes[dim])
               ? std::numeric_limits<int64_t>::max()
               : sizes[dim];
  };
  return *llvm::max_element(
      dims, [&](unsigned x, unsigned y) { return length(x) < length(y); });
}

bool hdp::isSumOfProducts(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op->getNumRegions() != 1 || op->getRegion(0).empty() ||
      !isMultiplyAdd(*op.getBlock()))
    return false;
  auto getElement = [](Value value) -> Type {
    auto type = dyn_cast<ShapedType>(value.getType());
    return type ? type.getElementType() : Type();
  };
  Type sum = getElement(op.getDpsInits()[0]);
  if (!sum || !(sum.isF32() || sum.isF64() || sum.isInteger(32)))
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    Type element = getElement(operand);
    if (!element || element == sum)
      return element == sum;
    if (sum.isInteger(32))
      return element.isInteger(8) || element.isInteger(16);
    return (element.isF16() || element.isBF16()) && sum.isF32();
  });
}

std::optional<Contraction> hdp::matchContraction(linalg::LinalgOp op) {
  if (!isSumOfProducts(op) ||
      !llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isProjectedPermutation(); }))
    return std::nullopt;

  Contraction c;
  c.lhs = op.getDpsInputOperand(0);
  c.rhs = op.getDpsInputOperand(1);
  c.out = op.getDpsInitOperand(0);
  AffineMap lhs = op.getMatchingIndexingMap(c.lhs);
  AffineMap rhs = op.getMatchingIndexingMap(c.rhs);
  AffineMap out = op.getMatchingIndexingMap(c.out);
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim) {
    bool inLhs = lhs.isFunctionOfDim(dim), inRhs = rhs.isFunctionOfDim(dim);
    if (inLhs && inRhs)
      (out.isFunctionOfDim(dim) ? c.batch : c.k).push_back(dim);
    else if (!out.isFunctionOfDim(dim) || inLhs == inRhs)
      return std::nullopt;
    else
      (inLhs ? c.m : c.n).push_back(dim);
  }
  if (c.k.empty() || out.getNumResults() == 0)
    return std::nullopt;

  unsigned last = out.getDimPosition(out.getNumResults() - 1);
  if (llvm::is_contained(c.m, last)) {
    std::swap(c.lhs, c.rhs);
    std::swap(c.m, c.n);
  } else if (!llvm::is_contained(c.n, last)) {
    return std::nullopt;
  }
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  c.mainN = last;
  c.mainK = getLongest(c.k, sizes);
  if (!c.m.empty())
    c.mainM = getLongest(c.m, sizes);
  return c;
}
