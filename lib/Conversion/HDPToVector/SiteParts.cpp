//===- SiteParts.cpp - an attention in parts for several threads ----------===//
//
// The work is a sequence of strips, batches of query rows of all heads in
// order. Each part has a run of them: whole heads, and some rows of the first
// and the last one. Keys are packed by every part that has rows of a head; this
// is a small share of the work, and the copy is in the cache of the core that
// reads it.
//
//===----------------------------------------------------------------------===//

#include "SiteEmitter.h"
#include "hdp/Conversion/VectorEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

/// What a part is worth: products of queries and keys that take some twenty
/// microseconds, many times what handing them over takes.
static constexpr int64_t kPartProducts = int64_t(1) << 22;

/// Sums of a gated head (KernelEmitter::GateWord).
static constexpr int64_t kNumTotals = 4;

/// How many parts there are: as many as threads, unless that is more than the
/// work is worth.
Val SiteEmitter::countParts(const Operands &operands, const Sizes &sizes,
                            SymbolTable &symbols) {
  Type type = b.getIndexType();
  if (!symbols.lookup(kThreadsFunction)) {
    auto threads = func::FuncOp::create(op.getLoc(), kThreadsFunction,
                                        b.getFunctionType({}, {type}));
    threads.setPrivate();
    symbols.insert(threads);
  }
  Val threads = {b,
                 func::CallOp::create(b, kThreadsFunction, type, ValueRange())
                     .getResult(0)};
  size_t rank = operands.query.sizes.size();
  Val products = sizes.queryHeads * operands.query.sizes[rank - 2] *
                 operands.key.sizes[rank - 2] * spec.d;
  Val most =
      least(products.div(kPartProducts), sizes.queryHeads * sizes.strips);
  return least(threads, most.max(1));
}

/// The strips [first, second) of a part.
std::pair<Val, Val> SiteEmitter::getShare(const Sizes &sizes,
                                          const PartArguments &arguments) {
  Val part = {b, arguments.part}, numParts = {b, arguments.numParts};
  auto bound = [&](Val count, Val at, Val parts) {
    return divide(count * at, parts);
  };
  if (!isGated()) {
    Val all = sizes.queryHeads * sizes.strips;
    return {bound(all, part, numParts), bound(all, part + 1, numParts)};
  }
  // Whole heads; or, of the parts that `part * heads / parts` gives the same
  // head, each an equal share of it.
  Val heads = sizes.queryHeads, head = bound(heads, part, numParts);
  Val isWhole = Val(b, arguments.phase).eq(kWholeHeads);
  Val some = heads.max(1);
  Val first = divideUp(head * numParts, some);
  Val parts = (divideUp((head + 1) * numParts, some) - first).max(1);
  Val begin = head * sizes.strips;
  Val low = begin + bound(sizes.strips, part - first, parts);
  Val high = begin + bound(sizes.strips, part - first + 1, parts);
  Val end = bound(heads, part + 1, numParts) * sizes.strips;
  return {isWhole.select(begin, low), isWhole.select(end, high)};
}

/// The heads, or rows of heads, that a part has.
void SiteEmitter::emitPart(const Memrefs &memrefs,
                           const PartArguments &arguments) {
  Operands operands = readAll(memrefs);
  Sizes sizes = getSizes(operands);
  Val bytes = {b, arguments.workspaceSize};
  Val offset = Val(b, arguments.part) * bytes;
  Value workspace = memref::ViewOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()),
      arguments.workspace, offset, ValueRange{bytes.v});

  auto [begin, end] = getShare(sizes, arguments);
  Val strips = sizes.strips.max(1);
  Val groupStrips = (sizes.shared * sizes.strips).max(1);
  auto loop = scf::ForOp::create(b, divide(begin, groupStrips),
                                 divideUp(end, groupStrips), index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Val group = {b, loop.getInductionVar()};
  Val first = group * groupStrips;
  Val low = begin.max(first) - first;
  Val high = least(end, first + groupStrips) - first;
  Val firstHead = divide(low, strips), endHead = divideUp(high, strips);
  Val firstRow = (low - firstHead * strips) * kBatch;
  Val endRow = least((high - (endHead - 1) * strips) * kBatch, sizes.rows);

  Heads heads = {
      {}, remainder(group, sizes.keyHeads), firstHead, endHead - firstHead};
  Val outer = divide(group, sizes.keyHeads);
  for (Val size : llvm::reverse(sizes.batch)) {
    heads.batch.insert(heads.batch.begin(), remainder(outer, size));
    outer = divide(outer, size);
  }
  SmallVector<Value> others = {firstRow.v, endRow.v, low.v};
  if (isGated()) {
    // Where rows are shared the part has one head.
    Val head = divide(first + low, strips);
    SmallVector<OpFoldResult> offsets = {head.v, b.getIndexAttr(0)};
    SmallVector<OpFoldResult> counts = {b.getIndexAttr(1),
                                        b.getIndexAttr(kNumTotals)};
    SmallVector<OpFoldResult> steps(2, b.getIndexAttr(1));
    auto type = memref::SubViewOp::inferRankReducedResultType(
        {kNumTotals}, cast<MemRefType>(arguments.totals.getType()), offsets,
        counts, steps);
    others.push_back(arguments.phase);
    others.push_back(memref::SubViewOp::create(
        b, cast<MemRefType>(type), arguments.totals, offsets, counts, steps));
  }
  // A head may have more parts than strips.
  auto hasRows = scf::IfOp::create(b, low.lt(high), /*withElseRegion=*/false);
  b.setInsertionPointToStart(hasRows.thenBlock());
  call(operands, sizes, heads, workspace, others);
}

