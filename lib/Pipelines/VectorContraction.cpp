//===- VectorContraction.cpp - matrix products in register tiles ----------===//
//
// A tile of the result stays in registers while the sum's terms are added one
// after the other: rows of the left operand are broadcast, vectors of the right
// one are multiplied in. A panel of the right operand is copied to a contiguous
// buffer once and used by all tiles of its columns; the left operand is copied
// where its layout is unfit. The terms of every sum keep their order.
//
//===----------------------------------------------------------------------===//

#include "VectorContraction.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include <cstdlib>

using namespace mlir;
using namespace hdp;

/// Terms of a sum between two visits of a tile in memory: a packed panel stays
/// in the second-level cache, rows of the left operand in the first.
static constexpr int64_t kMaxDepth = 768;
/// Rows this many bytes apart compete for the same places of a cache.
static constexpr int64_t kConflictBytes = 2048;

ContractionEmitter::ContractionEmitter(VectorEmitter &e, linalg::LinalgOp op,
                                       const Contraction &c)
    : e(e), b(e.b), op(op), c(c),
      sumType(cast<MemRefType>(c.out->get().getType()).getElementType()),
      lanes(e.target.getLanes(sumType.getIntOrFloatBitWidth())),
      position(op.getNumLoops()) {}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

static int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

/// Codes of 8 bits less a zero point fit 16 bits.
bool ContractionEmitter::areCodes(OpOperand *operand) {
  if (!getElementTypeOrSelf(operand->get().getType()).isInteger(8))
    return false;
  Operation *wide = *op.getMatchingBlockArgument(operand).user_begin();
  auto shifted = dyn_cast<arith::SubIOp>(*wide->user_begin());
  if (!shifted)
    return true;
  std::optional<int64_t> zero = getConstantIntValue(shifted.getRhs());
  return zero && std::abs(*zero) <= 1 << 14;
}

/// Where the target adds products of pairs of bf16 to f32, or of 16-bit
/// integers to i32. A pair is two terms of the innermost sum.
void ContractionEmitter::choosePairs() {
  auto isBF16 = [](OpOperand *operand) {
    return getElementTypeOrSelf(operand->get().getType()).isBF16();
  };
  bool areBF16 =
      e.target.hasBF16() && sumType.isF32() && isBF16(c.lhs) && isBF16(c.rhs);
  bool areIntegers = e.target.kind != TargetKind::Portable && areCodes(c.lhs) &&
                     areCodes(c.rhs);
  usesPairs = (areBF16 || areIntegers) && c.mainM && getStatic(*c.mainM) != 1 &&
              !ShapedType::isDynamic(getStatic(c.mainK)) &&
              getStatic(c.mainK) % 2 == 0 && isContiguous(c.lhs, c.mainK) &&
              (isContiguous(c.rhs, c.mainK) || isContiguous(c.rhs, c.mainN));
}

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
  maxDepth = kMaxDepth;
  if (std::optional<int64_t> depth = getConstantIntValue(getNumSteps());
      depth && *depth > 0) {
    int64_t blocks = ceilDiv(*depth, kMaxDepth);
    maxDepth = llvm::alignTo(ceilDiv(*depth, blocks), lanes);
  }
}

