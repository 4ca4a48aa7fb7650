//===- VectorContraction.cpp - matrix products in register tiles ----------===//
//
// A tile of the result stays in registers while the sum's terms are added one
// after the other: rows of the left operand are broadcast, vectors of the right
// one are multiplied in. A panel of the right operand is copied to a contiguous
// buffer once and used by all tiles of its columns; the left operand is copied
// where its layout is unfit. The terms of every sum keep their order.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "LinalgToVector.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hdp;

/// Terms of a sum between two visits of a tile in memory: a packed panel stays
/// in the second-level cache, rows of the left operand in the first.
static constexpr int64_t kMaxDepth = 768;
/// Rows this many bytes apart compete for the same places of a cache.
static constexpr int64_t kConflictBytes = 2048;

namespace {

class ContractionEmitter {
public:
  ContractionEmitter(VectorEmitter &e, linalg::LinalgOp op,
                     const Contraction &c);
  bool run();

private:
  /// Where the elements of a panel come from: (row, column) of `operand` by
  /// two loops, columns contiguous in the copy.
  struct Source {
    OpOperand *operand;
    unsigned rowDim, columnDim;
  };

  AffineMap getMap(OpOperand *operand) {
    return op.getMatchingIndexingMap(operand);
  }
  int64_t getStatic(unsigned dim) { return op.getStaticLoopRanges()[dim]; }
  Value getSize(unsigned dim);
  bool isContiguous(OpOperand *operand, unsigned dim);
  std::optional<int64_t> getStride(OpOperand *operand, unsigned dim);
  Values getIndices(OpOperand *operand);
  void chooseTile();
  void choosePacking();
  Value allocate(Value rows, int64_t columns);
  void nest(ArrayRef<unsigned> dims, function_ref<void()> body);
  void pack(Source source, Value row0, Value numRows, Value column0,
            Value numColumns, Value buffer);
  void emitBlock(Value k0, Value depth);
  void emitPanel(Value n0, int64_t vectors, Value columns);
  void emitStrips(int64_t vectors, Value columns);
  void emitTile(Value m0, int64_t rows, int64_t vectors, Value columns);
  void choosePrefetch(Value n0);
  void prefetch(Value strip, Value t);

  VectorEmitter &e;
  ImplicitLocOpBuilder &b;
  linalg::LinalgOp op;
  Contraction c;
  int64_t lanes;
  /// Rows and vectors of a tile; terms of a block.
  int64_t tileRows = 1, tileVectors = 1, maxDepth = kMaxDepth;
  bool packLhs = false, packRhs = false;
  Value lhsBuffer, rhsBuffer;
  /// The position in every loop; of a block, its first term and its length.
  Values position;
  Value blockStart, blockDepth;
  /// Whether a panel is fetched while the one before it is used, and where it
  /// begins.
  bool prefetches = false;
  Value nextStart, nextColumn;
};

} // namespace

ContractionEmitter::ContractionEmitter(VectorEmitter &e, linalg::LinalgOp op,
                                       const Contraction &c)
    : e(e), b(e.b), op(op), c(c), position(op.getNumLoops()) {
  Type element = cast<MemRefType>(c.out->get().getType()).getElementType();
  lanes = e.target.getLanes(element.getIntOrFloatBitWidth());
}

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

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

static int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

/// As many sums as registers hold: enough of them that additions never wait
/// for one another, as square as the broadcasts allow.
void ContractionEmitter::chooseTile() {
  tileRows = e.target.numRegisters >= 32 ? 12 : e.target.hasFMA ? 6 : 4;
  tileVectors = 2;
  int64_t rows = c.mainM ? getStatic(*c.mainM) : 1;
  if (!ShapedType::isDynamic(rows)) {
    int64_t strips = ceilDiv(rows, tileRows);
    int64_t sums = tileRows * tileVectors;
    tileRows = strips == 0 ? 1 : ceilDiv(rows, strips);
    if (strips == 1 && tileRows * 4 <= sums)
      tileVectors = tileRows == 1 ? 8 : 4;
  }
  int64_t columns = getStatic(c.mainN);
  if (!ShapedType::isDynamic(columns))
    tileVectors = std::clamp<int64_t>(ceilDiv(columns, lanes), 1, tileVectors);
  int64_t depth = getStatic(c.mainK);
  if (!ShapedType::isDynamic(depth) && depth > 0) {
    int64_t blocks = ceilDiv(depth, kMaxDepth);
    maxDepth = llvm::alignTo(ceilDiv(depth, blocks), lanes);
  }
}

