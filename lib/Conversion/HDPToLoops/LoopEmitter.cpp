//===- LoopEmitter.cpp - loops, loads and stores by lambda ----------------===//

#include "LoopEmitter.h"
#include "hdp/Numerics/Mask.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

Values hdp::at(ArrayRef<Value> head, std::initializer_list<Value> inner) {
  Values indices(head);
  indices.append(inner);
  return indices;
}

Value LoopEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

int64_t LoopEmitter::rank(Value memref) {
  return cast<MemRefType>(memref.getType()).getRank();
}

Value LoopEmitter::size(Value memref, int64_t dim) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dim))
    return index(type.getDimSize(dim));
  return memref::DimOp::create(b, memref, dim);
}

Value LoopEmitter::sizeFromBack(Value memref, int64_t dim) {
  return size(memref, rank(memref) - 1 - dim);
}

void LoopEmitter::loop(Value low, Value high, function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, low, high, index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

void LoopEmitter::loop(Value high, function_ref<void(Value)> body) {
  loop(index(0), high, body);
}

Values LoopEmitter::accumulate(Value low, Value high, ValueRange init,
                               function_ref<Values(Value, ValueRange)> body) {
  auto forOp = scf::ForOp::create(b, low, high, index(1), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  Values next = body(forOp.getInductionVar(), forOp.getRegionIterArgs());
  scf::YieldOp::create(b, next);
  return Values(forOp.getResults());
}

void LoopEmitter::when(Value condition, function_ref<void()> then,
                       function_ref<void()> otherwise) {
  auto ifOp =
      scf::IfOp::create(b, condition,
                        /*withElseRegion=*/static_cast<bool>(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  then();
  if (!otherwise)
    return;
  b.setInsertionPointToStart(ifOp.elseBlock());
  otherwise();
}

Value LoopEmitter::choose(Value condition, function_ref<Value()> then,
                          function_ref<Value()> otherwise) {
  auto ifOp = scf::IfOp::create(
      b, condition,
      [&](OpBuilder &nested, Location) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(),
                            nested.getInsertionPoint());
        scf::YieldOp::create(b, then());
      },
      [&](OpBuilder &nested, Location) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(),
                            nested.getInsertionPoint());
        scf::YieldOp::create(b, otherwise());
      });
  return ifOp.getResult(0);
}

Value LoopEmitter::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(b, memref, indices);
}

Value LoopEmitter::loadI32(Value memref, ValueRange indices) {
  Value value = load(memref, indices);
  if (value.getType().isInteger(32))
    return value;
  if (value.getType().isInteger(1))
    return ops.boolToI32(value);
  return arith::ExtSIOp::create(b, b.getI32Type(), value);
}

Value LoopEmitter::loadF64(Value memref, ValueRange indices) {
  return arith::ExtFOp::create(b, b.getF64Type(), load(memref, indices));
}

Value LoopEmitter::loadF32(Value memref, ValueRange indices) {
  Value value = load(memref, indices);
  if (value.getType().isF32())
    return value;
  return arith::ExtFOp::create(b, b.getF32Type(), value);
}

void LoopEmitter::store(Value value, Value memref, ValueRange indices) {
  Type type = cast<MemRefType>(memref.getType()).getElementType();
  if (value.getType() != type) {
    if (isa<FloatType>(type))
      value = arith::TruncFOp::create(b, type, value);
    else
      value = b.createOrFold<arith::TruncIOp>(type, value);
  }
  memref::StoreOp::create(b, value, memref, indices);
}

Value LoopEmitter::keyHeadCount(Value memref, int64_t inner) {
  int64_t head = rank(memref) - inner - 1;
  return head < 0 ? Value() : size(memref, head);
}

void LoopEmitter::forEachHead(Value memref, int64_t inner, Value keyHeads,
                              function_ref<void(const HeadIndices &)> body) {
  int64_t batchRank = rank(memref) - inner;
  Value groupSize;
  if (keyHeads && batchRank > 0)
    groupSize = ops.div(size(memref, batchRank - 1), keyHeads);
  HeadIndices indices;
  auto nest = [&](auto &&self, int64_t dim) -> void {
    if (dim == batchRank) {
      indices.key = indices.query;
      if (groupSize && !isConstantIntValue(getAsOpFoldResult(groupSize), 1))
        indices.key.back() =
            numerics::keyValueHead(ops, indices.query.back(), groupSize);
      body(indices);
      return;
    }
    loop(size(memref, dim), [&](Value iv) {
      indices.query.push_back(iv);
      self(self, dim + 1);
      indices.query.pop_back();
    });
  };
  nest(nest, 0);
}

Values LoopEmitter::broadcast(Value operand, ArrayRef<Value> position) {
  auto type = cast<MemRefType>(operand.getType());
  Values indices;
  for (auto [dim, index] : llvm::enumerate(position)) {
    if (type.getDimSize(dim) == 1) {
      indices.push_back(this->index(0));
    } else if (type.isDynamicDim(dim)) {
      Value isOne = ops.eq(size(operand, dim), this->index(1));
      indices.push_back(ops.select(isOne, this->index(0), index));
    } else {
      indices.push_back(index);
    }
  }
  return indices;
}

Value LoopEmitter::minIndex(Value x, Value y) {
  return b.createOrFold<arith::MinUIOp>(x, y);
}

Value LoopEmitter::toI32(Value value) {
  return b.createOrFold<arith::IndexCastOp>(b.getI32Type(), value);
}

Value LoopEmitter::toI64(Value value) {
  return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), value);
}
