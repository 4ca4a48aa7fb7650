//===- SiteEmitter.cpp - operands, workspace, loops over heads ------------===//

#include "SiteEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

void SiteEmitter::copy(Value from, Value to) {
  SmallVector<Value> indices;
  OpBuilder::InsertionGuard guard(b);
  for (int64_t dim = 0; dim < cast<MemRefType>(from.getType()).getRank();
       ++dim) {
    Value size = memref::DimOp::create(b, from, dim);
    auto loop = scf::ForOp::create(b, index(0), size, index(1));
    b.setInsertionPointToStart(loop.getBody());
    indices.push_back(loop.getInductionVar());
  }
  memref::StoreOp::create(b, memref::LoadOp::create(b, from, indices), to,
                          indices);
}

static bool hasContiguousRows(Value memref) {
  auto [strides, offset] =
      cast<MemRefType>(memref.getType()).getStridesAndOffset();
  return strides.back() == 1;
}

/// `memref`, or a copy whose rows are contiguous.
Value SiteEmitter::makeContiguous(Value memref) {
  if (hasContiguousRows(memref))
    return memref;
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(b, memref, dim));
  Value copied = memref::AllocOp::create(
      b, MemRefType::get(type.getShape(), type.getElementType()), sizes);
  copy(memref, copied);
  return copied;
}

SmallVector<Value *> SiteEmitter::Memrefs::getAll() {
  SmallVector<Value *> all;
  for (Value *value :
       {&query, &key, &value, &result, &mask, &bias, &statistics})
    if (*value)
      all.push_back(value);
  return all;
}

SiteEmitter::Memrefs SiteEmitter::takeOperands() {
  Memrefs memrefs = {op.getQuery(),     op.getKey(),  op.getValue(),
                     op.getInit(),      op.getMask(), op.getBias(),
                     op.getStatistics()};
  for (Value *memref : memrefs.getAll())
    if (memref != &memrefs.statistics)
      *memref = makeContiguous(*memref);
  return memrefs;
}

/// The result to where it belongs; copies are freed.
void SiteEmitter::returnOperands(Memrefs memrefs) {
  if (memrefs.result != op.getInit())
    copy(memrefs.result, op.getInit());
  for (Value *memref : memrefs.getAll())
    if (!llvm::is_contained(op->getOperands(), *memref))
      memref::DeallocOp::create(b, *memref);
}

SiteEmitter::Operand SiteEmitter::read(Value memref,
                                       std::optional<ArrayRef<int64_t>> perm) {
  Operand operand;
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  operand.base = metadata.getBaseBuffer();
  operand.offset = {b, metadata.getOffset()};
  int64_t rank = metadata.getSizes().size();
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t from = perm ? (*perm)[dim] : dim;
    operand.sizes.push_back({b, metadata.getSizes()[from]});
    operand.strides.push_back({b, metadata.getStrides()[from]});
  }
  return operand;
}

/// A mask: dimensions of one element are repeated as often as the query's.
SiteEmitter::Operand SiteEmitter::readMask(Value memref, ArrayRef<Val> sizes) {
  Operand operand = read(memref);
  for (auto [dim, size] : llvm::enumerate(sizes.drop_back())) {
    Val isOne = operand.sizes[dim].eq(1);
    operand.strides[dim] = isOne.select(index(0), operand.strides[dim]);
    operand.sizes[dim] = size;
  }
  return operand;
}

SiteEmitter::Operands SiteEmitter::readAll(const Memrefs &memrefs) {
  Operands operands;
  operands.query = read(memrefs.query, op.getQueryPerm());
  operands.key = read(memrefs.key, op.getKeyPerm());
  operands.value = read(memrefs.value, op.getValuePerm());
  operands.result = read(memrefs.result, op.getResultPerm());
  if (memrefs.mask)
    operands.mask = readMask(memrefs.mask, operands.query.sizes);
  if (memrefs.bias)
    operands.bias = readMask(memrefs.bias, operands.query.sizes);
  operands.statistics = memrefs.statistics;
  return operands;
}

SiteEmitter::Sizes SiteEmitter::getSizes(const Operands &operands) {
  ArrayRef<Val> query = operands.query.sizes;
  size_t rank = query.size();
  Sizes sizes;
  sizes.keyHeads = sizes.shared = sizes.queryHeads = index(1);
  if (rank > 2) {
    sizes.keyHeads = operands.key.sizes[rank - 3];
    sizes.shared = divide(query[rank - 3], sizes.keyHeads);
    sizes.batch.assign(query.begin(), query.end() - 3);
    for (Val size : query.drop_back(2))
      sizes.queryHeads = sizes.queryHeads * size;
  }
  sizes.rows = query[rank - 2].ceilDiv(2);
  sizes.strips = sizes.rows.ceilDiv(kBatch);
  return sizes;
}

