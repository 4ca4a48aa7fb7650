//===- Program.cpp - sites, symbols and listings --------------------------===//
//
// What follows from a site's policy and shape, and the text of a program.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Program.h"
#include "hdp/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

static uint32_t ceilDiv(uint64_t a, uint64_t b) {
  return static_cast<uint32_t>((a + b - 1) / b);
}
static uint32_t roundToNibbles(int64_t bits) { return ceilDiv(bits, 4) * 4; }

uint32_t Site::blockRows() const { return ceilDiv(Lq, policy.blockRows); }
uint32_t Site::blockColumns() const { return ceilDiv(Lk, policy.blockCols); }
uint32_t Site::groups() const {
  return policy.group == 0 ? 1 : ceilDiv(blockColumns(), policy.group);
}
uint32_t Site::groupOf(uint32_t column) const {
  return policy.group == 0 ? 0 : static_cast<uint32_t>(column / policy.group);
}
uint32_t Site::integerBits() const {
  return roundToNibbles(policy.format.integerBits);
}
uint32_t Site::fractionBits() const {
  return roundToNibbles(policy.format.fractionBits);
}
uint32_t Site::codeBits() const { return policy.format.width() <= 8 ? 8 : 16; }
uint32_t Site::valueBits() const {
  return policy.valueFractionBits == 4 ? 8 : 16;
}

bool Site::operator==(const Site &o) const {
  return policy == o.policy && std::memcmp(&scale, &o.scale, 8) == 0 &&
         Hq == o.Hq && Hkv == o.Hkv && Lq == o.Lq && Lk == o.Lk && d == o.d &&
         dv == o.dv && causal == o.causal && hasMask == o.hasMask &&
         hasBias == o.hasBias && dense == o.dense;
}

bool Symbol::operator==(const Symbol &o) const {
  return name == o.name && direction == o.direction && bits == o.bits &&
         rows == o.rows && columns == o.columns && address == o.address &&
         contents == o.contents;
}

bool Program::operator==(const Program &o) const {
  return name == o.name && arch == o.arch && sites == o.sites &&
         symbols == o.symbols && commands == o.commands;
}

int Program::findSymbol(llvm::StringRef name) const {
  for (size_t i = 0; i < symbols.size(); ++i)
    if (symbols[i].name == name)
      return static_cast<int>(i);
  return -1;
}

std::vector<ArchValue> machine::getArch(const Config &config) {
  std::vector<ArchValue> arch;
  for (size_t i = 0; i < getParams().size(); ++i)
    if (getParams()[i].kind == ParamClass::ARCH)
      arch.push_back({getParams()[i].name.str(), config.get(i)});
  return arch;
}

uint64_t machine::fingerprint(llvm::ArrayRef<ArchValue> arch) {
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  for (const ArchValue &entry : arch)
    for (unsigned char c :
         llvm::formatv("{0}={1};", entry.name, entry.value).str())
      hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

uint64_t machine::fingerprint(const Config &config) {
  return fingerprint(getArch(config));
}

llvm::Error machine::checkMachine(const Program &program,
                                  const Config &config) {
  std::vector<ArchValue> arch = getArch(config);
  for (size_t i = 0; i < std::max(arch.size(), program.arch.size()); ++i) {
    if (i >= program.arch.size() || i >= arch.size() ||
        program.arch[i].name != arch[i].name)
      return makeError(
          "the stream's machine has other parameters: expected " +
          llvm::Twine(i < arch.size() ? arch[i].name : "none") + ", found " +
          (i < program.arch.size() ? program.arch[i].name : "none"));
    if (program.arch[i].value != arch[i].value)
      return makeError("the stream is for another machine: expected " +
                       arch[i].name + " = " + llvm::Twine(arch[i].value) +
                       ", found " + llvm::Twine(program.arch[i].value));
  }
  return llvm::Error::success();
}

void machine::print(llvm::raw_ostream &os, const Program &program) {
  os << "program " << program.name << "\n";
  os << llvm::formatv("machine {0:x16}\n", fingerprint(program.arch));
  for (const ArchValue &entry : program.arch)
    os << "  " << entry.name << " = " << entry.value << "\n";
  for (size_t i = 0; i < program.sites.size(); ++i) {
    const Site &s = program.sites[i];
    const Policy &p = s.policy;
    os << llvm::formatv(
        "site {0}: {1} on {2} heads, {3} x {4}, d {5}, dv {6}, scale {7}, "
        "{8}<{9}.{10}>, V <4.{11}>, blocks {12}x{13}, group {14}{15}{16}{17}\n",
        i, s.Hq, s.Hkv, s.Lq, s.Lk, s.d, s.dv, s.scale, s.dense ? "dense " : "",
        p.format.integerBits, p.format.fractionBits, p.valueFractionBits,
        p.blockRows, p.blockCols, p.group, s.causal ? ", causal" : "",
        s.hasMask ? ", mask" : "", s.hasBias ? ", bias" : "");
  }
  for (size_t i = 0; i < program.symbols.size(); ++i) {
    const Symbol &s = program.symbols[i];
    os << llvm::formatv("symbol {0}: {1} {2} {3}x{4} of {5} bits at {6:x}\n", i,
                        s.direction == Symbol::Input    ? "input"
                        : s.direction == Symbol::Output ? "output"
                                                        : "constant",
                        s.name, s.rows, s.columns, s.bits, s.address);
  }
  for (size_t i = 0; i < program.commands.size(); ++i) {
    os << llvm::formatv("{0,6}: ", i);
    print(os, program.commands[i]);
    os << "\n";
  }
}
