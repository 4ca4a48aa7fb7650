//===- Command.h - commands of the machine ----------------------*- C++ -*-===//
//
// The structs made from Commands.def, the variant that holds any of them, and
// their words in a stream.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_COMMAND_H
#define HDP_MACHINE_COMMAND_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <variant>

namespace hdp::machine {

/// What executes a command. Each core has one of each but the gate, which is
/// one for all; loads go to two queues.
enum class Unit : uint8_t {
  Load,
  Array,
  Sparsity,
  Gate,
  Softmax,
  Normaliser,
  Store
};

/// Scratchpads of a core; `Registers` are the slots of Commands.def.
enum class Buffer : uint8_t {
  Query,
  Key,
  Value,
  Theta,
  Mask,
  Score,
  Bias,
  Stat,
  Sum,
  Acc,
  Out,
  Registers
};
inline constexpr unsigned numBuffers = 12;
inline constexpr unsigned numSlots = 2;
inline constexpr uint8_t noPredicate = 255;

llvm::StringRef stringify(Unit unit);
llvm::StringRef stringify(Buffer buffer);

#define HDP_COMMAND(Name, opcode, unit, mnemonic, sentence)                    \
  struct Name##Command {
#define HDP_FIELD(type, name, sentence) type name = 0;
#define HDP_END(Name)                                                          \
  bool operator==(const Name##Command &other) const;                           \
  }                                                                            \
  ;
#include "hdp/Machine/Commands.def"

/// Any command. The alternatives stand in the order of their opcodes.
using Command =
    std::variant<SetupCommand, LoadCommand, LoadValuesCommand, LoadKeptCommand,
                 IntegerPassCommand, EndRowsCommand, EndHeadCommand,
                 ScoreCommand, SoftmaxCommand, WeighCommand, NormaliseCommand,
                 StoreCommand>;

/// Calls `visit(name, value)` for each field of a command, in stream order.
/// One overload a command; made from Commands.def.
#define HDP_COMMAND(Name, opcode, unit, mnemonic, sentence)                    \
  template <typename CommandT, typename Visitor>                               \
  std::enable_if_t<std::is_same_v<std::decay_t<CommandT>, Name##Command>>      \
  visitFields(CommandT &command, Visitor visit) {
#define HDP_FIELD(type, name, sentence) visit(#name, command.name);
#define HDP_END(Name) }
#include "hdp/Machine/Commands.def"

/// What Commands.def says of a command.
struct CommandInfo {
  uint16_t opcode;
  Unit unit;
  llvm::StringRef mnemonic, sentence;
};
const CommandInfo &getInfo(const Command &command);

/// Appends a command: opcode and length in bytes (16 bits each), then its
/// fields, everything little-endian.
void encode(const Command &command, llvm::SmallVectorImpl<char> &bytes);

/// Decodes the command at `offset` of `bytes` and moves `offset` behind it. An
/// error names `base` + offset and what is wrong.
llvm::Expected<Command> decode(llvm::ArrayRef<char> bytes, size_t &offset,
                               size_t base);

/// One line: mnemonic and fields.
void print(llvm::raw_ostream &os, const Command &command);

/// The command table of docs/CommandStream.md.
void printCommandTable(llvm::raw_ostream &os);

} // namespace hdp::machine

#endif // HDP_MACHINE_COMMAND_H
