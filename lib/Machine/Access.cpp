//===- Access.cpp - ranges of commands, and programs checked --------------===//
//
// One function a command for its ranges; the check goes through the same
// functions, so what runs stays within its scratchpads.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Access.h"
#include "hdp/Support/Error.h"

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
  Collector(const Program &program, Accesses &accesses)
      : program(program), accesses(accesses) {}

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
    Layout layout(site);
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
    Layout layout(site);
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
    Layout layout(site);
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
    Layout layout(program.sites[c.site]);
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
    Layout layout(site);
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
    Layout layout(site);
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
    Layout layout(site);
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
    Layout layout(site);
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
  Accesses &accesses;
};

} // namespace

void machine::getAccesses(const Program &program, const Command &command,
                          Accesses &accesses) {
  accesses.clear();
  std::visit(Collector(program, accesses), command);
}

//===----------------------------------------------------------------------===//
// Check
//===----------------------------------------------------------------------===//

namespace {

/// Checks the fields by their names: a name means the same in every command.
class FieldChecker {
public:
  FieldChecker(const Program &program, const Config &config)
      : program(program), config(config) {}

  std::string check(const Command &command) {
    std::visit(
        [&](const auto &alternative) {
          visitFields(alternative, [&](const char *name, uint64_t value) {
            visit(name, value);
          });
        },
        command);
    if (message.empty() && site != nullptr) {
      below("block rows", blockRow + blockRows, site->blockRows());
      below("block columns", column + columns, site->blockColumns());
    }
    return message;
  }

private:
  void fail(const llvm::Twine &text) {
    if (message.empty())
      message = text.str();
  }
  /// `value` may be `limit` at most.
  void below(llvm::StringRef what, uint64_t value, uint64_t limit) {
    if (value > limit)
      fail("expected " + what + " up to " + llvm::Twine(limit) + ", found " +
           llvm::Twine(value));
  }
  /// Bytes of a word of the memory that an address is of.
  static unsigned getAlignment(llvm::StringRef name) {
    if (name == "acc_address")
      return 8;
    if (name == "out_address")
      return 2;
    bool isWord = name == "theta_address" || name == "score_address" ||
                  name == "stat_address" || name == "term_address" ||
                  name == "sum_address" || name == "bias_address";
    return isWord ? 4 : 1;
  }
  void visit(llvm::StringRef name, uint64_t value) {
    if (!message.empty())
      return;
    if (name == "core")
      below("a core", value, config.cores - 1);
    else if (name == "cores" &&
             (value == 0 || (config.cores < 64 && value >> config.cores != 0)))
      fail("expected some of the machine's " + llvm::Twine(config.cores) +
           " cores");
    else if (name == "slot")
      below("a slot", value, numSlots - 1);
    else if (name == "predicate" && value != noPredicate)
      below("a predicate", value, numSlots - 1);
    else if (name == "queue")
      below("a queue", value, 1);
    else if (name == "valid_rows" || name == "bias_rows")
      below(name, value, 2);
    else if (name == "site") {
      if (value >= program.sites.size())
        fail("expected one of " + llvm::Twine(program.sites.size()) +
             " sites, found " + llvm::Twine(value));
      else
        site = &program.sites[value];
    } else if (name == "symbol" || name.ends_with("_exponents")) {
      if (value >= program.symbols.size())
        fail("expected one of " + llvm::Twine(program.symbols.size()) +
             " symbols, found " + llvm::Twine(value));
      else
        symbol = &program.symbols[value];
    } else if (name == "query_head" || name == "key_head" || name == "row") {
      row = value;
      if (symbol != nullptr && value >= symbol->rows)
        fail("expected one of " + llvm::Twine(symbol->rows) + " rows of " +
             symbol->name + ", found " + llvm::Twine(value));
    } else if (name == "rows") {
      if (value == 0 || value > symbol->rows - row)
        fail("expected 1 to " + llvm::Twine(symbol->rows - row) + " rows of " +
             symbol->name + ", found " + llvm::Twine(value));
      rows = value;
    } else if (name == "block_row")
      blockRow = value;
    else if (name == "block_rows") {
      blockRows = value;
      if (value == 0)
        fail("expected at least 1 block row, found 0");
      below("block rows", value, config.strip_rows);
    } else if (name == "column")
      column = value;
    else if (name == "columns") {
      columns = value;
      if (value == 0)
        fail("expected at least 1 block column, found 0");
    } else if (unsigned step = getAlignment(name); value % step != 0)
      fail("expected " + name + " to be a multiple of " + llvm::Twine(step) +
           ", found " + llvm::Twine(value));
  }
  const Program &program;
  const Config &config;
  const Site *site = nullptr;
  const Symbol *symbol = nullptr;
  uint64_t row = 0, rows = 0, blockRow = 0, blockRows = 0, column = 0,
           columns = 0;
  std::string message;
};

/// What one command alone wants.
std::string checkSpecial(const Program &program, const Command &command) {
  auto expected = [](llvm::StringRef what, llvm::StringRef wanted) {
    return ("expected " + what + " " + wanted).str();
  };
  if (auto *c = std::get_if<LoadCommand>(&command)) {
    Buffer buffer = Buffer(c->buffer);
    bool isWide = program.symbols[c->symbol].bits > 16;
    if (buffer != Buffer::Query && buffer != Buffer::Key &&
        buffer != Buffer::Value && buffer != Buffer::Mask &&
        buffer != Buffer::Bias)
      return expected("a buffer", "that loads fill");
    if (isWide != (buffer == Buffer::Bias))
      return expected("a symbol", "whose width fits the buffer");
    if (buffer != Buffer::Bias && buffer != Buffer::Mask &&
        program.symbols[c->symbol].bits < 4)
      return expected("a symbol", "whose width fits the buffer");
    if (isWide && c->address % 4 != 0)
      return expected("address", "to be a multiple of 4");
  }
  if (auto *c = std::get_if<LoadKeptCommand>(&command)) {
    const Symbol &symbol = program.symbols[c->symbol];
    const Site &site = program.sites[c->site];
    if (Buffer(c->buffer) != Buffer::Key && Buffer(c->buffer) != Buffer::Value)
      return expected("a buffer", "of keys or values");
    if (symbol.bits > 16 || symbol.bits < 4)
      return expected("a symbol", "whose width fits the buffer");
    if (c->row + site.Lk > symbol.rows)
      return expected("a symbol", "with a row for each key");
  }
  if (auto *c = std::get_if<LoadValuesCommand>(&command)) {
    const Symbol &symbol = program.symbols[c->symbol];
    const Site &site = program.sites[c->site];
    if (symbol.columns != site.dv || symbol.bits != site.valueBits())
      return expected("a symbol", "of the site's values");
    if (c->key % site.policy.blockCols != 0 ||
        uint64_t(c->key) + c->rows > site.Lk)
      return expected("whole blocks", "of the site's keys");
  }
  if (auto *c = std::get_if<SetupCommand>(&command)) {
    const Site &site = program.sites[c->site];
    if (c->query_head >= site.Hq || c->key_head >= site.Hkv)
      return expected("a head", "of the site");
  }
  if (auto *c = std::get_if<EndHeadCommand>(&command))
    if (program.sites[c->site].policy.tau8() <= 0)
      return expected("a site", "with a head gate");
  if (auto *c = std::get_if<StoreCommand>(&command)) {
    const Symbol &symbol = program.symbols[c->symbol];
    if (symbol.bits != 16 || symbol.direction != Symbol::Output)
      return expected("an output symbol", "of 16 bits");
    if (c->address % 2 != 0)
      return expected("address", "to be a multiple of 2");
  }
  return "";
}

} // namespace

