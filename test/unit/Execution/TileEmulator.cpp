//===- TileEmulator.cpp - AMX on processors without it --------------------===//
//
// Decodes the VEX-encoded instructions of map 0F38 that work on tiles. What is
// not one of them, or would be an exception on a processor, goes to the handler
// that was there before.
//
//===----------------------------------------------------------------------===//

#include "TileEmulator.h"
#include "hdp/Support/CPUTarget.h"
#include <cmath>
#include <csignal>
#include <cstring>
#include <ucontext.h>

using namespace hdp;

namespace {

constexpr int numTiles = 8, maxRows = 16, maxBytes = 64;

struct Tile {
  uint8_t rows = 0;
  uint16_t columnBytes = 0;
  uint8_t data[maxRows][maxBytes] = {};
};

/// The state of a thread.
struct State {
  bool isConfigured = false;
  uint64_t numInstructions = 0;
  Tile tiles[numTiles];
};
thread_local State state;

struct sigaction previous;

/// A decoded instruction with a VEX prefix of three bytes.
struct Instruction {
  int prefix; ///< 0: none, 1: 66, 2: F3, 3: F2
  uint8_t opcode;
  int mod, reg, rm; ///< reg and rm with their extensions
  int vvvv;
  bool isWide, is256;
  // Memory operand.
  uint64_t base = 0, index = 0;
  int scale = 0;
  bool hasSib = false;
  uint64_t length = 0; ///< of all bytes

