//===- Program.h - a command program and its container ----------*- C++ -*-===//
//
// What the machine executes: commands, the attentions (sites) they belong to,
// and the tensors in DRAM (symbols) they load and store. docs/CommandStream.md
// has the layout of the container byte by byte.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_PROGRAM_H
#define HDP_MACHINE_PROGRAM_H

#include "hdp/Machine/Command.h"
#include "hdp/Machine/Config.h"
#include "hdp/Numerics/Policy.h"
#include <optional>
#include <string>
#include <vector>

namespace hdp::machine {

/// One attention on all its heads: what units are set up with.
struct Site {
  numerics::Policy policy;
  double scale = 1.0;
  uint32_t Hq = 1, Hkv = 1, Lq = 1, Lk = 1, d = 1, dv = 1;
  bool causal = false;
  /// Validity and additive mask come from symbols.
  bool hasMask = false, hasBias = false;
  /// Nothing is pruned: codes of the whole format are multiplied at once.
  bool dense = false;

  bool operator==(const Site &other) const;

  uint32_t blockRows() const;
  uint32_t blockColumns() const;
  uint32_t groups() const;
  uint32_t groupOf(uint32_t column) const;
  /// Bits that an element takes in memory: planes, whole codes, V.
  uint32_t integerBits() const;
  uint32_t fractionBits() const;
  uint32_t codeBits() const;
  uint32_t valueBits() const;
};

/// Largest size in a site.
inline constexpr uint32_t maxSiteSize = 1 << 20;

/// What a site may not say (N0), or nothing.
std::optional<std::string> checkSite(const Site &site);

/// A tensor in DRAM, [rows, columns], every row starting on a byte.
struct Symbol {
  enum Direction : uint8_t { Input = 0, Output = 1, Constant = 2 };
  std::string name;
  Direction direction = Input;
  uint8_t bits = 8;
  uint64_t rows = 1;
  uint32_t columns = 1;
  uint64_t address = 0;
  /// Of a constant: its bytes in DRAM, row by row, which come with the program.
  /// Elements of 1 bit from the lowest bit of a byte on, others little-endian
  /// and signed.
  std::vector<char> contents = {};

  uint64_t rowBytes() const { return (uint64_t(columns) * bits + 7) / 8; }
  uint64_t bytes() const { return rows * rowBytes(); }
  bool operator==(const Symbol &other) const;
};

/// An ARCH parameter as the program's compiler knew it.
struct ArchValue {
  std::string name;
  uint64_t value = 0;
  bool operator==(const ArchValue &o) const {
    return name == o.name && value == o.value;
  }
};

/// What a symbol may not say, or nothing; without a look at contents.
std::optional<std::string> checkSymbol(const Symbol &symbol);
std::optional<std::string> checkSymbolSize(const Symbol &symbol);

/// A program for one machine.
struct Program {
  std::string name;
  std::vector<ArchValue> arch;
  std::vector<Site> sites;
  std::vector<Symbol> symbols;
  std::vector<Command> commands;

  bool operator==(const Program &other) const;
  int findSymbol(llvm::StringRef name) const;
};

/// The ARCH parameters of a machine, and the fingerprint of a list of them
/// (that of the machine, machine::fingerprint).
std::vector<ArchValue> getArch(const Config &config);
uint64_t fingerprint(llvm::ArrayRef<ArchValue> arch);

/// Version of the container; another major one is refused.
inline constexpr uint16_t streamMajor = 2, streamMinor = 0;

/// The bytes of a program.
llvm::SmallVector<char, 0> writeStream(const Program &program);

/// Reads a program. Errors name `file`, a byte offset and a reason; a program
/// that is read writes back to the same bytes.
llvm::Expected<Program> readStream(llvm::ArrayRef<char> bytes,
                                   llvm::StringRef file);

/// An error that names the first parameter in which the program's machine and
/// `config` differ.
llvm::Error checkMachine(const Program &program, const Config &config);

/// A listing for people: machine, sites, symbols, commands.
void print(llvm::raw_ostream &os, const Program &program);

} // namespace hdp::machine

#endif // HDP_MACHINE_PROGRAM_H
