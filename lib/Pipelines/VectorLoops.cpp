//===- VectorLoops.cpp - elementwise work and reductions by vectors -------===//
//
// One loop of the op runs over vectors, the body is cloned on them. Along a
// parallel loop every result is computed as it was; along a reduction loop the
// lanes hold partial results, which are combined in a fixed order at the end.
//
//===----------------------------------------------------------------------===//

#include "VectorLoops.h"
#include "VectorAccess.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace hdp;

//===----------------------------------------------------------------------===//
// What can be done
//===----------------------------------------------------------------------===//

/// Each result is a known combination of one term with what was there.
bool LoopVectorizer::canCombine() {
  combiners.clear();
  Block *body = op.getBlock();
  for (auto [i, yielded] :
       llvm::enumerate(body->getTerminator()->getOperands())) {
    Value init = op.getRegionOutputArgs()[i];
    Operation *combiner = yielded.getDefiningOp();
    // In 16 bits another order of a sum is a visibly different sum.
    if (is16BitFloat(init.getType()))
      return false;
    if (!combiner || !init.hasOneUse() || !yielded.hasOneUse() ||
        *init.user_begin() != combiner ||
        !isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MinimumFOp,
             arith::MaxNumFOp, arith::MinNumFOp, arith::AddIOp, arith::MulIOp,
             arith::MaxSIOp, arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp,
             arith::AndIOp, arith::OrIOp, arith::XOrIOp>(combiner) ||
        !arith::getNeutralElement(combiner))
      return false;
    combiners.push_back(combiner);
  }
  return true;
}

