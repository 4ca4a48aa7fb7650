//===- FunctionalModel.cpp - memories, and what runs on them --------------===//
//
// Symbols and scratchpads, who shares them, and the blocks of a site; commands
// are in the files beside this one.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Functional.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

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
  views.reserve(program.sites.size());
  for (const Site &site : program.sites)
    views.emplace_back(site);
  cores.resize(config.cores);
  for (CoreMemory &core : cores) {
    core.query.resize(2 * config.q_bytes);
    core.mask.resize(8 * config.mask_bytes);
    core.theta.resize(config.theta_bytes / 4);
    core.score.resize(config.score_bytes / 4);
    core.bias.resize(config.bias_bytes / 4);
    core.stat.resize(config.stat_bytes / 4);
    core.acc.resize(config.acc_bytes / 8);
    core.out.resize(config.out_bytes / 2);
  }
  shareMemories();
}

namespace {
/// Sets of cores that no command so far tells apart.
class Classes {
public:
  explicit Classes(uint64_t cores)
      : sets{cores == 64 ? ~uint64_t(0) : (uint64_t(1) << cores) - 1} {}

  /// A command that is about some cores alone.
  void add(uint64_t cores) {
    if (cores == latest)
      return;
    latest = cores;
    for (size_t i = 0, n = sets.size(); i < n; ++i)
      if (uint64_t in = sets[i] & cores, out = sets[i] & ~cores; in && out) {
        sets[i] = in;
        sets.push_back(out);
      }
  }
  std::vector<uint64_t> sets;

private:
  uint64_t latest = 0;
};
} // namespace

/// Memories of keys and of values for cores that all set-ups, gates and loads
/// to them treat alike: these always hold the same.
void FunctionalModel::shareMemories() {
  Classes keys(config.cores), values(config.cores);
  auto addTo = [&](uint64_t cores, Buffer buffer) {
    if (buffer == Buffer::Key)
      keys.add(cores);
    if (buffer == Buffer::Value)
      values.add(cores);
  };
  for (const Command &command : program.commands) {
    if (auto *c = std::get_if<LoadCommand>(&command))
      addTo(c->cores, Buffer(c->buffer));
    else if (auto *c = std::get_if<LoadKeptCommand>(&command))
      addTo(c->cores, Buffer(c->buffer));
    else if (auto *c = std::get_if<LoadValuesCommand>(&command))
      values.add(c->cores);
    else if (auto *c = std::get_if<SetupCommand>(&command)) {
      keys.add(c->cores);
      values.add(c->cores);
    } else if (auto *c = std::get_if<EndHeadCommand>(&command)) {
      keys.add(c->cores);
      values.add(c->cores);
    }
  }
  for (uint64_t set : keys.sets) {
    auto memory = std::make_unique<KeyMemory>();
    memory->cores = set;
    memory->codes.resize(2 * config.k_bytes);
    forEachCore(set, [&](uint8_t core) { cores[core].keys = memory.get(); });
    keyMemories.push_back(std::move(memory));
  }
  for (uint64_t set : values.sets) {
    auto memory = std::make_unique<SharedMemory>();
    memory->cores = set;
    memory->codes.resize(2 * config.v_bytes);
    memory->sum.resize(config.sum_bytes / 4);
    forEachCore(set, [&](uint8_t core) { cores[core].values = memory.get(); });
    valueMemories.push_back(std::move(memory));
  }
}

BlockView::BlockView(const Site &site)
    : site(site), bq(uint32_t(site.policy.blockRows)),
      bk(uint32_t(site.policy.blockCols)), columns(site.blockColumns()),
      rows(site.blockRows()), groups(site.groups()),
      groupColumns(site.policy.group == 0
                       ? columns
                       : uint32_t(std::min<uint64_t>(
                             uint64_t(site.policy.group), columns))),
      isCompensated(!site.dense && site.policy.pruned == Pruned::Compensated),
      layout(site), scale(getScaleConstants(site.scale)),
      valueBits(site.valueBits()),
      sumBits(valueBits + llvm::Log2_64_Ceil(uint64_t(groupColumns) * bk)) {
  for (uint32_t b = 0; b < columns; ++b)
    groupOf.push_back(site.groupOf(b));
}

void BlockView::listKeys(std::vector<uint32_t> &keys, uint32_t begin,
                         const uint32_t *list, uint32_t count) const {
  keys.resize(size_t(count) * bk);
  if (count == 0)
    return;
  uint32_t last = list ? list[count - 1] : count - 1;
  if (list == nullptr)
    std::iota(keys.begin(), keys.end(), 0);
  else if (bk == 2)
    for (uint32_t x = 0; x < count; ++x) {
      keys[2 * x] = 2 * list[x];
      keys[2 * x + 1] = 2 * list[x] + 1;
    }
  else
    for (uint32_t x = 0; x < count; ++x)
      std::iota(keys.begin() + x * bk, keys.begin() + (x + 1) * bk,
                list[x] * bk);
  // The last block column may be short.
  keys.resize(keys.size() -
              (bk - (keyEnd(begin + last) - keyBegin(begin + last))));
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

void FunctionalModel::executeAll() {
  Activity activity;
  for (const Command &command : program.commands)
    execute(command, activity);
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
