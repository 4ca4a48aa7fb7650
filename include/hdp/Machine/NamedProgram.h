//===- NamedProgram.h - programs on buffers without addresses ---*- C++ -*-===//
//
// What a program is before its data has places: commands name a buffer and a
// turn instead of an address. A buffer's turns are different contents (the keys
// of head 0, of head 1, ..), as many as a program likes; how many of them have
// room at once is the allocation's business (Allocation.h).
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_NAMEDPROGRAM_H
#define HDP_MACHINE_NAMEDPROGRAM_H

#include "hdp/Machine/Access.h"
#include "hdp/Machine/Fields.h"
#include "llvm/ADT/DenseMap.h"

namespace hdp::machine {

/// A buffer: `bytes` for one turn, on every core that uses it. It is given room
/// for `slots` turns at least.
struct NamedBuffer {
  std::string name;
  Buffer scratchpad = Buffer::Query;
  uint64_t bytes = 0;
  uint32_t slots = 1;

  bool operator==(const NamedBuffer &other) const {
    return name == other.name && scratchpad == other.scratchpad &&
           bytes == other.bytes && slots == other.slots;
  }
};

/// What an address field of a named command holds.
struct Reference {
  static constexpr uint32_t maxBuffers = 255, maxTurns = 1 << 24;
  /// A field that its command does not use.
  static constexpr uint32_t unused = ~uint32_t(0);

  uint32_t buffer = 0, turn = 0;

  uint32_t pack() const { return buffer << 24 | turn; }
  static Reference unpack(uint32_t field) {
    return {field >> 24, field & (maxTurns - 1)};
  }
};

/// `program` has references in the address fields of its commands.
struct NamedProgram {
  std::vector<NamedBuffer> buffers;
  Program program;

  bool operator==(const NamedProgram &other) const {
    return buffers == other.buffers && program == other.program;
  }
};

/// Whether a field of a command is an address, by its name.
bool isAddress(llvm::StringRef field);

/// An access of a command to a turn of a buffer; `begin` and `end` count from
/// the turn's first byte. Accesses to registers have buffer maxBuffers and the
/// slot as turn.
struct NamedAccess {
  uint8_t core;
  Access::Kind kind;
  Reference what;
  uint64_t begin, end;
};
using NamedAccesses = llvm::SmallVector<NamedAccess, 8>;

/// The accesses of a command that checkNamedCommand accepts, in the order of
/// AccessFinder::find.
void getNamedAccesses(const AccessFinder &finder, const Command &command,
                      NamedAccesses &accesses);

/// Numbers the turns of buffers, and the slots of registers, from 0 in the
/// order in which they are first asked for, so that tables can be arrays.
class TurnNumbers {
public:
  uint32_t get(Reference turn);
  uint32_t size() const { return next; }

private:
  /// Turns that are tabulated by buffer; those beyond are rare.
  static constexpr uint32_t tabulated = 1 << 16;
  std::vector<std::vector<uint32_t>> small; // the number and 1, or 0
  llvm::DenseMap<uint32_t, uint32_t> large;
  uint32_t next = 0;
};

/// What a buffer may not say, or nothing.
std::optional<std::string> checkBuffer(const NamedBuffer &buffer,
                                       const Config &config);

/// Why a command of a named program makes no sense on a machine, or nothing: as
/// checkCommand, with ranges held against buffers instead of scratchpads.
std::optional<std::string> checkNamedCommand(const NamedProgram &named,
                                             const Command &command,
                                             const Config &config);

/// Buffers and all commands. An error names the command.
llvm::Error verifyNamedProgram(const NamedProgram &named, const Config &config);

/// Whether `after`, which has the commands of `before` in another order and
/// maybe with other turns, does the same: commands that conflict on a turn or a
/// register stand in the order that they had. `order[i]` is the position in
/// `before` of command i.
llvm::Error checkOrder(const NamedProgram &before, const NamedProgram &after,
                       llvm::ArrayRef<uint32_t> order);

} // namespace hdp::machine

#endif // HDP_MACHINE_NAMEDPROGRAM_H