bool LoopVectorizer::chooseLoop() {
  auto isLong = [&](unsigned dim) {
    return ShapedType::isDynamic(sizes[dim]) || sizes[dim] >= 4;
  };
  auto accesses = [&](ArrayRef<OpOperand *> operands, unsigned dim,
                      std::initializer_list<Access> allowed) {
    return llvm::all_of(operands, [&](OpOperand *operand) {
      return llvm::is_contained(allowed, getAccess(op, operand, dim));
    });
  };
  SmallVector<OpOperand *> inits, inputs = op.getDpsInputOperands();
  for (OpOperand &init : op.getDpsInitsMutable())
    inits.push_back(&init);
  // Products of 16-bit floats: LLVM makes as good code of the readable loops.
  bool hasReduction = llvm::is_contained(types, utils::IteratorType::reduction);
  bool hasHalves = llvm::any_of(op->getOperandTypes(), [](Type type) {
    return is16BitFloat(getElementTypeOrSelf(type));
  });
  for (unsigned dim = 0; dim < types.size(); ++dim) {
    if (!isLong(dim) || !accesses(inputs, dim, {Access::Same, Access::Next}))
      continue;
    bool isParallel = types[dim] == utils::IteratorType::parallel;
    if (isParallel && hasReduction && hasHalves)
      continue;
    if (!accesses(inits, dim, {isParallel ? Access::Next : Access::Same}) ||
        (!isParallel && !canCombine()))
      continue;
    inner = dim;
    if (isParallel)
      combiners.clear();
    return true;
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Value LoopVectorizer::getSize(unsigned dim) {
  if (!ShapedType::isDynamic(sizes[dim]))
    return e.index(sizes[dim]);
  for (OpOperand &operand : op->getOpOperands())
    for (auto [i, expr] :
         llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
      if (expr == getAffineDimExpr(dim, b.getContext()))
        return memref::DimOp::create(b, operand.get(), i);
  llvm_unreachable("a loop of a linalg op runs over an operand");
}

Values LoopVectorizer::getIndices(OpOperand *operand) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  SmallVector<OpFoldResult> operands(position.begin(), position.end());
  Values indices;
  for (AffineExpr expr : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      indices.push_back(position[dim.getPosition()]);
      continue;
    }
    AffineMap single = AffineMap::get(map.getNumDims(), 0, expr);
    indices.push_back(
        getValueOrCreateConstantIndexOp(b, b.getLoc(),
                                        affine::makeComposedFoldedAffineApply(
                                            b, b.getLoc(), single, operands)));
  }
  return indices;
}

/// `lanes` elements from the current position on.
Value LoopVectorizer::read(OpOperand *operand, int64_t lanes, Value mask) {
  Value value = operand->get();
  if (!isa<MemRefType>(value.getType()))
    return e.splat(value, lanes);
  if (value == knownBuffer)
    return knownVector;
  if (getAccess(op, operand, inner) == Access::Next)
    return e.load(value, getIndices(operand), lanes, mask);
  return e.splat(
      memref::LoadOp::create(b, value, getIndices(operand)).getResult(), lanes);
}

//===----------------------------------------------------------------------===//
// The body
//===----------------------------------------------------------------------===//

/// The body's results for `lanes` iterations; with combiners, its terms only.
Values LoopVectorizer::compute(int64_t lanes, Value mask, ValueRange inits) {
  Block *body = op.getBlock();
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Value argument = op.getMatchingBlockArgument(input);
    if (!argument.use_empty())
      mapping.map(argument, read(input, lanes, mask));
  }
  for (auto [argument, init] : llvm::zip(op.getRegionOutputArgs(), inits))
    mapping.map(argument, init);

  auto lookup = [&](Value value) -> Value {
    if (Value mapped = mapping.lookupOrNull(value))
      return mapped;
    // Defined outside: the same in every lane.
    return e.splat(value, lanes);
  };
  auto toVector = [&](Type type) { return VectorType::get({lanes}, type); };
  for (Operation &inside : body->without_terminator()) {
    if (llvm::is_contained(combiners, &inside))
      continue;
    if (auto index = dyn_cast<linalg::IndexOp>(inside)) {
      Value vector = e.splat(position[index.getDim()], lanes);
      if (index.getDim() == inner)
        vector = arith::AddIOp::create(
            b, vector,
            vector::StepOp::create(b, cast<VectorType>(vector.getType())));
      mapping.map(index.getResult(), vector);
      continue;
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(inside)) {
      auto type = toVector(constant.getType());
      mapping.map(constant.getResult(),
                  arith::ConstantOp::create(
                      b, DenseElementsAttr::get(type, constant.getValue()))
                      .getResult());
      continue;
    }
    bool isMath = isa_and_nonnull<math::MathDialect>(inside.getDialect());
    // Functions of 16-bit floats are those of f32, rounded. (A fused
    // multiply-add would be rounded twice.)
    bool isWidened = isMath && !isa<math::FmaOp>(inside) &&
                     llvm::all_of(inside.getOperandTypes(), is16BitFloat) &&
                     llvm::all_of(inside.getResultTypes(), is16BitFloat);
    OperationState state(inside.getLoc(), inside.getName());
    auto f32 = VectorType::get({lanes}, b.getF32Type());
    for (Value operand : inside.getOperands()) {
      Value vector = lookup(operand);
      state.addOperands(isWidened
                            ? arith::ExtFOp::create(b, f32, vector).getResult()
                            : vector);
    }
    for (Type type : inside.getResultTypes())
      state.addTypes(isWidened ? f32 : toVector(type));
    state.addAttributes(inside.getAttrs());
    Operation *vectorized = b.create(state);
    if (isMath)
      math.push_back(vectorized);
    for (auto [from, to] :
         llvm::zip(inside.getResults(), vectorized->getResults()))
      mapping.map(from, isWidened ? arith::TruncFOp::create(
                                        b, toVector(from.getType()), to)
                                        .getResult()
                                  : Value(to));
  }

  Values results;
  for (auto [i, yielded] :
       llvm::enumerate(body->getTerminator()->getOperands())) {
    if (combiners.empty()) {
      results.push_back(lookup(yielded));
      continue;
    }
    Value init = op.getRegionOutputArgs()[i];
    Value left = combiners[i]->getOperand(0),
          right = combiners[i]->getOperand(1);
    results.push_back(lookup(left == init ? right : left));
  }
  return results;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void LoopVectorizer::nest(ArrayRef<unsigned> dims, function_ref<void()> body) {
  if (dims.empty())
    return body();
  e.loop(e.index(0), getSize(dims.front()), 1, [&](Value iv) {
    position[dims.front()] = iv;
    nest(dims.drop_front(), body);
  });
}

/// The parallel loops around the one over vectors, the first of them shared
/// between threads; a lone vector loop is the first thread's.
void LoopVectorizer::nestShared(function_ref<void()> body) {
  if (!e.part)
    return nest(parallel, body);
  if (parallel.empty()) {
    auto [begin, end] = e.getShare(e.index(1));
    return e.loop(begin, end, 1, [&](Value) { body(); });
  }
  auto [begin, end] = e.getShare(getSize(parallel.front()));
  e.loop(begin, end, 1, [&](Value iv) {
    position[parallel.front()] = iv;
    nest(ArrayRef(parallel).drop_front(), body);
  });
}

/// The results after the reduction loops `dims`, a vector along a parallel
/// loop.
Values LoopVectorizer::reduce(ArrayRef<unsigned> dims, int64_t lanes,
                              Value mask, Values inits) {
  if (dims.empty())
    return compute(lanes, mask, inits);
  return e.carry(e.index(0), getSize(dims.front()), 1, inits,
                 [&](Value iv, Values soFar) {
                   position[dims.front()] = iv;
                   return reduce(dims.drop_front(), lanes, mask, soFar);
                 });
}

void LoopVectorizer::emitParallel(int64_t lanes, Value mask) {
  Values inits;
  for (auto [argument, init] :
       llvm::zip(op.getRegionOutputArgs(), op.getDpsInitsMutable())) {
    if (argument.use_empty() && reductions.empty()) {
      auto type = VectorType::get({lanes}, argument.getType());
      inits.push_back(arith::ConstantOp::create(b, b.getZeroAttr(type)));
    } else {
      inits.push_back(read(&init, lanes, mask));
    }
  }
  Values results = reduce(reductions, lanes, mask, inits);
  for (auto [result, init] : llvm::zip(results, op.getDpsInitsMutable()))
    e.store(result, init.get(), getIndices(&init), mask);
}

void LoopVectorizer::emitAlongParallel() {
  Value size = getSize(inner);
  int64_t width = lanes * unroll;
  nestShared([&] {
    Value whole = e.floorTo(size, width);
    e.loop(e.index(0), whole, width, [&](Value iv) {
      position[inner] = iv;
      emitParallel(width, Value());
    });
    e.loop(whole, size, lanes, [&](Value iv) {
      position[inner] = iv;
      emitParallel(lanes, e.maskAt(lanes, iv, size));
    });
  });
}

Value LoopVectorizer::combine(unsigned init, Value x, Value y) {
  OperationState state(b.getLoc(), combiners[init]->getName());
  state.addOperands({x, y});
  state.addTypes(x.getType());
  state.addAttributes(combiners[init]->getAttrs());
  return b.create(state)->getResult(0);
}

/// What changes nothing when combined with any term.
Value LoopVectorizer::getNeutral(unsigned init, int64_t lanes) {
  Type element = combiners[init]->getResult(0).getType();
  std::optional<TypedAttr> neutral = arith::getNeutralElement(combiners[init]);
  auto type = VectorType::get({lanes}, element);
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, *neutral));
}

