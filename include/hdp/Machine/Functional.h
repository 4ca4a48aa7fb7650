//===- Functional.h - commands on values ------------------------*- C++ -*-===//
//
// The memories of a machine and what each command does to them. Bodies are the
// rules of hdp/Numerics; results do not depend on any TIMING parameter.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_FUNCTIONAL_H
#define HDP_MACHINE_FUNCTIONAL_H

#include "hdp/Machine/Access.h"
#include "hdp/Machine/Activity.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Numerics/Softmax.h"
#include "llvm/Support/MemAlloc.h"
#include <map>
#include <memory>
#include <string>

namespace hdp::machine {

/// The elements of a symbol. Up to 16 bits are kept in `narrow`, wider ones in
/// `wide`.
struct SymbolData {
  std::vector<int16_t> narrow;
  std::vector<int32_t> wide;
};

/// Registers of a head in a slot.
struct HeadRegisters {
  int32_t sQ = 0, sK = 0;
  uint32_t head = 0;
  int64_t measure = 0, positions = 0, fullBlocks = 0;
  bool gate = true;
};

/// Zeros that take no memory of the host until they are written: most of a
/// large scratchpad is never used.
template <typename T> class ZeroedArray {
public:
  void resize(size_t n) {
    elements.reset(static_cast<T *>(llvm::safe_calloc(n, sizeof(T))));
  }
  T *data() { return elements.get(); }
  const T *data() const { return elements.get(); }
  T &operator[](size_t i) { return elements.get()[i]; }
  const T &operator[](size_t i) const { return elements.get()[i]; }

private:
  struct Free {
    void operator()(T *pointer) const { std::free(pointer); }
  };
  std::unique_ptr<T, Free> elements;
};

/// A memory of keys or values. Loads fill those of several cores with the same
/// rows; cores that every command of the program treats alike share one.
struct SharedMemory {
  /// The cores that share it; the lowest one of them.
  uint64_t cores = 0;
  uint8_t lead = 0;
  ZeroedArray<int16_t> codes;
  /// Of values: their sums by group.
  ZeroedArray<int32_t> sum;
  /// Block columns that load_kept brought, by slot.
  std::vector<uint8_t> present[numSlots];
};

/// What is made of some rows of keys, and kept as long as nothing is written
/// over them.
struct DerivedKeys {
  /// The planes: bytes of the key memory.
  uint64_t begin = 0, end = 0, fraction = 0, fractionEnd = 0;
  uint32_t site = ~uint32_t(0), column = 0;
  std::vector<int16_t> codes;
  /// By block column: whether codes are there.
  std::vector<uint8_t> isThere;
};

struct KeyMemory : SharedMemory {
  /// Sums of integer planes by block column (N5), two elements of each column
  /// side by side.
  DerivedKeys pooled;
  /// What scores multiply, row by row: whole codes, or (cross) integer and
  /// fraction planes.
  DerivedKeys joined;
};

/// The scratchpads of a core. Addresses of commands are bytes of the packed
/// memory; here every half byte (planes, codes), bit (mask) or word has an
/// element of its own, so an element is where its packed one starts its row.
struct CoreMemory {
  KeyMemory *keys = nullptr;
  SharedMemory *values = nullptr;
  ZeroedArray<int16_t> query, out;
  ZeroedArray<int32_t> theta, score, bias, stat;
  ZeroedArray<uint8_t> mask;
  ZeroedArray<int64_t> acc;
  HeadRegisters slots[numSlots];
};

/// Blocks of a site, and all that commands need to know of it, worked out once.
struct BlockView {
  explicit BlockView(const Site &site);
  uint32_t rowBegin(uint32_t r) const { return r * bq; }
  uint32_t rowEnd(uint32_t r) const { return std::min(site.Lq, (r + 1) * bq); }
  uint32_t keyBegin(uint32_t c) const { return c * bk; }
  uint32_t keyEnd(uint32_t c) const { return std::min(site.Lk, (c + 1) * bk); }
  bool isWhole(uint32_t c) const { return (c + 1) * bk <= site.Lk; }
  /// The keys of block columns `begin` + columns[x], or of `count` neighbours,
  /// counted from the first key of `begin`.
  void listKeys(std::vector<uint32_t> &keys, uint32_t begin,
                const uint32_t *columns, uint32_t count) const;
  /// The first block column of a group, and the one behind its last.
  uint32_t groupBegin(uint32_t g) const { return g * groupColumns; }
  uint32_t groupEnd(uint32_t g) const {
    return std::min(columns, (g + 1) * groupColumns);
  }

  const Site &site;
  uint32_t bq, bk, columns, rows, groups, groupColumns;
  bool isCompensated;
  Layout layout;
  numerics::ScaleConstants scale;
  uint32_t valueBits, sumBits;
  /// By block column.
  std::vector<uint32_t> groupOf;
};

/// Validity of a query row (N4), as a command sees it.
struct RowValidity {
  /// `mask`: the row's bits or null.
  RowValidity(const Site &site, uint32_t i, const uint8_t *mask)
      : mask(mask),
        end(site.causal
                ? uint32_t(std::max<int64_t>(
                      0, std::min<int64_t>(site.Lk,
                                           int64_t(i) + 1 + site.Lk - site.Lq)))
                : site.Lk) {}
  bool operator()(uint32_t j) const {
    return j < end && (mask == nullptr || mask[j] != 0);
  }
  const uint8_t *mask;
  uint32_t end;
};

/// State of a block in the mask memory, 2 bits; the lower one is set in full
/// blocks, the upper one in kept ones.
enum class BlockState : uint8_t { Void, Pruned, KeptPartial, KeptFull };
inline bool isFullBlock(BlockState state) { return uint8_t(state) & 1; }

/// Marks a group without pruned blocks in the memory of means: no mean of
/// scores reaches it (N0).
inline constexpr int32_t noMean = INT32_MIN;

/// Every intermediate that the machine holds at some time, by its name in
/// docs/Numerics.md, for all heads of a site.
using Intermediates = std::map<std::string, std::vector<int64_t>>;

/// Work space of one command; members keep their memory.
struct Scratch {
  std::vector<int16_t> queries;
  std::vector<int32_t> row, values, shared, weights;
  std::vector<uint32_t> columns, keys, group, validKeys, validGroup, fullBlocks;
  std::vector<const int16_t *> valueRows;
  std::vector<uint8_t> wanted;
  std::vector<int64_t> groupSums;
  std::vector<uint32_t> groupCounts;
};

/// Executes the commands of a verified program, in program order.
class FunctionalModel {
public:
  FunctionalModel(const Program &program, const Config &config);

