//===- KernelThreadsTest.cpp - parts of fused kernels on threads ----------===//
//
// Random attentions that are long enough to be shared: output and statistics
// of one, two, three and seven threads are the same bits. KernelTest.cpp says
// that those of one are right. HDP_TEST_COUNT=N runs N seeds.
//
//===----------------------------------------------------------------------===//

#include "CompileAndRun.h"
#include "KernelCase.h"
#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Support/Convert.h"

using namespace hdp;

namespace {
class KernelThreadsTest : public KernelCaseTest {
protected:
  Case drawLongCase();
  std::vector<HostTensor> run(const Case &c, llvm::StringRef target,
                              unsigned threads);
  void compare(const Case &c, llvm::StringRef target);
};
} // namespace

/// A random case with more rows: of one to three heads of keys, at times with
/// two heads of queries each, with an outer batch.
Case KernelThreadsTest::drawLongCase() {
  Case c = drawCase();
  int64_t heads = draw(1, 3), shared = draw(1, 2);
  int64_t lq = draw(100, 700), lk = draw(300, 900);
  // What is not random but half of the time: how heads are decided.
  if (draw(0, 1))
    c.spec.policy->tau = std::ldexp(draw(1, 100) / 100.0, draw(-4, 12));
  auto resize = [&](TensorSpec &tensor, int64_t number, int64_t rows) {
    tensor.shape[0] = number;
    tensor.shape[1] = rows;
  };
  resize(c.spec.query, heads * shared, lq);
  resize(c.spec.key, heads, lk);
  resize(c.spec.value, heads, lk);
  resize(c.spec.result, heads * shared, lq);
  c.spec.mask.reset();
  c.spec.bias.reset();
  ElementType type = c.spec.result.elementType;
  c.inputs.clear();
  for (TensorSpec *tensor : {&c.spec.query, &c.spec.key, &c.spec.value})
    c.inputs.push_back(
        llvm::cantFail(convertTo(drawTensor(tensor->shape), type)));
  drawMask(c);
  return c;
}

std::vector<HostTensor> KernelThreadsTest::run(const Case &c,
                                               llvm::StringRef target,
                                               unsigned threads) {
  auto module = parse(getModule(c, /*hasStatistics=*/true));
  CompileOptions options;
  options.attention = AttentionLowering::Vector;
  options.optLevel = 1;
  options.target = target.str();
  options.threads = threads;
  return compileAndRunOn(*module, options, c.getInputs());
}

void KernelThreadsTest::compare(const Case &c, llvm::StringRef target) {
  std::vector<HostTensor> expected = run(c, target, 1);
  ASSERT_EQ(expected.size(), 2u);
  for (unsigned threads : {2u, 3u, 7u}) {
    std::vector<HostTensor> found = run(c, target, threads);
    ASSERT_EQ(found.size(), 2u);
    for (size_t n : {0u, 1u})
      EXPECT_EQ(describeDifference(expected[n], found[n]), std::nullopt)
          << (n ? "statistics, " : "output, ") << threads << " threads, "
          << target.str() << ":\n"
          << getModule(c);
  }
}

TEST_F(KernelThreadsTest, ThreadsChangeNoBit) {
  Seeds seeds = Seeds::get(60001, 4);
  int ran = 0;
  for (uint64_t seed = seeds.first; seed < seeds.end() && !HasFailure();
       ++seed) {
    random.seed(seed);
    Case c = drawLongCase();
    if (!getSite(c) || !hasKernel(c))
      continue;
    const CPUTarget &target = getCPUTargets()[seed % getCPUTargets().size()];
    compare(c, isSupportedByHost(target.kind) ? target.name : "host");
    if (HasFailure())
      std::printf("seed %llu\n", (unsigned long long)seed);
    ++ran;
  }
  EXPECT_GT(ran, 0);
}

// One head, kept and gated; its importance is known behind all of its parts.
TEST_F(KernelThreadsTest, AGatedHeadIsDecidedOnce) {
  random.seed(3);
  for (numerics::Measure measure :
       {numerics::Measure::Magnitude, numerics::Measure::Spread}) {
    std::vector<int64_t> gated;
    for (double tau : {0.01, 1000.0}) {
      Case c;
      c.spec.policy = numerics::paperPolicy();
      c.spec.policy->measure = measure;
      c.spec.policy->tau = tau;
      c.spec.policy->gated = numerics::Gated::Mean;
      for (TensorSpec *tensor :
           {&c.spec.query, &c.spec.key, &c.spec.value, &c.spec.result})
        tensor->shape = {1, 701, 64};
      for (int n = 0; n < 3; ++n) {
        c.inputs.push_back(HostTensor(ElementType::F32, {1, 701, 64}));
        std::normal_distribution<float> normal;
        for (int64_t i = 0; i < c.inputs[n].getNumElements(); ++i)
          c.inputs[n].as<float>()[i] = normal(random);
      }
      compare(c, "host");
      std::vector<HostTensor> results = run(c, "host", 3);
      ASSERT_EQ(results.size(), 2u);
      gated.push_back(
          results[1].as<int64_t>()[static_cast<int64_t>(HeadStatistic::Gated)]);
    }
    EXPECT_EQ(gated, (std::vector<int64_t>{0, 1}));
  }
}