/// Partial results in two sets of lanes, those of whole passes and those of the
/// rest; then what was there, combined with both.
void LoopVectorizer::emitAlongReduction() {
  Value size = getSize(inner);
  int64_t width = lanes * unroll;
  unsigned count = op.getNumDpsInits();
  nestShared([&] {
    Value whole = e.floorTo(size, width);
    Values partial, rest;
    for (unsigned i = 0; i < count; ++i) {
      partial.push_back(getNeutral(i, width));
      rest.push_back(getNeutral(i, lanes));
    }
    auto accumulate = [&](int64_t step, Value low, Value high, bool isRest,
                          Values soFar) {
      return e.carry(low, high, step, soFar, [&](Value iv, Values acc) {
        position[inner] = iv;
        Value mask = isRest ? e.maskAt(step, iv, high) : Value();
        Values terms = compute(step, mask, {});
        for (unsigned i = 0; i < count; ++i) {
          if (mask)
            terms[i] =
                arith::SelectOp::create(b, mask, terms[i], getNeutral(i, step));
          acc[i] = combine(i, acc[i], terms[i]);
        }
        return acc;
      });
    };
    auto overOthers = [&](auto &&self, ArrayRef<unsigned> dims,
                          Values soFar) -> Values {
      if (dims.empty()) {
        Values first(ArrayRef<Value>(soFar).take_front(count));
        Values second(ArrayRef<Value>(soFar).drop_front(count));
        first = accumulate(width, e.index(0), whole, false, first);
        llvm::append_range(first, accumulate(lanes, whole, size, true, second));
        return first;
      }
      return e.carry(e.index(0), getSize(dims.front()), 1, soFar,
                     [&](Value iv, Values acc) {
                       position[dims.front()] = iv;
                       return self(self, dims.drop_front(), acc);
                     });
    };
    Values soFar = partial;
    llvm::append_range(soFar, rest);
    soFar = overOthers(overOthers, reductions, soFar);
    for (auto [i, init] : llvm::enumerate(op.getDpsInitsMutable())) {
      auto both = [&, i = i](Value x, Value y) { return combine(i, x, y); };
      Value result = memref::LoadOp::create(b, init.get(), getIndices(&init));
      for (Value vector : {soFar[i], soFar[count + i]})
        result = combine(i, result, e.combineLanes(vector, both));
      memref::StoreOp::create(b, result, init.get(), getIndices(&init));
    }
  });
}

