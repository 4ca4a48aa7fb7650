//===- RaiseArrange.cpp - operands brought to the canonical dimensions ----===//

#include "RaiseLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hdp::raise;

static Digits flatten(ArrayRef<Digits> dims) {
  Digits flat;
  for (const Digits &dim : dims)
    flat.append(dim.begin(), dim.end());
  return flat;
}

bool Arranger::fits(Node *load, ArrayRef<Digits> dims) const {
  Digits wanted = flatten(dims), seen;
  for (const Digit &digit : flatten(piecesOf(cuts, load->access))) {
    if (!llvm::is_contained(wanted, digit) || llvm::is_contained(seen, digit))
      return false;
    seen.push_back(digit);
  }
  // The tensor must not have more than what is addressed.
  auto type = cast<RankedTensorType>(load->value.getType());
  for (auto [size, index] : llvm::zip_equal(type.getShape(), load->access)) {
    int64_t extent = extentOf(index);
    if (ShapedType::isDynamic(size)
            ? index.empty()
            : !ShapedType::isDynamic(extent) && extent != size)
      return false;
  }
  return true;
}

void Arranger::noteSizes(Node *load) {
  SmallVector<Digits> dims = piecesOf(cuts, load->access);
  for (auto [dim, digits] : llvm::enumerate(dims)) {
    int64_t divisor = 1;
    const Digit *dynamic = nullptr;
    unsigned numDynamic = 0;
    for (const Digit &digit : digits) {
      if (ShapedType::isDynamic(digit.ext)) {
        dynamic = &digit;
        ++numDynamic;
      } else {
        divisor *= digit.ext;
      }
    }
    if (numDynamic == 1)
      sources.try_emplace({dynamic->atom, dynamic->div},
                          SizeSource{load->value, int64_t(dim), divisor});
  }
}

bool Arranger::knowsSizes(ArrayRef<Digits> dims) const {
  return llvm::all_of(flatten(dims), [&](const Digit &digit) {
    return !ShapedType::isDynamic(digit.ext) ||
           sources.count({digit.atom, digit.div});
  });
}

OpFoldResult Arranger::sizeOf(const Digit &digit) {
  if (!ShapedType::isDynamic(digit.ext))
    return b.getIndexAttr(digit.ext);
  const SizeSource &source = sources.at({digit.atom, digit.div});
  Value size = tensor::DimOp::create(b, loc, source.value, source.dim);
  if (source.divisor == 1)
    return size;
  Value divisor = arith::ConstantIndexOp::create(b, loc, source.divisor);
  return arith::DivUIOp::create(b, loc, size, divisor).getResult();
}

OpFoldResult Arranger::sizeOf(const Digits &digits) {
  int64_t product = 1;
  Value dynamic;
  for (const Digit &digit : digits) {
    OpFoldResult size = sizeOf(digit);
    if (std::optional<int64_t> constant = getConstantIntValue(size)) {
      product *= *constant;
      continue;
    }
    Value value = cast<Value>(size);
    dynamic = dynamic ? arith::MulIOp::create(b, loc, dynamic, value) : value;
  }
  if (!dynamic)
    return b.getIndexAttr(product);
  if (product == 1)
    return dynamic;
  Value factor = arith::ConstantIndexOp::create(b, loc, product);
  return arith::MulIOp::create(b, loc, dynamic, factor).getResult();
}

Value Arranger::empty(ArrayRef<Digits> dims, Type elementType) {
  SmallVector<OpFoldResult> sizes;
  for (const Digits &digits : dims)
    sizes.push_back(sizeOf(digits));
  return tensor::EmptyOp::create(b, loc, sizes, elementType);
}

static int64_t staticSize(const Digits &digits) {
  return extentOf(Index(digits.begin(), digits.end()));
}

