//===- VectorEmitter.cpp - loops and vectors by lambda --------------------===//

#include "hdp/Conversion/VectorEmitter.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace hdp;

//===----------------------------------------------------------------------===//
// Indices and loops
//===----------------------------------------------------------------------===//

Value VectorEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}
Value VectorEmitter::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y);
}
Value VectorEmitter::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(x, y);
}
Value VectorEmitter::min(Value x, Value y) {
  return b.createOrFold<arith::MinSIOp>(x, y);
}

Value VectorEmitter::floorTo(Value x, int64_t factor) {
  return sub(x, b.createOrFold<arith::RemUIOp>(x, index(factor)));
}
Value VectorEmitter::ceilTo(Value x, int64_t factor) {
  return floorTo(add(x, factor - 1), factor);
}

void VectorEmitter::sharePartOf(Operation *op) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  if (!function || !function->hasAttr(kSplitAttr))
    return;
  ArrayRef<BlockArgument> last = function.getArguments().take_back(2);
  part = last[0];
  numParts = last[1];
}

std::pair<Value, Value> VectorEmitter::getShare(Value count) {
  if (!part)
    return {index(0), count};
  auto bound = [&](Value number) {
    return b.createOrFold<arith::DivUIOp>(
        b.createOrFold<arith::MulIOp>(count, number), numParts);
  };
  return {bound(part), bound(add(part, 1))};
}

void VectorEmitter::loop(Value low, Value high, int64_t step,
                         function_ref<void(Value)> body) {
  carry(low, high, step, {}, [&](Value iv, Values) {
    body(iv);
    return Values();
  });
}

Values VectorEmitter::carry(Value low, Value high, int64_t step, Values init,
                            function_ref<Values(Value, Values)> body) {
  std::optional<int64_t> first = getConstantIntValue(low);
  std::optional<int64_t> last = getConstantIntValue(high);
  if (first && last && *last <= *first)
    return init;
  if (first && last && *last - *first <= step)
    return body(low, init);
  auto loop = scf::ForOp::create(b, low, high, index(step), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Values results =
      body(loop.getInductionVar(), Values(loop.getRegionIterArgs()));
  // Without values the loop has its terminator already.
  if (!init.empty())
    scf::YieldOp::create(b, results);
  return Values(loop.getResults());
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value VectorEmitter::mask(int64_t lanes, Value count) {
  auto type = VectorType::get({lanes}, b.getI1Type());
  if (std::optional<int64_t> known = getConstantIntValue(count)) {
    if (*known >= lanes)
      return Value();
    return vector::ConstantMaskOp::create(
        b, type, ArrayRef<int64_t>{std::max<int64_t>(*known, 0)});
  }
  return vector::CreateMaskOp::create(b, type, ValueRange{count});
}

Value VectorEmitter::maskAt(int64_t lanes, Value position, Value size) {
  if (std::optional<int64_t> known = getConstantIntValue(size))
    if (*known % lanes == 0)
      return Value();
  return mask(lanes, sub(size, position));
}

Value VectorEmitter::load(Value memref, ValueRange indices, int64_t lanes,
                          Value mask) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  auto type = VectorType::get({lanes}, element);
  if (!mask)
    return vector::LoadOp::create(b, type, memref, indices);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, type, memref, indices, mask, zero);
}

void VectorEmitter::store(Value vector, Value memref, ValueRange indices,
                          Value mask) {
  if (mask)
    vector::MaskedStoreOp::create(b, memref, indices, mask, vector);
  else
    vector::StoreOp::create(b, vector, memref, indices);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value VectorEmitter::splat(Value scalar, int64_t lanes) {
  auto type = VectorType::get({lanes}, scalar.getType());
  return b.createOrFold<vector::BroadcastOp>(type, scalar);
}

Value VectorEmitter::multiplyAdd(Value x, Value y, Value z) {
  if (getElementTypeOrSelf(z.getType()).isInteger())
    return arith::AddIOp::create(b, arith::MulIOp::create(b, x, y), z);
  // Whoever compiles for `host` may have less, and math.fma would be a call.
  if (target.hasFMA && target.name != "host")
    return math::FmaOp::create(b, x, y, z);
  if (target.hasFMA)
    return vector::FMAOp::create(b, x, y, z);
  return arith::AddFOp::create(b, arith::MulFOp::create(b, x, y), z);
}

// Interleaving the two halves of the rows moves the highest bit of an
// element's address (row, lane) to the lowest place; after as many rounds as a
// lane number has bits, row and lane have changed places.
Values VectorEmitter::transpose(Values rows) {
  int64_t count = static_cast<int64_t>(rows.size()), half = count / 2;
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < half; ++i) {
    llvm::append_values(low, i, count + i);
    llvm::append_values(high, half + i, count + half + i);
  }
  for (int64_t round = 1; round < count; round *= 2) {
    Values next;
    for (int64_t i = 0; i < half; ++i)
      for (ArrayRef<int64_t> lanes : {ArrayRef(low), ArrayRef(high)})
        next.push_back(
            vector::ShuffleOp::create(b, rows[i], rows[half + i], lanes));
    rows = std::move(next);
  }
  return rows;
}

Value VectorEmitter::slice(Value vector, int64_t offset, int64_t lanes) {
  return vector::ExtractStridedSliceOp::create(
      b, vector, ArrayRef<int64_t>{offset}, ArrayRef<int64_t>{lanes},
      ArrayRef<int64_t>{1});
}

Value VectorEmitter::combineLanes(Value vector,
                                  function_ref<Value(Value, Value)> combine) {
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
  if (lanes == 1)
    return vector::ExtractOp::create(b, vector, 0);
  int64_t half = llvm::PowerOf2Ceil(lanes) / 2;
  Value low = slice(vector, 0, half);
  Value high = slice(vector, half, lanes - half);
  if (lanes == 2 * half)
    return combineLanes(combine(low, high), combine);
  // Not a power of two: the rest on its own.
  return combine(combineLanes(low, combine), combineLanes(high, combine));
}