Val SiteEmitter::getWorkspaceSize(const Operands &operands) {
  size_t rank = operands.query.sizes.size();
  return KernelEmitter(b, spec).workspaceSize(operands.query.sizes[rank - 2],
                                              operands.key.sizes[rank - 2]);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Rows of `heads` heads as the kernel takes them: three dimensions, or two
/// for one head.
Value SiteEmitter::view(const Operand &operand, ArrayRef<Val> batch,
                        Val firstHead, Val heads, Type type) {
  size_t rank = operand.sizes.size();
  Val offset = operand.offset;
  for (auto [dim, at] : llvm::enumerate(batch))
    offset = offset + at * operand.strides[dim];
  Val headStride = rank > 2 ? operand.strides[rank - 3] : index(0);
  offset = offset + firstHead * headStride;
  auto memref = cast<MemRefType>(type);
  SmallVector<OpFoldResult> sizes, strides;
  if (memref.getRank() == 3) {
    sizes.push_back(heads.v);
    strides.push_back(headStride.v);
  }
  sizes.push_back(operand.sizes[rank - 2].v);
  if (memref.isDynamicDim(memref.getRank() - 1))
    sizes.push_back(operand.sizes[rank - 1].v);
  else
    sizes.push_back(b.getIndexAttr(memref.getShape().back()));
  strides.push_back(operand.strides[rank - 2].v);
  strides.push_back(b.getIndexAttr(1));
  return memref::ReinterpretCastOp::create(
      b, memref, operand.base, OpFoldResult(offset.v), sizes, strides);
}

/// The statistics of `heads` query heads.
Value SiteEmitter::rowsOfHeads(const Operands &operands, ArrayRef<Val> batch,
                               Val firstHead, Val heads, Type type) {
  ArrayRef<Val> query = operands.query.sizes;
  Val row = index(0);
  for (auto [dim, at] : llvm::enumerate(batch))
    row = row * query[dim] + at;
  if (query.size() > 2)
    row = row * query[query.size() - 3] + firstHead;
  SmallVector<OpFoldResult> offsets = {row.v, b.getIndexAttr(0)};
  SmallVector<OpFoldResult> sizes = {heads.v,
                                     b.getIndexAttr(kNumHeadStatistics)};
  SmallVector<OpFoldResult> steps(2, b.getIndexAttr(1));
  Value rows =
      memref::SubViewOp::create(b, operands.statistics, offsets, sizes, steps);
  return memref::CastOp::create(b, type, rows);
}

void SiteEmitter::call(const Operands &operands, const Sizes &sizes,
                       const Heads &heads, Value workspace,
                       ArrayRef<Value> others) {
  Val first = heads.keyHead * sizes.shared + heads.first;
  ArrayRef<Type> types = kernel.getArgumentTypes();
  SmallVector<Value> arguments;
  auto add = [&](const Operand &operand, Val head, Val count) {
    arguments.push_back(
        view(operand, heads.batch, head, count, types[arguments.size()]));
  };
  add(operands.query, first, heads.count);
  add(operands.key, heads.keyHead, index(1));
  add(operands.value, heads.keyHead, index(1));
  add(operands.result, first, heads.count);
  arguments.push_back(workspace);
  if (operands.mask)
    add(*operands.mask, first, heads.count);
  if (operands.bias)
    add(*operands.bias, first, heads.count);
  if (operands.statistics)
    arguments.push_back(rowsOfHeads(operands, heads.batch, first, heads.count,
                                    types[arguments.size()]));
  llvm::append_range(arguments, others);
  func::CallOp::create(b, kernel, arguments);
}

void SiteEmitter::run() {
  Memrefs memrefs = takeOperands();
  Operands operands = readAll(memrefs);
  Sizes sizes = getSizes(operands);
  Value workspace = memref::AllocOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()),
      ValueRange{getWorkspaceSize(operands).v}, b.getI64IntegerAttr(64));
  {
    OpBuilder::InsertionGuard guard(b);
    auto open = [&](Val count) {
      auto loop = scf::ForOp::create(b, index(0), count, index(1));
      b.setInsertionPointToStart(loop.getBody());
      return Val(b, loop.getInductionVar());
    };
    Heads heads = {{}, index(0), index(0), sizes.shared};
    if (operands.query.sizes.size() > 2) {
      for (Val size : sizes.batch)
        heads.batch.push_back(open(size));
      heads.keyHead = open(sizes.keyHeads);
    }
    call(operands, sizes, heads, workspace, {});
  }
  memref::DeallocOp::create(b, workspace);
  returnOperands(memrefs);
}
