//===- EdgeTest.cpp - kernels where rules decide --------------------------===//
//
// Attentions of every policy on the inputs of EdgeInputs.h and of any length:
// every tensor that the kernels of all targets, the loops and the reference
// hold is what the plain formulation of docs/Numerics.md says, bit for bit.
// HDP_TEST_COUNT=N in the environment runs N policies instead of a few,
// HDP_TEST_FIRST=S those from seed S on, HDP_TEST_TARGETS=A,B those targets.
//
//===----------------------------------------------------------------------===//

#include "EdgeInputs.h"
#include "KernelCase.h"
#include "Numerics/AttentionCall.h"
#include "Numerics/TensorIntegers.h"
#include "TileEmulator.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Limits.h"
#include "hdp/Support/Convert.h"
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

using namespace hdp;

namespace {

class EdgeTest : public KernelCaseTest {
protected:
  using Site = std::pair<std::string, std::unique_ptr<PreparedSite>>;

  /// A site of d and dv columns of f32, without masks.
  Case makeCase(const numerics::Policy &policy, int64_t d, int64_t dv);
  numerics::Policy drawEdgePolicy();
  double drawScale();
  /// A site whose lengths and heads are known at run time only.
  Case drawDynamicCase();
  /// Lengths, heads and inputs for it.
  Case drawCall(const Case &site);
  Case drawCall(const Case &site, int64_t queryHeads, int64_t keyHeads,
                int64_t lq, int64_t lk);
  HostTensor drawMaskOperand(const TensorSpec &type, const Case &call,
                             bool isBias);
  std::vector<Site> prepare(const Case &c);
  void compare(const std::vector<Site> &sites, const Case &call);
};

} // namespace

numerics::Policy EdgeTest::drawEdgePolicy() {
  numerics::Policy policy = drawPolicy();
  if (draw(0, 2) == 0) { // any format
    if (policy.products == numerics::Products::Full) {
      policy.format.integerBits = draw(2, 7);
      policy.format.fractionBits = draw(1, 8 - policy.format.integerBits);
    } else {
      policy.format.integerBits = draw(2, 8);
      policy.format.fractionBits =
          draw(1, std::min<int64_t>(12, 16 - policy.format.integerBits));
    }
  }
  if (policy.exponents == numerics::Exponents::Static && draw(0, 3) == 0)
    for (int64_t *exponent : {&policy.sq, &policy.sk, &policy.sv})
      *exponent = pick<int64_t>({-16, -9, 7, 16});
  if (draw(0, 1)) // where ties are
    policy.threshold = policy.selection == numerics::Selection::TopK
                           ? pick({0.0, 0.25, 0.5, 1.0})
                           : pick({0.0, 0.5, -0.5, 255 / 256.0, -255 / 256.0});
  return policy;
}

double EdgeTest::drawScale() {
  switch (draw(0, 5)) {
  case 0:
    return std::ldexp(1.0, int(draw(-12, 6)));
  case 1:
    return std::ldexp(1.0 + draw(0, 1000) / 1000.0,
                      int(draw(0, 1) ? draw(-126, -20) : draw(20, 126)));
  case 2: // m of N9 rounds up to 2^15
    return std::ldexp(0.693145, int(draw(-8, 2)));
  default:
    return std::ldexp(draw(1, 1000) / 1000.0, int(draw(-6, 2)));
  }
}

Case EdgeTest::makeCase(const numerics::Policy &policy, int64_t d, int64_t dv) {
  Case c;
  c.spec.policy = policy;
  c.spec.scale = drawScale();
  c.spec.query.shape = c.spec.key.shape = {-1, -1, d};
  c.spec.value.shape = c.spec.result.shape = {-1, -1, dv};
  return c;
}

