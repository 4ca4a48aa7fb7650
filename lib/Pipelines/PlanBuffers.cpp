//===- PlanBuffers.cpp - one allocation for a block's buffers -------------===//
//
// Buffers whose lives do not overlap lie in the same memory, so that what a
// model works on stays in caches, and a call asks for memory once. Each buffer
// gets the lowest place that no buffer of its time holds, large ones first.
//
//===----------------------------------------------------------------------===//

#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"

namespace hdp {
#define GEN_PASS_DEF_PLANBUFFERS
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

/// Places are multiples of it, for vectors and so that no line is shared.
static constexpr int64_t kAlignment = 64;

namespace {
/// An allocation that its block frees and that nothing outlives.
struct Buffer {
  memref::AllocOp alloc;
  memref::DeallocOp dealloc;
  /// The last op of the block that uses it, and both by their numbers.
  Operation *last = nullptr;
  int64_t begin = 0, end = 0;
  int64_t bytes = 0, place = 0;
};

struct PlanBuffersPass : public hdp::impl::PlanBuffersBase<PlanBuffersPass> {
  void runOnOperation() override {
    SmallVector<Block *> blocks;
    getOperation().walk<WalkOrder::PreOrder>([&](Block *block) {
      if (block->getParentOp() != getOperation())
        blocks.push_back(block);
    });
    for (Block *block : blocks)
      plan(*block);
  }

private:
  void plan(Block &block);
  static std::optional<Buffer>
  getBuffer(memref::AllocOp alloc,
            const llvm::DenseMap<Operation *, int64_t> &numbers);
};
} // namespace

/// The size in memory; nothing where it is not known.
static std::optional<int64_t> getNumBytes(MemRefType type) {
  Type element = type.getElementType();
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
      type.getMemorySpace())
    return std::nullopt;
  if (element.isIndex())
    return type.getNumElements() * 8;
  if (!element.isIntOrFloat())
    return std::nullopt;
  int64_t bytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  if (!llvm::isPowerOf2_64(bytes))
    return std::nullopt;
  return type.getNumElements() * bytes;
}

/// A value of the type refers to no memory.
static bool isPlain(Type type) {
  return type.isIntOrIndexOrFloat() || isa<VectorType>(type);
}

/// Follows the buffer through its views. A use that may keep it (a terminator,
/// an op whose result may refer to it and that is no view) makes it nobody's to
/// move.
std::optional<Buffer> PlanBuffersPass::getBuffer(
    memref::AllocOp alloc,
    const llvm::DenseMap<Operation *, int64_t> &numbers) {
  Block *block = alloc->getBlock();
  Buffer buffer;
  buffer.alloc = alloc;
  buffer.last = alloc;
  buffer.begin = buffer.end = numbers.lookup(alloc);
  SmallVector<Value> aliases = {alloc.getResult()};
  while (!aliases.empty()) {
    Value alias = aliases.pop_back_val();
    for (Operation *user : alias.getUsers()) {
      if (auto dealloc = dyn_cast<memref::DeallocOp>(user)) {
        if (buffer.dealloc || dealloc->getBlock() != block ||
            alias != alloc.getResult())
          return std::nullopt;
        buffer.dealloc = dealloc;
        continue;
      }
      bool isView = isa<ViewLikeOpInterface>(user);
      bool mayKeep = user->hasTrait<OpTrait::IsTerminator>() ||
                     isa<memref::ExtractAlignedPointerAsIndexOp>(user) ||
                     !llvm::all_of(user->getResultTypes(), isPlain);
      if (isView)
        llvm::append_range(aliases, user->getResults());
      else if (mayKeep)
        return std::nullopt;
      Operation *inBlock = block->findAncestorOpInBlock(*user);
      if (!inBlock)
        return std::nullopt;
      int64_t number = numbers.lookup(inBlock);
      if (number > buffer.end) {
        buffer.end = number;
        buffer.last = inBlock;
      }
    }
  }
  if (!buffer.dealloc)
    return std::nullopt;
  return buffer;
}

/// Sets the places; returns the bytes that all need together.
static int64_t choosePlaces(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order, placed;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::sort(order, [](const Buffer *a, const Buffer *b) {
    return std::pair(-a->bytes, a->begin) < std::pair(-b->bytes, b->begin);
  });
  int64_t total = 0;
  for (Buffer *buffer : order) {
    // `placed` is sorted by place: the first gap that is wide enough.
    buffer->place = 0;
    for (Buffer *other : placed) {
      if (other->begin > buffer->end || buffer->begin > other->end)
        continue;
      if (other->place - buffer->place >= buffer->bytes)
        break;
      buffer->place = std::max(
          buffer->place,
          int64_t(llvm::alignTo(other->place + other->bytes, kAlignment)));
    }
    placed.insert(llvm::upper_bound(placed, buffer,
                                    [](const Buffer *a, const Buffer *b) {
                                      return a->place < b->place;
                                    }),
                  buffer);
    total = std::max(total, buffer->place + buffer->bytes);
  }
  return total;
}

void PlanBuffersPass::plan(Block &block) {
  llvm::DenseMap<Operation *, int64_t> numbers;
  SmallVector<memref::AllocOp> allocs;
  for (Operation &op : block) {
    numbers[&op] = int64_t(numbers.size());
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      allocs.push_back(alloc);
  }
  if (allocs.empty())
    return;
  SmallVector<Buffer> shared;
  for (memref::AllocOp alloc : allocs) {
    std::optional<Buffer> buffer = getBuffer(alloc, numbers);
    if (!buffer)
      continue;
    std::optional<int64_t> bytes = getNumBytes(alloc.getType());
    if (bytes && *bytes > 0 && alloc.getAlignment().value_or(1) <= kAlignment) {
      buffer->bytes = *bytes;
      shared.push_back(*buffer);
    } else if (buffer->last != alloc) {
      buffer->dealloc->moveAfter(buffer->last);
    }
  }
  if (shared.size() < 2)
    return;

  int64_t total = choosePlaces(shared);
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  Location loc = shared.front().alloc.getLoc();
  builder.setInsertionPoint(shared.front().alloc);
  auto type = MemRefType::get({total}, builder.getI8Type());
  Value arena = memref::AllocOp::create(builder, loc, type,
                                        builder.getI64IntegerAttr(kAlignment));
  builder.setInsertionPoint(block.getTerminator());
  memref::DeallocOp::create(builder, loc, arena);
  for (Buffer &buffer : shared) {
    builder.setInsertionPoint(buffer.alloc);
    Value place = arith::ConstantIndexOp::create(builder, loc, buffer.place);
    Value view =
        memref::ViewOp::create(builder, buffer.alloc.getLoc(),
                               buffer.alloc.getType(), arena, place, {});
    buffer.dealloc.erase();
    buffer.alloc.replaceAllUsesWith(view);
    buffer.alloc.erase();
    ++numPlaced;
  }
}
