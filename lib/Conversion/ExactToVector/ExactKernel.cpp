//===- ExactKernel.cpp - attention in tiles, softmax on the way -----------===//
//
// Scores of a tile of queries against a block of keys, weights relative to the
// largest score so far, the weighted sum of values: three loops over the same
// block while it is in the cache.
//
//===----------------------------------------------------------------------===//

#include "ExactKernel.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hdp;

/// Keys of a block: with 12 rows of scores 24 KiB.
static constexpr int64_t kBlockKeys = 512;
/// With 32 rows of scores 32 KiB.
static constexpr int64_t kTileBlockKeys = 256;
/// Rows that meet a block of keys before the next one.
static constexpr int64_t kGroupRows = 96;

/// Rows of a tile for `rows` queries: of the heights that registers allow, the
/// one that takes least, where a tile costs as much as two rows on top of its
/// own; of equal ones the largest.
static int64_t chooseTileRows(const CPUTarget &target, int64_t rows) {
  bool hasMany = target.numRegisters >= 32;
  int64_t most = hasMany ? 13 : target.hasFMA ? 6 : 4;
  if (ShapedType::isDynamic(rows))
    return hasMany ? 12 : most;
  if (rows <= most)
    return std::max<int64_t>(rows, 1);
  auto getCost = [&](int64_t height) {
    return llvm::divideCeil(rows, height) * (height + 2);
  };
  int64_t best = most;
  for (int64_t height = most; height >= most / 2; --height)
    if (getCost(height) < getCost(best))
      best = height;
  return best;
}

ExactKernel::ExactKernel(VectorEmitter &e, AttentionOp op, bool wantsBF16)
    : e(e), b(e.b), op(op), query{op.getQuery(), op.getQueryPerm()},
      key{op.getKey(), op.getKeyPerm()},
      value{op.getValue(), op.getValuePerm()},
      result{op.getInit(), op.getResultPerm()},
      rank(cast<MemRefType>(op.getQuery().getType()).getRank()),
      lanes(e.target.getLanes(32)), usesPairs(wantsBF16 && e.target.hasBF16()),
      usesTiles(usesPairs && e.target.hasTiles()), columnStep(lanes) {
  lq = getSize(query, rank - 2);
  lk = getSize(key, rank - 2);
  d = getSize(query, rank - 1);
  dv = getSize(value, rank - 1);

  tileRows = chooseTileRows(
      e.target, getConstantIntValue(lq).value_or(ShapedType::kDynamic));
  keyVectors = tileRows == 1 ? 4 : 2;
  columnVectors = getConstantIntValue(dv).value_or(0) > lanes ? 2 : 1;

  int64_t mostKeys = kBlockKeys;
  if (usesPairs)
    pairStep = 2;
  if (usesTiles) {
    tileRows = 32;
    keyVectors = 2;
    pairStep = columnStep = 32;
    mostKeys = kTileBlockKeys;
  }

  int64_t width = keyVectors * lanes;
  std::optional<int64_t> keys = getConstantIntValue(lk);
  isOneBlock = keys && *keys <= mostKeys + mostKeys / 4;
  chooseWhatIsCopied();
  blockKeys = mostKeys;
  groupRows = tileRows;
  if (keys) // blocks of one size, if that can be
    blockKeys = llvm::alignTo(
        llvm::divideCeil(*keys,
                         isOneBlock ? 1 : llvm::divideCeil(*keys, mostKeys)),
        width);
  if (!isOneBlock) {
    int64_t rows = getConstantIntValue(lq).value_or(kGroupRows);
    groupRows = llvm::alignTo(std::min(rows, kGroupRows), tileRows);
  }
}

