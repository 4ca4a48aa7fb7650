//===- Container.cpp - programs to bytes and back -------------------------===//
//
// The layout is canonical: sections in a fixed order, without gaps, so what is
// read writes back to the same bytes. The reader checks every count against
// the bytes that are left before it allocates anything.
//
//===----------------------------------------------------------------------===//

#include "ContainerWords.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"

using namespace hdp;
using namespace hdp::machine;

namespace {

enum Section : uint32_t {
  Strings,
  Machine,
  Sites,
  Symbols,
  Constants,
  Commands,
  End
};
constexpr char magic[4] = {'H', 'D', 'P', 'A'};
constexpr uint32_t endianTag = 0x01020304;
constexpr size_t headerSize = 32, entrySize = 16;
const char *const sectionNames[] = {"strings", "machine",   "sites",
                                    "symbols", "constants", "commands"};

} // namespace

//===----------------------------------------------------------------------===//
// Whole streams
//===----------------------------------------------------------------------===//

llvm::SmallVector<char, 0> machine::writeStream(const Program &program) {
  Writer sections[End];
  uint32_t strings = 0;
  Writer &text = sections[Strings];
  auto addString = [&](llvm::StringRef string) {
    text.put(static_cast<uint32_t>(string.size()));
    text.bytes.append(string.begin(), string.end());
    return strings++;
  };
  sections[Machine].put(addString(program.name));
  sections[Machine].put(static_cast<uint32_t>(program.arch.size()));
  for (const ArchValue &entry : program.arch) {
    sections[Machine].put(addString(entry.name));
    sections[Machine].put(entry.value);
  }
  sections[Sites].put(static_cast<uint32_t>(program.sites.size()));
  for (const Site &site : program.sites)
    writeSite(sections[Sites], site);
  Writer &symbols = sections[Symbols];
  symbols.put(static_cast<uint32_t>(program.symbols.size()));
  for (const Symbol &symbol : program.symbols) {
    symbols.put(addString(symbol.name));
    symbols.put(static_cast<uint8_t>(symbol.direction));
    symbols.put(symbol.bits);
    symbols.put(symbol.rows);
    symbols.put(symbol.columns);
    symbols.put(symbol.address);
  }
  Writer &constants = sections[Constants];
  constants.put(static_cast<uint32_t>(
      llvm::count_if(program.symbols, [](const Symbol &symbol) {
        return symbol.direction == Symbol::Constant;
      })));
  for (uint32_t i = 0; i < program.symbols.size(); ++i) {
    const Symbol &symbol = program.symbols[i];
    if (symbol.direction != Symbol::Constant)
      continue;
    constants.put(i);
    constants.put(static_cast<uint64_t>(symbol.contents.size()));
    constants.bytes.append(symbol.contents.begin(), symbol.contents.end());
  }
  sections[Commands].put(static_cast<uint32_t>(program.commands.size()));
  for (const Command &command : program.commands)
    encode(command, sections[Commands].bytes);

  Writer body;
  size_t offset = headerSize + entrySize * End;
  for (uint32_t kind = 0; kind < End; ++kind) {
    body.put(kind);
    body.put(static_cast<uint32_t>(offset));
    body.put(static_cast<uint64_t>(sections[kind].bytes.size()));
    offset += sections[kind].bytes.size();
  }
  for (const Writer &section : sections)
    body.bytes.append(section.bytes.begin(), section.bytes.end());

  Writer stream;
  stream.bytes.append(magic, magic + 4);
  stream.put(streamMajor);
  stream.put(streamMinor);
  stream.put(endianTag);
  stream.put(static_cast<uint32_t>(End));
  stream.put(fingerprint(program.arch));
  stream.put(static_cast<uint32_t>(offset));
  stream.put(llvm::crc32(llvm::arrayRefFromStringRef(
      llvm::StringRef(body.bytes.data(), body.bytes.size()))));
  stream.bytes.append(body.bytes.begin(), body.bytes.end());
  return std::move(stream.bytes);
}