void ContractionEmitter::choosePacking() {
  int64_t uses = 1;
  for (unsigned dim : c.m)
    uses *= ShapedType::isDynamic(getStatic(dim)) ? 1000 : getStatic(dim);
  packRhs = usesPairs || !isContiguous(c.rhs, c.mainN) || uses > 2 * tileRows;
  if (!c.mainM)
    return;
  int64_t width = tileVectors * lanes, columns = getStatic(c.mainN);
  bool isReused = ShapedType::isDynamic(columns) || columns > 2 * width;
  std::optional<int64_t> stride = getStride(c.lhs, *c.mainM);
  Type element = getElementTypeOrSelf(c.lhs->get().getType());
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  bool conflicts =
      tileRows > 4 && stride && (*stride * bytes) % kConflictBytes == 0;
  packLhs = usesPairs || (isReused && (!isContiguous(c.lhs, c.mainK) ||
                                       conflicts || element != sumType));

  bool isOnePanel =
      !ShapedType::isDynamic(columns) && columns <= width &&
      getConstantIntValue(getNumSteps()).value_or(maxDepth + 1) <= maxDepth;
  prefetches = packRhs && !isOnePanel &&
               (isContiguous(c.rhs, c.mainN) || isContiguous(c.rhs, c.mainK));
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

bool ContractionEmitter::isOneBlock() {
  std::optional<int64_t> steps = getConstantIntValue(getNumSteps());
  return steps && *steps <= maxDepth;
}

/// To a row of the result and a vector of a tile's columns.
void ContractionEmitter::moveTo(Value row, Value n0, int64_t vector) {
  if (c.mainM)
    position[*c.mainM] = row;
  position[c.mainN] = e.add(n0, vector * lanes);
}

Values ContractionEmitter::loadSums(Value m0, int64_t rows, Values masks) {
  Value n0 = position[c.mainN];
  Values sums;
  for (int64_t row = 0; row < rows; ++row)
    for (auto [v, mask] : llvm::enumerate(masks)) {
      moveTo(e.add(m0, row), n0, v);
      sums.push_back(e.load(c.out->get(), getIndices(c.out), lanes, mask));
    }
  position[c.mainN] = n0;
  return sums;
}

void ContractionEmitter::storeSums(Value m0, Values masks, Values sums) {
  Value n0 = position[c.mainN];
  for (auto [i, sum] : llvm::enumerate(sums)) {
    size_t v = i % masks.size();
    moveTo(e.add(m0, i / masks.size()), n0, v);
    e.store(sum, c.out->get(), getIndices(c.out), masks[v]);
  }
  position[c.mainN] = n0;
}

/// What the block adds to: what is in memory, or for the first block the value
/// that sums begin with.
Values ContractionEmitter::beginSums(Value m0, int64_t rows, Values masks) {
  if (!initial)
    return loadSums(m0, rows, masks);
  Values sums(rows * masks.size(), e.splat(initial, lanes));
  if (isOneBlock())
    return sums;
  Value isFirst = b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                                blockStart, e.index(0));
  auto branch = scf::IfOp::create(b, TypeRange(ValueRange(sums)), isFirst,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, sums);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loadSums(m0, rows, masks));
  return Values(branch.getResults());
}

