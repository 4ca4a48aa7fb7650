//===- LaunchRuntime.cpp - streams on the functional model ----------------===//
//
// Reads and verifies a stream, once, then copies operands in, executes the
// commands, and copies the outputs back.
//
//===----------------------------------------------------------------------===//

#include "LaunchRuntime.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Support/Error.h"
#include <memory>
#include <mutex>

using namespace hdp;
using namespace hdp::machine;

namespace {

/// A stream that has been read.
struct Loaded {
  std::vector<char> bytes;
  Config config;
  Program program;
};

/// Where an operand of compiled code is.
struct Operand {
  unsigned bits = 8;
  char *data = nullptr;
  llvm::ArrayRef<int64_t> sizes, strides;

  /// Calls visit(address) for each element in row-major order.
  template <typename Visitor> void forEach(Visitor visit) const {
    llvm::SmallVector<int64_t> index(sizes.size());
    int64_t count = 1;
    for (int64_t size : sizes)
      count *= size;
    int64_t at = 0;
    for (int64_t i = 0; i < count; ++i) {
      visit(data + at * int64_t(bits / 8));
      for (size_t dim = sizes.size(); dim-- > 0;) {
        at += strides[dim];
        if (++index[dim] < sizes[dim])
          break;
        at -= strides[dim] * sizes[dim];
        index[dim] = 0;
      }
    }
  }
  uint64_t getNumElements() const {
    uint64_t count = 1;
    for (int64_t size : sizes)
      count *= uint64_t(size);
    return count;
  }
};

/// The machine of a stream: its ARCH parameters, all others default.
llvm::Expected<Config> makeConfig(const Program &program) {
  Config config;
  for (size_t i = 0; i < getParams().size(); ++i)
    for (const ArchValue &value : program.arch)
      if (value.name == getParams()[i].name)
        config.get(i) = value.value;
  if (llvm::Error error = checkConfig(config))
    return error;
  if (llvm::Error error = verifyProgram(program, config))
    return error;
  return config;
}

llvm::Expected<std::shared_ptr<const Loaded>>
load(llvm::ArrayRef<char> stream) {
  static std::mutex mutex;
  static std::vector<std::shared_ptr<const Loaded>> known;
  constexpr size_t mostKnown = 64;
  std::lock_guard<std::mutex> lock(mutex);
  for (const std::shared_ptr<const Loaded> &loaded : known)
    if (llvm::ArrayRef<char>(loaded->bytes) == stream)
      return loaded;
  llvm::Expected<Program> program = readStream(stream, "launch");
  if (!program)
    return program.takeError();
  llvm::Expected<Config> config = makeConfig(*program);
  if (!config)
    return config.takeError();
  auto loaded = std::make_shared<Loaded>();
  loaded->bytes.assign(stream.begin(), stream.end());
  loaded->config = *config;
  loaded->program = std::move(*program);
  if (known.size() == mostKnown)
    known.erase(known.begin());
  known.push_back(loaded);
  return loaded;
}

int64_t readElement(const char *address, unsigned bits) {
  switch (bits) {
  case 8:
    return *reinterpret_cast<const int8_t *>(address);
  case 16:
    return *reinterpret_cast<const int16_t *>(address);
  case 32:
    return *reinterpret_cast<const int32_t *>(address);
  default:
    return *reinterpret_cast<const int64_t *>(address);
  }
}

void writeElement(char *address, unsigned bits, int64_t value) {
  switch (bits) {
  case 8:
    *reinterpret_cast<int8_t *>(address) = int8_t(value);
    break;
  case 16:
    *reinterpret_cast<int16_t *>(address) = int16_t(value);
    break;
  case 32:
    *reinterpret_cast<int32_t *>(address) = int32_t(value);
    break;
  default:
    *reinterpret_cast<int64_t *>(address) = value;
  }
}

} // namespace

llvm::Error hdp::executeLaunch(llvm::ArrayRef<char> stream,
                               const int64_t *table) {
  llvm::Expected<std::shared_ptr<const Loaded>> loaded = load(stream);
  if (!loaded)
    return loaded.takeError();
  const Program &program = (*loaded)->program;
  auto count = size_t(*table++);
  auto expected = size_t(llvm::count_if(program.symbols, [](const Symbol &s) {
    return s.direction != Symbol::Constant;
  }));
  if (count != expected)
    return makeError("launch: expected " + llvm::Twine(expected) +
                     " operands, found " + llvm::Twine(count));
  std::vector<Operand> operands;
  for (size_t i = 0; i < count; ++i) {
    Operand operand;
    operand.bits = unsigned(*table++);
    auto rank = size_t(*table++);
    operand.data = reinterpret_cast<char *>(*table++);
    operand.sizes = {table, rank};
    operand.strides = {table + rank, rank};
    table += 2 * rank;
    operands.push_back(operand);
  }

  // Inputs come first among the operands, in the order of symbols.
  FunctionalModel model(program, (*loaded)->config);
  size_t next = 0;
  auto forEach = [&](Symbol::Direction direction, auto visit) -> llvm::Error {
    for (size_t i = 0; i < program.symbols.size(); ++i) {
      const Symbol &symbol = program.symbols[i];
      if (symbol.direction != direction)
        continue;
      const Operand &operand = operands[next++];
      if (operand.getNumElements() != symbol.rows * symbol.columns)
        return makeError("launch: expected " +
                         llvm::Twine(symbol.rows * symbol.columns) +
                         " elements for " + symbol.name + ", found " +
                         llvm::Twine(operand.getNumElements()));
      visit(operand, model.getSymbol(i));
    }
    return llvm::Error::success();
  };
  if (llvm::Error error =
          forEach(Symbol::Input, [](const Operand &operand, SymbolData &data) {
            size_t i = 0;
            operand.forEach([&](char *address) {
              int64_t value = readElement(address, operand.bits);
              if (data.wide.empty())
                data.narrow[i++] = int16_t(value);
              else
                data.wide[i++] = int32_t(value);
            });
          }))
    return error;
  model.executeAll();
  return forEach(Symbol::Output, [](const Operand &operand, SymbolData &data) {
    size_t i = 0;
    operand.forEach([&](char *address) {
      int64_t value = data.wide.empty() ? data.narrow[i] : data.wide[i];
      writeElement(address, operand.bits, value);
      ++i;
    });
  });
}
