//===- Access.cpp - ranges of commands ------------------------------------===//
//
// One function a command. Checks (CommandCheck.cpp), dependences and liveness
// all go through the same ones.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Access.h"

using namespace hdp;
using namespace hdp::machine;

static uint64_t bytesOf(uint64_t count, uint64_t bits) {
  return (count * bits + 7) / 8;
}

Layout::Layout(const Site &s)
    : integerRow(bytesOf(s.d, s.integerBits())),
      fractionRow(bytesOf(s.d, s.fractionBits())),
      codeRow(bytesOf(s.d, s.codeBits())),
      valueRow(bytesOf(s.dv, s.valueBits())),
      thetaRow(uint64_t(4) * s.blockColumns()),
      stateRow(bytesOf(s.blockColumns(), 2)), meanRow(uint64_t(4) * s.groups()),
      validRow(bytesOf(s.Lk, 1)), biasRow(uint64_t(4) * s.Lk),
      scoreRow(uint64_t(4) * s.Lk), termRow(4 * (termWords + s.groups())),
      sumRow(uint64_t(4) * s.dv), accRow(uint64_t(8) * s.dv),
      outRow(uint64_t(2) * s.dv) {}

uint64_t machine::getBufferBytes(const Config &config, Buffer buffer) {
  switch (buffer) {
  case Buffer::Query:
    return config.q_bytes;
  case Buffer::Key:
    return config.k_bytes;
  case Buffer::Value:
    return config.v_bytes;
  case Buffer::Theta:
    return config.theta_bytes;
  case Buffer::Mask:
    return config.mask_bytes;
  case Buffer::Score:
    return config.score_bytes;
  case Buffer::Bias:
    return config.bias_bytes;
  case Buffer::Stat:
    return config.stat_bytes;
  case Buffer::Sum:
    return config.sum_bytes;
  case Buffer::Acc:
    return config.acc_bytes;
  case Buffer::Out:
    return config.out_bytes;
  case Buffer::Registers:
    return numSlots;
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

namespace {

/// Query rows of some block rows, keys of some block columns.
struct Extent {
  uint64_t rows, keys;
};

class Collector {
public:
  Collector(const Program &program, llvm::ArrayRef<Layout> layouts,
            Accesses &accesses)
      : program(program), layouts(layouts), accesses(accesses) {}

  void operator()(const SetupCommand &c) {
    forEachCore(c.cores,
                [&](uint8_t core) { slot(core, Access::Write, c.slot); });
  }
  void operator()(const LoadCommand &c) {
    const Symbol &symbol = program.symbols[c.symbol];
    forEachCore(c.cores, [&](uint8_t core) {
      predicate(core, c.predicate);
      add(core, Buffer(c.buffer), Access::Write, c.address,
          c.rows * symbol.rowBytes());
    });
  }
  void operator()(const LoadValuesCommand &c) {
    const Site &site = program.sites[c.site];
    const Layout &layout = layouts[c.site];
    uint64_t bk = uint64_t(site.policy.blockCols);
    uint64_t lastColumn = (uint64_t(c.key) + std::max(c.rows, 1u) - 1) / bk;
    uint64_t groups = site.groupOf(uint32_t(lastColumn)) + 1 -
                      site.groupOf(uint32_t(c.key / bk));
    forEachCore(c.cores, [&](uint8_t core) {
      predicate(core, c.predicate);
      add(core, Buffer::Value, Access::Write, c.address,
          c.rows * layout.valueRow);
      add(core, Buffer::Sum, Access::Write, c.sum_address,
          groups * layout.sumRow);
    });
  }
  void operator()(const LoadKeptCommand &c) {
    const Site &site = program.sites[c.site];
    const Layout &layout = layouts[c.site];
    uint64_t keys = getKeys(site, c.column, c.columns);
    predicate(c.core, c.predicate);
    add(c.core, Buffer::Mask, Access::Read, c.mask_address,
        c.block_rows * layout.stateRow);
    forEachCore(c.cores, [&](uint8_t core) {
      add(core, Buffer(c.buffer), c.fresh ? Access::Write : Access::Add,
          c.address, keys * program.symbols[c.symbol].rowBytes());
    });
  }
  void operator()(const IntegerPassCommand &c) {
    const Site &site = program.sites[c.site];
    const Layout &layout = layouts[c.site];
    Extent extent = getExtent(site, c);
    add(c.core, Buffer::Query, Access::Read, c.query_address,
        extent.rows * layout.integerRow);
    add(c.core, Buffer::Key, Access::Read, c.key_address,
        extent.keys * layout.integerRow);
    masks(c, layout, extent);
    rowsOf(c.core, Buffer::Bias, c.bias_rows, c.bias_address, layout.biasRow,
           extent.rows);
    add(c.core, Buffer::Theta, Access::Write, c.theta_address,
        c.block_rows * layout.thetaRow);
    add(c.core, Buffer::Mask, Access::Write, c.mask_address,
        c.block_rows * layout.stateRow);
    if (c.measure)
      slot(c.core, Access::Add, c.slot);
  }
  void operator()(const EndRowsCommand &c) {
    const Layout &layout = layouts[c.site];
    add(c.core, Buffer::Theta, Access::Read, c.theta_address,
        c.block_rows * layout.thetaRow);
    add(c.core, Buffer::Mask, Access::Write, c.mask_address,
        c.block_rows * layout.stateRow);
    add(c.core, Buffer::Stat, Access::Write, c.stat_address,
        c.block_rows * layout.meanRow);
    if (c.measure)
      slot(c.core, Access::Add, c.slot);
  }
  void operator()(const EndHeadCommand &c) {
    forEachCore(c.cores,
                [&](uint8_t core) { slot(core, Access::Write, c.slot); });
  }
  void operator()(const ScoreCommand &c) {
    const Site &site = program.sites[c.site];
    const Layout &layout = layouts[c.site];
    Extent extent = getExtent(site, c);
    predicate(c.core, c.predicate);
    uint64_t row = site.dense ? layout.codeRow : layout.integerRow;
    add(c.core, Buffer::Query, Access::Read, c.query_address,
        extent.rows * row);
    add(c.core, Buffer::Key, Access::Read, c.key_address, extent.keys * row);
    if (!site.dense) {
      add(c.core, Buffer::Query, Access::Read, c.query_fraction,
          extent.rows * layout.fractionRow);
      add(c.core, Buffer::Key, Access::Read, c.key_fraction,
          extent.keys * layout.fractionRow);
    }
    states(c, site, layout);
    masks(c, layout, extent);
    rowsOf(c.core, Buffer::Bias, c.bias_rows, c.bias_address, layout.biasRow,
           extent.rows);
    add(c.core, Buffer::Score, Access::Write, c.score_address,
        extent.rows * layout.scoreRow);
  }
  void operator()(const SoftmaxCommand &c) {
    const Site &site = program.sites[c.site];
    const Layout &layout = layouts[c.site];
    Extent extent{getRows(site, c.block_row, c.block_rows), 0};
    predicate(c.core, c.predicate);
    slot(c.core, Access::Read, c.slot);
    states(c, site, layout);
    masks(c, layout, extent);
    if (!site.dense)
      add(c.core, Buffer::Stat, Access::Read, c.stat_address,
          c.block_rows * layout.meanRow);
    add(c.core, Buffer::Stat, Access::Write, c.term_address,
        extent.rows * layout.termRow);
    add(c.core, Buffer::Score, Access::Write, c.score_address,
        extent.rows * layout.scoreRow);
  }
  void operator()(const WeighCommand &c) {
    const Site &site = program.sites[c.site];
    const Layout &layout = layouts[c.site];
    Extent extent = getExtent(site, c);
    slot(c.core, Access::Read, c.slot);
    states(c, site, layout);
    masks(c, layout, extent);
    add(c.core, Buffer::Score, Access::Read, c.score_address,
        extent.rows * layout.scoreRow);
    add(c.core, Buffer::Stat, Access::Read, c.term_address,
        extent.rows * layout.termRow);
    add(c.core, Buffer::Value, Access::Read, c.value_address,
        extent.keys * layout.valueRow);
    if (readsSums(site))
      add(c.core, Buffer::Sum, Access::Read, c.sum_address,
          (site.groupOf(c.column + std::max(c.columns, 1u) - 1) + 1 -
           site.groupOf(c.column)) *
              layout.sumRow);
    add(c.core, Buffer::Acc, Access::Write, c.acc_address,
        extent.rows * layout.accRow);
  }
  void operator()(const NormaliseCommand &c) {
    const Site &site = program.sites[c.site];
    const Layout &layout = layouts[c.site];
    uint64_t rows = getRows(site, c.block_row, c.block_rows);
    slot(c.core, Access::Read, c.slot);
    add(c.core, Buffer::Stat, Access::Read, c.term_address,
        rows * layout.termRow);
    add(c.core, Buffer::Acc, Access::Read, c.acc_address, rows * layout.accRow);
    add(c.core, Buffer::Out, Access::Write, c.out_address,
        rows * layout.outRow);
  }
  void operator()(const StoreCommand &c) {
    add(c.core, Buffer::Out, Access::Read, c.address,
        c.rows * program.symbols[c.symbol].rowBytes());
  }

private:
  static uint64_t getRows(const Site &site, uint64_t blockRow, uint64_t n) {
    uint64_t bq = uint64_t(site.policy.blockRows);
    uint64_t end = std::min<uint64_t>(site.Lq, (blockRow + n) * bq);
    return end - std::min(end, blockRow * bq);
  }
  static uint64_t getKeys(const Site &site, uint64_t column, uint64_t n) {
    uint64_t bk = uint64_t(site.policy.blockCols);
    uint64_t end = std::min<uint64_t>(site.Lk, (column + n) * bk);
    return end - std::min(end, column * bk);
  }
  template <typename T> static Extent getExtent(const Site &site, const T &c) {
    return {getRows(site, c.block_row, c.block_rows),
            getKeys(site, c.column, c.columns)};
  }
  static bool readsSums(const Site &site) {
    return !site.dense &&
           (site.policy.pruned == numerics::Pruned::Compensated ||
            (site.policy.gated == numerics::Gated::Mean &&
             site.policy.tau8() > 0));
  }

  void add(uint8_t core, Buffer buffer, Access::Kind kind, uint64_t begin,
           uint64_t size) {
    if (size > 0)
      accesses.push_back({core, buffer, kind, begin, begin + size});
  }
  void slot(uint8_t core, Access::Kind kind, uint8_t slot) {
    add(core, Buffer::Registers, kind, slot, 1);
  }
  void predicate(uint8_t core, uint8_t predicate) {
    if (predicate != noPredicate)
      slot(core, Access::Read, predicate);
  }
  /// `none`, one row, or a row for each.
  void rowsOf(uint8_t core, Buffer buffer, uint8_t mode, uint64_t address,
              uint64_t row, uint64_t rows) {
    if (mode != 0)
      add(core, buffer, Access::Read, address, mode == 1 ? row : rows * row);
  }
  template <typename T>
  void masks(const T &c, const Layout &layout, Extent extent) {
    rowsOf(c.core, Buffer::Mask, c.valid_rows, c.valid_address, layout.validRow,
           extent.rows);
  }
  template <typename T>
  void states(const T &c, const Site &site, const Layout &layout) {
    if (!site.dense)
      add(c.core, Buffer::Mask, Access::Read, c.mask_address,
          c.block_rows * layout.stateRow);
  }

  const Program &program;
  llvm::ArrayRef<Layout> layouts;
  Accesses &accesses;
};

} // namespace

AccessFinder::AccessFinder(const Program &program) : program(program) {
  for (const Site &site : program.sites)
    layouts.push_back(Layout(site));
}

void AccessFinder::find(const Command &command, Accesses &accesses) const {
  accesses.clear();
  std::visit(Collector(program, layouts, accesses), command);
}
