//===- DocsTest.cpp - the tables in docs/ are what the code says ----------===//
//
// Parts of the pages stand between markers and are generated here; with
// HDP_UPDATE_DOCS=1 in the environment they are written instead of compared.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Access.h"
#include "hdp/Machine/Energy.h"
#include "hdp/Machine/Program.h"
#include "hdp/Support/FileOutput.h"
#include "llvm/ADT/StringExtras.h"
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
  program.name = "store";
  program.symbols = {
      {"o", Symbol::Output, 16, 12, 64, 4096, {}},
      {"valid", Symbol::Constant, 1, 1, 12, 8192, {char(0xff), 0x07}}};
  StoreCommand store;
  store.core = 1;
  store.row = 8;
  store.rows = 4;
  store.address = 32;
  program.commands = {store};
  llvm::SmallVector<char, 0> bytes = writeStream(program);
  std::vector<std::pair<size_t, std::string>> parts = {
      {4, "magic"},
      {4, "version 2.0"},
      {4, "byte order"},
      {4, "6 sections"},
      {8, "fingerprint of the machine section"},
      {4, "size of the stream"},
      {4, "CRC-32 of all that follows"}};
  for (const char *name :
       {"strings", "machine", "sites", "symbols", "constants", "commands"}) {
    parts.push_back({8, std::string(name) + ": kind and offset"});
    parts.push_back({8, "its length"});
  }
  std::vector<std::pair<size_t, std::string>> rest = {
      {9, "string 0: \"store\""},
      {9, "string 1: \"cores\""},
      {5, "string 2: \"o\""},
      {9, "string 3: \"valid\""},
      {4, "the program's name, string 0"},
      {4, "1 parameter"},
      {12, "string 1 = 4"},
      {4, "no site"},
      {4, "2 symbols"},
      {6, "string 2, output, 16 bits"},
      {8, "12 rows"},
      {4, "64 columns"},
      {8, "address 0x1000"},
      {6, "string 3, constant, 1 bit"},
      {8, "1 row"},
      {4, "12 columns"},
      {8, "address 0x2000"},
      {4, "1 constant"},
      {12, "of symbol 1, 2 bytes"},
      {2, "columns 0 to 10 are 1"},
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

/// What each command reads, writes and adds to, every optional range given.
template <size_t... Index>
std::string makeAccessTable(std::index_sequence<Index...>) {
  Program program;
  Site &site = program.sites.emplace_back();
  site.Hq = site.Hkv = 1;
  site.Lq = site.Lk = site.d = site.dv = 8;
  site.policy = numerics::compensatedPolicy();
  program.symbols = {{"q", Symbol::Input, 8, 8, 8, 0, {}}};
  std::string text =
      "| command | reads | writes | adds to |\n|---|---|---|---|\n";
  auto addRow = [&](Command command) {
    std::visit(
        [](auto &alternative) {
          visitFields(alternative, [](llvm::StringRef name, auto &value) {
            // No index, and no address, but everything that is a number or a
            // choice: the columns, rows, cores; masks a row for each.
            if (name.ends_with("_rows") || name == "rows" ||
                name == "columns" || name == "cores" || name == "first" ||
                name == "measure" || name == "buffer")
              value = 1;
          });
        },
        command);
    Accesses accesses;
    AccessFinder(program).find(command, accesses);
    std::string cells[3];
    for (const Access &access : accesses) {
      std::string &cell = cells[access.kind];
      llvm::StringRef name = stringify(access.buffer);
      if (!llvm::StringRef(cell).contains(name))
        cell += (cell.empty() ? "" : ", ") + name.str();
    }
    text += llvm::formatv("| `{0}` | {1} | {2} | {3} |\n",
                          getInfo(command).mnemonic, cells[Access::Read],
                          cells[Access::Write], cells[Access::Add])
                .str();
  };
  (addRow(std::variant_alternative_t<Index, Command>()), ...);
  return text;
}

} // namespace

TEST(Docs, accessTable) {
  checkPart("Machine.md", "accesses",
            makeAccessTable(
                std::make_index_sequence<std::variant_size_v<Command>>()));
}

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

namespace {

std::string readFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

/// `Suite.test` of every test in this program.
std::vector<std::string> listTests() {
  std::vector<std::string> names;
  const testing::UnitTest &all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite &suite = *all.GetTestSuite(i);
    for (int t = 0; t < suite.total_test_count(); ++t)
      names.push_back(std::string(suite.name()) + "." +
                      suite.GetTestInfo(t)->name());
  }
  return names;
}

/// Whether a test's name fits `Suite.name`, where `*` at the end is anything. A
/// rule's number has to end: T1 is not T10.
bool fits(llvm::StringRef name, llvm::StringRef pattern) {
  if (!pattern.consume_back("*"))
    return name == pattern;
  return name.consume_front(pattern) &&
         (pattern.ends_with(".") || !llvm::isDigit(name.front()));
}

/// What stands between back quotes.
std::vector<llvm::StringRef> quoted(llvm::StringRef cell) {
  std::vector<llvm::StringRef> parts;
  while (cell.contains('`')) {
    auto [part, rest] = cell.split('`').second.split('`');
    parts.push_back(part);
    cell = rest;
  }
  return parts;
}

} // namespace

TEST(Docs, everyTimingRuleHasAFunctionAndATest) {
  std::string page = readFile(HDP_DOCS_DIR "/Machine.md");
  llvm::StringRef text(page);
  llvm::StringRef formulas = text.split("| rule | formula |").second;
  llvm::StringRef index = text.split("<!-- begin: rule index -->").second;
  index = index.split("<!-- end: rule index -->").first;
  std::vector<std::string> tests = listTests();
  std::vector<std::string> covered;
  int rules = 0;
  llvm::SmallVector<llvm::StringRef> lines;
  index.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    if (!line.starts_with("| T"))
      continue;
    llvm::SmallVector<llvm::StringRef> cells;
    line.split(cells, '|');
    ASSERT_EQ(cells.size(), 6u) << line.str();
    std::string rule = cells[1].trim().str();
    EXPECT_EQ(rule, "T" + std::to_string(++rules));
    EXPECT_TRUE(formulas.contains("\n| " + rule + " | ")) << rule;
    std::string header = readFile(std::string(HDP_INCLUDE_DIR "/hdp/Machine/") +
                                  quoted(cells[3]).front().str());
    EXPECT_TRUE(llvm::StringRef(header).contains(rule)) << rule;
    for (llvm::StringRef function : quoted(cells[2]))
      EXPECT_NE(header.find(" " + function.str() + "("), std::string::npos)
          << function.str();
    EXPECT_TRUE(cells[4].contains("`Timing." + rule + "*`")) << rule;
    for (llvm::StringRef pattern : quoted(cells[4])) {
      size_t before = covered.size();
      for (const std::string &test : tests)
        if (fits(test, pattern))
          covered.push_back(test);
      EXPECT_GT(covered.size(), before) << pattern.str();
    }
  }
  EXPECT_FALSE(formulas.contains("\n| T" + std::to_string(rules + 1) + " |"));
  for (const std::string &test : tests)
    if (llvm::StringRef(test).starts_with("Timing.")) {
      EXPECT_TRUE(llvm::is_contained(covered, test)) << test;
    }
}
