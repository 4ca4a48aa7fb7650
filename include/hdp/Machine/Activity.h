//===- Activity.h - what executing a command did ----------------*- C++ -*-===//
//
// The only thing that timing and energy learn from values: counts. No value,
// no mask, no address of a scratchpad.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_ACTIVITY_H
#define HDP_MACHINE_ACTIVITY_H

#include "hdp/Machine/Command.h"

namespace hdp::machine {

/// Products of operands of `a` and `b` bits. A pooled operand is a sum of
/// integer parts, one bit of which the top bricks have to spare.
struct ProductCount {
  uint8_t a = 0, b = 0;
  bool isPooled = false;
  uint64_t count = 0;
};

/// What the array has to do for one block row.
struct RowWork {
  /// PE slots of kept blocks (a slot holds 2 x 2 results).
  uint32_t slots = 0;
  /// Keys whose values are weighed, group sums that are.
  uint32_t keys = 0, sums = 0;
};

/// Contiguous bytes of DRAM.
struct DramRun {
  uint64_t address = 0, bytes = 0;
};

/// Counts of a command that are single numbers.
struct ActivityCounts {
  bool isDropped = false;
  /// Loads and stores: bytes moved.
  uint64_t dramBytes = 0;

  /// Array: the head dimension; columns of V.
  uint32_t depth = 0, valueColumns = 0;
  /// Array: tiles of a dense pass (pooled: of blocks) that are not all void.
  uint64_t tiles = 0;
  bool isPooled = false;
  /// Bits that a key (a key block when pooled) or value takes from its buffer,
  /// per element.
  uint32_t operandBits = 0;

  /// Softmax: groups of each query row.
  uint32_t groups = 0;
  /// Sparsity: block columns swept for each block row. Normaliser: codes.
  uint32_t sweptRows = 0, sweptColumns = 0;
  uint64_t codes = 0;
  bool isExact = false;
  /// Cores that END_H has to ask.
  uint32_t cores = 0;

  /// Exponentials; thetas made; blocks kept and full blocks seen.
  uint64_t exponentials = 0, thetas = 0, keptBlocks = 0, fullBlocks = 0,
           keptFullBlocks = 0;
  /// END_H: the head is not kept.
  bool isGated = false;
  /// Bytes moved in scratchpads.
  uint64_t read[numBuffers] = {}, written[numBuffers] = {};
};

/// What one command did.
struct Activity : ActivityCounts {
  /// Loads and stores, in order of address.
  llvm::SmallVector<DramRun, 1> runs;
  /// Array: the products of one result (each of one width), and how many of
  /// them in all.
  llvm::SmallVector<ProductCount, 3> products;
  /// Array: work of each block row.
  llvm::SmallVector<RowWork, 4> rows;
  /// Softmax: kept positions of each query row.
  llvm::SmallVector<uint32_t, 8> keptPositions;

  void touch(Buffer buffer, uint64_t bytesRead, uint64_t bytesWritten) {
    read[unsigned(buffer)] += bytesRead;
    written[unsigned(buffer)] += bytesWritten;
  }
  /// Nothing was done yet; lists keep their memory.
  void clear() {
    static_cast<ActivityCounts &>(*this) = ActivityCounts();
    runs.clear();
    products.clear();
    rows.clear();
    keptPositions.clear();
  }
};

} // namespace hdp::machine

#endif // HDP_MACHINE_ACTIVITY_H