/// Operands that lie as a copy of them would are read where they are.
void ExactKernel::chooseWhatIsCopied() {
  auto getStride = [&](Operand operand) {
    auto type = cast<MemRefType>(operand.memref.getType());
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    int64_t from = operand.perm ? (*operand.perm)[rank - 2] : rank - 2;
    return succeeded(type.getStridesAndOffset(strides, offset))
               ? strides[from]
               : ShapedType::kDynamic;
  };
  std::optional<int64_t> queries = getConstantIntValue(lq),
                         columns = getConstantIntValue(dv);
  areQueriesCopied = !queries || *queries < tileRows ||
                     !isContiguous(query, rank - 1) ||
                     ShapedType::isDynamic(getStride(query));
  areValuesCopied = !columns || *columns % lanes != 0 ||
                    !isContiguous(value, rank - 1) ||
                    getStride(value) != *columns;
  // Where threads share the tiles no two of them may write a row.
  areSumsStored = !isOneBlock || areQueriesCopied || e.part || !columns ||
                  *columns % lanes != 0 || !isContiguous(result, rank - 1);
  if (usesPairs)
    areQueriesCopied = areValuesCopied = areSumsStored = true;
  areTermsSame = (op.getMask() || op.getBias()) &&
                 isSameForRows(op.getMask()) && isSameForRows(op.getBias());
  areScalesLate =
      !op.getMask() && !op.getBias() && op.getScale().convertToDouble() > 0;
}

Value ExactKernel::constant(double value, int64_t vectorLanes) {
  Value scalar = arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  return vectorLanes ? e.splat(scalar, vectorLanes) : scalar;
}

//===----------------------------------------------------------------------===//
// One tile, one block of keys
//===----------------------------------------------------------------------===//

/// scores[i][j] = sum over t of queries[i][t] * K[firstKey + j, t].
void ExactKernel::emitScores(ArrayRef<Value> head, Value firstRow,
                             Value firstKey, Value numKeys) {
  if (usesTiles)
    return emitTileScores(firstKey, numKeys);
  if (usesPairs)
    return emitPairScores(firstKey, numKeys);
  int64_t width = keyVectors * lanes;
  e.loop(e.index(0), numKeys, width, [&](Value j) {
    Value panel =
        b.createOrFold<arith::DivUIOp>(e.add(firstKey, j), e.index(width));
    Values init(tileRows * keyVectors, constant(0.0, lanes));
    Values dots = e.carry(e.index(0), d, 1, init, [&](Value t, Values soFar) {
      Values right;
      for (int64_t v = 0; v < keyVectors; ++v)
        right.push_back(
            e.load(keys, {panel, t, e.index(v * lanes)}, lanes, Value()));
      Values next;
      for (int64_t i = 0; i < tileRows; ++i) {
        Value element =
            areQueriesCopied
                ? load(queries, {e.index(i), t})
                : load(query.memref,
                       getIndices(query, head, e.add(firstRow, i), t));
        Value left = e.splat(element, lanes);
        for (int64_t v = 0; v < keyVectors; ++v)
          next.push_back(
              e.multiplyAdd(left, right[v], soFar[i * keyVectors + v]));
      }
      return next;
    });
    for (int64_t i = 0; i < tileRows; ++i)
      for (int64_t v = 0; v < keyVectors; ++v)
        e.store(dots[i * keyVectors + v], scores,
                {e.index(i), e.add(j, v * lanes)}, Value());
  });
}

/// The columns of a register tile, scaled for the new maxima.
Values ExactKernel::loadSums(Value column) {
  Values all;
  for (int64_t i = 0; i < tileRows; ++i)
    for (int64_t v = 0; v < columnVectors; ++v) {
      if (isOneBlock) {
        all.push_back(constant(0.0, lanes));
        continue;
      }
      Value sum = e.load(sums, {inGroup(e.index(i)), e.add(column, v * lanes)},
                         lanes, Value());
      Value factor = e.splat(load(factors, e.index(i)), lanes);
      all.push_back(arith::MulFOp::create(b, sum, factor));
    }
  return all;
}

/// The columns of V in register tiles; of an odd number of vectors the last one
/// is alone.
void ExactKernel::forColumns(function_ref<void(Value)> body) {
  Value columns = e.ceilTo(dv, lanes);
  if (columnVectors == 1)
    return e.loop(e.index(0), columns, lanes, body);
  Value whole = e.floorTo(columns, columnVectors * lanes);
  e.loop(e.index(0), whole, columnVectors * lanes, body);
  int64_t vectors = std::exchange(columnVectors, 1);
  e.loop(whole, columns, lanes, body); // one or none
  columnVectors = vectors;
}