std::optional<std::string> machine::checkFields(const Program &program,
                                                const Command &command,
                                                const Config &config) {
  std::string message = FieldChecker(program, config).check(command);
  if (message.empty())
    message = checkSpecial(program, command);
  if (!message.empty())
    return message;
  return std::nullopt;
}

std::optional<std::string> machine::checkCommand(const Program &program,
                                                 const Command &command,
                                                 const Config &config) {
  if (std::optional<std::string> problem =
          checkFields(program, command, config))
    return problem;
  Accesses accesses;
  getAccesses(program, command, accesses);
  for (const Access &access : accesses) {
    uint64_t size = getBufferBytes(config, access.buffer);
    if (access.end > size)
      return ("the " + stringify(access.buffer) + " buffer has " +
              llvm::Twine(size) + " bytes, " + llvm::Twine(access.end - size) +
              " fewer than needed")
          .str();
  }
  return std::nullopt;
}

llvm::Error machine::verifyProgram(const Program &program,
                                   const Config &config) {
  if (llvm::Error error = checkMachine(program, config))
    return error;
  for (size_t i = 0; i < program.commands.size(); ++i)
    if (std::optional<std::string> problem =
            checkCommand(program, program.commands[i], config))
      return makeError("command " + llvm::Twine(i) + " (" +
                       getInfo(program.commands[i]).mnemonic +
                       "): " + *problem);
  return llvm::Error::success();
}