  uint64_t getAddress() const { return base + (index << scale); }
};

/// A general register by its number in encodings.
uint64_t readRegister(const ucontext_t &context, int number) {
  static constexpr int places[16] = {
      REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
      REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return static_cast<uint64_t>(context.uc_mcontext.gregs[places[number]]);
}

template <typename T> T read(const uint8_t *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

/// C4 RXBmmmmm WvvvvLpp opcode modrm [sib] [displacement]
bool decode(const ucontext_t &context, Instruction &result) {
  const auto *start =
      reinterpret_cast<const uint8_t *>(context.uc_mcontext.gregs[REG_RIP]);
  const uint8_t *at = start;
  if (at[0] != 0xC4 || (at[1] & 0x1F) != 2)
    return false;
  int extendReg = at[1] & 0x80 ? 0 : 8, extendIndex = at[1] & 0x40 ? 0 : 8,
      extendBase = at[1] & 0x20 ? 0 : 8;
  result.isWide = at[2] & 0x80;
  result.vvvv = ~(at[2] >> 3) & 15;
  result.is256 = at[2] & 4;
  result.prefix = at[2] & 3;
  result.opcode = at[3];
  uint8_t modrm = at[4];
  at += 5;
  result.mod = modrm >> 6;
  result.reg = (modrm >> 3 & 7) + extendReg;
  result.rm = (modrm & 7) + extendBase;
  if (result.mod != 3) {
    bool isRelative = false;
    if ((modrm & 7) == 4) {
      uint8_t sib = *at++;
      result.hasSib = true;
      result.scale = sib >> 6;
      int index = (sib >> 3 & 7) + extendIndex;
      if (index != 4)
        result.index = readRegister(context, index);
      if ((sib & 7) == 5 && result.mod == 0) {
        result.base = static_cast<uint64_t>(int64_t(read<int32_t>(at)));
        at += 4;
      } else {
        result.base = readRegister(context, (sib & 7) + extendBase);
      }
    } else if ((modrm & 7) == 5 && result.mod == 0) {
      result.base = static_cast<uint64_t>(int64_t(read<int32_t>(at)));
      at += 4;
      isRelative = true;
    } else {
      result.base = readRegister(context, result.rm);
    }
    if (result.mod == 1)
      result.base += static_cast<uint64_t>(int64_t(int8_t(*at++)));
    if (result.mod == 2) {
      result.base += static_cast<uint64_t>(int64_t(read<int32_t>(at)));
      at += 4;
    }
    if (isRelative)
      result.base += reinterpret_cast<uint64_t>(at);
  }
  result.length = static_cast<uint64_t>(at - start);
  return true;
}

//===----------------------------------------------------------------------===//
// Configuration and moves
//===----------------------------------------------------------------------===//

/// Palette 1: bytes a row of each tile from byte 16 on, rows from byte 48 on.
bool loadConfiguration(const uint8_t *memory) {
  State fresh;
  fresh.numInstructions = state.numInstructions;
  if (memory[0] > 1)
    return false;
  if (memory[0] == 1) {
    // Start row and reserved bytes are 0.
    for (int n = 1; n < 64; ++n) {
      bool isReserved = n < 16 || (n >= 32 && n < 48) || n >= 56;
      if (isReserved && memory[n])
        return false;
    }
    for (int n = 0; n < numTiles; ++n) {
      Tile &tile = fresh.tiles[n];
      tile.columnBytes = read<uint16_t>(memory + 16 + 2 * n);
      tile.rows = memory[48 + n];
      if (tile.columnBytes > maxBytes || tile.rows > maxRows ||
          (tile.columnBytes == 0) != (tile.rows == 0))
        return false;
    }
    fresh.isConfigured = true;
  }
  state = fresh;
  return true;
}

void storeConfiguration(uint8_t *memory) {
  std::memset(memory, 0, 64);
  if (!state.isConfigured)
    return;
  memory[0] = 1;
  for (int n = 0; n < numTiles; ++n) {
    std::memcpy(memory + 16 + 2 * n, &state.tiles[n].columnBytes, 2);
    memory[48 + n] = state.tiles[n].rows;
  }
}

/// A tile that may be used, or null.
Tile *getTile(int number) {
  if (!state.isConfigured || number >= numTiles || !state.tiles[number].rows)
    return nullptr;
  return &state.tiles[number];
}

bool moveTile(const Instruction &instruction, bool isLoad) {
  Tile *tile = getTile(instruction.reg);
  if (!tile || !instruction.hasSib)
    return false;
  uint64_t stride = instruction.index << instruction.scale;
  for (int row = 0; row < tile->rows; ++row) {
    auto *memory = reinterpret_cast<uint8_t *>(
        instruction.base + static_cast<uint64_t>(row) * stride);
    if (isLoad)
      std::memcpy(tile->data[row], memory, tile->columnBytes);
    else
      std::memcpy(memory, tile->data[row], tile->columnBytes);
  }
  if (isLoad) { // the rest becomes zero
    for (int row = 0; row < maxRows; ++row) {
      int from = row < tile->rows ? tile->columnBytes : 0;
      std::memset(tile->data[row] + from, 0, maxBytes - from);
    }
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Four products of bytes, each side with or without a sign.
int32_t dotBytes(const uint8_t *x, const uint8_t *y, bool isXSigned,
                 bool isYSigned) {
  int32_t sum = 0;
  for (int n = 0; n < 4; ++n)
    sum += (isXSigned ? int8_t(x[n]) : int32_t(x[n])) *
           (isYSigned ? int8_t(y[n]) : int32_t(y[n]));
  return sum;
}

/// Subnormal numbers count as zero, in operands and results.
float flush(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}
float readBF16(const uint8_t *from) {
  uint32_t bits = uint32_t(read<uint16_t>(from)) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return flush(value);
}

/// c[m][n] += sum over k of a[m][4k..] . b[k][4n..], bytes or pairs of bf16.
bool multiply(const Instruction &instruction, bool isFloat) {
  Tile *c = getTile(instruction.reg), *a = getTile(instruction.rm),
       *b = getTile(instruction.vvvv);
  if (!a || !b || !c || a == b || a == c || b == c)
    return false;
  if (a->columnBytes % 4 || b->columnBytes % 4 || c->columnBytes % 4 ||
      c->rows != a->rows || c->columnBytes != b->columnBytes ||
      a->columnBytes / 4 != b->rows)
    return false;
  // F2: signed by signed, F3: signed by unsigned, 66: the other way, none:
  // both unsigned.
  bool isASigned = instruction.prefix == 3 || instruction.prefix == 2;
  bool isBSigned = instruction.prefix == 3 || instruction.prefix == 1;
  for (int m = 0; m < c->rows; ++m) {
    for (int n = 0; n < c->columnBytes / 4; ++n) {
      uint8_t *place = c->data[m] + 4 * n;
      if (!isFloat) {
        uint32_t sum = read<uint32_t>(place);
        for (int k = 0; k < b->rows; ++k)
          sum += static_cast<uint32_t>(dotBytes(
              a->data[m] + 4 * k, b->data[k] + 4 * n, isASigned, isBSigned));
        std::memcpy(place, &sum, 4);
        continue;
      }
      float parts[2] = {0, 0};
      for (int k = 0; k < b->rows; ++k)
        for (int half : {0, 1})
          parts[half] = flush(std::fma(readBF16(a->data[m] + 4 * k + 2 * half),
                                       readBF16(b->data[k] + 4 * n + 2 * half),
                                       parts[half]));
      float sum = flush(flush(read<float>(place)) + flush(parts[0] + parts[1]));
      std::memcpy(place, &sum, 4);
    }
  }
  for (int row = c->rows; row < maxRows; ++row)
    std::memset(c->data[row], 0, maxBytes);
  return true;
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

bool execute(const Instruction &instruction) {
  if (instruction.isWide || instruction.is256)
    return false;
  auto *memory = reinterpret_cast<uint8_t *>(instruction.getAddress());
  bool isMemory = instruction.mod != 3;
  switch (instruction.opcode) {
  case 0x49:
    if (instruction.vvvv != 0)
      return false;
    if (isMemory && instruction.prefix == 0 && instruction.reg == 0)
      return loadConfiguration(memory);
    if (isMemory && instruction.prefix == 1 && instruction.reg == 0) {
      storeConfiguration(memory);
      return true;
    }
    if (!isMemory && instruction.prefix == 0 && instruction.reg == 0 &&
        instruction.rm == 0) { // TILERELEASE
      uint64_t before = state.numInstructions;
      state = State();
      state.numInstructions = before;
      return true;
    }
    if (!isMemory && instruction.prefix == 3 && instruction.rm == 0) {
      Tile *tile = getTile(instruction.reg); // TILEZERO
      if (tile)
        std::memset(tile->data, 0, sizeof(tile->data));
      return tile;
    }
    return false;
  case 0x4B: // F2: TILELOADD, 66: TILELOADDT1, F3: TILESTORED
    if (!isMemory || instruction.vvvv != 0 || instruction.prefix == 0)
      return false;
    return moveTile(instruction, instruction.prefix != 2);
  case 0x5E:
    return !isMemory && multiply(instruction, /*isFloat=*/false);
  case 0x5C:
    return !isMemory && instruction.prefix == 2 &&
           multiply(instruction, /*isFloat=*/true);
  default:
    return false;
  }
}

void handle(int signal, siginfo_t *info, void *opaque) {
  auto &context = *static_cast<ucontext_t *>(opaque);
  Instruction instruction;
  if (decode(context, instruction) && execute(instruction)) {
    ++state.numInstructions;
    context.uc_mcontext.gregs[REG_RIP] +=
        static_cast<greg_t>(instruction.length);
    return;
  }
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, opaque);
    return;
  }
  sigaction(SIGILL, &previous, nullptr); // and again, without us
}

} // namespace

static bool hasHandler = false;

bool TileEmulator::isInstalled() { return hasHandler; }

void TileEmulator::install() {
  if (isSupportedByHost(TargetKind::AMX) ||
      !isSupportedByHost(TargetKind::AVX512BF16))
    return;
  hasHandler = true;
  struct sigaction action = {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGILL, &action, &previous);
  assumeSupported(TargetKind::AMX);
}

uint64_t TileEmulator::getNumInstructions() { return state.numInstructions; }
bool TileEmulator::isConfigured() { return state.isConfigured; }