void ContractionEmitter::choosePacking() {
  int64_t uses = 1;
  for (unsigned dim : c.m)
    uses *= ShapedType::isDynamic(getStatic(dim)) ? 1000 : getStatic(dim);
  packRhs = !isContiguous(c.rhs, c.mainN) || uses > 2 * tileRows;
  if (!c.mainM)
    return;
  int64_t columns = getStatic(c.mainN);
  bool isReused =
      ShapedType::isDynamic(columns) || columns > 2 * tileVectors * lanes;
  std::optional<int64_t> stride = getStride(c.lhs, *c.mainM);
  Type element = cast<MemRefType>(c.lhs->get().getType()).getElementType();
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  bool conflicts =
      tileRows > 4 && stride && (*stride * bytes) % kConflictBytes == 0;
  packLhs = isReused && (!isContiguous(c.lhs, c.mainK) || conflicts);
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

Value ContractionEmitter::allocate(Value rows, int64_t columns) {
  Type element = cast<MemRefType>(c.out->get().getType()).getElementType();
  std::optional<int64_t> known = getConstantIntValue(rows);
  auto type =
      MemRefType::get({known.value_or(ShapedType::kDynamic), columns}, element);
  return memref::AllocOp::create(b, type,
                                 known ? ValueRange() : ValueRange(rows),
                                 b.getI64IntegerAttr(64));
}

/// buffer[r][t] = source(row0 + r, column0 + t). The buffer has room for whole
/// vectors of columns and, where rows are contiguous, for whole vectors of
/// rows; what is beyond the counts is never used.
void ContractionEmitter::pack(Source source, Value row0, Value numRows,
                              Value column0, Value numColumns, Value buffer) {
  OpOperand *operand = source.operand;
  Value memref = operand->get();
  Values saved = position;
  Value zero = e.index(0);
  auto at = [&](Value row, Value column) {
    position[source.rowDim] = row;
    position[source.columnDim] = column;
    return getIndices(operand);
  };

  if (isContiguous(operand, source.columnDim)) {
    e.loop(zero, numRows, 1, [&](Value r) {
      e.loop(zero, numColumns, lanes, [&](Value t) {
        Value mask = e.maskAt(lanes, t, numColumns);
        Value vector =
            e.load(memref, at(e.add(row0, r), e.add(column0, t)), lanes, mask);
        e.store(vector, buffer, {r, t}, Value());
      });
    });
  } else if (isContiguous(operand, source.rowDim)) {
    Value last = e.sub(numColumns, e.index(1));
    std::optional<int64_t> known = getConstantIntValue(numColumns);
    bool isWhole = known && *known % lanes == 0;
    e.loop(zero, numColumns, lanes, [&](Value t) {
      e.loop(zero, numRows, lanes, [&](Value r) {
        Value mask = e.maskAt(lanes, r, numRows);
        Values vectors;
        for (int64_t i = 0; i < lanes; ++i) {
          Value column = e.add(t, i);
          if (!isWhole)
            column = e.min(column, last);
          vectors.push_back(e.load(
              memref, at(e.add(row0, r), e.add(column0, column)), lanes, mask));
        }
        for (auto [i, vector] : llvm::enumerate(e.transpose(vectors)))
          e.store(vector, buffer, {e.add(r, i), t}, Value());
      });
    });
  } else {
    e.loop(zero, numRows, 1, [&](Value r) {
      e.loop(zero, numColumns, 1, [&](Value t) {
        Value element = memref::LoadOp::create(
            b, memref, at(e.add(row0, r), e.add(column0, t)));
        memref::StoreOp::create(b, element, buffer, ValueRange{r, t});
      });
    });
  }
  position = saved;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void ContractionEmitter::nest(ArrayRef<unsigned> dims,
                              function_ref<void()> body) {
  if (dims.empty())
    return body();
  e.loop(e.index(0), getSize(dims.front()), 1, [&](Value iv) {
    position[dims.front()] = iv;
    nest(dims.drop_front(), body);
  });
}

/// Adds the block's terms to `rows` times `vectors` of the result; `columns` of
/// them exist.
void ContractionEmitter::emitTile(Value m0, int64_t rows, int64_t vectors,
                                  Value columns) {
  Value n0 = position[c.mainN];
  SmallVector<Value> masks;
  for (int64_t v = 0; v < vectors; ++v)
    masks.push_back(e.mask(lanes, e.sub(columns, e.index(v * lanes))));
  auto setRow = [&](int64_t row) {
    if (c.mainM)
      position[*c.mainM] = e.add(m0, row);
  };
  auto outAt = [&](int64_t row, int64_t v) {
    setRow(row);
    position[c.mainN] = e.add(n0, v * lanes);
    return getIndices(c.out);
  };

  Values sums;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t v = 0; v < vectors; ++v)
      sums.push_back(e.load(c.out->get(), outAt(row, v), lanes, masks[v]));
  Value strip;
  if (prefetches)
    strip = b.createOrFold<arith::DivUIOp>(m0, e.index(tileRows));
  sums = e.carry(e.index(0), blockDepth, 1, sums, [&](Value t, Values soFar) {
    if (prefetches)
      prefetch(strip, t);
    position[c.mainK] = e.add(blockStart, t);
    Values right;
    for (int64_t v = 0; v < vectors; ++v) {
      position[c.mainN] = e.add(n0, v * lanes);
      if (packRhs)
        right.push_back(
            e.load(rhsBuffer, {t, e.index(v * lanes)}, lanes, Value()));
      else
        right.push_back(
            e.load(c.rhs->get(), getIndices(c.rhs), lanes, masks[v]));
    }
    Values next;
    for (int64_t row = 0; row < rows; ++row) {
      setRow(row);
      Value left =
          packLhs ? memref::LoadOp::create(b, lhsBuffer,
                                           ValueRange{position[*c.mainM], t})
                  : memref::LoadOp::create(b, c.lhs->get(), getIndices(c.lhs));
      left = e.splat(left, lanes);
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(e.multiplyAdd(left, right[v], soFar[row * vectors + v]));
    }
    return next;
  });
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t v = 0; v < vectors; ++v)
      e.store(sums[row * vectors + v], c.out->get(), outAt(row, v), masks[v]);
  position[c.mainN] = n0;
}