/// sums[i][t] = sums[i][t] * factors[i] + sum over j of weights[i][j] * V[j,
/// t], or the result where nothing is carried.
void ExactKernel::emitProducts(ArrayRef<Value> head, Value firstRow,
                               Value firstKey, Value numKeys) {
  if (usesTiles)
    return emitTileProducts(firstKey, numKeys);
  if (usesPairs)
    return emitPairProducts(firstKey, numKeys);
  forColumns([&](Value t) {
    Values soFar = loadSums(t);
    soFar = e.carry(e.index(0), numKeys, 1, soFar, [&](Value j, Values before) {
      Value row = e.add(firstKey, j);
      Values right;
      for (int64_t v = 0; v < columnVectors; ++v) {
        Value column = e.add(t, v * lanes);
        right.push_back(areValuesCopied
                            ? e.load(values, {row, column}, lanes, Value())
                            : e.load(value.memref,
                                     getIndices(value, valueHead, row, column),
                                     lanes, Value()));
      }
      Values next;
      for (int64_t i = 0; i < tileRows; ++i) {
        Value left = e.splat(load(scores, {e.index(i), j}), lanes);
        for (int64_t v = 0; v < columnVectors; ++v)
          next.push_back(
              e.multiplyAdd(left, right[v], before[i * columnVectors + v]));
      }
      return next;
    });
    for (int64_t i = 0; i < tileRows; ++i) {
      Value factor =
          areSumsStored ? Value() : e.splat(getReciprocal(e.index(i)), lanes);
      for (int64_t v = 0; v < columnVectors; ++v) {
        Value sum = soFar[i * columnVectors + v], column = e.add(t, v * lanes);
        if (areSumsStored)
          e.store(sum, sums, {inGroup(e.index(i)), column}, Value());
        else
          e.store(arith::MulFOp::create(b, sum, factor), result.memref,
                  getIndices(result, head, e.add(firstRow, i), column),
                  Value());
      }
    }
  });
}

//===----------------------------------------------------------------------===//
// The whole kernel
//===----------------------------------------------------------------------===//

Value ExactKernel::half(Value size) {
  return b.createOrFold<arith::DivUIOp>(size, e.index(2));
}

void ExactKernel::run() {
  int64_t width = keyVectors * lanes;
  Value panels =
      b.createOrFold<arith::DivUIOp>(e.ceilTo(lk, width), e.index(width));
  Value columns = e.ceilTo(dv, columnStep), rows = e.index(tileRows);
  Value halfRow = half(e.ceilTo(d, 2 * lanes));
  keys = usesPairs ? allocatePairs({panels, halfRow, e.index(width)})
                   : allocate({panels, e.ceilTo(d, lanes), e.index(width)});
  scores = allocate({rows, e.index(blockKeys + lanes)});
  totals = allocate(e.index(groupRows));
  maxima = allocate(e.index(groupRows));
  Values buffers = {keys, scores, totals, maxima};
  if (usesPairs) {
    values = allocatePairs({half(e.ceilTo(lk, pairStep)), columns});
    queries = allocatePairs({rows, halfRow});
    weights = allocatePairs({rows, e.index(blockKeys / 2)});
    rowBuffer = allocate(e.index(2 * lanes));
    llvm::append_values(buffers, values, queries, weights, rowBuffer);
  } else {
    if (areValuesCopied)
      buffers.push_back(values = allocate({lk, columns}));
    if (areQueriesCopied)
      buffers.push_back(queries = allocate({rows, d}));
  }
  if (areSumsStored)
    buffers.push_back(sums = allocate({e.index(groupRows), columns}));
  if (!isOneBlock)
    buffers.push_back(factors = allocate(rows));
  if (op.getMask() || op.getBias()) {
    terms = allocate(areTermsSame ? lk : e.index(blockKeys));
    buffers.push_back(terms);
  }
  if (usesTiles)
    configureTiles();
  emitHeads();
  if (usesTiles)
    releaseTiles();
  for (Value buffer : buffers)
    memref::DeallocOp::create(b, buffer);
}
