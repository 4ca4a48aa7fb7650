//===- StreamTest.cpp - containers and hostile bytes ----------------------===//
//
// Programs survive the container byte for byte; truncated, changed and random
// bytes give an error or a program that writes back to the same bytes.
//
//===----------------------------------------------------------------------===//

#include "RandomProgram.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include <gtest/gtest.h>

using namespace hdp::machine;
using namespace hdp::test;

namespace {

using Bytes = llvm::SmallVector<char, 0>;

std::string errorOf(llvm::ArrayRef<char> bytes) {
  llvm::Expected<Program> program = readStream(bytes, "s");
  return program ? "" : llvm::toString(program.takeError());
}

/// Puts the right checksum and size into the header.
template <typename T> void repair(T &bytes) {
  if (bytes.size() < 32)
    return;
  llvm::support::endian::write32le(bytes.data() + 24, uint32_t(bytes.size()));
  llvm::support::endian::write32le(
      bytes.data() + 28,
      llvm::crc32(llvm::arrayRefFromStringRef(
          llvm::StringRef(bytes.data() + 32, bytes.size() - 32))));
}

/// Reads hostile bytes: whatever is accepted has to be canonical.
void readHostile(const Bytes &bytes) {
  llvm::Expected<Program> program = readStream(bytes, "s");
  if (program)
    EXPECT_TRUE(writeStream(*program) == bytes);
  else
    EXPECT_EQ(llvm::toString(program.takeError()).rfind("s: byte ", 0), 0u);
}

} // namespace

TEST(Stream, programsSurviveByteForByte) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Program program = makeRandomProgram(seed);
    Bytes bytes = writeStream(program);
    llvm::Expected<Program> read = readStream(bytes, "s");
    ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
    EXPECT_TRUE(*read == program);
    EXPECT_TRUE(writeStream(*read) == bytes);
  }
  Program empty;
  llvm::Expected<Program> read = readStream(writeStream(empty), "s");
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_TRUE(*read == empty);
}

TEST(Stream, everyTruncationIsAnError) {
  Bytes bytes = writeStream(makeRandomProgram(7));
  for (size_t size = 0; size < bytes.size(); ++size) {
    Bytes cut(bytes.begin(), bytes.begin() + size);
    EXPECT_NE(errorOf(cut), "");
    repair(cut);
    EXPECT_NE(errorOf(cut), "") << size;
  }
  bytes.push_back(0);
  EXPECT_NE(errorOf(bytes), "");
  repair(bytes);
  EXPECT_NE(errorOf(bytes), "");
}

TEST(Stream, everyChangedByteIsAnErrorOrCanonical) {
  Bytes bytes = writeStream(makeRandomProgram(8));
  for (size_t i = 0; i < bytes.size(); ++i)
    for (int change : {1, 0x80, 0xff}) {
      Bytes changed = bytes;
      changed[i] = char(changed[i] ^ change);
      // The minor version may be any older one: there is none before 0.
      EXPECT_NE(errorOf(changed), "") << i;
      repair(changed);
      readHostile(changed);
    }
}

TEST(Stream, randomBytesAreAnErrorOrCanonical) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = writeStream(makeRandomProgram(random() % 16));
    for (uint64_t n = random() % 8; n > 0; --n) {
      size_t at = 32 + random() % (bytes.size() - 32);
      if (random() % 4 == 0)
        bytes.erase(bytes.begin() + at,
                    bytes.begin() + at +
                        std::min<size_t>(random() % 9, bytes.size() - at));
      else
        bytes[at] = char(random());
    }
    repair(bytes);
    readHostile(bytes);
  }
}

TEST(Stream, headersSayWhatIsWrong) {
  Bytes good = writeStream(Program());
  auto withByte = [&](size_t i, char value) {
    std::vector<char> bytes(good.begin(), good.end());
    bytes[i] = value;
    return bytes;
  };
  EXPECT_EQ(errorOf({}), "s: byte 0: expected 4 bytes of magic, found 0");
  EXPECT_EQ(errorOf(withByte(0, 'X')),
            "s: byte 0: not a command stream: expected the magic HDPA");
  EXPECT_EQ(errorOf(withByte(4, 1)), "s: byte 4: expected version 2.0 or an "
                                     "older minor one, found 1.0");
  EXPECT_EQ(errorOf(withByte(8, 1)), "s: byte 8: expected little-endian words");
  EXPECT_EQ(errorOf(withByte(12, 4)), "s: byte 12: expected 6 sections");
  EXPECT_EQ(errorOf(withByte(28, char(good[28] ^ 1))),
            "s: byte 28: the checksum does not match the content");
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(errorOf(longer),
            "s: byte 24: expected a stream of " + std::to_string(good.size()) +
                " bytes, found " + std::to_string(good.size() + 1));
  std::vector<char> moved = withByte(32, 9);
  repair(moved);
  EXPECT_EQ(errorOf(moved),
            "s: byte 32: section strings is not where it should be");
  std::vector<char> print = withByte(16, char(good[16] ^ 1));
  EXPECT_EQ(errorOf(print), "s: byte 16: the fingerprint does not match the "
                            "parameters of the machine section");
}

