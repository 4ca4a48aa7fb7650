//===- KernelTest.cpp - fused kernels and the reference agree -------------===//
//
// Random attentions for which there is a fused kernel, compiled for every
// target that this machine can run, against the reference on bits.
// HDP_TEST_COUNT=N in the environment runs N seeds instead of a few,
// HDP_TEST_FIRST=S those from S on.
//
//===----------------------------------------------------------------------===//

#include "CompileAndRun.h"
#include "KernelCase.h"
#include "TileEmulator.h"
#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/Engine.h"
#include <limits>

using namespace hdp;

namespace {
class KernelTest : public KernelCaseTest {
protected:
  std::vector<uint8_t> runReference(const Case &c);
  std::vector<uint8_t> runKernel(const Case &c, llvm::StringRef target);
};
} // namespace

static std::vector<uint8_t> getBytes(const HostTensor &tensor) {
  const auto *bytes = reinterpret_cast<const uint8_t *>(tensor.getData());
  return {bytes, bytes + tensor.getNumBytes()};
}

std::vector<uint8_t> KernelTest::runReference(const Case &c) {
  mlir::func::FuncOp site = getSite(c);
  if (!site)
    return {};
  auto prepared = llvm::cantFail(makeReferenceEngine()->prepare(site));
  auto results = llvm::cantFail(prepared->run(c.getInputs()));
  for (const NamedTensor &result : results)
    if (result.name == "out")
      return getBytes(result.tensor);
  return {};
}

std::vector<uint8_t> KernelTest::runKernel(const Case &c,
                                           llvm::StringRef target) {
  auto module = parse(getModule(c));
  CompileOptions options;
  options.attention = AttentionLowering::Vector;
  options.target = target.str();
  auto results = compileAndRunOn(*module, options, c.getInputs());
  return results.empty() ? std::vector<uint8_t>() : getBytes(results[0]);
}

TEST_F(KernelTest, BiasWithNaNIsRefused) {
  random.seed(1);
  Case c;
  c.spec.policy = numerics::compensatedPolicy();
  for (TensorSpec *tensor :
       {&c.spec.query, &c.spec.key, &c.spec.value, &c.spec.result})
    tensor->shape = {1, 4, 16};
  for (int n = 0; n < 3; ++n)
    c.inputs.push_back(drawTensor({1, 4, 16}));
  c.spec.bias = TensorSpec{ElementType::F32, {1, 4, 4}};
  HostTensor bias(ElementType::F32, c.spec.bias->shape);
  std::fill(bias.as<float>(), bias.as<float>() + 16, 0.0f);
  bias.as<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  c.inputs.push_back(std::move(bias));
  auto module = parse(getModule(c));
  CompileOptions options;
  options.attention = AttentionLowering::Vector;
  auto model = llvm::cantFail(CompiledModel::compile(*module, options));
  auto results = model->run("f", c.getInputs());
  ASSERT_FALSE(bool(results));
  EXPECT_NE(llvm::toString(results.takeError())
                .find("expected a bias without NaN, found NaN"),
            std::string::npos);
}

// Integer scores of a single last key are not zero, as pooled ones are.
TEST_F(KernelTest, AShortLastBlockIsNotAmongThePruned) {
  random.seed(2);
  for (numerics::Products products :
       {numerics::Products::Full, numerics::Products::Cross}) {
    Case c;
    c.spec.policy = numerics::compensatedPolicy();
    c.spec.policy->importance = numerics::Importance::Abs;
    c.spec.policy->products = products;
    c.spec.query.shape = {1, 5, 16};
    c.spec.key.shape = c.spec.value.shape = {1, 31, 16};
    c.spec.result.shape = c.spec.query.shape;
    for (int64_t rows : {5, 31, 31})
      c.inputs.push_back(drawTensor({1, rows, 16}));
    ASSERT_TRUE(hasKernel(c));
    std::vector<uint8_t> expected = runReference(c);
    for (const CPUTarget &target : getCPUTargets())
      if (isSupportedByHost(target.kind)) {
        EXPECT_EQ(runKernel(c, target.name), expected) << target.name.str();
      }
  }
}

