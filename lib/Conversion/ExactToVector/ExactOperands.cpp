//===- ExactOperands.cpp - reading and packing the operands ---------------===//
//
// Any layout and element type goes in; what the kernel works on is f32,
// contiguous, and padded to whole vectors.
//
//===----------------------------------------------------------------------===//

#include "ExactKernel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hdp;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Value ExactKernel::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(b, memref, indices);
}

void ExactKernel::store(Value value, Value memref, ValueRange indices) {
  memref::StoreOp::create(b, value, memref, indices);
}

Value ExactKernel::getSize(Operand operand, int64_t dim) {
  int64_t from = operand.perm ? (*operand.perm)[dim] : dim;
  auto type = cast<MemRefType>(operand.memref.getType());
  if (!type.isDynamicDim(from))
    return e.index(type.getDimSize(from));
  return memref::DimOp::create(b, operand.memref, from);
}

Values ExactKernel::getIndices(Operand operand, ArrayRef<Value> head, Value row,
                               Value column) {
  Values canonical(head);
  llvm::append_values(canonical, row, column);
  if (!operand.perm)
    return canonical;
  Values indices(canonical.size());
  for (auto [dim, index] : llvm::enumerate(canonical))
    indices[(*operand.perm)[dim]] = index;
  return indices;
}

bool ExactKernel::isContiguous(Operand operand, int64_t dim) {
  auto type = cast<MemRefType>(operand.memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  int64_t from = operand.perm ? (*operand.perm)[dim] : dim;
  return type.getElementType().isF32() && from == rank - 1 &&
         succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

Value ExactKernel::readF32(Operand operand, ValueRange indices) {
  Value element = load(operand.memref, indices);
  if (element.getType().isF32())
    return element;
  return arith::ExtFOp::create(b, b.getF32Type(), element);
}

Value ExactKernel::allocate(ValueRange sizes, Type element) {
  SmallVector<int64_t> shape;
  Values dynamic;
  for (Value size : sizes) {
    std::optional<int64_t> known = getConstantIntValue(size);
    shape.push_back(known.value_or(ShapedType::kDynamic));
    if (!known)
      dynamic.push_back(size);
  }
  auto type = MemRefType::get(shape, element ? element : b.getF32Type());
  return memref::AllocOp::create(b, type, dynamic, b.getI64IntegerAttr(64));
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// keys[panel][t][j] = K[panel * width + j, t]. Columns without a key hold
/// another key; rows of the panel beyond d are never read.
void ExactKernel::packKeys(ArrayRef<Value> head) {
  if (usesPairs)
    return packKeyPairs(head);
  int64_t width = keyVectors * lanes;
  Value zero = e.index(0), last = e.sub(lk, e.index(1));
  auto keyAt = [&](Value j) { return e.min(j, last); };
  bool isWhole = false;
  if (std::optional<int64_t> known = getConstantIntValue(lk))
    isWhole = *known % lanes == 0;

  e.loop(zero, e.ceilTo(lk, width), lanes, [&](Value j) {
    Value panel = b.createOrFold<arith::DivUIOp>(j, e.index(width));
    Value place = b.createOrFold<arith::RemUIOp>(j, e.index(width));
    if (isContiguous(key, rank - 1)) {
      // [j][t] in memory: transposed in registers.
      e.loop(zero, d, lanes, [&](Value t) {
        Value mask = e.maskAt(lanes, t, d);
        Values rows;
        for (int64_t i = 0; i < lanes; ++i)
          rows.push_back(e.load(key.memref,
                                getIndices(key, head, keyAt(e.add(j, i)), t),
                                lanes, mask));
        for (auto [i, row] : llvm::enumerate(e.transpose(rows)))
          e.store(row, keys, {panel, e.add(t, i), place}, Value());
      });
    } else if (isContiguous(key, rank - 2)) {
      e.loop(zero, d, 1, [&](Value t) {
        Value mask = isWhole ? Value() : e.mask(lanes, e.sub(lk, j));
        Value row =
            e.load(key.memref, getIndices(key, head, j, t), lanes, mask);
        e.store(row, keys, {panel, t, place}, Value());
      });
    } else {
      e.loop(zero, e.index(lanes), 1, [&](Value i) {
        e.loop(zero, d, 1, [&](Value t) {
          Value element =
              readF32(key, getIndices(key, head, keyAt(e.add(j, i)), t));
          store(element, keys, {panel, t, e.add(place, i)});
        });
      });
    }
  });
}

/// values[j][t] = V[j, t], 0 beyond dv.
void ExactKernel::packValues(ArrayRef<Value> head) {
  if (usesPairs)
    return packValuePairs(head);
  if (!areValuesCopied)
    return;
  Value zero = e.index(0);
  e.loop(zero, lk, 1, [&](Value j) {
    if (isContiguous(value, rank - 1)) {
      e.loop(zero, dv, lanes, [&](Value t) {
        Value row = e.load(value.memref, getIndices(value, head, j, t), lanes,
                           e.maskAt(lanes, t, dv));
        e.store(row, values, {j, t}, Value());
      });
      return;
    }
    e.loop(zero, e.ceilTo(dv, lanes), lanes, [&](Value t) {
      e.store(constant(0.0, lanes), values, {j, t}, Value());
    });
    e.loop(zero, dv, 1, [&](Value t) {
      store(readF32(value, getIndices(value, head, j, t)), values, {j, t});
    });
  });
}

/// queries[i][t] = Q[firstRow + i, t]; rows without a query repeat the last.
void ExactKernel::packQueries(ArrayRef<Value> head, Value firstRow) {
  if (usesPairs)
    return packQueryPairs(head, firstRow);
  Value last = e.sub(lq, e.index(1));
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value i) {
    Value row = e.min(e.add(firstRow, i), last);
    if (isContiguous(query, rank - 1))
      return e.loop(e.index(0), d, lanes, [&](Value t) {
        Value mask = e.maskAt(lanes, t, d);
        Value vector =
            e.load(query.memref, getIndices(query, head, row, t), lanes, mask);
        e.store(vector, queries, {i, t}, mask);
      });
    e.loop(e.index(0), d, 1, [&](Value t) {
      store(readF32(query, getIndices(query, head, row, t)), queries, {i, t});
    });
  });
}

/// 1 / totals[i]; 1 for a row without a valid key, whose sums are 0.
Value ExactKernel::getReciprocal(Value row) {
  Value zero = constant(0.0, 0), one = constant(1.0, 0);
  Value total = load(totals, inGroup(row));
  Value isEmpty =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, total, zero);
  total = arith::SelectOp::create(b, isEmpty, one, total);
  return arith::DivFOp::create(b, one, total);
}

