//===- Command.cpp - words of commands ------------------------------------===//
//
// Encoding, decoding and listing, all by visiting the fields of Commands.def.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Command.h"
#include "hdp/Support/Error.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include <optional>

using namespace hdp;
using namespace hdp::machine;
namespace endian = llvm::support::endian;

llvm::StringRef machine::stringify(Unit unit) {
  static const llvm::StringRef names[] = {
      "load", "array", "sparsity", "gate", "softmax", "normaliser", "store"};
  return names[static_cast<unsigned>(unit)];
}

llvm::StringRef machine::stringify(Buffer buffer) {
  static const llvm::StringRef names[] = {
      "query", "key",  "value", "theta", "mask", "score",
      "bias",  "stat", "sum",   "acc",   "out",  "registers"};
  return names[static_cast<unsigned>(buffer)];
}

#define HDP_COMMAND(Name, opcode, unit, mnemonic, sentence)                    \
  bool Name##Command::operator==(const Name##Command &other) const {           \
    bool isEqual = true;
#define HDP_FIELD(type, name, sentence) isEqual &= name == other.name;
#define HDP_END(Name)                                                          \
  return isEqual;                                                              \
  }
#include "hdp/Machine/Commands.def"

static const CommandInfo infos[] = {
#define HDP_COMMAND(Name, opcode, unit, mnemonic, sentence)                    \
  {opcode, Unit::unit, mnemonic, sentence},
#include "hdp/Machine/Commands.def"
};

const CommandInfo &machine::getInfo(const Command &command) {
  return infos[command.index()];
}

/// Bytes of opcode and length.
static constexpr size_t headerSize = 4;

void machine::encode(const Command &command,
                     llvm::SmallVectorImpl<char> &bytes) {
  size_t start = bytes.size();
  auto append = [&](auto value) {
    char word[sizeof(value)];
    endian::write(word, value, llvm::endianness::little);
    bytes.append(word, word + sizeof(value));
  };
  append(getInfo(command).opcode);
  append(uint16_t(0));
  std::visit(
      [&](const auto &alternative) {
        visitFields(alternative,
                    [&](const char *, auto value) { append(value); });
      },
      command);
  endian::write16le(bytes.data() + start + 2,
                    static_cast<uint16_t>(bytes.size() - start));
}

static std::optional<Command> makeCommand(uint16_t opcode) {
  switch (opcode) {
#define HDP_COMMAND(Name, opcode, unit, mnemonic, sentence)                    \
  case opcode:                                                                 \
    return Command(Name##Command());
#include "hdp/Machine/Commands.def"
  default:
    return std::nullopt;
  }
}

llvm::Expected<Command> machine::decode(llvm::ArrayRef<char> bytes,
                                        size_t &offset, size_t base) {
  auto fail = [&](const llvm::Twine &message) {
    return makeError("byte " + llvm::Twine(base + offset) + ": " + message);
  };
  size_t left = bytes.size() - offset;
  if (left < headerSize)
    return fail("expected a command of at least 4 bytes, found " +
                llvm::Twine(left));
  const char *at = bytes.data() + offset;
  uint16_t opcode = endian::read16le(at), length = endian::read16le(at + 2);
  std::optional<Command> command = makeCommand(opcode);
  if (!command)
    return fail("unknown opcode " + llvm::Twine(opcode));
  size_t expected = headerSize;
  std::visit(
      [&](auto &alternative) {
        visitFields(alternative, [&](const char *, auto &value) {
          expected += sizeof(value);
        });
      },
      *command);
  if (length != expected)
    return fail("expected " + getInfo(*command).mnemonic + " to take " +
                llvm::Twine(expected) + " bytes, found " + llvm::Twine(length));
  if (left < expected)
    return fail("expected " + llvm::Twine(expected) +
                " more bytes of commands, found " + llvm::Twine(left));
  at += headerSize;
  std::visit(
      [&](auto &alternative) {
        visitFields(alternative, [&](const char *, auto &value) {
          using T = std::decay_t<decltype(value)>;
          value = endian::read<T>(at, llvm::endianness::little);
          at += sizeof(T);
        });
      },
      *command);
  offset += expected;
  return *command;
}

void machine::print(llvm::raw_ostream &os, const Command &command) {
  os << getInfo(command).mnemonic;
  std::visit(
      [&](const auto &alternative) {
        visitFields(alternative, [&](const char *name, auto value) {
          llvm::StringRef field = name;
          os << ' ' << field << '=';
          if (field == "buffer" && value < numBuffers)
            os << stringify(static_cast<Buffer>(value));
          else if (field == "cores")
            os << llvm::formatv("{0:x}", uint64_t(value));
          else if (field == "predicate" && value == noPredicate)
            os << "none";
          else
            os << uint64_t(value);
        });
      },
      command);
}

void machine::printCommandTable(llvm::raw_ostream &os) {
  auto bits = [](llvm::StringRef type) {
    return type.drop_front(4).drop_back(2); // uint16_t
  };
#define HDP_COMMAND(Name, opcode, unit, mnemonic, sentence)                    \
  os << "\n### `" << mnemonic << "` (opcode " << opcode << ", unit "           \
     << stringify(Unit::unit) << ")\n\n"                                       \
     << sentence << ".\n\n| field | bits | meaning |\n|---|---|---|\n";
#define HDP_FIELD(type, name, sentence)                                        \
  os << "| `" << #name << "` | " << bits(#type) << " | " << sentence << " |\n";
#include "hdp/Machine/Commands.def"
}