Case EdgeTest::drawDynamicCase() {
  int64_t d = draw(0, 2) ? pick<int64_t>({64, 64, 32, 128, 80}) : draw(1, 70);
  int64_t dv = draw(0, 2) ? pick<int64_t>({64, 64, 32, 128, 16}) : draw(1, 70);
  Case c = makeCase(drawEdgePolicy(), d, dv);
  c.spec.causal = draw(0, 3) == 0;
  ElementType type = pick({ElementType::F32, ElementType::F32, ElementType::F32,
                           ElementType::F16, ElementType::BF16});
  for (TensorSpec *tensor :
       {&c.spec.query, &c.spec.key, &c.spec.value, &c.spec.result})
    tensor->elementType = type;
  int64_t kind = draw(0, 5); // none, mask, bias, both
  auto drawShape = [&]() -> llvm::SmallVector<int64_t, 4> {
    return {pick<int64_t>({1, -1}), pick<int64_t>({1, -1}), -1};
  };
  if (kind == 1 || kind == 3)
    c.spec.mask = TensorSpec{ElementType::I1, drawShape()};
  if (kind == 2 || kind == 3)
    c.spec.bias = TensorSpec{ElementType::F32, drawShape()};
  return c;
}

HostTensor EdgeTest::drawMaskOperand(const TensorSpec &type, const Case &call,
                                     bool isBias) {
  llvm::SmallVector<int64_t> shape(type.shape.begin(), type.shape.end());
  int64_t sizes[] = {call.spec.query.shape[0], call.spec.query.shape[1],
                     call.spec.key.shape[1]};
  for (int dim = 0; dim < 3; ++dim)
    if (shape[dim] < 0)
      shape[dim] = sizes[dim];
  int64_t keys = sizes[2], kind = draw(0, 6);
  int64_t end = draw(0, keys), window = draw(0, 6);
  int64_t chance = pick<int64_t>({2, 50, 98});
  float forbids =
      pick({-8192.0f, -10000.0f, -std::numeric_limits<float>::infinity(),
            -std::numeric_limits<float>::max()});
  // Beside -8192, at rounding's midpoints, beyond the clamp.
  float sizeOfBias = pick({0.0f, 0.0f, 0.25f, 8.0f, 8191.5f, 1e30f});
  float step = float(std::ldexp(call.spec.scale, int(draw(-18, 2))));
  HostTensor tensor(isBias ? ElementType::F32 : ElementType::I1, shape);
  for (int64_t n = 0; n < tensor.getNumElements(); ++n) {
    int64_t row = n / keys % shape[1], key = n % keys;
    bool allows = true;
    switch (kind) {
    case 0: // of keys
      allows = key < end;
      break;
    case 1: // a window
      allows = std::abs(row - key) <= window;
      break;
    case 2: // rows without a key
      allows = row % 5 != 2;
      break;
    case 3: // left padding
      allows = key >= end;
      break;
    case 4: // nothing, everything
      allows = chance > 50;
      break;
    default:
      allows = draw(0, 99) < chance;
    }
    if (!isBias) {
      tensor.as<uint8_t>()[n] = allows;
      continue;
    }
    float x = forbids;
    if (allows && kind % 2)
      x = sizeOfBias * float(draw(-8, 8)) / 8;
    else if (allows)
      x = sizeOfBias == 0 ? 0.0f : float(draw(-8, 8)) * step;
    tensor.as<float>()[n] = x;
  }
  return tensor;
}

Case EdgeTest::drawCall(const Case &site) {
  EdgeInputs edge(random);
  int64_t keyHeads = draw(1, 2);
  int64_t queryHeads = keyHeads * pick<int64_t>({1, 1, 2, 3});
  int64_t lk = edge.drawLength(draw(0, 7) ? 200 : 1200);
  int64_t lq = edge.drawLength(lk > 300 ? 9 : 70);
  if (site.spec.causal && draw(0, 1))
    lq = std::min<int64_t>(lk, 100);
  return drawCall(site, queryHeads, keyHeads, lq, lk);
}

