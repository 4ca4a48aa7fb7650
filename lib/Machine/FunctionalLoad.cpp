//===- FunctionalLoad.cpp - between DRAM and scratchpads ------------------===//
//
// The commands that fill and empty scratchpads: setup, loads, fetch upon mask,
// store.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Softmax.h"
#include "llvm/ADT/bit.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

/// Rows of `n` elements, `step` packed bytes apart, shifted left.
static void copyCodes(int16_t *to, const int16_t *from, uint64_t rows,
                      uint64_t n, uint64_t step, int shift) {
  if (shift == 0 && 2 * step == n)
    std::copy_n(from, rows * n, to);
  else if (shift == 0)
    for (uint64_t i = 0; i < rows; ++i)
      std::copy_n(from + i * n, n, to + 2 * i * step);
  else
    shiftRows(to, 2 * step, from, rows, shift, uint32_t(n));
}

/// Copies rows of a symbol to the same place of several cores, shifted left.
void FunctionalModel::copyRows(uint64_t coreSet, size_t symbolIndex,
                               uint64_t row, uint64_t rows, Buffer buffer,
                               uint64_t address, int shift) {
  const Symbol &symbol = program.symbols[symbolIndex];
  const SymbolData &data = symbols[symbolIndex];
  uint64_t n = symbol.columns, step = symbol.rowBytes();
  if (buffer == Buffer::Bias) {
    forEachCore(coreSet, [&](uint8_t core) {
      for (uint64_t i = 0; i < rows; ++i)
        std::copy_n(data.wide.data() + (row + i) * n, n,
                    cores[core].bias.data() + (address + i * step) / 4);
    });
    return;
  }
  const int16_t *source = data.narrow.data() + row * n;
  switch (buffer) {
  case Buffer::Mask:
    forEachCore(coreSet, [&](uint8_t core) {
      for (uint64_t i = 0; i < rows; ++i)
        for (uint64_t t = 0; t < n; ++t)
          cores[core].mask[8 * (address + i * step) + t] =
              source[i * n + t] != 0;
    });
    return;
  case Buffer::Query:
    forEachCore(coreSet, [&](uint8_t core) {
      copyCodes(cores[core].query.data() + 2 * address, source, rows, n, step,
                shift);
    });
    return;
  case Buffer::Key:
    forEachMemory(keyMemories, coreSet, [&](KeyMemory &memory) {
      forgetKeys(memory, address, address + rows * step);
      copyCodes(memory.codes.data() + 2 * address, source, rows, n, step,
                shift);
    });
    return;
  default:
    forEachMemory(valueMemories, coreSet, [&](SharedMemory &memory) {
      copyCodes(memory.codes.data() + 2 * address, source, rows, n, step,
                shift);
    });
  }
}

/// Bytes of keys change: nothing that was made of them holds any more.
void FunctionalModel::forgetKeys(KeyMemory &keys, uint64_t begin,
                                 uint64_t end) {
  auto meets = [&](uint64_t first, uint64_t last) {
    return begin < last && first < end;
  };
  DerivedKeys &pooled = keys.pooled, &joined = keys.joined;
  if (meets(pooled.begin, pooled.end))
    pooled.begin = pooled.end = 0;
  if (meets(joined.begin, joined.end)) {
    joined.begin = joined.end = joined.fraction = joined.fractionEnd = 0;
  } else if (meets(joined.fraction, joined.fractionEnd)) {
    // Only the columns that get other fractions.
    const BlockView &view = views[joined.site];
    uint64_t bytes = view.layout.fractionRow * view.bk,
             first = begin > joined.fraction ? begin - joined.fraction : 0,
             last = std::min(end, joined.fractionEnd) - joined.fraction;
    std::fill(joined.isThere.begin() + ptrdiff_t(first / bytes),
              joined.isThere.begin() + ptrdiff_t((last - 1) / bytes + 1), 0);
  }
}

