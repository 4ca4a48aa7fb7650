//===- MachineLayer.cpp - an attention layer for the machine --------------===//
//
// See the header. Sums of uniform numbers stand for normal ones, triangles for
// waves: additions and products only, so no host rounds differently.
//
//===----------------------------------------------------------------------===//

#include "MachineLayer.h"
#include "hdp/Machine/Counters.h"
#include "hdp/Support/Error.h"
#include <random>

using namespace hdp;
using namespace hdp::bench;
using namespace hdp::machine;

namespace {
double normal(std::mt19937_64 &random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i)
    sum += double(random() >> 11) * 0x1p-53;
  return sum;
}

/// A triangle wave between -1 and 1 of period 1.
double triangle(double x) {
  x -= double(int64_t(x));
  return x < 0.5 ? 4 * x - 1 : 3 - 4 * x;
}
} // namespace

Layer::Layer(uint32_t heads, uint32_t length, uint32_t d, uint64_t seed)
    : heads(heads), length(length), d(d) {
  std::mt19937_64 random(seed);
  size_t perHead = size_t(length) * d;
  q.resize(heads * perHead);
  k.resize(heads * perHead);
  v.resize(heads * perHead);
  constexpr uint32_t waves = 4;
  std::vector<double> common(d), direction(2 * waves * d);
  for (uint32_t h = 0; h < heads; ++h) {
    for (double &x : common)
      x = 0.5 * normal(random);
    for (double &x : direction)
      x = 0.35 * normal(random);
    double periods[waves];
    for (double &period : periods)
      period = 8 + 120 * (double(random() >> 11) * 0x1p-53);
    for (uint32_t i = 0; i < length; ++i) {
      double pull = normal(random); // how many rows attend to this key
      size_t row = h * perHead + size_t(i) * d;
      double wave[2 * waves];
      for (uint32_t w = 0; w < waves; ++w) {
        wave[2 * w] = triangle(i / periods[w]);
        wave[2 * w + 1] = triangle(i / periods[w] + 0.25);
      }
      for (uint32_t t = 0; t < d; ++t) {
        double place = 0;
        for (uint32_t w = 0; w < 2 * waves; ++w)
          place += wave[w] * direction[w * d + t];
        q[row + t] = float(normal(random) + common[t] + place);
        k[row + t] = float(normal(random) + pull * common[t] + place);
        v[row + t] = float(normal(random));
      }
    }
  }
}

AttentionOperands Layer::operands() const {
  AttentionOperands operands;
  operands.q = q;
  operands.k = k;
  operands.v = v;
  return operands;
}

llvm::Expected<Variant> bench::makeVariant(llvm::StringRef name) {
  Variant variant{name.str(), numerics::compensatedPolicy()};
  if (name == "compensated")
    return variant;
  variant.dense = name != "paper";
  if (name == "dense8")
    return variant;
  variant.policy = numerics::paperPolicy(); // products of any width
  if (name == "paper")
    return variant;
  if (name != "dense16")
    return makeError("expected dense16, dense8, paper or compensated, found '" +
                     name + "'");
  variant.policy.format = {4, 12};
  variant.policy.exponents = numerics::Exponents::Dynamic;
  return variant;
}

llvm::Expected<Program> bench::buildLayer(const Layer &layer,
                                          const Variant &variant,
                                          const Config &config) {
  Site site;
  site.policy = variant.policy;
  site.dense = variant.dense;
  site.scale = 0.125;
  site.Hq = site.Hkv = layer.heads;
  site.Lq = site.Lk = layer.length;
  site.d = site.dv = layer.d;
  llvm::Expected<Program> program =
      buildAttention(makeRequest(site, layer.operands()), config);
  if (program)
    if (llvm::Error error = verifyProgram(*program, config))
      return llvm::Expected<Program>(std::move(error));
  return program;
}

llvm::Expected<LayerRun> bench::runLayer(const Layer &layer,
                                         const Variant &variant,
                                         const Config &config) {
  llvm::Expected<Program> program = buildLayer(layer, variant, config);
  if (!program)
    return program.takeError();
  FunctionalModel model(*program, config);
  writeInputs(*program, layer.operands(), model);
  Run run = runProgram(*program, model, config);
  return LayerRun{std::move(*program), std::move(run)};
}

llvm::Error bench::calibrate(llvm::ArrayRef<Layer> layers, double kept,
                             Variant &variant) {
  // Which blocks are kept is the same on every machine. rho8: the higher, the
  // fewer.
  int low = -255, high = 256;
  while (low + 1 < high) {
    int middle = (low + high) / 2;
    variant.policy.threshold = middle / 256.0;
    double sum = 0;
    for (const Layer &layer : layers) {
      llvm::Expected<LayerRun> run = runLayer(layer, variant, Config());
      if (!run)
        return run.takeError();
      sum += 1 - prunedFraction(count(run->program, run->run));
    }
    (sum >= kept * double(layers.size()) ? low : high) = middle;
  }
  variant.policy.threshold = low / 256.0;
  return llvm::Error::success();
}