/// A function of the memrefs, workspace, its size for one part, with a gate
/// sums of heads and KernelPhase, part and number of parts.
func::FuncOp SiteEmitter::buildPart(SymbolTable &symbols, Memrefs memrefs) {
  Type index = b.getIndexType();
  SmallVector<Type> types;
  for (Value *memref : memrefs.getAll())
    types.push_back(memref->getType());
  types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
  types.push_back(index);
  if (isGated()) {
    types.push_back(
        MemRefType::get({ShapedType::kDynamic, kNumTotals}, b.getI64Type()));
    types.push_back(index);
  }
  types.append(2, index);
  auto function = func::FuncOp::create(op.getLoc(), "hdp_attention_part",
                                       b.getFunctionType(types, {}));
  function.setPrivate();
  symbols.insert(function);

  OpBuilder::InsertionGuard guard(b);
  Block *block = function.addEntryBlock();
  b.setInsertionPointToStart(block);
  unsigned next = 0;
  auto take = [&]() -> Value { return block->getArgument(next++); };
  for (Value *memref : memrefs.getAll())
    *memref = take();
  PartArguments arguments;
  arguments.workspace = take();
  arguments.workspaceSize = take();
  if (isGated()) {
    arguments.totals = take();
    arguments.phase = take();
  }
  arguments.part = take();
  arguments.numParts = take();
  emitPart(memrefs, arguments);
  func::ReturnOp::create(b);
  return function;
}

/// All elements of a memref of two dimensions become 0.
void SiteEmitter::clear(Value memref) {
  OpBuilder::InsertionGuard guard(b);
  Value zero = Val::constantOf(b, b.getI64Type(), 0);
  SmallVector<Value> indices;
  for (int64_t dim : {0, 1}) {
    Value size = memref::DimOp::create(b, memref, dim);
    auto loop = scf::ForOp::create(b, index(0), size, index(1));
    b.setInsertionPointToStart(loop.getBody());
    indices.push_back(loop.getInductionVar());
  }
  memref::StoreOp::create(b, zero, memref, indices);
}

void SiteEmitter::runShared(SymbolTable &symbols) {
  Memrefs memrefs = takeOperands();
  func::FuncOp part = buildPart(symbols, memrefs);
  // Its last two arguments are one here: how many parts.
  auto split = func::FuncOp::create(
      op.getLoc(), (kSplitPrefix + part.getName()).str(),
      b.getFunctionType(part.getArgumentTypes().drop_back(), {}));
  split.setPrivate();
  symbols.insert(split);

  Operands operands = readAll(memrefs);
  Sizes sizes = getSizes(operands);
  Val numParts = countParts(operands, sizes, symbols);
  // Parts do not share a line of the cache.
  Val bytes = getWorkspaceSize(operands) + 64;
  Value workspace = memref::AllocOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()),
      ValueRange{(bytes * numParts).v}, b.getI64IntegerAttr(64));
  if (memrefs.statistics)
    clear(memrefs.statistics);
  SmallVector<Value> arguments;
  for (Value *memref : memrefs.getAll())
    arguments.push_back(*memref);
  arguments.append({workspace, bytes.v});
  if (!isGated()) {
    arguments.push_back(numParts);
    func::CallOp::create(b, split, arguments);
  } else {
    Value totals = memref::AllocOp::create(
        b, MemRefType::get({ShapedType::kDynamic, kNumTotals}, b.getI64Type()),
        ValueRange{sizes.queryHeads.v});
    auto callPhase = [&](KernelPhase phase) {
      SmallVector<Value> all = arguments;
      all.append({totals, index(phase).v, numParts.v});
      func::CallOp::create(b, split, all);
    };
    auto branch = scf::IfOp::create(b, sizes.queryHeads.lt(numParts),
                                    /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      clear(totals);
      callPhase(kMeasureRows);
      callPhase(kAttendRows);
      b.setInsertionPointToStart(branch.elseBlock());
      callPhase(kWholeHeads);
    }
    memref::DeallocOp::create(b, totals);
  }
  memref::DeallocOp::create(b, workspace);
  returnOperands(memrefs);
}