/// Leaves the sums in memory, or behind the last block what becomes of them.
void ContractionEmitter::endSums(Value m0, int64_t rows, Values masks,
                                 Values sums) {
  if (!epilogue)
    return storeSums(m0, masks, sums);
  if (isOneBlock())
    return follow(m0, rows, masks, sums);
  Value isLast = b.createOrFold<arith::CmpIOp>(
      arith::CmpIPredicate::eq, e.add(blockStart, blockDepth), getNumSteps());
  auto branch = scf::IfOp::create(b, isLast, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  follow(m0, rows, masks, sums);
  b.setInsertionPointToStart(branch.elseBlock());
  storeSums(m0, masks, sums);
}

/// The epilogue of a tile: in registers, or if there is much to do in a loop
/// over its rows.
void ContractionEmitter::follow(Value m0, int64_t rows, Values masks,
                                Values sums) {
  Value n0 = position[c.mainN], out = c.out->get();
  if (isEpilogueShort) {
    for (auto [i, sum] : llvm::enumerate(sums)) {
      size_t v = i % masks.size();
      moveTo(e.add(m0, i / masks.size()), n0, v);
      epilogue->follow(out, sum, getIndices(c.out), masks[v]);
    }
  } else {
    storeSums(m0, masks, sums);
    e.loop(e.index(0), e.index(rows), 1, [&](Value row) {
      for (auto [v, mask] : llvm::enumerate(masks)) {
        moveTo(e.add(m0, row), n0, v);
        Values indices = getIndices(c.out);
        epilogue->follow(out, e.load(out, indices, lanes, mask), indices, mask);
      }
    });
  }
  position[c.mainN] = n0;
}

/// Adds the block's terms to `rows` times `vectors` of the result; `columns` of
/// them exist.
void ContractionEmitter::emitTile(Value m0, int64_t rows, int64_t vectors,
                                  Value columns) {
  Value n0 = position[c.mainN], strip;
  Values masks;
  for (int64_t v = 0; v < vectors; ++v)
    masks.push_back(e.mask(lanes, e.sub(columns, e.index(v * lanes))));
  if (prefetches)
    strip = b.createOrFold<arith::DivUIOp>(m0, e.index(tileRows));
  Values sums = beginSums(m0, rows, masks);
  sums = e.carry(e.index(0), blockDepth, 1, sums, [&](Value t, Values soFar) {
    if (prefetches)
      prefetch(strip, t);
    position[c.mainK] = toTerm(e.add(blockStart, t));
    Values right;
    for (int64_t v = 0; v < vectors; ++v) {
      position[c.mainN] = e.add(n0, v * lanes);
      right.push_back(
          packRhs ? e.load(rhsBuffer, {t, e.index(v * lanes)}, lanes, Value())
                  : load(c.rhs, masks[v]));
    }
    Values next;
    for (int64_t row = 0; row < rows; ++row) {
      if (c.mainM)
        position[*c.mainM] = e.add(m0, row);
      Value left =
          packLhs ? Value(memref::LoadOp::create(
                        b, lhsBuffer, ValueRange{position[*c.mainM], t}))
                  : widen(c.lhs, memref::LoadOp::create(b, c.lhs->get(),
                                                        getIndices(c.lhs)));
      left = e.splat(left, lanes);
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(
            usesPairs
                ? multiplyPairs(left, right[v], soFar[row * vectors + v])
                : e.multiplyAdd(left, right[v], soFar[row * vectors + v]));
    }
    return next;
  });
  position[c.mainN] = n0;
  endSums(m0, rows, masks, sums);
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
    packRight(n0, columns);
  if (prefetches)
    choosePrefetch(n0);
  SmallVector<unsigned> outer;
  if (!packLhs)
    for (unsigned dim : c.m)
      if (dim != *c.mainM)
        outer.push_back(dim);
  nest(outer, [&] { emitStrips(vectors, columns); });
}

void ContractionEmitter::emitBlock(Value step0, Value depth) {
  blockStart = step0;
  blockDepth = depth;
  if (packLhs)
    packLeft();
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

/// One row times numbers of 16 bits that lie along the sum: each is used once,
/// and memory gives them faster than panels of them can be turned. Loops over
/// vectors of terms do that.
bool ContractionEmitter::areDotProducts() {
  Type element = getElementTypeOrSelf(c.rhs->get().getType());
  return !c.mainM && (element.isF16() || element.isBF16()) &&
         isContiguous(c.lhs, c.mainK) && isContiguous(c.rhs, c.mainK);
}

bool ContractionEmitter::run() {
  if (!isContiguous(c.out, c.mainN) || areDotProducts())
    return false;
  choosePairs();
  chooseTile();
  choosePacking();
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
    Value steps = getNumSteps();
    e.loop(e.index(0), steps, maxDepth, [&](Value first) {
      std::optional<int64_t> known = getConstantIntValue(steps);
      bool isWhole = known && (*known % maxDepth == 0 || *known < maxDepth);
      emitBlock(first, isWhole ? e.index(std::min(*known, maxDepth))
                               : e.min(e.index(maxDepth), e.sub(steps, first)));
    });
  });
  for (Value buffer : {lhsBuffer, rhsBuffer})
    if (buffer)
      memref::DeallocOp::create(b, buffer);
  return true;
}

/// Operations of an epilogue that are done to a tile in registers.
static constexpr size_t kShortEpilogue = 3;

bool hdp::vectorizeContraction(VectorEmitter &e, const Product &product,
                               SmallVectorImpl<Operation *> &math) {
  std::optional<Contraction> contraction =
      matchContraction(product.contraction);
  if (!contraction)
    return false;
  ContractionEmitter emitter(e, product.contraction, *contraction);
  if (linalg::LinalgOp fill = product.fill)
    emitter.setInitial(fill.getBlock()->getTerminator()->getOperand(0));
  std::optional<LoopVectorizer> epilogue;
  if (linalg::LinalgOp op = product.epilogue) {
    epilogue.emplace(e, op, math);
    emitter.setEpilogue(
        &*epilogue, !llvm::hasNItemsOrMore(*op.getBlock(), kShortEpilogue + 2));
  }
  return emitter.run();
}
