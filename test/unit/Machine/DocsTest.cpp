//===- DocsTest.cpp - the tables in docs/ are what the code says ----------===//
//
// Parts of the pages stand between markers and are generated here; with
// HDP_UPDATE_DOCS=1 in the environment they are written instead of compared.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Energy.h"
#include "hdp/Machine/Program.h"
#include "hdp/Support/FileOutput.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::machine;

namespace {

void checkPart(const char *page, const char *part, const std::string &text) {
  std::string path = std::string(HDP_DOCS_DIR "/") + page;
  auto buffer = llvm::MemoryBuffer::getFile(path);
  ASSERT_TRUE(bool(buffer)) << path;
  std::string content = (*buffer)->getBuffer().str();
  std::string begin = std::string("<!-- begin: ") + part + " -->\n",
              end = std::string("<!-- end: ") + part + " -->\n";
  size_t from = content.find(begin), to = content.find(end);
  ASSERT_NE(from, std::string::npos) << path << " has no part " << part;
  ASSERT_NE(to, std::string::npos);
  from += begin.size();
  if (std::getenv("HDP_UPDATE_DOCS")) {
    content.replace(from, to - from, text);
    llvm::Error error = writeOutputFile(path, [&](llvm::raw_ostream &os) {
      os << content;
      return llvm::Error::success();
    });
    EXPECT_FALSE(bool(error));
    return;
  }
  EXPECT_EQ(content.substr(from, to - from), text)
      << "to update: HDP_UPDATE_DOCS=1 MachineTests --gtest_filter='Docs.*'";
}

/// The bytes of a small stream, a line for each of its parts.
std::string makeHexDump() {
  Program program;
  program.arch = {{"cores", 4}};
  program.symbols = {{"o", Symbol::Output, 16, 12, 64, 4096}};
  StoreCommand store;
  store.core = 1;
  store.row = 8;
  store.rows = 4;
  store.address = 32;
  program.commands = {store};
  llvm::SmallVector<char, 0> bytes = writeStream(program);
  std::vector<std::pair<size_t, std::string>> parts = {
      {4, "magic"},
      {4, "version 1.0"},
      {4, "byte order"},
      {4, "5 sections"},
      {8, "fingerprint of the machine section"},
      {4, "size of the stream"},
      {4, "CRC-32 of all that follows"}};
  for (const char *name :
       {"strings", "machine", "sites", "symbols", "commands"}) {
    parts.push_back({8, std::string(name) + ": kind and offset"});
    parts.push_back({8, "its length"});
  }
  std::vector<std::pair<size_t, std::string>> rest = {
      {9, "string 0: \"cores\""},
      {5, "string 1: \"o\""},
      {4, "1 parameter"},
      {12, "string 0 = 4"},
      {4, "no site"},
      {4, "1 symbol"},
      {6, "string 1, output, 16 bits"},
      {8, "12 rows"},
      {4, "64 columns"},
      {8, "address 0x1000"},
      {4, "1 command"},
      {4, "opcode 12 (store), 23 bytes"},
      {3, "core 1, symbol 0"},
      {8, "row 8"},
      {8, "4 rows, from address 32"}};
  parts.insert(parts.end(), rest.begin(), rest.end());
  std::string text = "```\n";
  size_t at = 0;
  for (const auto &[size, what] : parts) {
    std::string hex;
    for (size_t i = at; i < at + size && i < bytes.size(); ++i)
      hex += llvm::formatv("{0:X-2} ", uint8_t(bytes[i])).str();
    text += llvm::formatv("{0:X-4}  {1,-38}{2}\n", at, hex, what).str();
    at += size;
  }
  EXPECT_EQ(at, bytes.size()) << "the dump does not cover the stream";
  return text + "```\n";
}

} // namespace

TEST(Docs, commandTable) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printCommandTable(os);
  checkPart("CommandStream.md", "commands", text);
}

TEST(Docs, hexDump) {
  checkPart("CommandStream.md", "hex dump", makeHexDump());
}

TEST(Docs, parameterTable) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printParamTable(os);
  checkPart("Machine.md", "parameters", text);
}

TEST(Docs, energyTable) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printEnergyTable(os);
  checkPart("Machine.md", "energy", text);
}