  /// Inputs are written before the first command, outputs read after the last.
  SymbolData &getSymbol(size_t index) { return symbols[index]; }

  /// Records intermediates of site 0 from now on, or those of blocks and heads
  /// only (theta, kind, kept, T, H, hpos, gate); null: nothing.
  void record(Intermediates *intermediates, bool onlyBlocks = false);

  /// Executes one command.
  Activity execute(const Command &command);
  /// The same into what an earlier command left, for its memory.
  void execute(const Command &command, Activity &activity);
  /// All commands of the program, for their values alone.
  void executeAll();

private:
  void run(const SetupCommand &c, Activity &activity);
  void run(const LoadCommand &c, Activity &activity);
  void run(const LoadValuesCommand &c, Activity &activity);
  void run(const LoadKeptCommand &c, Activity &activity);
  void run(const IntegerPassCommand &c, Activity &activity);
  void run(const EndRowsCommand &c, Activity &activity);
  void run(const EndHeadCommand &c, Activity &activity);
  void run(const ScoreCommand &c, Activity &activity);
  void run(const SoftmaxCommand &c, Activity &activity);
  void run(const WeighCommand &c, Activity &activity);
  void run(const NormaliseCommand &c, Activity &activity);
  void run(const StoreCommand &c, Activity &activity);

  bool isGated(uint8_t core, uint8_t predicate) const {
    return predicate != noPredicate && !cores[core].slots[predicate].gate;
  }
  void note(const char *name, uint64_t index, int64_t value) {
    (*recorded)[name][index] = value;
  }
  uint64_t beginLoad(uint64_t coreSet, uint8_t predicate, size_t symbol,
                     uint64_t row, uint64_t rows, Buffer buffer,
                     Activity &activity);
  void copyRows(uint64_t coreSet, size_t symbol, uint64_t row, uint64_t rows,
                Buffer buffer, uint64_t address, int shift);
  /// Calls `visit(memory)` for the memories of some cores.
  template <typename MemoryT, typename Visitor>
  static void forEachMemory(std::vector<std::unique_ptr<MemoryT>> &memories,
                            uint64_t coreSet, Visitor visit);
  void forgetKeys(KeyMemory &keys, uint64_t begin, uint64_t end);
  void poolKeys(const IntegerPassCommand &c, KeyMemory &keys);
  /// Whole codes (cross: both planes) of the keys of a score's columns.
  DerivedKeys &joinKeys(const ScoreCommand &c, KeyMemory &keys);
  struct Weighing;
  void weighOpenRows(const WeighCommand &c, uint32_t r, Weighing &weighing);
  void weighRow(const WeighCommand &c, uint32_t i, Weighing &weighing);
  /// The validity bits of query row i of a command whose first one is `first`.
  template <typename T>
  RowValidity validityOf(const BlockView &view, const T &c, uint32_t i,
                         uint32_t first) const;
  void shareMemories();
  /// The block states of block row r of a command's strip.
  template <typename T>
  uint8_t *statesOf(const T &c, const Layout &layout, uint32_t r);

  const Program &program;
  const Config config;
  numerics::NativeOps ops;
  std::vector<SymbolData> symbols;
  std::vector<CoreMemory> cores;
  Intermediates *recorded = nullptr;
  bool recordsValues = false;
  std::vector<BlockView> views; // by site
  std::vector<std::unique_ptr<KeyMemory>> keyMemories;
  std::vector<std::unique_ptr<SharedMemory>> valueMemories;
  Scratch scratch;
};

template <typename MemoryT, typename Visitor>
void FunctionalModel::forEachMemory(
    std::vector<std::unique_ptr<MemoryT>> &memories, uint64_t coreSet,
    Visitor visit) {
  for (std::unique_ptr<MemoryT> &memory : memories)
    if (memory->cores & coreSet)
      visit(*memory);
}

template <typename T>
RowValidity FunctionalModel::validityOf(const BlockView &view, const T &c,
                                        uint32_t i, uint32_t first) const {
  const uint8_t *bits = nullptr;
  if (c.valid_rows != 0)
    bits = cores[c.core].mask.data() +
           8 * (c.valid_address +
                (c.valid_rows == 1 ? 0 : i - first) * view.layout.validRow);
  return RowValidity(view.site, i, bits);
}

template <typename T>
uint8_t *FunctionalModel::statesOf(const T &c, const Layout &layout,
                                   uint32_t r) {
  return cores[c.core].mask.data() +
         8 * (c.mask_address + (r - c.block_row) * layout.stateRow);
}

} // namespace hdp::machine

#endif // HDP_MACHINE_FUNCTIONAL_H
