//===- FunctionalLoad.cpp - between DRAM and scratchpads ------------------===//
//
// The memories, and the commands that fill and empty them: setup, loads, fetch
// upon mask, store.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Softmax.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

/// The elements of a constant.
static void unpack(const Symbol &symbol, SymbolData &data) {
  size_t next = 0;
  for (uint64_t row = 0; row < symbol.rows; ++row) {
    const char *bytes = symbol.contents.data() + row * symbol.rowBytes();
    for (uint64_t column = 0; column < symbol.columns; ++column, ++next) {
      uint32_t word = 0;
      if (symbol.bits == 1)
        word = uint8_t(bytes[column / 8]) >> column % 8 & 1;
      for (unsigned b = 0; b < symbol.bits / 8u; ++b)
        word |= uint32_t(uint8_t(bytes[column * symbol.bits / 8 + b])) << 8 * b;
      unsigned shift = symbol.bits == 1 ? 0 : 32 - symbol.bits;
      int32_t value = int32_t(word << shift) >> shift;
      if (data.wide.empty())
        data.narrow[next] = int16_t(value);
      else
        data.wide[next] = value;
    }
  }
}

FunctionalModel::FunctionalModel(const Program &program, const Config &config)
    : program(program), config(config) {
  for (const Symbol &symbol : program.symbols) {
    SymbolData data;
    if (symbol.bits <= 16)
      data.narrow.resize(symbol.rows * symbol.columns);
    else
      data.wide.resize(symbol.rows * symbol.columns);
    if (symbol.direction == Symbol::Constant)
      unpack(symbol, data);
    symbols.push_back(std::move(data));
  }
  cores.resize(config.cores);
  for (CoreMemory &core : cores) {
    core.query.resize(2 * config.q_bytes);
    core.key.resize(2 * config.k_bytes);
    core.value.resize(2 * config.v_bytes);
    core.mask.resize(8 * config.mask_bytes);
    core.theta.resize(config.theta_bytes / 4);
    core.score.resize(config.score_bytes / 4);
    core.bias.resize(config.bias_bytes / 4);
    core.stat.resize(config.stat_bytes / 4);
    core.sum.resize(config.sum_bytes / 4);
    core.acc.resize(config.acc_bytes / 8);
    core.out.resize(config.out_bytes / 2);
  }
}

Activity FunctionalModel::execute(const Command &command) {
  Activity activity;
  execute(command, activity);
  return activity;
}

void FunctionalModel::execute(const Command &command, Activity &activity) {
  activity.clear();
  std::visit([&](const auto &c) { run(c, activity); }, command);
}

const uint32_t *FunctionalModel::groupsOf(uint16_t index) {
  if (columnGroupsSite != index) {
    const Site &site = program.sites[index];
    columnGroups.resize(site.blockColumns());
    for (uint32_t b = 0; b < columnGroups.size(); ++b)
      columnGroups[b] = site.groupOf(b);
    columnGroupsSite = index;
  }
  return columnGroups.data();
}

void FunctionalModel::record(Intermediates *intermediates, bool onlyBlocks) {
  recorded = intermediates;
  recordsValues = intermediates != nullptr && !onlyBlocks;
  if (recorded == nullptr || program.sites.empty())
    return;
  const Site &s = program.sites[0];
  uint64_t heads = s.Hq, rows = heads * s.Lq, scores = rows * s.Lk;
  uint64_t blockRows = heads * s.blockRows(),
           blocks = blockRows * s.blockColumns();
  auto make = [&](std::initializer_list<const char *> names, uint64_t size) {
    for (const char *name : names)
      (*recorded)[name].assign(size, 0);
  };
  if (recordsValues) {
    make({"a"}, heads);
    make({"S", "e", "w"}, scores);
    make({"M", "k", "den", "R"}, rows);
    make({"num", "o"}, rows * s.dv);
  }
  if (s.dense)
    return;
  make({"theta", "kind", "kept"}, blocks);
  make({"T"}, blockRows);
  if (recordsValues)
    make({"c", "wc"}, rows * s.groups());
  if (s.policy.tau8() > 0)
    make({"H", "hpos", "gate"}, heads);
}