Case EdgeTest::drawCall(const Case &site, int64_t queryHeads, int64_t keyHeads,
                        int64_t lq, int64_t lk) {
  Case c;
  c.spec = site.spec;
  EdgeInputs edge(random);
  auto resize = [](TensorSpec &tensor, int64_t heads, int64_t rows) {
    tensor.shape[0] = heads;
    tensor.shape[1] = rows;
  };
  resize(c.spec.query, queryHeads, lq);
  resize(c.spec.result, queryHeads, lq);
  resize(c.spec.key, keyHeads, lk);
  resize(c.spec.value, keyHeads, lk);
  const numerics::Policy &policy = *c.spec.policy;
  numerics::CodeFormat codes = numerics::getQueryKeyFormat(policy);
  numerics::CodeFormat values = numerics::getValueFormat(policy);
  bool isStatic = policy.exponents == numerics::Exponents::Static;
  int64_t exponents[] = {policy.sq, policy.sk, policy.sv};
  const TensorSpec *tensors[] = {&c.spec.query, &c.spec.key, &c.spec.value};
  for (int side = 0; side < 3; ++side) {
    const numerics::CodeFormat &format = side == 2 ? values : codes;
    EdgeFormat edges{
        format.fractionBits, format.lo, format.hi,
        int(isStatic && draw(0, 3) ? exponents[side] : draw(-4, 4))};
    c.inputs.push_back(llvm::cantFail(convertTo(
        edge.draw(tensors[side]->shape, edges), tensors[side]->elementType)));
  }
  if (c.spec.mask)
    c.inputs.push_back(drawMaskOperand(*c.spec.mask, c, false));
  if (c.spec.bias)
    c.inputs.push_back(drawMaskOperand(*c.spec.bias, c, true));
  return c;
}

static bool isWanted(const CPUTarget &target) {
  const char *text = std::getenv("HDP_TEST_TARGETS");
  if (!text)
    return true;
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(text).split(names, ',');
  return llvm::is_contained(names, target.name);
}

std::vector<EdgeTest::Site> EdgeTest::prepare(const Case &c) {
  mlir::func::FuncOp site = getSite(c);
  std::vector<Site> sites;
  if (!site)
    return sites;
  sites.emplace_back("reference",
                     llvm::cantFail(makeReferenceEngine()->prepare(site)));
  for (const CPUTarget &target : getCPUTargets()) {
    if (!isSupportedByHost(target.kind) || !isWanted(target) ||
        target.kind == TargetKind::AVX512BF16) // AVX-512's kernels
      continue;
    JitOptions options;
    options.target = target.name.str();
    auto ready = makeKernelEngine(options)->prepare(site);
    if (ready)
      sites.emplace_back(target.name.str(), std::move(*ready));
    else
      ADD_FAILURE() << llvm::toString(ready.takeError());
  }
  if (draw(0, 3) == 0)
    sites.emplace_back("loops", llvm::cantFail(makeJitEngine()->prepare(site)));
  return sites;
}

/// The call in the words of the numerics' tests.
static test::AttentionCall toCall(const Case &c) {
  test::AttentionCall call;
  call.policy = *c.spec.policy;
  call.scale = c.spec.scale;
  call.causal = c.spec.causal;
  call.Hq = c.spec.query.shape[0];
  call.Hkv = c.spec.key.shape[0];
  call.Lq = c.spec.query.shape[1];
  call.Lk = c.spec.key.shape[1];
  call.d = c.spec.query.shape[2];
  call.dv = c.spec.value.shape[2];
  std::vector<float> *floats[] = {&call.q, &call.k, &call.v};
  for (int side = 0; side < 3; ++side)
    for (int64_t n = 0; n < c.inputs[side].getNumElements(); ++n)
      floats[side]->push_back(float(getFloatElement(c.inputs[side], n)));
  for (size_t n = 3; n < c.inputs.size(); ++n) {
    const HostTensor &tensor = c.inputs[n];
    if (tensor.getElementType() == ElementType::I1) {
      call.mask.assign(tensor.as<uint8_t>(),
                       tensor.as<uint8_t>() + tensor.getNumElements());
      call.maskHeads = tensor.getShape()[0];
      call.maskRows = tensor.getShape()[1];
    } else {
      call.bias.assign(tensor.as<float>(),
                       tensor.as<float>() + tensor.getNumElements());
      call.biasHeads = tensor.getShape()[0];
      call.biasRows = tensor.getShape()[1];
    }
  }
  return call;
}