void FunctionalModel::run(const SetupCommand &c, Activity &activity) {
  const SymbolData &sQ = symbols[c.query_exponents];
  const SymbolData &sK = symbols[c.key_exponents];
  auto read = [](const SymbolData &data, const Symbol &symbol, uint32_t row) {
    uint64_t at = uint64_t(row) * symbol.columns;
    return data.wide.empty() ? int32_t(data.narrow[at]) : data.wide[at];
  };
  const Symbol &q = program.symbols[c.query_exponents];
  const Symbol &k = program.symbols[c.key_exponents];
  HeadRegisters registers;
  registers.sQ =
      std::clamp(read(sQ, q, c.query_head), minExponent, maxExponent);
  registers.sK = std::clamp(read(sK, k, c.key_head), minExponent, maxExponent);
  registers.head = c.query_head;
  if (recordsValues) {
    const Site &site = program.sites[c.site];
    note("a", c.query_head,
         softmaxShift(ops, views[c.site].scale, site.policy, registers.sQ,
                      registers.sK));
  }
  forEachCore(c.cores,
              [&](uint8_t core) { cores[core].slots[c.slot] = registers; });
  auto clear = [&](SharedMemory &memory) {
    memory.present[c.slot].assign(views[c.site].columns, 0);
  };
  forEachMemory(keyMemories, c.cores, clear);
  forEachMemory(valueMemories, c.cores, clear);
  activity.runs = {{q.address + c.query_head * q.rowBytes(), q.rowBytes()},
                   {k.address + c.key_head * k.rowBytes(), k.rowBytes()}};
  activity.dramBytes = q.rowBytes() + k.rowBytes();
}

/// The cores that a load fills: those whose gate lets it; what it moves.
uint64_t FunctionalModel::beginLoad(uint64_t coreSet, uint8_t predicate,
                                    size_t symbolIndex, uint64_t row,
                                    uint64_t rows, Buffer buffer,
                                    Activity &activity) {
  uint64_t left = 0;
  forEachCore(coreSet, [&](uint8_t core) {
    if (!isGated(core, predicate))
      left |= uint64_t(1) << core;
  });
  activity.isDropped = left == 0;
  if (left == 0)
    return 0;
  const Symbol &symbol = program.symbols[symbolIndex];
  activity.dramBytes = rows * symbol.rowBytes();
  activity.runs = {
      {symbol.address + row * symbol.rowBytes(), activity.dramBytes}};
  activity.touch(buffer, 0,
                 activity.dramBytes * uint64_t(llvm::popcount(left)));
  return left;
}

void FunctionalModel::run(const LoadCommand &c, Activity &activity) {
  uint64_t left = beginLoad(c.cores, c.predicate, c.symbol, c.row, c.rows,
                            Buffer(c.buffer), activity);
  copyRows(left, c.symbol, c.row, c.rows, Buffer(c.buffer), c.address, 0);
}

void FunctionalModel::run(const LoadValuesCommand &c, Activity &activity) {
  if (beginLoad(c.cores, c.predicate, c.symbol, c.row, c.rows, Buffer::Value,
                activity) == 0)
    return;
  const Site &site = program.sites[c.site];
  CodeFormat format = getValueFormat(site.policy);
  copyRows(c.cores, c.symbol, c.row, c.rows, Buffer::Value, c.address,
           12 - format.fractionBits);

  // N10: SV, without the keys of a short last block column.
  const BlockView &view = views[c.site];
  uint32_t dv = site.dv, first = view.groupOf[c.key / view.bk];
  uint32_t last = view.groupOf[(c.key + c.rows - 1) / view.bk];
  uint64_t words = uint64_t(last + 1 - first) * dv;
  const SharedMemory &lead = *cores[size_t(llvm::countr_zero(c.cores))].values;
  uint32_t whole = std::min(c.key + c.rows, site.Lk / view.bk * view.bk);
  forEachMemory(valueMemories, c.cores, [&](SharedMemory &memory) {
    int32_t *sums = memory.sum.data() + c.sum_address / 4;
    std::fill_n(sums, words, 0);
    for (uint32_t g = first; g <= last; ++g) {
      uint32_t begin = std::max(c.key, view.groupBegin(g) * view.bk),
               end = std::min(whole, view.groupEnd(g) * view.bk);
      if (begin < end)
        addCodes(sums + (g - first) * dv,
                 lead.codes.data() +
                     2 * (c.address + (begin - c.key) * view.layout.valueRow),
                 2 * view.layout.valueRow, end - begin, dv);
    }
  });
  activity.touch(Buffer::Sum, 0, 4 * words * uint64_t(llvm::popcount(c.cores)));
}