/// Groups of `fine` dimensions that make up the `coarse` ones. Empty (unit)
/// dimensions of `fine` join a neighbour; nothing when `coarse` has more of
/// them than `fine`.
static std::optional<SmallVector<ReassociationIndices>>
groupsOf(ArrayRef<Digits> fine, ArrayRef<Digits> coarse) {
  SmallVector<ReassociationIndices> groups(coarse.size());
  size_t next = 0;
  for (auto [dim, digits] : llvm::enumerate(coarse)) {
    size_t taken = 0;
    if (digits.empty()) {
      if (next == fine.size() || !fine[next].empty())
        return std::nullopt;
      groups[dim].push_back(next++);
      continue;
    }
    while (taken < digits.size()) {
      if (next == fine.size() || taken + fine[next].size() > digits.size())
        return std::nullopt;
      for (const Digit &digit : fine[next])
        if (digits[taken++] != digit)
          return std::nullopt;
      groups[dim].push_back(next++);
    }
  }
  // Trailing unit dimensions belong to the last group.
  for (; next < fine.size(); ++next) {
    if (!fine[next].empty() || groups.empty())
      return std::nullopt;
    groups.back().push_back(next);
  }
  return groups;
}

/// The type that the pieces give: a size may be static here and dynamic in the
/// tensor, or the other way round, when a cast was looked through.
Value Arranger::asSized(Value value, ArrayRef<Digits> dims) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape;
  for (const Digits &digits : dims)
    shape.push_back(staticSize(digits));
  if (type.getShape() == ArrayRef(shape))
    return value;
  return tensor::CastOp::create(b, loc, type.clone(shape), value);
}

/// Dimensions in the same order, pieces grouped differently: split to pieces,
/// then join.
Value Arranger::reshape(Value value, ArrayRef<Digits> from,
                        ArrayRef<Digits> to) {
  if (from == to)
    return value;
  SmallVector<Digits> fine;
  for (const Digit &digit : flatten(from))
    fine.push_back({digit});
  Type elementType = cast<RankedTensorType>(value.getType()).getElementType();
  auto typeOf = [&](ArrayRef<Digits> dims) {
    SmallVector<int64_t> shape;
    for (const Digits &digits : dims)
      shape.push_back(staticSize(digits));
    return RankedTensorType::get(shape, elementType);
  };
  auto expand = [&](ArrayRef<Digits> dims,
                    ArrayRef<ReassociationIndices> groups) {
    SmallVector<OpFoldResult> sizes;
    for (const Digits &digits : dims)
      sizes.push_back(sizeOf(digits));
    value = tensor::ExpandShapeOp::create(b, loc, typeOf(dims), value, groups,
                                          sizes);
  };
  // Directly, when one of the two is finer.
  if (auto groups = groupsOf(from, to)) {
    value = tensor::CollapseShapeOp::create(b, loc, typeOf(to), value, *groups);
    return value;
  }
  if (auto groups = groupsOf(to, from)) {
    expand(to, *groups);
    return value;
  }
  // Through the pieces without unit dimensions: units go first, then splits.
  SmallVector<Digits> solid;
  for (const Digits &digits : from)
    if (!digits.empty())
      solid.push_back(digits);
  if (solid.size() != from.size())
    value = tensor::CollapseShapeOp::create(b, loc, typeOf(solid), value,
                                            *groupsOf(from, solid));
  if (fine.size() != solid.size())
    expand(fine, *groupsOf(fine, solid));
  SmallVector<Digits> target;
  for (const Digits &digits : to)
    if (!digits.empty())
      target.push_back(digits);
  if (target.size() != fine.size())
    value = tensor::CollapseShapeOp::create(b, loc, typeOf(target), value,
                                            *groupsOf(fine, target));
  if (target.size() != to.size())
    expand(SmallVector<Digits>(to), *groupsOf(to, target));
  return value;
}

