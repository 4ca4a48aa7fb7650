//===- CommandCheck.cpp - can the machine execute it? ---------------------===//
//
// Fields against machine, sites and symbols; then the ranges that timing takes
// dependences from, against scratchpads: what runs stays within them.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Access.h"
#include "hdp/Machine/Fields.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::machine;

namespace {

/// Checks the fields of a command one after the other. Text is made only of
/// what is wrong.
class FieldChecker {
public:
  FieldChecker(const Program &program, const Config &config)
      : program(program), config(config) {}

  std::string check(const Command &command) {
    std::visit(
        [&](const auto &alternative) {
          visitKinds(alternative, [&](auto kind, uint64_t value) {
            if (message.empty())
              visit(kind, value);
          });
        },
        command);
    if (message.empty() && site != nullptr) {
      below("block rows", blockRow + blockRows, site->blockRows());
      below("block columns", column + columns, site->blockColumns());
    }
    return std::move(message);
  }

private:
  void fail(const llvm::Twine &text) {
    if (message.empty())
      message = text.str();
  }
  /// `value` may be `limit` at most.
  void below(const char *what, uint64_t value, uint64_t limit) {
    if (value > limit)
      fail(llvm::Twine("expected ") + what + " up to " + llvm::Twine(limit) +
           ", found " + llvm::Twine(value));
  }
  /// `index` has to be one of `size` that there are.
  bool exists(const char *what, uint64_t index, size_t size) {
    if (index >= size)
      fail("expected one of " + llvm::Twine(size) + " " + what + ", found " +
           llvm::Twine(index));
    return index < size;
  }
  void checkCores(uint64_t cores) {
    if (cores == 0 || (config.cores < 64 && cores >> config.cores != 0))
      fail("expected some of the machine's " + llvm::Twine(config.cores) +
           " cores");
  }
  void checkRow(uint64_t value) {
    row = value;
    if (symbol != nullptr && value >= symbol->rows)
      fail("expected one of " + llvm::Twine(symbol->rows) + " rows of " +
           symbol->name + ", found " + llvm::Twine(value));
  }
  void checkRows(uint64_t value) {
    if (value == 0 || value > symbol->rows - row)
      fail("expected 1 to " + llvm::Twine(symbol->rows - row) + " rows of " +
           symbol->name + ", found " + llvm::Twine(value));
  }
  void checkAlignment(Field field, uint64_t value) {
    unsigned step = getAlignment(field);
    if (value % step != 0)
      fail("expected " + getName(field) + " to be a multiple of " +
           llvm::Twine(step) + ", found " + llvm::Twine(value));
  }
  /// As Commands.def writes it.
  static llvm::StringRef getName(Field field) {
#define HDP_FIELD(type, name, sentence)                                        \
  if (field == Field::name)                                                    \
    return #name;
#include "hdp/Machine/Commands.def"
    return "";
  }

  void visit(Field field, uint64_t value) {
    switch (field) {
    case Field::core:
      return below("a core", value, config.cores - 1);
    case Field::cores:
      return checkCores(value);
    case Field::slot:
      return below("a slot", value, numSlots - 1);
    case Field::predicate:
      if (value != noPredicate)
        below("a predicate", value, numSlots - 1);
      return;
    case Field::queue:
      return below("a queue", value, 1);
    case Field::valid_rows:
      return below("valid_rows", value, 2);
    case Field::bias_rows:
      return below("bias_rows", value, 2);
    case Field::site:
      if (exists("sites", value, program.sites.size()))
        site = &program.sites[value];
      return;
    case Field::symbol:
    case Field::query_exponents:
    case Field::key_exponents:
      if (exists("symbols", value, program.symbols.size()))
        symbol = &program.symbols[value];
      return;
    case Field::query_head:
    case Field::key_head:
    case Field::row:
      return checkRow(value);
    case Field::rows:
      return checkRows(value);
    case Field::block_row:
      blockRow = value;
      return;
    case Field::block_rows:
      blockRows = value;
      if (value == 0)
        fail("expected at least 1 block row, found 0");
      return below("block rows", value, config.strip_rows);
    case Field::column:
      column = value;
      return;
    case Field::columns:
      columns = value;
      if (value == 0)
        fail("expected at least 1 block column, found 0");
      return;
    default:
      return checkAlignment(field, value);
    }
  }

  const Program &program;
  const Config &config;
  const Site *site = nullptr;
  const Symbol *symbol = nullptr;
  uint64_t row = 0, blockRow = 0, blockRows = 0, column = 0, columns = 0;
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

std::optional<std::string> machine::checkCommand(const AccessFinder &finder,
                                                 const Command &command,
                                                 const Config &config,
                                                 Accesses &accesses) {
  if (std::optional<std::string> problem =
          checkFields(finder.getProgram(), command, config))
    return problem;
  finder.find(command, accesses);
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

std::optional<std::string> machine::checkCommand(const Program &program,
                                                 const Command &command,
                                                 const Config &config) {
  Accesses accesses;
  return checkCommand(AccessFinder(program), command, config, accesses);
}

llvm::Error machine::verifyProgram(const Program &program,
                                   const Config &config) {
  if (llvm::Error error = checkMachine(program, config))
    return error;
  AccessFinder finder(program);
  Accesses accesses;
  for (size_t i = 0; i < program.commands.size(); ++i)
    if (std::optional<std::string> problem =
            checkCommand(finder, program.commands[i], config, accesses))
      return makeError("command " + llvm::Twine(i) + " (" +
                       getInfo(program.commands[i]).mnemonic +
                       "): " + *problem);
  return llvm::Error::success();
}
