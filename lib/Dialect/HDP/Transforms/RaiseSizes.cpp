//===- RaiseSizes.cpp - what is known about sizes at run time -------------===//

#include "RaiseSizes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace hdp::raise;

/// How far a size is followed through definitions.
static constexpr unsigned kDepth = 64;

//===----------------------------------------------------------------------===//
// Products of sizes
//===----------------------------------------------------------------------===//

static Size times(const Size &a, const Size &b) {
  Size product;
  product.factor = a.factor * b.factor;
  product.symbols = a.symbols;
  product.symbols.append(b.symbols);
  llvm::sort(product.symbols);
  if (product.factor == 0)
    product.symbols.clear();
  return product;
}

/// a / b when b divides a whatever the symbols are.
static std::optional<Size> quotient(const Size &a, const Size &b) {
  if (b.factor == 0 || a.factor % b.factor != 0)
    return std::nullopt;
  Size result;
  result.factor = a.factor / b.factor;
  result.symbols = a.symbols;
  for (unsigned symbol : b.symbols) {
    auto *found = llvm::find(result.symbols, symbol);
    if (found == result.symbols.end())
      return std::nullopt;
    result.symbols.erase(found);
  }
  return result;
}

static Size constant(int64_t value) {
  Size size;
  size.factor = value;
  return size;
}

Size SizeFacts::symbol(Value value, int64_t dim) {
  auto [it, isNew] =
      symbols.try_emplace({value.getAsOpaquePointer(), dim}, symbols.size());
  if (dim >= 0)
    sizes.insert(it->second);
  Size size;
  size.symbols.push_back(it->second);
  return simplified(size);
}

Size SizeFacts::simplified(const Size &size) {
  Size result = constant(size.factor);
  for (unsigned symbol : size.symbols) {
    auto found = known.find(symbol);
    Size factor;
    if (found == known.end())
      factor.symbols.push_back(symbol);
    else
      factor = simplified(found->second);
    result = times(result, factor);
  }
  return result;
}

bool SizeFacts::isSize(const Size &size) const {
  return size.factor >= 0 && llvm::all_of(size.symbols, [&](unsigned symbol) {
           return sizes.contains(symbol);
         });
}

//===----------------------------------------------------------------------===//
// Integer code
//===----------------------------------------------------------------------===//

std::optional<bool> SizeFacts::truthOf(Value condition) {
  APInt value;
  if (matchPattern(condition, m_ConstantInt(&value)))
    return !value.isZero();
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return std::nullopt;
  MaybeSize left = valueOf(compare.getLhs()), right = valueOf(compare.getRhs());
  if (!left || !right)
    return std::nullopt;
  using Predicate = arith::CmpIPredicate;
  Predicate predicate = compare.getPredicate();
  if (*left == *right)
    switch (predicate) {
    case Predicate::eq:
    case Predicate::sle:
    case Predicate::sge:
    case Predicate::ule:
    case Predicate::uge:
      return true;
    default:
      return false;
    }
  // A size against a number that is not positive.
  if (!isSize(*left) || !right->symbols.empty() || right->factor > 0)
    return std::nullopt;
  bool negative = right->factor < 0;
  switch (predicate) {
  case Predicate::sge:
    return true;
  case Predicate::slt:
    return false;
  case Predicate::sgt:
  case Predicate::ne:
    return negative ? std::optional<bool>(true) : std::nullopt;
  case Predicate::sle:
  case Predicate::eq:
    return negative ? std::optional<bool>(false) : std::nullopt;
  default:
    return std::nullopt;
  }
}