/// result[firstRow + i, t] = sums[i][t] / totals[i] for rows from `begin` on.
void ExactKernel::storeTile(ArrayRef<Value> head, Value firstRow, Value begin) {
  Type element = cast<MemRefType>(result.memref.getType()).getElementType();
  Value rows = e.min(e.index(tileRows), e.sub(lq, firstRow));
  e.loop(begin, rows, 1, [&](Value i) {
    Value factor = getReciprocal(i), row = e.add(firstRow, i);
    if (isContiguous(result, rank - 1)) {
      Value factors = e.splat(factor, lanes);
      e.loop(e.index(0), dv, lanes, [&](Value t) {
        Value sum = e.load(sums, {inGroup(i), t}, lanes, Value());
        e.store(arith::MulFOp::create(b, sum, factors), result.memref,
                getIndices(result, head, row, t), e.maskAt(lanes, t, dv));
      });
      return;
    }
    e.loop(e.index(0), dv, 1, [&](Value t) {
      Value product =
          arith::MulFOp::create(b, load(sums, {inGroup(i), t}), factor);
      if (!element.isF32())
        product = arith::TruncFOp::create(b, element, product);
      store(product, result.memref, getIndices(result, head, row, t));
    });
  });
}

//===----------------------------------------------------------------------===//
// Mask and bias
//===----------------------------------------------------------------------===//