/// The panel behind the one at n0: the next columns, else the next terms.
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
  auto modulo = [&](Value x, int64_t y) {
    return b.createOrFold<arith::RemUIOp>(x, e.index(y));
  };
  auto times = [&](Value x, int64_t y) {
    return b.createOrFold<arith::MulIOp>(x, e.index(y));
  };
  if (isContiguous(c.rhs, c.mainN)) {
    position[c.mainK] = e.add(nextStart, t);
    position[c.mainN] =
        e.add(nextColumn, times(modulo(strip, tileVectors), lanes));
  } else {
    int64_t width = tileVectors * lanes;
    Value line = divide(t, width);
    Value lines =
        b.createOrFold<arith::CeilDivUIOp>(blockDepth, e.index(width));
    line = e.add(
        line, b.createOrFold<arith::MulIOp>(modulo(strip, tileVectors), lines));
    position[c.mainK] = e.add(nextStart, times(line, lanes));
    position[c.mainN] = e.add(nextColumn, modulo(t, width));
  }
  memref::PrefetchOp::create(b, c.rhs->get(), getIndices(c.rhs),
                             /*isWrite=*/false, /*localityHint=*/2,
                             /*isDataCache=*/true);
  position = saved;
}

void ContractionEmitter::emitStrips(int64_t vectors, Value columns) {
  if (!c.mainM)
    return emitTile(e.index(0), 1, vectors, columns);
  Value rows = getSize(*c.mainM);
  Value whole = e.floorTo(rows, tileRows);
  e.loop(e.index(0), whole, tileRows,
         [&](Value m0) { emitTile(m0, tileRows, vectors, columns); });
  if (std::optional<int64_t> known = getConstantIntValue(rows)) {
    if (int64_t rest = *known % tileRows)
      emitTile(whole, rest, vectors, columns);
    return;
  }
  e.loop(whole, rows, 1, [&](Value m0) { emitTile(m0, 1, vectors, columns); });
}

