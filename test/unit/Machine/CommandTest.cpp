//===- CommandTest.cpp - commands as words --------------------------------===//
//
// Every command with random fields survives encoding; the table keeps its
// promises; bad words are errors with an offset.
//
//===----------------------------------------------------------------------===//

#include "RandomProgram.h"
#include <gtest/gtest.h>
#include <set>

using namespace hdp::machine;
using namespace hdp::test;

static std::string textOf(const Command &command) {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os, command);
  return text;
}

TEST(Command, everyCommandSurvivesEncoding) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round)
    for (const Command &command : makeRandomCommands(random)) {
      llvm::SmallVector<char, 0> bytes;
      encode(command, bytes);
      size_t offset = 0;
      llvm::Expected<Command> decoded = decode(bytes, offset, 0);
      ASSERT_TRUE(bool(decoded)) << llvm::toString(decoded.takeError());
      EXPECT_EQ(offset, bytes.size());
      EXPECT_TRUE(*decoded == command) << textOf(command);
    }
}

TEST(Command, opcodesAndMnemonicsAreUniqueAndInOrder) {
  std::mt19937_64 random(1);
  std::set<llvm::StringRef> mnemonics;
  uint16_t last = 0;
  for (const Command &command : makeRandomCommands(random)) {
    const CommandInfo &info = getInfo(command);
    EXPECT_EQ(info.opcode, last + 1) << info.mnemonic.str();
    last = info.opcode;
    EXPECT_TRUE(mnemonics.insert(info.mnemonic).second);
    EXPECT_TRUE(textOf(command).rfind(info.mnemonic.str() + " ", 0) == 0);
  }
  EXPECT_EQ(mnemonics.size(), std::variant_size_v<Command>);
}

TEST(Command, namedValuesAreListedByName) {
  LoadCommand load;
  load.cores = 15;
  load.buffer = uint8_t(Buffer::Key);
  load.predicate = noPredicate;
  EXPECT_EQ(textOf(load), "load cores=0xf queue=0 predicate=none buffer=key "
                          "symbol=0 row=0 rows=0 address=0");
}

TEST(Command, badWordsAreErrorsWithTheirOffset) {
  auto errorOf = [](std::vector<char> bytes) {
    size_t offset = 0;
    llvm::Expected<Command> command = decode(bytes, offset, 100);
    EXPECT_EQ(offset, 0u);
    return command ? "" : llvm::toString(command.takeError());
  };
  EXPECT_EQ(errorOf({1, 0}),
            "byte 100: expected a command of at least 4 bytes, found 2");
  EXPECT_EQ(errorOf({99, 0, 4, 0}), "byte 100: unknown opcode 99");
  EXPECT_EQ(errorOf({7, 0, 9, 0, 0, 0, 0, 0, 0}),
            "byte 100: expected end_head to take 15 bytes, found 9");
  EXPECT_EQ(errorOf({7, 0, 15, 0, 0}),
            "byte 100: expected 15 more bytes of commands, found 5");
}