SizeFacts::MaybeSize SizeFacts::computeValue(Value value) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number)))
    return constant(number.getSExtValue());
  Operation *def = value.getDefiningOp();
  if (!def)
    return symbol(value, -1);
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp>(def))
    return valueOf(def->getOperand(0));
  if (isa<arith::ExtUIOp>(def)) {
    if (std::optional<bool> truth = def->getOperand(0).getType().isInteger(1)
                                        ? truthOf(def->getOperand(0))
                                        : std::nullopt)
      return constant(*truth);
    return symbol(value, -1);
  }
  if (isa<arith::MulIOp, arith::DivSIOp, arith::DivUIOp, arith::AddIOp>(def)) {
    MaybeSize left = valueOf(def->getOperand(0));
    MaybeSize right = valueOf(def->getOperand(1));
    if (!left || !right)
      return symbol(value, -1);
    MaybeSize result;
    if (isa<arith::MulIOp>(def))
      result = times(*left, *right);
    else if (!isa<arith::AddIOp>(def))
      result = quotient(*left, *right);
    else if (left->symbols.empty() && right->symbols.empty())
      result = constant(left->factor + right->factor);
    else if (*right == constant(0))
      result = left;
    else if (*left == constant(0))
      result = right;
    return result ? result : symbol(value, -1);
  }
  if (auto select = dyn_cast<arith::SelectOp>(def)) {
    if (std::optional<bool> truth = truthOf(select.getCondition()))
      return valueOf(*truth ? select.getTrueValue() : select.getFalseValue());
    MaybeSize yes = valueOf(select.getTrueValue());
    MaybeSize no = valueOf(select.getFalseValue());
    if (yes && no && *yes == *no)
      return yes;
    return symbol(value, -1);
  }
  if (auto dim = dyn_cast<tensor::DimOp>(def))
    if (std::optional<int64_t> index = dim.getConstantIndex())
      if (isa<RankedTensorType>(dim.getSource().getType()))
        return sizeOf(dim.getSource(), *index);
  return symbol(value, -1);
}

SizeFacts::MaybeSize SizeFacts::valueOf(Value value) {
  auto found = values.find(value);
  if (found != values.end())
    return found->second ? MaybeSize(simplified(*found->second)) : std::nullopt;
  if (depth >= kDepth)
    return std::nullopt;
  ++depth;
  MaybeSize size = computeValue(value);
  --depth;
  values[value] = size;
  return size ? MaybeSize(simplified(*size)) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Sizes of tensors
//===----------------------------------------------------------------------===//

SizeFacts::MaybeSize SizeFacts::sizeOf(Value tensor, int64_t dim) {
  if (depth >= kDepth)
    return symbol(tensor, dim);
  ++depth;
  MaybeSize size = computeSize(tensor, dim);
  --depth;
  return size;
}

SizeFacts::MaybeSize SizeFacts::computeSize(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return constant(type.getDimSize(dim));
  Operation *def = tensor.getDefiningOp();
  if (!def)
    return symbol(tensor, dim);
  auto ofMixed = [&](OpFoldResult size) -> MaybeSize {
    if (std::optional<int64_t> number = getConstantIntValue(size))
      return constant(*number);
    return valueOf(cast<Value>(size));
  };
  if (auto op = dyn_cast<tensor::EmptyOp>(def))
    return ofMixed(op.getMixedSizes()[dim]);
  if (auto op = dyn_cast<tensor::CastOp>(def))
    if (isa<RankedTensorType>(op.getSource().getType()))
      return sizeOf(op.getSource(), dim);
  if (auto op = dyn_cast<tensor::ExpandShapeOp>(def))
    return ofMixed(op.getMixedOutputShape()[dim]);
  if (auto op = dyn_cast<tensor::CollapseShapeOp>(def)) {
    Size product = constant(1);
    for (int64_t part : op.getReassociationIndices()[dim]) {
      MaybeSize size = sizeOf(op.getSrc(), part);
      if (!size)
        return symbol(tensor, dim);
      product = times(product, *size);
    }
    return product;
  }
  if (auto op = dyn_cast<tensor::ReshapeOp>(def))
    if (auto shape = op.getShape().getDefiningOp<tensor::FromElementsOp>())
      return valueOf(shape.getElements()[dim]);
  if (auto op = dyn_cast<tensor::ExtractSliceOp>(def))
    if (op.getSourceType().getRank() == type.getRank())
      return ofMixed(op.getMixedSizes()[dim]);
  if (auto op = dyn_cast<DestinationStyleOpInterface>(def))
    return sizeOf(op.getTiedOpOperand(cast<OpResult>(tensor))->get(), dim);
  return symbol(tensor, dim);
}

void SizeFacts::learn(Operation *op) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  if (!function || function.isExternal() || !learned.insert(function).second)
    return;
  // The entry block: an assertion there holds for the whole of the function.
  for (auto assertion :
       function.getFunctionBody().front().getOps<cf::AssertOp>()) {
    auto compare = assertion.getArg().getDefiningOp<arith::CmpIOp>();
    if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq)
      continue;
    MaybeSize left = valueOf(compare.getLhs());
    MaybeSize right = valueOf(compare.getRhs());
    if (!left || !right)
      continue;
    // Cancel what both have; a single symbol left is the rest of the other.
    for (unsigned side : {0u, 1u}) {
      const Size &one = side ? *right : *left, &other = side ? *left : *right;
      bool done = false;
      for (unsigned symbol : one.symbols) {
        Size rest = one;
        rest.symbols.erase(llvm::find(rest.symbols, symbol));
        std::optional<Size> value = quotient(other, rest);
        if (!value || rest.factor == 0 ||
            llvm::is_contained(value->symbols, symbol))
          continue;
        known[symbol] = *value;
        done = true;
        break;
      }
      if (done)
        break;
    }
  }
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

