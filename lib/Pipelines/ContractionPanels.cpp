//===- ContractionPanels.cpp - what a matrix product reads ----------------===//
//
// Operands in any layout, in the type of the sums or in 16 bits, which are
// widened when they are read; copies of panels and rows of them, as numbers or
// as pairs of bf16; and lines of the next panel that are asked for early.
//
//===----------------------------------------------------------------------===//

#include "VectorContraction.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace hdp;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Value ContractionEmitter::getSize(unsigned dim) {
  int64_t size = getStatic(dim);
  if (!ShapedType::isDynamic(size))
    return e.index(size);
  for (OpOperand *operand : {c.out, c.lhs, c.rhs})
    for (auto [i, expr] : llvm::enumerate(getMap(operand).getResults()))
      if (expr == getAffineDimExpr(dim, b.getContext()))
        return memref::DimOp::create(b, operand->get(), i);
  llvm_unreachable("every loop of a contraction runs over an operand");
}

Value ContractionEmitter::getNumSteps() {
  return usesPairs ? e.index(getStatic(c.mainK) / 2) : getSize(c.mainK);
}

Value ContractionEmitter::toTerm(Value step) {
  return usesPairs ? b.createOrFold<arith::MulIOp>(step, e.index(2)) : step;
}

/// The distance in elements between neighbours along loop `dim`.
std::optional<int64_t> ContractionEmitter::getStride(OpOperand *operand,
                                                     unsigned dim) {
  auto type = cast<MemRefType>(operand->get().getType());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return std::nullopt;
  AffineMap map = getMap(operand);
  for (unsigned i = 0; i < map.getNumResults(); ++i)
    if (map.getDimPosition(i) == dim && !ShapedType::isDynamic(strides[i]))
      return strides[i];
  return std::nullopt;
}

/// Loop `dim` runs over the operand's last dimension, element by element.
bool ContractionEmitter::isContiguous(OpOperand *operand, unsigned dim) {
  AffineMap map = getMap(operand);
  return map.getNumResults() != 0 &&
         map.getDimPosition(map.getNumResults() - 1) == dim &&
         getStride(operand, dim) == 1;
}

/// The operand's indices at `position`.
Values ContractionEmitter::getIndices(OpOperand *operand) {
  AffineMap map = getMap(operand);
  Values indices;
  for (unsigned i = 0; i < map.getNumResults(); ++i)
    indices.push_back(position[map.getDimPosition(i)]);
  return indices;
}

/// An element of the operand or a vector of them as the factor that the body
/// makes of it, in `type`: widened, less a zero point.
Value ContractionEmitter::widen(OpOperand *operand, Value value, Type type) {
  auto vector = dyn_cast<VectorType>(value.getType());
  BlockArgument argument = op.getMatchingBlockArgument(operand);
  Operation *user = *argument.user_begin();
  if (isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(user)) {
    OperationState state(b.getLoc(), user->getName());
    state.addOperands(value);
    state.addTypes(vector ? Type(vector.clone(type)) : type);
    value = b.create(state)->getResult(0);
    user = *user->user_begin();
  }
  if (auto shifted = dyn_cast<arith::SubIOp>(user)) {
    Value zero = shifted.getRhs();
    if (zero.getType() != type)
      zero = arith::ConstantOp::create(
          b, b.getIntegerAttr(type, *getConstantIntValue(zero)));
    value = arith::SubIOp::create(
        b, value, vector ? e.splat(zero, vector.getNumElements()) : zero);
  }
  return value;
}

