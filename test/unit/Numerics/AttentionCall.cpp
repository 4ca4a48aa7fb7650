//===- AttentionCall.cpp - random calls, and results compared -------------===//
//
// Random calls reach every choice of the policy and the awkward shapes: sizes
// of 1, short last blocks, rows without a valid position, broadcast masks.
//
//===----------------------------------------------------------------------===//

#include "AttentionCall.h"
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <sstream>

using namespace hdp::test;
using namespace hdp::numerics;

int64_t hdp::test::floatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

std::optional<std::string>
hdp::test::firstDifference(const AttentionResult &expected,
                           const AttentionResult &found) {
  for (const auto &[name, values] : expected) {
    auto it = found.find(name);
    if (it == found.end())
      return name + " is missing";
    if (it->second.size() != values.size())
      return name + " has " + std::to_string(it->second.size()) +
             " elements, expected " + std::to_string(values.size());
    for (size_t i = 0; i < values.size(); ++i)
      if (values[i] != it->second[i])
        return name + "[" + std::to_string(i) + "] is " +
               std::to_string(it->second[i]) + ", expected " +
               std::to_string(values[i]);
  }
  return std::nullopt;
}

namespace {

/// Random choices from a seed, the same with every C++ library (its
/// distributions are not: they are left to each).
class Random {
public:
  explicit Random(uint64_t seed) : engine(seed * 2654435761u + 1) {}
  int64_t below(int64_t n) { return int64_t(engine() % uint64_t(n)); }
  int64_t between(int64_t lo, int64_t hi) { return lo + below(hi - lo + 1); }
  bool oneIn(int64_t n) { return below(n) == 0; }
  /// Uniform in [-1, 1).
  double signedUnit() {
    return double(int64_t(engine() >> 11)) * 0x1p-52 - 1.0;
  }
  template <typename Enum> Enum oneOf(Enum a, Enum b) {
    return oneIn(2) ? a : b;
  }

private:
  std::mt19937_64 engine;
};

std::vector<float> randomFloats(Random &random, int64_t n, double size,
                                bool allowOdd) {
  std::vector<float> values;
  for (int64_t i = 0; i < n; ++i)
    values.push_back(float(size * random.signedUnit()));
  if (allowOdd && random.oneIn(8)) {
    float odd[] = {std::numeric_limits<float>::quiet_NaN(),
                   std::numeric_limits<float>::infinity(),
                   -std::numeric_limits<float>::infinity(),
                   std::numeric_limits<float>::denorm_min(), 3.4e38f};
    values[size_t(random.below(n))] = odd[random.below(5)];
  }
  return values;
}

Policy randomPolicy(Random &random) {
  Policy p;
  p.products = random.oneOf(Products::Cross, Products::Full);
  if (p.products == Products::Full) {
    p.format.integerBits = random.between(2, 7);
    p.format.fractionBits = random.between(1, 8 - p.format.integerBits);
  } else {
    p.format.integerBits = random.between(2, 5);
    p.format.fractionBits = random.between(1, 10);
  }
  p.valueFractionBits = random.oneIn(2) ? 4 : 12;
  p.exponents = random.oneOf(Exponents::Static, Exponents::Dynamic);
  if (p.exponents == Exponents::Static) {
    p.sq = random.between(-3, 3);
    p.sk = random.between(-3, 3);
    p.sv = random.between(-3, 3);
  }
  p.split = random.oneOf(Split::Floor, Split::Nearest);
  p.importance = random.oneOf(Importance::Abs, Importance::Signed);
  p.pruned = random.oneOf(Pruned::Dropped, Pruned::Compensated);
  p.group = random.oneIn(3) ? 0 : random.between(1, 5);
  p.blockRows = random.oneIn(8) ? 16 : random.between(1, 4);
  p.blockCols = random.oneIn(8) ? 16 : random.between(1, 4);
  p.selection = random.oneOf(Selection::Rho, Selection::TopK);
  p.threshold = p.selection == Selection::Rho
                    ? double(random.between(-255, 255)) / 256
                    : double(random.between(0, 256)) / 256;
  p.measure = random.oneOf(Measure::Magnitude, Measure::Spread);
  p.tau = random.oneIn(2) ? 0.0 : double(random.between(-256, 4096)) / 256;
  p.gated = random.oneOf(Gated::Zero, Gated::Mean);
  p.reciprocal = random.oneOf(Reciprocal::Linear, Reciprocal::Exact);
  return p;
}

} // namespace

