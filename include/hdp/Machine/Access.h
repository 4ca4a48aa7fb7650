//===- Access.h - what a command reads and writes ---------------*- C++ -*-===//
//
// The scratchpad ranges of every command, derived from its fields and its site
// alone. Programs are checked against them before they run, and the timing
// model takes all dependences from them.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_ACCESS_H
#define HDP_MACHINE_ACCESS_H

#include "hdp/Machine/Program.h"
#include <optional>

namespace hdp::machine {

/// A range of a scratchpad. Two `Add` accesses do not conflict: they add to
/// sums, or (load_kept) rows that were not there. Nobody before can have read
/// such rows, so adding waits for no reader either.
struct Access {
  enum Kind : uint8_t { Read, Write, Add };
  uint8_t core;
  Buffer buffer;
  Kind kind;
  uint64_t begin, end;

  /// Whether one of a kind conflicts with a later one on the same bytes.
  static bool canConflict(Kind kind, const Access &later) {
    if (kind == Read && later.kind == Add)
      return later.buffer == Buffer::Registers;
    return kind != later.kind || kind == Write;
  }
  bool conflictsWith(const Access &later) const {
    return canConflict(kind, later) && begin < later.end && later.begin < end;
  }
};
using Accesses = llvm::SmallVector<Access, 8>;

/// Bytes of a scratchpad of `config`; the slots of registers count as bytes.
uint64_t getBufferBytes(const Config &config, Buffer buffer);

/// Calls `visit(core)` for each core of a bit set.
template <typename Visitor> void forEachCore(uint64_t cores, Visitor visit) {
  for (unsigned core = 0; cores != 0; ++core, cores >>= 1)
    if (cores & 1)
      visit(static_cast<uint8_t>(core));
}

/// How a site's tensors lie in scratchpads: bytes from row to row.
struct Layout {
  explicit Layout(const Site &site);
  uint64_t integerRow, fractionRow, codeRow, valueRow; // a key or query row
  uint64_t thetaRow, stateRow, meanRow;                // a block row
  uint64_t validRow, biasRow, scoreRow, termRow;       // a query row
  uint64_t sumRow, accRow, outRow;                     // a group; a query row
  /// Words of a row's terms before its group weights.
  static constexpr uint64_t termWords = 4;
};

/// Finds the accesses of a program's commands. Symbols and sites of a command
/// are taken as they are: it has indices of existing ones.
class AccessFinder {
public:
  explicit AccessFinder(const Program &program);

  /// Replaces `accesses` by those of a command.
  void find(const Command &command, Accesses &accesses) const;

  const Program &getProgram() const { return program; }

private:
  const Program &program;
  std::vector<Layout> layouts; // by site
};

/// As checkCommand, without a look at ranges in scratchpads.
std::optional<std::string> checkFields(const Program &program,
                                       const Command &command,
                                       const Config &config);

/// Why the machine cannot execute a command of `finder`'s program, or nothing.
/// Sites and machine of the program are legal. On success `accesses` are the
/// command's.
std::optional<std::string> checkCommand(const AccessFinder &finder,
                                        const Command &command,
                                        const Config &config,
                                        Accesses &accesses);

/// The same for a single command.
std::optional<std::string> checkCommand(const Program &program,
                                        const Command &command,
                                        const Config &config);

/// Whether every command is one that the machine can execute: indices and
/// cores exist, blocks lie within their attention, ranges within their
/// scratchpads. An error names the command. The program's machine is `config`.
llvm::Error verifyProgram(const Program &program, const Config &config);

} // namespace hdp::machine

#endif // HDP_MACHINE_ACCESS_H