/// Header and section table; gives the bytes of each section.
static void readTable(Reader &r, llvm::ArrayRef<char> bytes, Reader *sections[],
                      uint64_t &machinePrint) {
  if (r.getText(4, "magic") != llvm::StringRef(magic, 4) && !r.failed()) {
    r.at = 0;
    r.fail("not a command stream: expected the magic HDPA");
  }
  uint16_t major = r.get<uint16_t>("version");
  uint16_t minor = r.get<uint16_t>("version");
  if (!r.failed() && (major != streamMajor || minor > streamMinor)) {
    r.at = 4;
    r.fail("expected version " + std::to_string(streamMajor) + "." +
           std::to_string(streamMinor) + " or an older minor one, found " +
           std::to_string(major) + "." + std::to_string(minor));
  }
  if (r.get<uint32_t>("byte order") != endianTag && !r.failed()) {
    r.at = 8;
    r.fail("expected little-endian words");
  }
  if (r.get<uint32_t>("section count") != End && !r.failed()) {
    r.at = 12;
    r.fail("expected " + std::to_string(End) + " sections");
  }
  machinePrint = r.get<uint64_t>("fingerprint");
  uint32_t size = r.get<uint32_t>("size");
  if (!r.failed() && size != bytes.size()) {
    r.at = 24;
    r.fail("expected a stream of " + std::to_string(size) + " bytes, found " +
           std::to_string(bytes.size()));
  }
  uint32_t checksum = r.get<uint32_t>("checksum");
  if (!r.failed() &&
      checksum != llvm::crc32(llvm::arrayRefFromStringRef(llvm::StringRef(
                      bytes.data() + headerSize, bytes.size() - headerSize)))) {
    r.at = 28;
    r.fail("the checksum does not match the content");
  }
  uint64_t next = headerSize + entrySize * End;
  for (uint32_t kind = 0; kind < End && !r.failed(); ++kind) {
    size_t start = r.at;
    uint32_t found = r.get<uint32_t>("section kind");
    uint32_t offset = r.get<uint32_t>("section offset");
    uint64_t length = r.get<uint64_t>("section length");
    if (r.failed())
      return;
    if (found != kind || offset != next || next > bytes.size() ||
        length > bytes.size() - next ||
        (kind + 1 == End && length != bytes.size() - next)) {
      r.at = start;
      r.fail(std::string("section ") + sectionNames[kind] +
             " is not where it should be");
      return;
    }
    *sections[kind] = Reader(bytes.slice(next, length), next);
    next += length;
  }
}

/// The contents of the constants among a program's symbols, in their order.
static void readConstants(Reader &r, Program &program) {
  uint32_t count = r.getCount("constants", 12);
  for (uint32_t i = 0; i < program.symbols.size() && !r.failed(); ++i) {
    Symbol &symbol = program.symbols[i];
    if (symbol.direction != Symbol::Constant)
      continue;
    if (count == 0) {
      r.fail("expected a constant for symbol " + std::to_string(i) +
             ", found none");
      return;
    }
    --count;
    size_t start = r.at;
    uint32_t index = r.get<uint32_t>("symbol");
    uint64_t size = r.get<uint64_t>("length");
    if (!r.failed() && (index != i || size != symbol.bytes())) {
      r.at = start;
      r.fail("expected " + std::to_string(symbol.bytes()) +
             " bytes of symbol " + std::to_string(i) + ", found " +
             std::to_string(size) + " of symbol " + std::to_string(index));
    }
    llvm::StringRef bytes = r.getText(size, "constant");
    symbol.contents.assign(bytes.begin(), bytes.end());
    std::optional<std::string> problem = checkSymbol(symbol);
    if (problem && !r.failed()) {
      r.at = start;
      r.fail(*problem);
    }
  }
  if (count != 0 && !r.failed())
    r.fail("expected a constant symbol for each constant, found " +
           std::to_string(count) + " more");
  r.expectEnd("constants");
}