AttentionCall hdp::test::makeRandomCall(uint64_t seed, CallSize size) {
  Random random(seed);
  AttentionCall call;
  call.policy = randomPolicy(random);
  call.Hkv = random.between(1, 2);
  call.Hq = call.Hkv * random.between(1, 2);
  call.Lq = random.oneIn(6) ? 1 : random.between(1, 13);
  call.Lk = random.oneIn(6) ? 1 : random.between(1, 19);
  call.d = random.between(1, 9);
  call.dv = random.between(1, 5);
  if (size == CallSize::Vectors) {
    Policy &p = call.policy;
    if (random.oneIn(2) && p.products == Products::Cross)
      p.format = {4, random.between(1, 12)};
    bool isPooled = random.oneIn(2);
    p.blockRows = isPooled ? 2 : int64_t(1) << random.between(0, 4);
    p.blockCols = isPooled ? 2 : int64_t(1) << random.between(0, 4);
    if (random.oneIn(2))
      p.group = 16 * random.between(0, 2);
    call.Lq = random.between(1, 60);
    call.Lk = random.between(1, 200);
    for (int64_t *columns : {&call.d, &call.dv})
      *columns =
          random.oneIn(2) ? 16 * random.between(1, 8) : random.between(1, 130);
  }
  call.scale = random.oneIn(4) ? std::ldexp(1.0, int(random.between(-40, 20)))
                               : 0.02 + 0.4 * std::fabs(random.signedUnit());
  call.causal = random.oneIn(3);
  double range = random.oneIn(8) ? 1e-6 : random.oneIn(4) ? 40.0 : 3.0;
  call.q = randomFloats(random, call.Hq * call.Lq * call.d, range, true);
  call.k = randomFloats(random, call.Hkv * call.Lk * call.d, range, true);
  call.v = randomFloats(random, call.Hkv * call.Lk * call.dv, range, true);
  if (random.oneIn(10))
    call.q.assign(call.q.size(), 0.0f);
  if (random.oneIn(3)) {
    call.maskHeads = random.oneIn(2) ? 1 : call.Hq;
    call.maskRows = random.oneIn(2) ? 1 : call.Lq;
    for (int64_t i = 0; i < call.maskHeads * call.maskRows * call.Lk; ++i)
      call.mask.push_back(!random.oneIn(4));
  }
  // An additive mask takes 2^28 of the 2^31 that theta may reach, over 2^SF.
  int64_t blockSize = call.policy.blockRows * call.policy.blockCols;
  if (random.oneIn(3) &&
      blockSize < (int64_t(1) << (call.policy.scoreFractionBits() + 2))) {
    call.biasHeads = random.oneIn(2) ? 1 : call.Hq;
    call.biasRows = random.oneIn(2) ? 1 : call.Lq;
    for (int64_t i = 0; i < call.biasHeads * call.biasRows * call.Lk; ++i) {
      float entry = float(4 * random.signedUnit());
      if (random.oneIn(5))
        entry = random.oneIn(2) ? -10000.0f
                                : -std::numeric_limits<float>::infinity();
      if (random.oneIn(20))
        entry = random.oneIn(2) ? 3e38f : -8191.5f;
      call.bias.push_back(entry);
    }
  }
  return call;
}

std::string hdp::test::describe(const AttentionCall &call) {
  const Policy &p = call.policy;
  std::ostringstream text;
  text << call.Hq << " heads on " << call.Hkv << ", " << call.Lq << " x "
       << call.Lk << ", d " << call.d << ", dv " << call.dv << ", <"
       << p.format.integerBits << "." << p.format.fractionBits << ">, block "
       << p.blockRows << "x" << p.blockCols << ", group " << p.group
       << (call.causal ? ", causal" : "") << (call.mask.empty() ? "" : ", mask")
       << (call.bias.empty() ? "" : ", bias");
  return text.str();
}