TEST(Stream, sitesOutOfRangeAreErrors) {
  Program program = makeRandomProgram(1);
  program.sites[0].d = 1 << 19;
  EXPECT_NE(errorOf(writeStream(program)).find("a largest score below 2^30"),
            std::string::npos)
      << errorOf(writeStream(program));
  program.sites[0].d = 1 << 21;
  EXPECT_NE(errorOf(writeStream(program))
                .find("expected a size up to 1048576, found 2097152"),
            std::string::npos);
  program.sites[0].d = 64;
  program.sites[0].dense = true;
  program.sites[0].Lk = 32769;
  EXPECT_NE(errorOf(writeStream(program))
                .find("a dense site of this shape is out of range"),
            std::string::npos);
}

TEST(Stream, constantsAreChecked) {
  auto errorWith = [](auto change) {
    Program program;
    program.symbols = {{"c", Symbol::Constant, 1, 2, 12, 0, {1, 2, 3, 4}},
                       {"x", Symbol::Input, 8, 1, 1, 0, {}}};
    change(program);
    return errorOf(writeStream(program));
  };
  auto contains = [](const std::string &text, const char *part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_EQ(errorWith([](Program &) {}), "");
  std::string error =
      errorWith([](Program &p) { p.symbols[0].contents.pop_back(); });
  EXPECT_TRUE(
      contains(error, "expected 4 bytes of symbol 0, found 3 of symbol 0"))
      << error;
  error = errorWith([](Program &p) { p.symbols[0].bits = 4; });
  EXPECT_TRUE(contains(error, "expected 12 bytes of symbol 0")) << error;
  error = errorWith([](Program &p) {
    p.symbols[0].bits = 4;
    p.symbols[0].contents.resize(12);
  });
  EXPECT_TRUE(contains(
      error, "expected a constant of 1, 8, 16, 24 or 32 bits, found 4"))
      << error;
  error = errorWith([](Program &p) { p.symbols[0].contents[3] = 16; });
  EXPECT_TRUE(contains(error, "expected 0 behind the last column of row 1"))
      << error;

  // One too many, one too few.
  Program program;
  program.symbols = {{"c", Symbol::Constant, 8, 1, 2, 0, {1, 2}}};
  Bytes bytes = writeStream(program);
  uint32_t symbols =
      llvm::support::endian::read32le(bytes.data() + 32 + 16 * 3 + 4);
  Bytes changed = bytes;
  changed[symbols + 8] = Symbol::Input;
  repair(changed);
  error = errorOf(changed);
  EXPECT_TRUE(contains(
      error, "expected a constant symbol for each constant, found 1 more"))
      << error;
  program.symbols[0].direction = Symbol::Input;
  program.symbols[0].contents.clear();
  bytes = writeStream(program);
  bytes[symbols + 8] = Symbol::Constant;
  repair(bytes);
  error = errorOf(bytes);
  EXPECT_TRUE(contains(error, "expected a constant for symbol 0, found none"))
      << error;
}

TEST(Stream, anotherMachineIsNamedByItsFirstDifference) {
  Program program = makeRandomProgram(1);
  Config config;
  EXPECT_FALSE(bool(checkMachine(program, config)));
  config.exp_per_cycle = 1;
  EXPECT_FALSE(bool(checkMachine(program, config)));
  config.k_bytes = 4096;
  config.v_bytes = 4096;
  EXPECT_EQ(llvm::toString(checkMachine(program, config)),
            "the stream is for another machine: expected k_bytes = 4096, found "
            "98304");
  program.arch[0].name = "kores";
  EXPECT_EQ(llvm::toString(checkMachine(program, config)),
            "the stream's machine has other parameters: expected cores, found "
            "kores");
  program.arch.clear();
  EXPECT_EQ(llvm::toString(checkMachine(program, config)),
            "the stream's machine has other parameters: expected cores, found "
            "none");
}

TEST(Stream, theListingHasALineForEachPart) {
  Program program = makeRandomProgram(1);
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os, program);
  size_t lines = size_t(std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(lines, 2 + program.arch.size() + program.sites.size() +
                       program.symbols.size() + program.commands.size());
}