llvm::Expected<Program> machine::readStream(llvm::ArrayRef<char> bytes,
                                            llvm::StringRef file) {
  Reader none({}, 0);
  Reader strings = none, arch = none, sites = none, symbols = none,
         constants = none, commands = none;
  Reader *sections[] = {&strings, &arch,      &sites,
                        &symbols, &constants, &commands};
  Reader table(bytes, 0);
  uint64_t machinePrint = 0;
  readTable(table, bytes, sections, machinePrint);

  Program program;
  std::vector<std::string> texts;
  while (!table.failed() && strings.left() > 0 && !strings.failed()) {
    uint32_t size = strings.get<uint32_t>("string length");
    texts.push_back(strings.getText(size, "string").str());
  }
  // Strings are used in order, each once: the layout stays canonical.
  size_t used = 0;
  auto takeString = [&](Reader &r) -> std::string {
    uint32_t index = r.get<uint32_t>("string");
    if (!r.failed() && (index != used || index >= texts.size()))
      r.fail("expected string " + std::to_string(used) + ", found " +
             std::to_string(index));
    return r.failed() ? "" : texts[used++];
  };
  bool isGood = !table.failed() && !strings.failed();
  if (isGood) {
    program.name = takeString(arch);
    uint32_t count = arch.getCount("parameters", 12);
    for (uint32_t i = 0; i < count && !arch.failed(); ++i) {
      std::string name = takeString(arch);
      program.arch.push_back({name, arch.get<uint64_t>("parameter")});
    }
    arch.expectEnd("parameters");
    count = sites.getCount("sites", 69);
    for (uint32_t i = 0; i < count && !sites.failed(); ++i)
      program.sites.push_back(readSite(sites));
    sites.expectEnd("sites");
    count = symbols.getCount("symbols", 26);
    for (uint32_t i = 0; i < count && !symbols.failed(); ++i) {
      Symbol symbol;
      size_t start = symbols.at;
      symbol.name = takeString(symbols);
      symbol.direction = static_cast<Symbol::Direction>(
          symbols.getUpTo<uint8_t>("direction", 2));
      symbol.bits = symbols.get<uint8_t>("bits");
      symbol.rows = symbols.get<uint64_t>("rows");
      symbol.columns = symbols.get<uint32_t>("columns");
      symbol.address = symbols.get<uint64_t>("address");
      // What is in a constant comes later.
      std::optional<std::string> problem = checkSymbolSize(symbol);
      if (problem && !symbols.failed()) {
        symbols.at = start;
        symbols.fail(*problem);
      }
      program.symbols.push_back(std::move(symbol));
    }
    symbols.expectEnd("symbols");
    if (!symbols.failed())
      readConstants(constants, program);
    if (!symbols.failed() && used != texts.size())
      strings.fail("expected " + std::to_string(used) + " strings, found " +
                   std::to_string(texts.size()));
  }
  for (Reader *r : {&table, &strings, &arch, &sites, &symbols, &constants})
    if (r->failed())
      return makeError(file + ": " + r->message);
  if (fingerprint(program.arch) != machinePrint)
    return makeError(file + ": byte 16: the fingerprint does not match the "
                            "parameters of the machine section");
  uint32_t count = commands.getCount("commands", 4);
  size_t offset = commands.at;
  for (uint32_t i = 0; i < count && !commands.failed(); ++i) {
    llvm::Expected<Command> command =
        decode(commands.bytes, offset, commands.base);
    if (!command)
      return makeError(file + ": " + llvm::toString(command.takeError()));
    program.commands.push_back(*command);
  }
  if (!commands.failed())
    commands.at = offset;
  commands.expectEnd("commands");
  if (commands.failed())
    return makeError(file + ": " + commands.message);
  return program;
}