/// A vector of the operand's elements from `position` on.
Value ContractionEmitter::load(OpOperand *operand, Value mask) {
  return widen(operand,
               e.load(operand->get(), getIndices(operand), lanes, mask));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

Value ContractionEmitter::allocate(Value rows, int64_t columns) {
  Type element = usesPairs ? Type(b.getI32Type()) : sumType;
  std::optional<int64_t> known = getConstantIntValue(rows);
  auto type =
      MemRefType::get({known.value_or(ShapedType::kDynamic), columns}, element);
  return memref::AllocOp::create(b, type,
                                 known ? ValueRange() : ValueRange(rows),
                                 b.getI64IntegerAttr(64));
}

/// buffer[r][t] = lane r of the vector that `load` reads from column t and from
/// row r on, in squares that are transposed in registers. Columns beyond the
/// count hold the last one's elements.
void ContractionEmitter::packTransposed(
    Value numRows, Value numColumns, Value buffer,
    function_ref<Value(Value, Value)> load) {
  Value zero = e.index(0), last = e.sub(numColumns, e.index(1));
  std::optional<int64_t> known = getConstantIntValue(numColumns);
  bool isWhole = known && *known % lanes == 0;
  e.loop(zero, numColumns, lanes, [&](Value t) {
    e.loop(zero, numRows, lanes, [&](Value r) {
      Values vectors;
      for (int64_t i = 0; i < lanes; ++i) {
        Value column = e.add(t, i);
        vectors.push_back(load(r, isWhole ? column : e.min(column, last)));
      }
      for (auto [i, vector] : llvm::enumerate(e.transpose(vectors)))
        e.store(vector, buffer, {e.add(r, i), t}, Value());
    });
  });
}

/// buffer[r][t] = source(row0 + r, column0 + t). The buffer has room for whole
/// vectors of columns and, where rows are contiguous, for whole vectors of
/// rows; what is beyond the counts is never used.
void ContractionEmitter::pack(Source source, Value row0, Value numRows,
                              Value column0, Value numColumns, Value buffer) {
  OpOperand *operand = source.operand;
  Values saved = position;
  Value zero = e.index(0);
  auto moveTo = [&](Value row, Value column) {
    position[source.rowDim] = e.add(row0, row);
    position[source.columnDim] = e.add(column0, column);
  };

  if (isContiguous(operand, source.columnDim)) {
    e.loop(zero, numRows, 1, [&](Value r) {
      e.loop(zero, numColumns, lanes, [&](Value t) {
        moveTo(r, t);
        e.store(load(operand, e.maskAt(lanes, t, numColumns)), buffer, {r, t},
                Value());
      });
    });
  } else if (isContiguous(operand, source.rowDim)) {
    packTransposed(numRows, numColumns, buffer, [&](Value r, Value t) {
      moveTo(r, t);
      return load(operand, e.maskAt(lanes, r, numRows));
    });
  } else {
    e.loop(zero, numRows, 1, [&](Value r) {
      e.loop(zero, numColumns, 1, [&](Value t) {
        moveTo(r, t);
        Value element =
            widen(operand, memref::LoadOp::create(b, operand->get(),
                                                  getIndices(operand)));
        memref::StoreOp::create(b, element, buffer, ValueRange{r, t});
      });
    });
  }
  position = saved;
}

void ContractionEmitter::packLeft() {
  if (usesPairs)
    return packPairRows();
  pack({c.lhs, *c.mainM, c.mainK}, e.index(0), getSize(*c.mainM), blockStart,
       blockDepth, lhsBuffer);
}

void ContractionEmitter::packRight(Value n0, Value columns) {
  if (usesPairs)
    return packPairPanel(n0, columns);
  pack({c.rhs, c.mainK, c.mainN}, blockStart, blockDepth, n0, columns,
       rhsBuffer);
}

//===----------------------------------------------------------------------===//
// Pairs of bf16, or of integers of 16 bits
//===----------------------------------------------------------------------===//

static VectorType getPairsType(ImplicitLocOpBuilder &b, int64_t lanes) {
  return VectorType::get({lanes}, b.getI32Type());
}

/// Numbers of 16 bits as pairs hold them.
Value ContractionEmitter::toHalves(OpOperand *operand, Value numbers) {
  return sumType.isInteger() ? widen(operand, numbers, b.getI16Type())
                             : numbers;
}

/// A vector of pairs along the sum, which is contiguous in the operand, from
/// `position` and number `pair` of the block on.
Value ContractionEmitter::loadPairs(OpOperand *operand, Value pair) {
  position[c.mainK] = toTerm(e.add(blockStart, pair));
  Value numbers = e.load(operand->get(), getIndices(operand), 2 * lanes,
                         e.maskAt(2 * lanes, toTerm(pair), toTerm(blockDepth)));
  return vector::BitCastOp::create(b, getPairsType(b, lanes),
                                   toHalves(operand, numbers));
}

/// lhsBuffer[m][p] = the pair of terms p of row m.
void ContractionEmitter::packPairRows() {
  Values saved = position;
  e.loop(e.index(0), getSize(*c.mainM), 1, [&](Value m) {
    e.loop(e.index(0), blockDepth, lanes, [&](Value pair) {
      position[*c.mainM] = m;
      e.store(loadPairs(c.lhs, pair), lhsBuffer, {m, pair}, Value());
    });
  });
  position = saved;
}

/// rhsBuffer[p][t] = the pair of terms p of column n0 + t.
void ContractionEmitter::packPairPanel(Value n0, Value columns) {
  Values saved = position;
  if (isContiguous(c.rhs, c.mainK)) {
    packTransposed(blockDepth, columns, rhsBuffer, [&](Value pair, Value t) {
      position[c.mainN] = e.add(n0, t);
      return loadPairs(c.rhs, pair);
    });
  } else {
    SmallVector<int64_t> order;
    for (int64_t lane = 0; lane < lanes; ++lane)
      llvm::append_values(order, lane, lane + lanes);
    e.loop(e.index(0), blockDepth, 1, [&](Value pair) {
      e.loop(e.index(0), columns, lanes, [&](Value t) {
        Value mask = e.maskAt(lanes, t, columns);
        Values rows;
        for (int64_t i = 0; i < 2; ++i) {
          position[c.mainK] = e.add(toTerm(e.add(blockStart, pair)), i);
          position[c.mainN] = e.add(n0, t);
          rows.push_back(toHalves(
              c.rhs, e.load(c.rhs->get(), getIndices(c.rhs), lanes, mask)));
        }
        Value both = vector::ShuffleOp::create(b, rows[0], rows[1], order);
        e.store(vector::BitCastOp::create(b, getPairsType(b, lanes), both),
                rhsBuffer, {pair, t}, Value());
      });
    });
  }
  position = saved;
}

/// sum[n] + left[2n] * right[2n] + left[2n+1] * right[2n+1]
Value ContractionEmitter::multiplyPairs(Value left, Value right, Value sum) {
  bool isInteger = sumType.isInteger();
  Type half = isInteger ? Type(b.getI16Type()) : Type(b.getBF16Type());
  auto numbers = VectorType::get({2 * lanes}, half);
  Value x = vector::BitCastOp::create(b, numbers, left);
  Value y = vector::BitCastOp::create(b, numbers, right);
  auto call = [&](StringRef name, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, sum.getType(),
                                         b.getStringAttr(name), operands)
        ->getResult(0);
  };
  if (!isInteger)
    return call("llvm.x86.avx512bf16.dpbf16ps.512", {sum, x, y});
  Value products = call(lanes == 16 ? "llvm.x86.avx512.pmaddw.d.512"
                                    : "llvm.x86.avx2.pmadd.wd",
                        {x, y});
  return arith::AddIOp::create(b, sum, products);
}