void FunctionalModel::run(const LoadKeptCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  const Symbol &symbol = program.symbols[c.symbol];
  const BlockView &view = views[c.site];
  bool isValue = Buffer(c.buffer) == Buffer::Value;
  if (isGated(c.core, c.predicate)) {
    activity.isDropped = true;
    return;
  }
  auto forEach = [&](auto visit) {
    if (isValue)
      forEachMemory(valueMemories, c.cores, visit);
    else
      forEachMemory(keyMemories, c.cores, visit);
  };
  forEach([&](SharedMemory &memory) {
    if (c.fresh)
      memory.present[c.slot].assign(view.columns, 0);
    if (memory.present[c.slot].size() < view.columns)
      memory.present[c.slot].resize(view.columns);
  });
  const CoreMemory &lead = cores[size_t(llvm::countr_zero(c.cores))];
  const uint8_t *present =
      (isValue ? lead.values : lead.keys)->present[c.slot].data() + c.column;
  scratch.wanted.assign(c.columns, 0);
  for (uint32_t r = 0; r < c.block_rows; ++r)
    addKept(scratch.wanted.data(),
            cores[c.core].mask.data() +
                8 * (c.mask_address + r * view.layout.stateRow) + c.column,
            c.columns);
  scratch.columns.resize(c.columns + 1);
  uint32_t count = listMissing(scratch.columns.data(), scratch.wanted.data(),
                               present, c.columns);
  scratch.columns[count] = ~uint32_t(0);

  int shift = isValue ? 12 - getValueFormat(site.policy).fractionBits : 0;
  uint64_t step = symbol.rowBytes();
  // Neighbouring columns at once.
  for (uint32_t x = 0; x < count;) {
    uint32_t first = x;
    while (scratch.columns[x + 1] == scratch.columns[x] + 1)
      ++x;
    uint32_t begin = c.column + scratch.columns[first],
             end = c.column + scratch.columns[x++] + 1;
    uint64_t key = view.keyBegin(begin), rows = view.keyEnd(end - 1) - key;
    copyRows(c.cores, c.symbol, c.row + key, rows, Buffer(c.buffer),
             c.address + (key - view.keyBegin(c.column)) * step, shift);
    forEach([&](SharedMemory &memory) {
      std::fill(memory.present[c.slot].begin() + begin,
                memory.present[c.slot].begin() + end, 1);
    });
    activity.runs.push_back(
        {symbol.address + (c.row + key) * step, rows * step});
    activity.dramBytes += rows * step;
  }
  activity.touch(Buffer(c.buffer), 0,
                 activity.dramBytes * uint64_t(llvm::popcount(c.cores)));
  activity.touch(Buffer::Mask, c.block_rows * view.layout.stateRow, 0);
}

void FunctionalModel::run(const StoreCommand &c, Activity &activity) {
  const Symbol &symbol = program.symbols[c.symbol];
  std::copy_n(cores[c.core].out.data() + c.address / 2,
              uint64_t(c.rows) * symbol.columns,
              symbols[c.symbol].narrow.data() + c.row * symbol.columns);
  activity.dramBytes = c.rows * symbol.rowBytes();
  activity.runs = {
      {symbol.address + c.row * symbol.rowBytes(), activity.dramBytes}};
  activity.touch(Buffer::Out, activity.dramBytes, 0);
}