/// Copies rows of a symbol to the same place of several cores, shifted left.
void FunctionalModel::copyRows(uint64_t coreSet, size_t symbolIndex,
                               uint64_t row, uint64_t rows, Buffer buffer,
                               uint64_t address, int shift) {
  const Symbol &symbol = program.symbols[symbolIndex];
  const SymbolData &data = symbols[symbolIndex];
  uint64_t n = symbol.columns, step = symbol.rowBytes();
  const int16_t *lead = nullptr; // what the first core got; the others' too
  forEachCore(coreSet, [&](uint8_t index) {
    CoreMemory &core = cores[index];
    if (buffer == Buffer::Key && address < core.pooledEnd &&
        core.pooledBegin < address + rows * step)
      core.pooledEnd = core.pooledBegin = 0;
    if (buffer == Buffer::Bias) {
      for (uint64_t i = 0; i < rows; ++i)
        std::copy_n(data.wide.data() + (row + i) * n, n,
                    core.bias.data() + (address + i * step) / 4);
      return;
    }
    const int16_t *source = data.narrow.data() + row * n;
    if (buffer == Buffer::Mask) {
      for (uint64_t i = 0; i < rows; ++i)
        for (uint64_t t = 0; t < n; ++t)
          core.mask[8 * (address + i * step) + t] = source[i * n + t] != 0;
      return;
    }
    auto &target = buffer == Buffer::Query ? core.query
                   : buffer == Buffer::Key ? core.key
                                           : core.value;
    int16_t *own = target.data() + 2 * address;
    for (uint64_t i = 0; i < rows; ++i) {
      int16_t *to = own + 2 * i * step;
      if (lead || shift == 0)
        std::copy_n(lead ? lead + 2 * i * step : source + i * n, n, to);
      else
        shiftRow(to, source + i * n, shift, uint32_t(n));
    }
    lead = own;
  });
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
         softmaxShift(ops, getScaleConstants(site.scale), site.policy,
                      registers.sQ, registers.sK));
  }
  forEachCore(c.cores, [&](uint8_t core) {
    cores[core].slots[c.slot] = registers;
    for (std::vector<uint8_t> &columns : cores[core].present[c.slot])
      columns.assign(program.sites[c.site].blockColumns(), 0);
  });
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
  forEachCore(left,
              [&](uint8_t) { activity.touch(buffer, 0, activity.dramBytes); });
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
  BlockView view(site);
  Layout layout(site);
  uint32_t first = site.groupOf(c.key / view.bk);
  uint32_t last = site.groupOf((c.key + c.rows - 1) / view.bk);
  uint64_t words = uint64_t(last + 1 - first) * site.dv;
  scratchRow.assign(words, 0);
  const uint32_t *groupOf = groupsOf(c.site);
  CoreMemory &lead = cores[size_t(__builtin_ctzll(c.cores))];
  for (uint32_t j = c.key; j < c.key + c.rows; ++j) {
    uint32_t column = j / view.bk;
    if (!view.isWhole(column))
      break;
    const int16_t *row =
        lead.value.data() + 2 * (c.address + (j - c.key) * layout.valueRow);
    int32_t *sum = scratchRow.data() + (groupOf[column] - first) * site.dv;
    for (uint32_t t = 0; t < site.dv; ++t)
      sum[t] += row[t];
  }
  forEachCore(c.cores, [&](uint8_t core) {
    std::copy_n(scratchRow.data(), words,
                cores[core].sum.data() + c.sum_address / 4);
    activity.touch(Buffer::Sum, 0, 4 * words);
  });
}

void FunctionalModel::run(const LoadKeptCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  const Symbol &symbol = program.symbols[c.symbol];
  BlockView view(site);
  Layout layout(site);
  unsigned plane = Buffer(c.buffer) == Buffer::Value;
  if (isGated(c.core, c.predicate)) {
    activity.isDropped = true;
    return;
  }
  if (c.fresh)
    forEachCore(c.cores, [&](uint8_t core) {
      cores[core].present[c.slot][plane].assign(view.columns, 0);
    });
  auto &present =
      cores[size_t(__builtin_ctzll(c.cores))].present[c.slot][plane];
  if (present.size() < view.columns)
    present.resize(view.columns);
  int shift = plane ? 12 - getValueFormat(site.policy).fractionBits : 0;
  uint64_t step = symbol.rowBytes();
  std::vector<uint8_t> wanted(c.columns);
  for (uint32_t r = 0; r < c.block_rows; ++r)
    addKept(wanted.data(),
            cores[c.core].mask.data() +
                8 * (c.mask_address + r * layout.stateRow) + c.column,
            c.columns);
  for (uint32_t column = c.column; column < c.column + c.columns; ++column) {
    if (!wanted[column - c.column] || present[column])
      continue;
    uint64_t key = view.keyBegin(column), rows = view.keyEnd(column) - key;
    copyRows(c.cores, c.symbol, c.row + key, rows, Buffer(c.buffer),
             c.address + (key - view.keyBegin(c.column)) * step, shift);
    forEachCore(c.cores, [&](uint8_t core) {
      auto &bits = cores[core].present[c.slot][plane];
      bits.resize(view.columns);
      bits[column] = 1;
      activity.touch(Buffer(c.buffer), 0, rows * step);
    });
    uint64_t begin = symbol.address + (c.row + key) * step;
    if (!activity.runs.empty() &&
        activity.runs.back().address + activity.runs.back().bytes == begin)
      activity.runs.back().bytes += rows * step;
    else
      activity.runs.push_back({begin, rows * step});
    activity.dramBytes += rows * step;
  }
  activity.touch(Buffer::Mask, c.block_rows * layout.stateRow, 0);
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
