//===- Container.cpp - programs to bytes and back -------------------------===//
//
// The layout is canonical: sections in a fixed order, without gaps, so what is
// read writes back to the same bytes. The reader checks every count against
// the bytes that are left before it allocates anything.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Program.h"
#include "hdp/Numerics/Limits.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include <cmath>
#include <cstring>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;
namespace endian = llvm::support::endian;

namespace {

enum Section : uint32_t { Strings, Machine, Sites, Symbols, Commands, End };
constexpr char magic[4] = {'H', 'D', 'P', 'A'};
constexpr uint32_t endianTag = 0x01020304;
constexpr size_t headerSize = 32, entrySize = 16;
const char *const sectionNames[] = {"strings", "machine", "sites", "symbols",
                                    "commands"};

class Writer {
public:
  template <typename T> void put(T value) {
    char word[sizeof(T)];
    endian::write(word, value, llvm::endianness::little);
    bytes.append(word, word + sizeof(T));
  }
  void putDouble(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, 8);
    put(bits);
  }
  llvm::SmallVector<char, 0> bytes;
};

/// Reads words; the first failure sticks, later reads give zeros.
class Reader {
public:
  Reader(llvm::ArrayRef<char> bytes, size_t base) : bytes(bytes), base(base) {}

  template <typename T> T get(const char *what) {
    if (bytes.size() - at < sizeof(T)) {
      fail("expected " + std::to_string(sizeof(T)) + " bytes of " + what +
           ", found " + std::to_string(bytes.size() - at));
      return T(0);
    }
    T value = endian::read<T>(bytes.data() + at, llvm::endianness::little);
    at += sizeof(T);
    return value;
  }
  /// A number that may not be above `highest`.
  template <typename T> T getUpTo(const char *what, uint64_t highest) {
    size_t start = at;
    T value = get<T>(what);
    if (uint64_t(value) > highest) {
      at = start;
      fail(std::string("expected ") + what + " up to " +
           std::to_string(highest) + ", found " + std::to_string(value));
    }
    return value;
  }
  double getDouble(const char *what) {
    uint64_t bits = get<uint64_t>(what);
    double value;
    std::memcpy(&value, &bits, 8);
    return value;
  }
  /// A count of things that take at least `size` bytes each.
  uint32_t getCount(const char *what, size_t size) {
    uint32_t count = get<uint32_t>(what);
    if (count > left() / size)
      fail(std::string("expected at most ") + std::to_string(left() / size) +
           " " + what + ", found " + std::to_string(count));
    return failed() ? 0 : count;
  }
  llvm::StringRef getText(size_t size, const char *what) {
    if (size > left()) {
      fail("expected " + std::to_string(size) + " bytes of " + what +
           ", found " + std::to_string(left()));
      return {};
    }
    llvm::StringRef text(bytes.data() + at, size);
    at += size;
    return text;
  }
  void fail(const std::string &reason) {
    if (!failed())
      message = "byte " + std::to_string(base + at) + ": " + reason;
    at = bytes.size();
  }
  void expectEnd(const char *what) {
    if (!failed() && at != bytes.size())
      fail(std::string("expected the end of the ") + what + ", found " +
           std::to_string(left()) + " more bytes");
  }
  bool failed() const { return !message.empty(); }
  size_t left() const { return bytes.size() - at; }

  llvm::ArrayRef<char> bytes;
  size_t base, at = 0;
  std::string message;
};

} // namespace

//===----------------------------------------------------------------------===//
// Sites
//===----------------------------------------------------------------------===//

static void writeSite(Writer &w, const Site &s) {
  const Policy &p = s.policy;
  for (int64_t value :
       {p.format.integerBits, p.format.fractionBits, p.valueFractionBits, p.sq,
        p.sk, p.sv, p.blockRows, p.blockCols})
    w.put(static_cast<int8_t>(value));
  for (int value :
       {int(p.exponents), int(p.split), int(p.importance), int(p.products),
        int(p.pruned), int(p.selection), int(p.measure), int(p.gated),
        int(p.reciprocal), int(s.causal), int(s.hasMask), int(s.hasBias),
        int(s.dense)})
    w.put(static_cast<uint8_t>(value));
  w.put(static_cast<uint32_t>(p.group));
  w.putDouble(p.threshold);
  w.putDouble(p.tau);
  w.putDouble(s.scale);
  for (uint32_t value : {s.Hq, s.Hkv, s.Lq, s.Lk, s.d, s.dv})
    w.put(value);
}