void ContractionEmitter::emitPanel(Value n0, int64_t vectors, Value columns) {
  position[c.mainN] = n0;
  if (packRhs)
    pack({c.rhs, c.mainK, c.mainN}, blockStart, blockDepth, n0, columns,
         rhsBuffer);
  if (prefetches)
    choosePrefetch(n0);
  SmallVector<unsigned> outer;
  if (!packLhs)
    for (unsigned dim : c.m)
      if (dim != *c.mainM)
        outer.push_back(dim);
  nest(outer, [&] { emitStrips(vectors, columns); });
}

void ContractionEmitter::emitBlock(Value k0, Value depth) {
  blockStart = k0;
  blockDepth = depth;
  if (packLhs)
    pack({c.lhs, *c.mainM, c.mainK}, e.index(0), getSize(*c.mainM), k0, depth,
         lhsBuffer);
  Value columns = getSize(c.mainN);
  int64_t width = tileVectors * lanes;
  Value whole = e.floorTo(columns, width);
  Value end = columns;
  Value begin = e.index(0);
  if (e.part) {
    auto scaled = [&](Value panel) {
      return b.createOrFold<arith::MulIOp>(panel, e.index(width));
    };
    Value panels = b.createOrFold<arith::DivUIOp>(e.ceilTo(columns, width),
                                                  e.index(width));
    auto [first, last] = e.getShare(panels);
    begin = scaled(first);
    end = e.min(scaled(last), columns);
    whole = e.floorTo(end, width);
  }
  e.loop(begin, whole, width,
         [&](Value n0) { emitPanel(n0, tileVectors, e.index(width)); });
  Value rest = e.sub(columns, e.floorTo(columns, width));
  if (std::optional<int64_t> known = getConstantIntValue(rest)) {
    // At most one iteration: only the last part reaches the rest.
    if (*known)
      e.loop(whole, end, width,
             [&](Value n0) { emitPanel(n0, ceilDiv(*known, lanes), rest); });
    return;
  }
  e.loop(whole, end, lanes, [&](Value n0) {
    emitPanel(n0, 1, e.min(e.sub(columns, n0), e.index(lanes)));
  });
}

bool ContractionEmitter::run() {
  if (!isContiguous(c.out, c.mainN))
    return false;
  chooseTile();
  choosePacking();
  int64_t columns = getStatic(c.mainN), depth = getStatic(c.mainK);
  bool isOnePanel = !ShapedType::isDynamic(columns) &&
                    !ShapedType::isDynamic(depth) && depth <= maxDepth &&
                    columns <= tileVectors * lanes;
  prefetches = packRhs && c.mainM && !isOnePanel &&
               (isContiguous(c.rhs, c.mainN) || isContiguous(c.rhs, c.mainK));
  if (packRhs)
    rhsBuffer = allocate(e.index(maxDepth), tileVectors * lanes);
  if (packLhs)
    lhsBuffer = allocate(e.ceilTo(getSize(*c.mainM), lanes), maxDepth + lanes);

  SmallVector<unsigned> outer(c.batch);
  if (packLhs)
    llvm::copy_if(c.m, std::back_inserter(outer),
                  [&](unsigned dim) { return dim != *c.mainM; });
  llvm::copy_if(c.n, std::back_inserter(outer),
                [&](unsigned dim) { return dim != c.mainN; });
  llvm::copy_if(c.k, std::back_inserter(outer),
                [&](unsigned dim) { return dim != c.mainK; });
  nest(outer, [&] {
    Value terms = getSize(c.mainK);
    e.loop(e.index(0), terms, maxDepth, [&](Value k0) {
      std::optional<int64_t> known = getConstantIntValue(terms);
      bool isWhole = known && (*known % maxDepth == 0 || *known < maxDepth);
      emitBlock(k0, isWhole ? e.index(std::min(*known, maxDepth))
                            : e.min(e.index(maxDepth), e.sub(terms, k0)));
    });
  });
  for (Value buffer : {lhsBuffer, rhsBuffer})
    if (buffer)
      memref::DeallocOp::create(b, buffer);
  return true;
}

bool hdp::vectorizeContraction(VectorEmitter &e, linalg::LinalgOp op) {
  std::optional<Contraction> contraction = matchContraction(op);
  return contraction && ContractionEmitter(e, op, *contraction).run();
}
