//===- Product.cpp - a matrix product and what goes with it ---------------===//

#include "Product.h"
#include "Contraction.h"
#include "LinalgToVector.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace hdp;

/// The op writes one value everywhere and reads nothing.
static bool isFill(linalg::LinalgOp op) {
  if (!op || op.getNumDpsInputs() != 0 || op.getNumDpsInits() != 1 ||
      !isa<linalg::GenericOp>(op.getOperation()) ||
      !llvm::hasSingleElement(*op.getBlock()))
    return false;
  Value value = op.getBlock()->getTerminator()->getOperand(0);
  return value.getParentBlock() != op.getBlock();
}

/// The next op behind `op`, or in front of it, that does anything to memory but
/// ask for more.
static linalg::LinalgOp getNeighbour(Operation *op, bool behind) {
  do {
    op = behind ? op->getNextNode() : op->getPrevNode();
  } while (op && (isa<memref::AllocOp>(op) || isMemoryEffectFree(op)));
  return dyn_cast_if_present<linalg::LinalgOp>(op);
}

/// A loop of one iteration would be dropped from some of the ops only.
static bool hasUnitLoop(linalg::LinalgOp op) {
  return llvm::is_contained(op.getStaticLoopRanges(), 1);
}

static bool isContiguous(Value buffer) {
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && type.getRank() > 0 &&
         succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

std::optional<Product>
hdp::matchProduct(linalg::LinalgOp op,
                  function_ref<bool(Value, Value)> areDisjoint) {
  std::optional<Contraction> c = matchContraction(op);
  if (!c)
    return std::nullopt;
  Product product{op, {}, {}};
  Value out = c->out->get();
  // Sums over several loops visit memory between them; one without a term never
  // does.
  int64_t terms = op.getStaticLoopRanges()[c->mainK];
  if (c->k.size() != 1 || ShapedType::isDynamic(terms) || terms == 0 ||
      hasUnitLoop(op) || !isContiguous(out))
    return product;

  linalg::LinalgOp before = getNeighbour(op, /*behind=*/false);
  if (isFill(before) && before.getDpsInits()[0] == out)
    product.fill = before;

  linalg::LinalgOp after = getNeighbour(op, /*behind=*/true);
  if (!after || !canFollowProduct(after, out) || hasUnitLoop(after))
    return product;
  // Every tile is written while others still read the factors.
  Value result = after.getDpsInits()[0];
  if (!areDisjoint(result, c->lhs->get()) ||
      !areDisjoint(result, c->rhs->get()))
    return product;
  bool isSeen = llvm::any_of(out.getUsers(), [&](Operation *user) {
    return user != op && user != product.fill.getOperation() && user != after &&
           !isa<memref::DeallocOp>(user);
  });
  if (result == out || (out.getDefiningOp<memref::AllocOp>() && !isSeen))
    product.epilogue = after;
  return product;
}

std::optional<Product> hdp::getProduct(func::FuncOp kernel) {
  if (!kernel->hasAttr(kProductAttr))
    return std::nullopt;
  Product product;
  for (auto op : kernel.getOps<linalg::LinalgOp>()) {
    if (matchContraction(op))
      product.contraction = op;
    else if (!product.contraction)
      product.fill = op;
    else
      product.epilogue = op;
  }
  return product;
}
