//===- EdgeTest.cpp - kernels where rules decide --------------------------===//
//
// Attentions of every policy on the inputs of EdgeInputs.h and of any length:
// every tensor that the kernels of all targets, the loops and the reference
// hold is what the plain formulation of docs/Numerics.md says, bit for bit.
// HDP_TEST_COUNT=N in the environment runs N policies instead of a few,
// HDP_TEST_FIRST=S those from seed S on, HDP_TEST_TARGETS=A,B those targets.
//
//===----------------------------------------------------------------------===//

#include "EdgeCase.h"
#include "Numerics/AttentionCall.h"
#include "Numerics/TensorIntegers.h"
#include "TileEmulator.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Numerics/Limits.h"
#include "hdp/Support/Convert.h"
#include <cstdlib>
#include <cstring>

using namespace hdp;

namespace {
class EdgeTest : public EdgeCaseTest {
protected:
  /// An engine, and the site that it made ready.
  using Site = std::pair<std::string, std::unique_ptr<PreparedSite>>;

  /// The reference, the kernels of every target, at times the loops; nothing
  /// where N0 refuses the site.
  std::vector<Site> prepare(const Case &c);
  void compare(const std::vector<Site> &sites, const Case &call);
};
} // namespace

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

// Small integers and a power of two as scale, so that scores have no rounding
// error and can be as far apart as they like.
TEST_F(EdgeTest, ExactAttentionIsClose) {
  Seeds seeds = Seeds::get(72001, 4);
  for (uint64_t seed = seeds.first; seed < seeds.end() && !HasFailure();
       ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    random.seed(seed);
    Case site = drawDynamicCase();
    site.spec.policy.reset();
    site.spec.scale = std::ldexp(1.0, int(draw(-4, 3)));
    std::vector<Site> sites = prepare(site);
    for (int n = 0; n < 6 && !HasFailure(); ++n) {
      Case c = drawExactCall(site);
      std::vector<HostTensor> outputs;
      for (const auto &[name, ready] : sites) {
        auto results = ready->run(c.getInputs());
        ASSERT_TRUE(bool(results)) << llvm::toString(results.takeError());
        outputs.push_back(*findTensor(*results, "out"));
        EXPECT_TRUE(isClose(outputs.front(), outputs.back()))
            << name << ": "
            << describeDifference(outputs.front(), outputs.back()).value_or("")
            << ", " << n << "\n"
            << formatType(c.inputs[0]) << " " << formatType(c.inputs[1]) << " "
            << formatType(c.inputs[2]);
      }
    }
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