//===----------------------------------------------------------------------===//
// The next panel
//===----------------------------------------------------------------------===//

/// The panel behind the one at n0: the next columns, else the next steps.
void ContractionEmitter::choosePrefetch(Value n0) {
  Value next = e.add(n0, tileVectors * lanes);
  Value isInside = b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt,
                                                 next, getSize(c.mainN));
  nextColumn = b.createOrFold<arith::SelectOp>(isInside, next, e.index(0));
  nextStart = b.createOrFold<arith::SelectOp>(isInside, blockStart,
                                              e.add(blockStart, blockDepth));
}

/// One line of the next panel at each step of a strip's sums: as many strips
/// as a tile has vectors fetch all of it, others what is there already.
void ContractionEmitter::prefetch(Value strip, Value t) {
  Values saved = position;
  auto divide = [&](Value x, int64_t y) {
    return b.createOrFold<arith::DivUIOp>(x, e.index(y));
  };
  auto times = [&](Value x, int64_t y) {
    return b.createOrFold<arith::MulIOp>(x, e.index(y));
  };
  Value turn = b.createOrFold<arith::RemUIOp>(strip, e.index(tileVectors));
  if (isContiguous(c.rhs, c.mainN)) {
    position[c.mainK] = toTerm(e.add(nextStart, t));
    position[c.mainN] = nextColumn;
    if (usesPairs)
      position[c.mainK] = e.add(
          position[c.mainK], b.createOrFold<arith::RemUIOp>(turn, e.index(2)));
    else
      position[c.mainN] = e.add(nextColumn, times(turn, lanes));
  } else {
    int64_t width = tileVectors * lanes;
    Value lines = divide(e.add(blockDepth, width - 1), width);
    Value line =
        e.add(divide(t, width), b.createOrFold<arith::MulIOp>(turn, lines));
    position[c.mainK] = toTerm(e.add(nextStart, times(line, lanes)));
    position[c.mainN] =
        e.add(nextColumn, b.createOrFold<arith::RemUIOp>(t, e.index(width)));
  }
  memref::PrefetchOp::create(b, c.rhs->get(), getIndices(c.rhs),
                             /*isWrite=*/false, /*localityHint=*/2,
                             /*isDataCache=*/true);
  position = saved;
}