// Keys behind the last one that is allowed are not packed, but N1's exponents
// are theirs as well. Causal, each batch has columns and sums of its own.
TEST_F(KernelTest, WhatNoRowAttendsToIsLeftOut) {
  random.seed(3);
  constexpr int64_t keys = 300, used = 70;
  for (bool isCausal : {false, true}) {
    Case c;
    c.spec.policy = numerics::compensatedPolicy();
    c.spec.scale = 0.25;
    c.spec.causal = isCausal;
    c.spec.query.shape = {2, keys, 16};
    c.spec.key.shape = c.spec.value.shape = {1, keys, 16};
    c.spec.result.shape = c.spec.query.shape;
    std::normal_distribution<float> normal;
    for (int64_t heads : {2, 1, 1}) {
      c.inputs.emplace_back(ElementType::F32,
                            llvm::ArrayRef<int64_t>{heads, keys, 16});
      HostTensor &tensor = c.inputs.back();
      for (int64_t n = 0; n < tensor.getNumElements(); ++n)
        tensor.as<float>()[n] = normal(random);
      tensor.as<float>()[tensor.getNumElements() - 1] = 40.0f;
    }
    if (!isCausal) {
      c.spec.mask = TensorSpec{ElementType::I1, {2, 1, keys}};
      HostTensor &mask =
          c.inputs.emplace_back(ElementType::I1, c.spec.mask->shape);
      for (int64_t n = 0; n < 2 * keys; ++n) // the heads differ
        mask.as<uint8_t>()[n] = n % keys < (n < keys ? 3 : used);
    }
    ASSERT_TRUE(hasKernel(c));
    std::vector<uint8_t> expected = runReference(c);
    for (const CPUTarget &target : getCPUTargets())
      if (isSupportedByHost(target.kind)) {
        EXPECT_EQ(runKernel(c, target.name), expected) << target.name.str();
      }
  }
}

// Two chunks of 64 dimensions, after which LLVM's scheduler for AMD's
// processors took another tile, of another shape.
TEST_F(KernelTest, TilesAreTheOnesThatAreNamed) {
  TileEmulator::install();
  if (!isSupportedByHost(TargetKind::AMX))
    GTEST_SKIP()
        << "AMX is emulated in AVX512-BF16, which this processor lacks";
  random.seed(810064);
  Case c = drawCase();
  ASSERT_TRUE(hasKernel(c));
  uint64_t before = TileEmulator::getNumInstructions();
  EXPECT_EQ(runKernel(c, "amx"), runReference(c));
  if (TileEmulator::isInstalled()) {
    EXPECT_GT(TileEmulator::getNumInstructions(), before);
  }
}

TEST_F(KernelTest, KernelsEqualTheReference) {
  TileEmulator::install();
  Seeds seeds = Seeds::get(40001, 12);
  int ran = 0;
  for (uint64_t seed = seeds.first; seed < seeds.end() && !HasFailure();
       ++seed) {
    random.seed(seed);
    Case c = drawCase();
    std::vector<uint8_t> expected = runReference(c);
    if (expected.empty() || !hasKernel(c))
      continue;
    for (const CPUTarget &target : getCPUTargets()) {
      // Of pruned attention AVX512-BF16 has the kernels of AVX-512.
      if (!isSupportedByHost(target.kind) ||
          target.kind == TargetKind::AVX512BF16)
        continue;
      EXPECT_EQ(runKernel(c, target.name), expected)
          << "seed " << seed << " on " << target.name.str() << ":\n"
          << getModule(c);
      ++ran;
    }
  }
  std::printf("%d runs of kernels\n", ran);
  EXPECT_GT(ran, 0);
}
