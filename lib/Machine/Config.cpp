//===- Config.cpp - machines from YAML ------------------------------------===//
//
// LLVM's YAML reader finds unknown keys and prints line and caret; ranges are
// checked scalar by scalar, so their errors point at the value.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Config.h"
#include "Yaml.h"
#include "hdp/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include <optional>

using namespace hdp;
using namespace hdp::machine;

static const ParamInfo params[] = {
#define HDP_PARAM(field, unit, initial, lowest, highest, kind, sentence)       \
  {#field, unit, initial, lowest, highest, ParamClass::kind, sentence},
#include "hdp/Machine/Params.def"
};

llvm::ArrayRef<ParamInfo> machine::getParams() { return params; }

uint64_t &Config::get(size_t index) {
  uint64_t *const fields[] = {
#define HDP_PARAM(field, unit, initial, lowest, highest, kind, sentence) &field,
#include "hdp/Machine/Params.def"
  };
  return *fields[index];
}

uint64_t Config::get(size_t index) const {
  return const_cast<Config *>(this)->get(index);
}

uint64_t Config::scratchpadBytes() const {
  return q_bytes + k_bytes + v_bytes + theta_bytes + mask_bytes + score_bytes +
         bias_bytes + stat_bytes + sum_bytes + acc_bytes + out_bytes;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static std::string describeRange(const ParamInfo &param, uint64_t value) {
  return llvm::formatv("expected {0} from {1} to {2}, found {3}", param.name,
                       param.lowest, param.highest, value);
}

/// What two parameters say against each other; the first is the one to point
/// at.
struct Contradiction {
  llvm::StringRef key, other;
  std::string message;
};

static std::optional<Contradiction> findContradiction(const Config &config) {
  auto expect = [](llvm::StringRef key, const char *relation,
                   llvm::StringRef other, uint64_t bound, uint64_t found) {
    return Contradiction{key, other,
                         llvm::formatv("expected {0} {1} {2} = {3}, found {4}",
                                       key, relation, other, bound, found)};
  };
  if (config.cores % config.cores_per_head != 0)
    return expect("cores_per_head", "that divides", "cores", config.cores,
                  config.cores_per_head);
  if (config.dram_piece_bytes % config.dram_burst_bytes != 0)
    return expect("dram_piece_bytes", "that is a multiple of",
                  "dram_burst_bytes", config.dram_burst_bytes,
                  config.dram_piece_bytes);
  if (config.dram_row_bytes % config.dram_burst_bytes != 0)
    return expect("dram_row_bytes", "that is a multiple of", "dram_burst_bytes",
                  config.dram_burst_bytes, config.dram_row_bytes);
  if (config.dram_refresh_interval_cycles != 0 &&
      config.dram_refresh_cycles >= config.dram_refresh_interval_cycles)
    return expect(
        "dram_refresh_cycles", "below", "dram_refresh_interval_cycles",
        config.dram_refresh_interval_cycles, config.dram_refresh_cycles);
  return std::nullopt;
}

llvm::Error machine::checkConfig(const Config &config) {
  for (size_t i = 0; i < std::size(params); ++i)
    if (config.get(i) < params[i].lowest || config.get(i) > params[i].highest)
      return makeError(describeRange(params[i], config.get(i)));
  if (std::optional<Contradiction> found = findContradiction(config))
    return makeError(found->message);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// YAML
//===----------------------------------------------------------------------===//

namespace {
/// A parameter while it is read; `message` lives as long as its error.
struct Field {
  const ParamInfo *param;
  uint64_t *value;
  std::string message;
};
} // namespace

namespace llvm::yaml {
template <> struct ScalarTraits<Field> {
  static void output(const Field &field, void *, raw_ostream &os) {
    os << *field.value;
  }
  static StringRef input(StringRef text, void *, Field &field) {
    uint64_t value = 0;
    if (text.getAsInteger(10, value)) {
      field.message = formatv("expected {0} as a whole number from {1} to {2}, "
                              "found '{3}'",
                              field.param->name, field.param->lowest,
                              field.param->highest, text);
      return field.message;
    }
    if (value < field.param->lowest || value > field.param->highest) {
      field.message = describeRange(*field.param, value);
      return field.message;
    }
    *field.value = value;
    return StringRef();
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::None; }
};

template <> struct MappingTraits<Config> {
  static void mapping(IO &io, Config &config) {
    io.mapOptional("name", config.name);
    io.mapOptional("energy_table", config.energy_table);
    for (size_t i = 0; i < std::size(params); ++i) {
      Field field{&params[i], &config.get(i), {}};
      // A default would not be read back from what was printed.
      std::optional<Field> read;
      if (io.outputting()) {
        io.mapRequired(params[i].name.data(), field);
        continue;
      }
      read = field;
      bool useDefault = false;
      void *saved = nullptr;
      if (io.preflightKey(params[i].name.data(), false, false, useDefault,
                          saved)) {
        EmptyContext context;
        yamlize(io, *read, true, context);
        io.postflightKey(saved);
      }
    }
  }
};
} // namespace llvm::yaml

/// Where the value of `key` begins in `text`; null where the file does not give
/// it.
static const char *findValue(llvm::StringRef text, llvm::StringRef key) {
  for (size_t at = text.find(key); at != llvm::StringRef::npos;
       at = text.find(key, at + 1)) {
    bool startsLine = at == 0 || text[at - 1] == '\n';
    llvm::StringRef rest = text.substr(at + key.size()).ltrim(" ");
    if (startsLine && rest.consume_front(":"))
      return rest.ltrim(" ").data();
  }
  return nullptr;
}

/// `file:line:column: error: message` with the line and a caret, pointing at
/// the value that contradicts another, at the other one where it is a default.
static std::string locate(llvm::StringRef text, llvm::StringRef file,
                          const Contradiction &found) {
  llvm::SourceMgr sources;
  const char *position = findValue(text, found.key);
  std::string said = found.message;
  if (!position && !text.contains(found.key)) {
    said += " (its default)";
    position = findValue(text, found.other);
  }
  if (!position)
    position = text.data();
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(text, file, false), llvm::SMLoc());
  std::string message;
  llvm::raw_string_ostream os(message);
  sources.PrintMessage(os, llvm::SMLoc::getFromPointer(position),
                       llvm::SourceMgr::DK_Error, said, {}, {},
                       /*ShowColors=*/false);
  return message;
}

llvm::Expected<Config> machine::parseConfig(llvm::StringRef text,
                                            llvm::StringRef file) {
  Config config;
  if (llvm::Error error = readYaml(text, file, config, "a machine"))
    return error;
  if (std::optional<Contradiction> found = findContradiction(config))
    return makeError(llvm::StringRef(locate(text, file, *found)).rtrim());
  return config;
}

#include "Machines.inc"

llvm::Expected<Config> machine::loadConfig(llvm::StringRef path) {
  for (const auto &machine : namedMachines)
    if (path == machine.name)
      return parseConfig(machine.yaml, machine.name);
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return makeFileError(path, buffer.getError());
  return parseConfig((*buffer)->getBuffer(), path);
}

void machine::printConfig(llvm::raw_ostream &os, const Config &config) {
  os << "name: '" << config.name << "'\n";
  os << "energy_table: '" << config.energy_table << "'\n";
  for (size_t i = 0; i < std::size(params); ++i)
    os << params[i].name << ": " << config.get(i) << "\n";
}

void machine::printParamTable(llvm::raw_ostream &os) {
  os << "| parameter | unit | default | range | class | meaning |\n"
     << "|---|---|---|---|---|---|\n";
  for (const ParamInfo &param : params)
    os << llvm::formatv(
        "| `{0}` | {1} | {2} | {3} to {4} | {5} | {6} |\n", param.name,
        param.unit, param.initial, param.lowest, param.highest,
        param.kind == ParamClass::ARCH ? "ARCH" : "TIMING", param.sentence);
}