/// A copy in another order of pieces; pieces that are new are repeated.
Value Arranger::copy(Value value, ArrayRef<Digit> from, ArrayRef<Digit> to) {
  SmallVector<AffineExpr> exprs;
  for (const Digit &digit : from)
    exprs.push_back(b.getAffineDimExpr(llvm::find(to, digit) - to.begin()));
  SmallVector<Digits> dims;
  for (const Digit &digit : to)
    dims.push_back({digit});
  Type elementType = cast<RankedTensorType>(value.getType()).getElementType();
  Value init = empty(dims, elementType);
  SmallVector<AffineMap> maps{
      AffineMap::get(to.size(), 0, exprs, b.getContext()),
      b.getMultiDimIdentityMap(to.size())};
  SmallVector<utils::IteratorType> iterators(to.size(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, init.getType(), value, init, maps, iterators,
             [](OpBuilder &nested, Location where, ValueRange args) {
               linalg::YieldOp::create(nested, where, args[0]);
             })
      .getResult(0);
}

std::optional<SmallVector<int64_t>> Arranger::order(ArrayRef<Digits> operand,
                                                    ArrayRef<Digits> dims) {
  SmallVector<int64_t> sequence;
  Digits flat = flatten(operand);
  for (size_t next = 0; next < flat.size();) {
    auto found = llvm::find_if(dims, [&](const Digits &digits) {
      return !digits.empty() && digits.front() == flat[next];
    });
    if (found == dims.end() || flat.size() - next < found->size() ||
        !std::equal(found->begin(), found->end(), flat.begin() + next))
      return std::nullopt;
    sequence.push_back(found - dims.begin());
    next += found->size();
  }
  // Dimensions that the operand lacks stand before the next larger one.
  for (int64_t dim = 0, rank = dims.size(); dim < rank; ++dim) {
    if (llvm::is_contained(sequence, dim))
      continue;
    auto place =
        llvm::find_if(sequence, [&](int64_t other) { return other > dim; });
    sequence.insert(place, dim);
  }
  return sequence;
}

Value Arranger::arrange(Node *load, ArrayRef<Digits> dims,
                        const llvm::SmallBitVector &full,
                        SmallVectorImpl<int64_t> *perm) {
  SmallVector<Digits> operand = piecesOf(cuts, load->access);
  Digits have = flatten(operand);
  // What the dimensions look like for this operand: whole, or missing.
  SmallVector<Digits> target(dims);
  bool complete = true;
  for (auto [dim, digits] : llvm::enumerate(target)) {
    unsigned present = llvm::count_if(digits, [&](const Digit &digit) {
      return llvm::is_contained(have, digit);
    });
    if (present == 0 && !full.test(dim))
      digits.clear();
    else if (present != digits.size())
      complete = false;
  }
  Value base = asSized(load->value, operand);
  std::optional<SmallVector<int64_t>> sequence;
  if (complete)
    sequence = order(operand, target);
  if (sequence && (perm || llvm::is_sorted(*sequence))) {
    SmallVector<Digits> ordered;
    for (int64_t dim : *sequence)
      ordered.push_back(target[dim]);
    if (perm) {
      perm->resize(dims.size());
      for (auto [position, dim] : llvm::enumerate(*sequence))
        (*perm)[dim] = position;
    }
    return reshape(base, operand, ordered);
  }
  SmallVector<Digits> fine;
  for (const Digit &digit : have)
    fine.push_back({digit});
  Digits wanted = flatten(target);
  Value value = reshape(base, operand, fine);
  value = copy(value, have, wanted);
  SmallVector<Digits> ordered;
  for (const Digit &digit : wanted)
    ordered.push_back({digit});
  if (perm) {
    perm->clear();
    for (int64_t dim = 0, rank = dims.size(); dim < rank; ++dim)
      perm->push_back(dim);
  }
  return reshape(value, ordered, target);
}

Value Arranger::restore(Value value, ArrayRef<Digits> dims,
                        ArrayRef<Digits> result, RankedTensorType type) {
  Digits have = flatten(dims), wanted = flatten(result);
  if (have == wanted) {
    value = reshape(value, dims, result);
  } else {
    SmallVector<Digits> fine, ordered;
    for (const Digit &digit : have)
      fine.push_back({digit});
    for (const Digit &digit : wanted)
      ordered.push_back({digit});
    value = copy(reshape(value, dims, fine), have, wanted);
    value = reshape(value, ordered, result);
  }
  if (value.getType() != type)
    value = tensor::CastOp::create(b, loc, type, value);
  return value;
}
