//===- HostSide.cpp - quantised operands ----------------------------------===//
//
// The rules of hdp/Numerics on whole tensors, into the symbols of a program.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/HostSide.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Mask.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

static NativeOps ops;

namespace {
struct Codes {
  std::vector<int32_t> codes, exponents;
};
} // namespace

/// N1 on all heads of an operand.
static Codes quantize(llvm::ArrayRef<float> x, uint32_t heads,
                      const CodeFormat &format, const Policy &policy,
                      int64_t given, int32_t limit) {
  Codes result;
  size_t size = heads == 0 ? 0 : x.size() / heads;
  for (uint32_t h = 0; h < heads; ++h) {
    llvm::ArrayRef<float> head = x.slice(h * size, size);
    auto exponent = int32_t(given);
    if (policy.exponents == Exponents::Dynamic) {
      double magnitude = 0.0;
      for (float value : head)
        magnitude = maxMagnitude(ops, magnitude, double(value));
      exponent = dynamicExponent(ops, magnitude, format, limit);
    }
    double factor = quantizeFactor(ops, exponent, format);
    result.exponents.push_back(exponent);
    for (float value : head)
      result.codes.push_back(quantizeValue(ops, double(value), factor, format));
  }
  return result;
}

AttentionRequest machine::makeRequest(const Site &site,
                                      const AttentionOperands &operands) {
  AttentionRequest request;
  request.site = site;
  request.site.hasBias = !operands.bias.empty();
  request.site.hasMask = request.site.hasBias || !operands.mask.empty();
  request.maskPerHead = operands.maskHeads > 1 || operands.biasHeads > 1;
  request.maskPerRow = operands.maskRows > 1 || operands.biasRows > 1;
  request.biasPerRow = operands.biasRows > 1;
  return request;
}

std::vector<int32_t> machine::getValueExponents(const Site &site,
                                                llvm::ArrayRef<float> v) {
  return quantize(v, site.Hkv, getValueFormat(site.policy), site.policy,
                  site.policy.sv, maxExponent)
      .exponents;
}

void machine::writeInputs(const Program &program,
                          const AttentionOperands &operands,
                          FunctionalModel &model) {
  const Site &site = program.sites[0];
  const Policy &policy = site.policy;
  auto find = [&](llvm::StringRef name) -> SymbolData & {
    return model.getSymbol(size_t(program.findSymbol(name)));
  };
  auto copy = [&](llvm::StringRef name, llvm::ArrayRef<int32_t> values) {
    SymbolData &data = find(name);
    for (size_t i = 0; i < values.size(); ++i)
      data.narrow[i] = int16_t(values[i]);
  };
  CodeFormat format = getQueryKeyFormat(policy);
  bool isBiased = operands.hadBias || !operands.bias.empty();
  int32_t limit = isBiased ? maxExponentWithBias : maxExponent;
  Codes Q = quantize(operands.q, site.Hq, format, policy, policy.sq, limit);
  Codes K = quantize(operands.k, site.Hkv, format, policy, policy.sk, limit);
  Codes V = quantize(operands.v, site.Hkv, getValueFormat(policy), policy,
                     policy.sv, maxExponent);
  copy("sQ", Q.exponents);
  copy("sK", K.exponents);
  copy("V", V.codes);
  auto splitInto = [&](llvm::StringRef integer, llvm::StringRef fraction,
                       const Codes &x) {
    SymbolData &I = find(integer), &F = find(fraction);
    for (size_t i = 0; i < x.codes.size(); ++i) {
      int32_t whole = splitInteger(ops, x.codes[i], policy);
      I.narrow[i] = int16_t(whole);
      F.narrow[i] = int16_t(splitFraction(ops, x.codes[i], whole, policy));
    }
  };
  if (site.dense) {
    copy("q", Q.codes);
    copy("k", K.codes);
  } else {
    splitInto("qI", "qF", Q);
    splitInto("kI", "kF", K);
  }

  // N4.
  auto maskAt = [&](uint32_t h, uint32_t i, uint32_t j) {
    uint64_t row =
        uint64_t(operands.maskHeads == 1 ? 0 : h) * operands.maskRows +
        (operands.maskRows == 1 ? 0 : i);
    return operands.mask.empty() || operands.mask[row * site.Lk + j] != 0;
  };
  auto biasAt = [&](uint32_t h, uint32_t i, uint32_t j) {
    uint64_t row =
        uint64_t(operands.biasHeads == 1 ? 0 : h) * operands.biasRows +
        (operands.biasRows == 1 ? 0 : i);
    return double(operands.bias[row * site.Lk + j]);
  };
  if (site.hasMask) {
    const Symbol &symbol = program.symbols[size_t(program.findSymbol("valid"))];
    SymbolData &valid = find("valid");
    uint64_t perHead = symbol.rows % site.Lq == 0 && symbol.rows >= site.Lq &&
                               (operands.maskRows > 1 || operands.biasRows > 1)
                           ? site.Lq
                           : 1;
    for (uint64_t row = 0; row < symbol.rows; ++row)
      for (uint32_t j = 0; j < site.Lk; ++j) {
        auto h = uint32_t(row / perHead), i = uint32_t(row % perHead);
        bool allowed = maskAt(h, i, j);
        if (site.hasBias)
          allowed = allowed && biasAllows(ops, biasAt(h, i, j));
        valid.narrow[row * site.Lk + j] = allowed;
      }
  }
  if (site.hasBias) {
    const Symbol &symbol = program.symbols[size_t(program.findSymbol("B"))];
    SymbolData &B = find("B");
    uint64_t perHead = symbol.rows / site.Hq;
    for (uint64_t row = 0; row < symbol.rows; ++row)
      for (uint32_t j = 0; j < site.Lk; ++j) {
        auto h = uint32_t(row / perHead), i = uint32_t(row % perHead);
        uint32_t kv = h / (site.Hq / site.Hkv);
        double unit =
            scoreUnit(ops, site.scale, policy, Q.exponents[h], K.exponents[kv]);
        double entry = biasAt(h, i, j);
        B.wide[row * site.Lk + j] =
            biasAllows(ops, entry) ? biasInScoreUnits(ops, entry, unit) : 0;
      }
  }
}

std::vector<float> machine::readOutput(const Program &program,
                                       const AttentionOperands &operands,
                                       FunctionalModel &model) {
  const Site &site = program.sites[0];
  const SymbolData &o = model.getSymbol(size_t(program.findSymbol("o")));
  std::vector<int32_t> exponents = getValueExponents(site, operands.v);
  std::vector<float> out;
  uint64_t perHead = uint64_t(site.Lq) * site.dv;
  for (uint64_t i = 0; i < o.narrow.size(); ++i) {
    uint64_t kv = i / perHead / (site.Hq / site.Hkv);
    double factor = dequantizeFactor(ops, exponents[kv]);
    out.push_back(dequantizeValue(ops, int32_t(o.narrow[i]), factor));
  }
  return out;
}
