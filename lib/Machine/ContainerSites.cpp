//===- ContainerSites.cpp - sites and symbols, checked and as bytes -------===//
//
// What a site or symbol may say, wherever it comes from, and the record of a
// site in a stream.
//
//===----------------------------------------------------------------------===//

#include "ContainerWords.h"
#include "hdp/Numerics/Limits.h"
#include <cmath>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

void machine::writeSite(Writer &w, const Site &s) {
  const Policy &p = s.policy;
  for (int64_t value :
       {p.format.integerBits, p.format.fractionBits, p.valueFractionBits, p.sq,
        p.sk, p.sv, p.blockRows, p.blockCols})
    w.put(static_cast<int8_t>(value));
  for (int value :
       {int(p.exponents), int(p.split), int(p.importance), int(p.products),
        int(p.pruned), int(p.selection), int(p.measure), int(p.gated),
        int(p.reciprocal), int(s.causal), int(s.hasMask), int(s.hasBias),
        int(s.dense)})
    w.put(static_cast<uint8_t>(value));
  w.put(static_cast<uint32_t>(p.group));
  w.putDouble(p.threshold);
  w.putDouble(p.tau);
  w.putDouble(s.scale);
  for (uint32_t value : {s.Hq, s.Hkv, s.Lq, s.Lk, s.d, s.dv})
    w.put(value);
}

std::optional<std::string> machine::checkSite(const Site &s) {
  const Policy &p = s.policy;
  for (uint32_t size : {s.Hq, s.Hkv, s.Lq, s.Lk, s.d, s.dv})
    if (size > maxSiteSize)
      return "expected a size up to " + std::to_string(maxSiteSize) +
             ", found " + std::to_string(size);
  if (std::optional<std::string> problem = checkPolicy(p))
    return problem;
  // One spelling of every choice: no second zero, no exponent without a use.
  for (double value : {p.threshold, p.tau, s.scale})
    if (std::isnan(value) || (value == 0.0 && std::signbit(value)))
      return "expected threshold, tau and scale other than -0 and NaN, found " +
             detail::toText(value);
  if (p.exponents == Exponents::Dynamic &&
      (p.sq != 0 || p.sk != 0 || p.sv != 0))
    return std::string("expected no static exponents with dynamic ones");
  if (s.Hq == 0)
    return std::string("expected at least 1 head, found 0");
  if (!s.dense) {
    AttentionShape shape{s.Hq, s.Hkv, s.Lq, s.Lk, s.d, s.dv};
    return checkLimits(p, shape, s.scale, s.hasBias);
  }
  if (s.Lk == 0 || s.Lk > 32768 || s.Lq == 0 || s.d == 0 || s.d > 4096 ||
      s.dv == 0 || s.Hkv == 0 || s.Hq % s.Hkv != 0)
    return std::string("a dense site of this shape is out of range");
  // Whole codes of up to 8 bits give full products (N8); wider ones give F
  // fraction bits again.
  int64_t width = p.format.width();
  if (width <= 8 && p.products != Products::Full)
    return std::string("expected full products in a dense site of up to 8 "
                       "bits");
  double largest =
      std::ldexp(double(s.d), int(2 * width - 2)) /
          (width > 8 ? std::ldexp(1.0, int(p.format.fractionBits)) : 1.0) +
      (s.hasBias ? std::ldexp(1.0, 28) : 0.0);
  if (largest >= std::ldexp(1.0, 30))
    return "expected a largest score below 2^30, found " +
           detail::toText(largest);
  return std::nullopt;
}

Site machine::readSite(Reader &r) {
  Site s;
  Policy &p = s.policy;
  size_t start = r.at;
  for (int64_t *value :
       {&p.format.integerBits, &p.format.fractionBits, &p.valueFractionBits,
        &p.sq, &p.sk, &p.sv, &p.blockRows, &p.blockCols})
    *value = r.get<int8_t>("site");
  auto choice = [&](const char *what) {
    return r.getUpTo<uint8_t>(what, 1) != 0;
  };
  p.exponents = static_cast<Exponents>(choice("exponents"));
  p.split = static_cast<Split>(choice("split"));
  p.importance = static_cast<Importance>(choice("importance"));
  p.products = static_cast<Products>(choice("products"));
  p.pruned = static_cast<Pruned>(choice("pruned"));
  p.selection = static_cast<Selection>(choice("selection"));
  p.measure = static_cast<Measure>(choice("measure"));
  p.gated = static_cast<Gated>(choice("gated"));
  p.reciprocal = static_cast<Reciprocal>(choice("reciprocal"));
  s.causal = choice("causal");
  s.hasMask = choice("mask");
  s.hasBias = choice("bias");
  s.dense = choice("dense");
  p.group = r.get<uint32_t>("group");
  p.threshold = r.getDouble("threshold");
  p.tau = r.getDouble("tau");
  s.scale = r.getDouble("scale");
  for (uint32_t *value : {&s.Hq, &s.Hkv, &s.Lq, &s.Lk, &s.d, &s.dv})
    *value = r.getUpTo<uint32_t>("a size", maxSiteSize);
  if (r.failed())
    return s;
  std::optional<std::string> problem = checkSite(s);
  if (problem) {
    r.at = start;
    r.fail(*problem);
  }
  return s;
}

std::optional<std::string> machine::checkSymbolSize(const Symbol &symbol) {
  const std::pair<const char *, std::pair<uint64_t, uint64_t>> numbers[] = {
      {"bits", {symbol.bits, 32}},
      {"rows", {symbol.rows, uint64_t(1) << 32}},
      {"columns", {symbol.columns, 1 << 20}}};
  for (const auto &[what, number] : numbers)
    if (number.first == 0 || number.first > number.second)
      return "expected " + std::string(what) + " from 1 to " +
             std::to_string(number.second) + ", found " +
             std::to_string(number.first);
  if (symbol.address > uint64_t(1) << 48)
    return "expected an address up to " + std::to_string(uint64_t(1) << 48) +
           ", found " + std::to_string(symbol.address);
  return std::nullopt;
}

std::optional<std::string> machine::checkSymbol(const Symbol &symbol) {
  if (std::optional<std::string> problem = checkSymbolSize(symbol))
    return problem;
  uint64_t size = symbol.direction == Symbol::Constant ? symbol.bytes() : 0;
  if (symbol.contents.size() != size)
    return "expected " + std::to_string(size) + " bytes of contents, found " +
           std::to_string(symbol.contents.size());
  if (size == 0)
    return std::nullopt;
  if (symbol.bits != 1 && symbol.bits % 8 != 0)
    return "expected a constant of 1, 8, 16, 24 or 32 bits, found " +
           std::to_string(symbol.bits);
  // Bits behind a row's last column have one spelling.
  if (symbol.bits == 1 && symbol.columns % 8 != 0)
    for (uint64_t row = 1; row <= symbol.rows; ++row)
      if (uint8_t(symbol.contents[row * symbol.rowBytes() - 1]) >>
          symbol.columns % 8)
        return "expected 0 behind the last column of row " +
               std::to_string(row - 1);
  return std::nullopt;
}
