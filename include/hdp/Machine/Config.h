//===- Config.h - one machine -----------------------------------*- C++ -*-===//
//
// The parameters of Params.def as a struct, read from YAML with located errors,
// checked, printed and fingerprinted.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_CONFIG_H
#define HDP_MACHINE_CONFIG_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <string>
#include <vector>

namespace hdp::machine {

/// Whether a parameter changes programs or only cycles.
enum class ParamClass { ARCH, TIMING };

/// What Params.def says of one parameter.
struct ParamInfo {
  llvm::StringRef name, unit;
  uint64_t initial, lowest, highest;
  ParamClass kind;
  llvm::StringRef sentence;
};

/// The parameters in the order of Params.def.
llvm::ArrayRef<ParamInfo> getParams();

/// One machine. `name` is for reports; `energy_table` names a table of Energy.h
/// or a YAML file of one.
struct Config {
  std::string name = "hdp-edge";
  std::string energy_table = "lpddr4-45nm";
#define HDP_PARAM(field, unit, initial, lowest, highest, kind, sentence)       \
  uint64_t field = initial;
#include "hdp/Machine/Params.def"

  /// A parameter by its index in getParams().
  uint64_t get(size_t index) const;
  uint64_t &get(size_t index);

  /// PEs of a core; each has four multipliers and holds 2 x 2 results.
  uint64_t pes() const { return pe_rows * pe_columns; }
  /// Multipliers of a core, and of the whole machine.
  uint64_t coreMacs() const { return 4 * pes(); }
  uint64_t macs() const { return cores * coreMacs(); }
  /// Bytes of scratchpad of a core.
  uint64_t scratchpadBytes() const;
};

/// The multipliers of a PE and the results that it holds are fixed.
inline constexpr uint64_t peBlock = 2;

/// Reads a machine from YAML text: a mapping of parameters, those left out have
/// their default. `file` names it in errors, which hold line and caret.
llvm::Expected<Config> parseConfig(llvm::StringRef text, llvm::StringRef file);
/// The machine of a file, or one by its name: hdp-edge, hdp-server.
llvm::Expected<Config> loadConfig(llvm::StringRef path);

/// Ranges and contradictions of a machine that was not read from YAML.
llvm::Error checkConfig(const Config &config);

/// All parameters as YAML that parseConfig reads back.
void printConfig(llvm::raw_ostream &os, const Config &config);

/// A number that is the same for two machines whose ARCH parameters are.
uint64_t fingerprint(const Config &config);

/// The parameter table of docs/Machine.md.
void printParamTable(llvm::raw_ostream &os);

} // namespace hdp::machine

#endif // HDP_MACHINE_CONFIG_H