/// The indices of a mask's or bias's element: dimensions of size 1 are
/// broadcast; a dynamic size decides at run time.
Values ExactKernel::broadcastIndices(Value operand, ArrayRef<Value> position) {
  auto type = cast<MemRefType>(operand.getType());
  Value zero = e.index(0);
  Values indices;
  for (auto [dim, index] : llvm::enumerate(position)) {
    if (type.getDimSize(dim) == 1) {
      indices.push_back(zero);
    } else if (type.isDynamicDim(dim)) {
      Value size = memref::DimOp::create(b, operand, dim);
      Value isOne =
          arith::CmpIOp::create(b, arith::CmpIPredicate::eq, size, e.index(1));
      indices.push_back(arith::SelectOp::create(b, isOne, zero, index));
    } else {
      indices.push_back(index);
    }
  }
  return indices;
}

bool ExactKernel::isSameForRows(Value operand) {
  return !operand ||
         cast<MemRefType>(operand.getType()).getDimSize(rank - 2) == 1;
}

/// The terms of all rows of a head, and the end of the keys that they allow.
void ExactKernel::addTermsOfHead(ArrayRef<Value> head) {
  addTerms(head, e.index(0), e.index(0), lk);
  Value infinity = constant(-std::numeric_limits<double>::infinity(), 0);
  usedKeys =
      e.carry(e.index(0), lk, 1, {e.index(0)}, [&](Value j, Values soFar) {
        Value isForbidden = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ,
                                                  load(terms, j), infinity);
        return Values{
            arith::SelectOp::create(b, isForbidden, soFar[0], e.add(j, 1))};
      })[0];
}

/// Whether a row's elements are neighbours, and not one for all keys.
static bool hasRowOfKeys(Value operand) {
  if (!operand)
    return true;
  auto type = cast<MemRefType>(operand.getType());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  return (type.getElementType().isF32() ||
          type.getElementType().isInteger(1)) &&
         type.getShape().back() > 1 &&
         succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

/// `lanes` elements of a boolean mask, which are bytes in memory.
static Value loadMask(ImplicitLocOpBuilder &b, Value mask, ValueRange indices,
                      int64_t lanes) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, mask);
  Value address = b.createOrFold<arith::AddIOp>(
      memref::ExtractAlignedPointerAsIndexOp::create(b, mask),
      metadata.getOffset());
  for (auto [index, stride] : llvm::zip(indices, metadata.getStrides()))
    address = b.createOrFold<arith::AddIOp>(
        address, b.createOrFold<arith::MulIOp>(index, stride));
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), address);
  Value pointer = LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext()), number);
  auto type = VectorType::get({lanes}, b.getI8Type());
  Value bytes = LLVM::LoadOp::create(b, type, pointer, /*alignment=*/1);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, bytes, zero);
}

/// terms[j] = bias, or -inf where the mask forbids, for a row's keys.
void ExactKernel::addTerms(ArrayRef<Value> head, Value row, Value firstKey,
                           Value numKeys) {
  double infinity = std::numeric_limits<double>::infinity();
  Value bias = op.getBias(), mask = op.getMask();
  auto indicesOf = [&](Value operand, Value j) {
    Values position(head);
    llvm::append_values(position, row, e.add(firstKey, j));
    return broadcastIndices(operand, position);
  };
  Value many = e.index(0);
  if (hasRowOfKeys(bias) && hasRowOfKeys(mask)) {
    many = e.floorTo(numKeys, lanes);
    e.loop(e.index(0), many, lanes, [&](Value j) {
      Value term = bias ? e.load(bias, indicesOf(bias, j), lanes, Value())
                        : constant(0.0, lanes);
      if (mask)
        term = arith::SelectOp::create(
            b, loadMask(b, mask, indicesOf(mask, j), lanes), term,
            constant(-infinity, lanes));
      e.store(term, terms, j, Value());
    });
  }
  e.loop(many, numKeys, 1, [&](Value j) {
    Value term = constant(0.0, 0);
    if (bias)
      term = readF32({bias, std::nullopt}, indicesOf(bias, j));
    if (mask)
      term = arith::SelectOp::create(b, load(mask, indicesOf(mask, j)), term,
                                     constant(-infinity, 0));
    store(term, terms, j);
  });
}