/// Groups of `fine` whose products are `coarse`.
static std::optional<SmallVector<ReassociationIndices>>
joinedGroups(ArrayRef<Size> fine, ArrayRef<Size> coarse) {
  SmallVector<ReassociationIndices> groups(coarse.size());
  size_t next = 0;
  for (auto [dim, wanted] : llvm::enumerate(coarse)) {
    Size product = constant(1);
    while (groups[dim].empty() || !(product == wanted)) {
      if (next == fine.size())
        return std::nullopt;
      product = times(product, fine[next]);
      groups[dim].push_back(next++);
    }
  }
  for (; next < fine.size(); ++next) {
    if (groups.empty() || !(fine[next] == constant(1)))
      return std::nullopt;
    groups.back().push_back(next);
  }
  return groups;
}

std::optional<ReshapeGroups> SizeFacts::groupsOf(tensor::ReshapeOp op) {
  auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
  auto result = dyn_cast<RankedTensorType>(op.getResult().getType());
  if (!source || !result)
    return std::nullopt;
  learn(op);
  SmallVector<Size> from, to;
  for (int64_t dim = 0; dim < source.getRank(); ++dim)
    if (MaybeSize size = sizeOf(op.getSource(), dim))
      from.push_back(*size);
    else
      return std::nullopt;
  for (int64_t dim = 0; dim < result.getRank(); ++dim)
    if (MaybeSize size = sizeOf(op.getResult(), dim))
      to.push_back(*size);
    else
      return std::nullopt;
  bool collapses = from.size() >= to.size();
  auto groups = joinedGroups(collapses ? from : to, collapses ? to : from);
  if (!groups)
    return std::nullopt;
  return ReshapeGroups{collapses, *groups};
}

bool SizeFacts::isIdentitySelect(arith::SelectOp select,
                                 tensor::ExtractOp extract, unsigned dim) {
  auto loop = select.getFalseValue().getDefiningOp<linalg::IndexOp>();
  auto compare = select.getCondition().getDefiningOp<arith::CmpIOp>();
  auto op = extract->getParentOfType<linalg::LinalgOp>();
  if (!loop || !compare || !op || op->getNumResults() != 1 ||
      compare.getPredicate() != arith::CmpIPredicate::eq ||
      !isConstantIntValue(select.getTrueValue(), 0) ||
      !isConstantIntValue(compare.getRhs(), 1))
    return false;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!map.isIdentity())
    return false;
  learn(op);
  MaybeSize compared = valueOf(compare.getLhs());
  MaybeSize size = sizeOf(extract.getTensor(), dim);
  MaybeSize range = sizeOf(op.getDpsInits()[0], loop.getDim());
  return compared && size && range && *compared == *size && *range == *size;
}