bool LoopVectorizer::run() {
  if (!isBodySupported(op) || !chooseLoop())
    return false;
  lanes = e.target.getLanes(32);
  bool isShort = !ShapedType::isDynamic(sizes[inner]) && sizes[inner] < lanes;
  if (isShort)
    lanes = llvm::PowerOf2Ceil(sizes[inner]);
  for (unsigned dim = 0; dim < types.size(); ++dim)
    if (dim != inner)
      (types[dim] == utils::IteratorType::parallel ? parallel : reductions)
          .push_back(dim);
  if (types[inner] == utils::IteratorType::reduction) {
    bool isLong =
        ShapedType::isDynamic(sizes[inner]) || sizes[inner] >= 4 * lanes;
    unroll = isLong ? 4 : 1;
    emitAlongReduction();
  } else {
    emitAlongParallel();
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Behind a product
//===----------------------------------------------------------------------===//

void LoopVectorizer::follow(Value product, Value input, Values place,
                            Value mask) {
  inner = op.getNumLoops() - 1;
  position = std::move(place);
  knownBuffer = product;
  knownVector = input;
  int64_t count = cast<VectorType>(input.getType()).getNumElements();
  OpOperand *init = op.getDpsInitOperand(0);
  auto type =
      VectorType::get({count}, getElementTypeOrSelf(init->get().getType()));
  Value unused = arith::ConstantOp::create(b, b.getZeroAttr(type));
  Values results = compute(count, mask, unused);
  e.store(results[0], init->get(), getIndices(init), mask);
}

bool hdp::vectorizeLoops(VectorEmitter &e, linalg::LinalgOp op,
                         SmallVectorImpl<Operation *> &math) {
  return LoopVectorizer(e, op, math).run();
}