/// The plain formulation's output, as elements of `type`.
static HostTensor toOutput(const Case &c, const test::AttentionResult &result) {
  HostTensor out(ElementType::F32, c.spec.result.shape);
  const std::vector<int64_t> &bits = result.at("out");
  for (size_t n = 0; n < bits.size(); ++n) {
    auto word = uint32_t(bits[n]);
    std::memcpy(out.as<float>() + n, &word, sizeof(word));
  }
  return llvm::cantFail(convertTo(out, c.spec.result.elementType));
}

void EdgeTest::compare(const std::vector<Site> &sites, const Case &call) {
  numerics::AttentionShape shape{
      call.spec.query.shape[0], call.spec.key.shape[0],
      call.spec.query.shape[1], call.spec.key.shape[1],
      call.spec.query.shape[2], call.spec.value.shape[2]};
  bool isRefused = numerics::checkLimits(*call.spec.policy, shape,
                                         call.spec.scale, bool(call.spec.bias))
                       .has_value();
  test::AttentionResult expected;
  if (!isRefused) {
    expected = runPlainAttention(toCall(call));
    expected["out"] = test::toIntegers(toOutput(call, expected));
  }
  for (const auto &[name, site] : sites) {
    auto results = site->run(call.getInputs());
    ASSERT_EQ(bool(results), !isRefused)
        << name << ": "
        << (results ? "ran" : llvm::toString(results.takeError()));
    if (isRefused) {
      llvm::consumeError(results.takeError());
      continue;
    }
    test::AttentionResult held, found;
    for (const NamedTensor &result : *results)
      if (expected.count(result.name)) { // of kernels, all but `statistics`
        held[result.name] = expected[result.name];
        found[result.name] = test::toIntegers(result.tensor);
      }
    EXPECT_EQ(found.count("out"), 1u) << name;
    EXPECT_EQ(test::firstDifference(held, found), std::nullopt)
        << name << ":\n"
        << getModule(call);
  }
}

// Sums over 32768 keys: lists, counts and weights at their largest.
TEST_F(EdgeTest, LongestRows) {
  numerics::Policy policies[4] = {
      numerics::compensatedPolicy(), numerics::paperPolicy(),
      numerics::compensatedPolicy(), numerics::paperPolicy()};
  policies[2].group = 0;
  policies[2].valueFractionBits = 12;
  policies[3].selection = numerics::Selection::TopK;
  policies[3].blockRows = 1;
  random.seed(4);
  uint64_t calls = 2;
  if (const char *text = std::getenv("HDP_TEST_COUNT"))
    calls = std::strtoull(text, nullptr, 10);
  for (const numerics::Policy &policy : policies) {
    Case c = makeCase(policy, 16, 16);
    std::vector<Site> sites = prepare(c);
    for (uint64_t n = 0; n < calls && !HasFailure(); ++n)
      compare(sites,
              drawCall(c, 1, 1, draw(1, 3),
                       pick<int64_t>({32768, 32767, 32768 - 64, 30001})));
  }
}

TEST_F(EdgeTest, EveryEngineIsThePlainFormulation) {
  TileEmulator::install();
  Seeds seeds = Seeds::get(70001, 4);
  int calls = seeds.count == 4 ? 6 : 32;
  uint64_t ran = 0;
  for (uint64_t seed = seeds.first; seed < seeds.end() && !HasFailure();
       ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    random.seed(seed);
    Case c = drawDynamicCase();
    std::vector<Site> sites = prepare(c);
    for (int n = 0; n < calls && !sites.empty() && !HasFailure(); ++n) {
      SCOPED_TRACE(testing::Message() << "call " << n);
      compare(sites, drawCall(c));
      ran += sites.size();
    }
  }
  std::printf("%llu runs\n", (unsigned long long)ran);
  EXPECT_GT(ran, 0u);
}