std::optional<std::string> machine::checkSite(const Site &s) {
  const Policy &p = s.policy;
  for (uint32_t size : {s.Hq, s.Hkv, s.Lq, s.Lk, s.d, s.dv})
    if (size > maxSiteSize)
      return "expected a size up to " + std::to_string(maxSiteSize) +
             ", found " + std::to_string(size);
  if (std::optional<std::string> problem = checkPolicy(p))
    return problem;
  // One spelling of every choice: no second zero, no exponent without a use.
  for (double value : {p.threshold, p.tau, s.scale})
    if (std::isnan(value) || (value == 0.0 && std::signbit(value)))
      return "expected threshold, tau and scale other than -0 and NaN, found " +
             detail::toText(value);
  if (p.exponents == Exponents::Dynamic &&
      (p.sq != 0 || p.sk != 0 || p.sv != 0))
    return std::string("expected no static exponents with dynamic ones");
  if (s.Hq == 0)
    return std::string("expected at least 1 head, found 0");
  if (!s.dense) {
    AttentionShape shape{s.Hq, s.Hkv, s.Lq, s.Lk, s.d, s.dv};
    return checkLimits(p, shape, s.scale, s.hasBias);
  }
  if (s.Lk == 0 || s.Lk > 32768 || s.Lq == 0 || s.d == 0 || s.d > 4096 ||
      s.dv == 0 || s.Hkv == 0 || s.Hq % s.Hkv != 0)
    return std::string("a dense site of this shape is out of range");
  // Whole codes of up to 8 bits give full products (N8); wider ones give F
  // fraction bits again.
  int64_t width = p.format.width();
  if (width <= 8 && p.products != Products::Full)
    return std::string("expected full products in a dense site of up to 8 "
                       "bits");
  double largest =
      std::ldexp(double(s.d), int(2 * width - 2)) /
          (width > 8 ? std::ldexp(1.0, int(p.format.fractionBits)) : 1.0) +
      (s.hasBias ? std::ldexp(1.0, 28) : 0.0);
  if (largest >= std::ldexp(1.0, 30))
    return "expected a largest score below 2^30, found " +
           detail::toText(largest);
  return std::nullopt;
}

static Site readSite(Reader &r) {
  Site s;
  Policy &p = s.policy;
  size_t start = r.at;
  for (int64_t *value :
       {&p.format.integerBits, &p.format.fractionBits, &p.valueFractionBits,
        &p.sq, &p.sk, &p.sv, &p.blockRows, &p.blockCols})
    *value = r.get<int8_t>("site");
  auto choice = [&](const char *what) {
    return r.getUpTo<uint8_t>(what, 1) != 0;
  };
  p.exponents = static_cast<Exponents>(choice("exponents"));
  p.split = static_cast<Split>(choice("split"));
  p.importance = static_cast<Importance>(choice("importance"));
  p.products = static_cast<Products>(choice("products"));
  p.pruned = static_cast<Pruned>(choice("pruned"));
  p.selection = static_cast<Selection>(choice("selection"));
  p.measure = static_cast<Measure>(choice("measure"));
  p.gated = static_cast<Gated>(choice("gated"));
  p.reciprocal = static_cast<Reciprocal>(choice("reciprocal"));
  s.causal = choice("causal");
  s.hasMask = choice("mask");
  s.hasBias = choice("bias");
  s.dense = choice("dense");
  p.group = r.get<uint32_t>("group");
  p.threshold = r.getDouble("threshold");
  p.tau = r.getDouble("tau");
  s.scale = r.getDouble("scale");
  for (uint32_t *value : {&s.Hq, &s.Hkv, &s.Lq, &s.Lk, &s.d, &s.dv})
    *value = r.getUpTo<uint32_t>("a size", maxSiteSize);
  if (r.failed())
    return s;
  std::optional<std::string> problem = checkSite(s);
  if (problem) {
    r.at = start;
    r.fail(*problem);
  }
  return s;
}

std::optional<std::string> machine::checkSymbol(const Symbol &symbol) {
  const std::pair<const char *, std::pair<uint64_t, uint64_t>> numbers[] = {
      {"bits", {symbol.bits, 32}},
      {"rows", {symbol.rows, uint64_t(1) << 32}},
      {"columns", {symbol.columns, 1 << 20}}};
  for (const auto &[what, number] : numbers)
    if (number.first == 0 || number.first > number.second)
      return "expected " + std::string(what) + " from 1 to " +
             std::to_string(number.second) + ", found " +
             std::to_string(number.first);
  if (symbol.address > uint64_t(1) << 48)
    return "expected an address up to " + std::to_string(uint64_t(1) << 48) +
           ", found " + std::to_string(symbol.address);
  return std::nullopt;
}

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

llvm::Expected<Program> machine::readStream(llvm::ArrayRef<char> bytes,
                                            llvm::StringRef file) {
  Reader none({}, 0);
  Reader strings = none, arch = none, sites = none, symbols = none,
         commands = none;
  Reader *sections[] = {&strings, &arch, &sites, &symbols, &commands};
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
          symbols.getUpTo<uint8_t>("direction", 1));
      symbol.bits = symbols.get<uint8_t>("bits");
      symbol.rows = symbols.get<uint64_t>("rows");
      symbol.columns = symbols.get<uint32_t>("columns");
      symbol.address = symbols.get<uint64_t>("address");
      std::optional<std::string> problem = checkSymbol(symbol);
      if (problem && !symbols.failed()) {
        symbols.at = start;
        symbols.fail(*problem);
      }
      program.symbols.push_back(std::move(symbol));
    }
    symbols.expectEnd("symbols");
    if (!symbols.failed() && used != texts.size())
      strings.fail("expected " + std::to_string(used) + " strings, found " +
                   std::to_string(texts.size()));
  }
  for (Reader *r : {&table, &strings, &arch, &sites, &symbols})
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
