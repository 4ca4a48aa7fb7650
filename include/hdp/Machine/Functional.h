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

/// The scratchpads of a core. Addresses of commands are bytes of the packed
/// memory; here every half byte (planes, codes), bit (mask) or word has an
/// element of its own, so an element is where its packed one starts its row.
struct CoreMemory {
  ZeroedArray<int16_t> query, key, value, out;
  ZeroedArray<int32_t> theta, score, bias, stat, sum;
  ZeroedArray<uint8_t> mask;
  ZeroedArray<int64_t> acc;
  HeadRegisters slots[numSlots];
  /// Sums of integer planes of K by block column (N5), as long as nothing is
  /// written over the planes from `pooledBegin` to `pooledEnd`.
  std::vector<int16_t> pooledKeys;
  uint64_t pooledBegin = 0, pooledEnd = 0;
  uint32_t pooledSite = 0, pooledColumn = 0;
  /// Block columns that LoadKept brought, by slot, of keys and of values.
  std::vector<uint8_t> present[numSlots][2];
};

/// The block of a site that a command is about.
struct BlockView {
  explicit BlockView(const Site &site)
      : site(site), bq(uint32_t(site.policy.blockRows)),
        bk(uint32_t(site.policy.blockCols)), columns(site.blockColumns()) {}
  uint32_t rowBegin(uint32_t r) const { return r * bq; }
  uint32_t rowEnd(uint32_t r) const { return std::min(site.Lq, (r + 1) * bq); }
  uint32_t keyBegin(uint32_t c) const { return c * bk; }
  uint32_t keyEnd(uint32_t c) const { return std::min(site.Lk, (c + 1) * bk); }
  bool isWhole(uint32_t c) const { return (c + 1) * bk <= site.Lk; }

  const Site &site;
  uint32_t bq, bk, columns;
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
  /// The validity bits of query row i of a command whose first one is `first`.
  template <typename T>
  RowValidity validityOf(const Site &site, const T &c, uint32_t i,
                         uint32_t first) const;
  /// The group of each block column of a site.
  const uint32_t *groupsOf(uint16_t site);
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
  /// Work space of one command.
  std::vector<int16_t> scratchQ, scratchK;
  std::vector<int32_t> scratchRow;
  /// What groupsOf gives, and of which site.
  std::vector<uint32_t> columnGroups;
  size_t columnGroupsSite = ~size_t(0);
};

template <typename T>
RowValidity FunctionalModel::validityOf(const Site &site, const T &c,
                                        uint32_t i, uint32_t first) const {
  const uint8_t *bits = nullptr;
  if (c.valid_rows != 0)
    bits = cores[c.core].mask.data() +
           8 * (c.valid_address +
                (c.valid_rows == 1 ? 0 : i - first) * Layout(site).validRow);
  return RowValidity(site, i, bits);
}

template <typename T>
uint8_t *FunctionalModel::statesOf(const T &c, const Layout &layout,
                                   uint32_t r) {
  return cores[c.core].mask.data() +
         8 * (c.mask_address + (r - c.block_row) * layout.stateRow);
}

} // namespace hdp::machine

#endif // HDP_MACHINE_FUNCTIONAL_H
