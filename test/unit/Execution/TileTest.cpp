//===- TileTest.cpp - kernels on AMX, and attention in bf16 ---------------===//
//
// The machine code of kernels for AMX is executed: by the processor where it
// has it, else instruction by instruction in software (TileEmulator.h). Pruned
// attention equals the loops on bits; bf16 is close to f32.
//
//===----------------------------------------------------------------------===//

#include "CompileAndRun.h"
#include "Dense.h"
#include "ModuleTest.h"
#include "TileEmulator.h"
#include "hdp/Execution/RandomInputs.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Support/CPUTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace hdp;

namespace {

class Tiles : public ModuleTest {
protected:
  static constexpr const char *kSkipped =
      "AMX is emulated in AVX512-BF16, which this processor lacks";

  static bool canRunAMX() {
    TileEmulator::install();
    return isSupportedByHost(TargetKind::AMX);
  }

  std::vector<HostTensor> run(llvm::StringRef text,
                              const CompileOptions &options) {
    auto module = parse(text);
    return compileAndRun(*module, options, {});
  }
};

/// Attention as a function of query, key, value and what `attributes` say.
std::string makeAttention(int64_t heads, int64_t lq, int64_t lk, int64_t d,
                          int64_t dv, llvm::StringRef element,
                          llvm::StringRef attributes,
                          llvm::StringRef mask = "") {
  auto type = [&](int64_t rows, int64_t columns) {
    return llvm::formatv("tensor<{0}x{1}x{2}x{3}>", heads, rows, columns,
                         element)
        .str();
  };
  std::string extra, clause;
  if (!mask.empty()) {
    extra = llvm::formatv(", %m: {0}", mask);
    clause = llvm::formatv(" mask(%m : {0})", mask);
  }
  return llvm::formatv(R"mlir(
    func.func @f(%q: {0}, %k: {1}, %v: {2}, %init: {3}{4}) -> {3} {{
      %0 = hdp.attention ins(%q, %k, %v : {0}, {1}, {2}){5}
          outs(%init : {3}) {{scale = 0.125 : f64{6}} -> {3}
      return %0 : {3}
    })mlir",
                       type(lq, d), type(lk, d), type(lk, dv), type(lq, dv),
                       extra, clause, attributes)
      .str();
}

} // namespace

// Whole and cut panels, one and several chunks of dimensions, masks.
TEST_F(Tiles, PooledPassEqualsTheLoops) {
  if (!canRunAMX())
    GTEST_SKIP() << kSkipped;
  const std::string policy = ", policy = #hdp.policy<compensated, rho = 0.2>";
  const std::string low = ", policy = #hdp.policy<compensated, rho = -0.3>";
  const std::string cases[] = {
      makeAttention(2, 64, 128, 64, 64, "f32", policy),
      makeAttention(2, 37, 150, 64, 32, "f32", policy + ", causal"),
      makeAttention(1, 19, 300, 32, 16, "f32", low),
      makeAttention(1, 8, 70, 96, 16, "bf16", policy, "tensor<1x8x70xi1>"),
      makeAttention(1, 5, 9, 17, 5, "f32", policy),
      makeAttention(1, 16, 33, 128, 128, "f16", low)};
  for (const std::string &text : cases) {
    SCOPED_TRACE(text);
    CompileOptions loops;
    loops.attention = AttentionLowering::Loops;
    CompileOptions kernel;
    kernel.target = "amx";
    auto expected = run(text, loops);
    uint64_t before = TileEmulator::getNumInstructions();
    auto found = run(text, kernel);
    ASSERT_EQ(expected.size(), 1u);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(describeDifference(expected[0], found[0]), std::nullopt);
    if (TileEmulator::isInstalled()) {
      EXPECT_GT(TileEmulator::getNumInstructions(), before);
      EXPECT_FALSE(TileEmulator::isConfigured());
    }
  }
}

/// The largest error of `found`, relative to the largest element.
static double getError(const HostTensor &expected, const HostTensor &found) {
  return computeMaxError(expected, found) / computeMaxMagnitude(expected);
}

// Several blocks of keys, odd sizes, masks, grouped heads and layouts; bf16 and
// f32 operands. Beside AMX's own sums nothing differs between the two targets.
TEST_F(Tiles, ExactAttentionInBF16) {
  if (!isSupportedByHost(TargetKind::AVX512BF16))
    GTEST_SKIP() << "products of bf16 need AVX512-BF16, which this processor "
                    "lacks";
  const std::string cases[] = {
      makeAttention(2, 64, 64, 64, 64, "f32", ""),
      makeAttention(2, 45, 77, 40, 24, "f32", ", causal"),
      makeAttention(1, 33, 700, 64, 17, "f32", ""),
      makeAttention(1, 7, 5, 3, 2, "f32", "", "tensor<1x1x5xi1>"),
      makeAttention(2, 50, 330, 64, 64, "bf16", ""),
      makeAttention(1, 20, 40, 64, 48, "f16", "", "tensor<1x20x40xi1>"),
      R"mlir(
    func.func @f(%q: tensor<35x4x24xf32>, %k: tensor<2x24x50xf32>,
                 %v: tensor<2x50x20xf32>, %init: tensor<4x35x20xf32>)
                 -> tensor<4x35x20xf32> {
      %0 = hdp.attention ins(%q, %k, %v : tensor<35x4x24xf32>,
                             tensor<2x24x50xf32>, tensor<2x50x20xf32>)
          outs(%init : tensor<4x35x20xf32>)
          {scale = 0.125 : f64, query_perm = array<i64: 1, 0, 2>,
           key_perm = array<i64: 0, 2, 1>} -> tensor<4x35x20xf32>
      return %0 : tensor<4x35x20xf32>
    })mlir",
      makeAttention(1, 1, 40, 64, 64, "f32", "")};
  bool hasAMX = canRunAMX();
  for (const std::string &text : cases) {
    SCOPED_TRACE(text);
    CompileOptions loops;
    loops.vectorize = false;
    auto expected = run(text, loops);
    ASSERT_EQ(expected.size(), 1u);
    CompileOptions options;
    options.exact = ExactProducts::BF16;
    options.target = "avx512-bf16";
    auto found = run(text, options);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_LT(getError(expected[0], found[0]), 2e-2);
    if (!hasAMX)
      continue;
    options.target = "amx";
    uint64_t before = TileEmulator::getNumInstructions();
    auto onTiles = run(text, options);
    ASSERT_EQ(onTiles.size(), 1u);
    EXPECT_LT(getError(expected[0], onTiles[0]), 2e-2);
    EXPECT_LT(getError(found[0], onTiles[0]), 1e-2);
    if (TileEmulator::isInstalled()) {
      EXPECT_GT(TileEmulator::getNumInstructions(), before);
      EXPECT_FALSE(TileEmulator::isConfigured());
    }
  }
}

// hdp-bench's own dense attention, whose tiles nobody else executes here.
TEST_F(Tiles, DenseBaseline) {
  if (!canRunAMX())
    GTEST_SKIP() << kSkipped;
  bench::DenseKernel kernel = bench::getDenseBF16AMX();
  ASSERT_NE(kernel.run, nullptr);
  struct Sizes {
    int64_t queries, keys, headDim, valueDim;
  };
  for (Sizes sizes : {Sizes{64, 64, 64, 64}, Sizes{37, 301, 40, 24},
                      Sizes{1, 1, 3, 5}, Sizes{33, 513, 96, 64}}) {
    auto tensors =
        makeRandomArguments({{ElementType::F32, {sizes.queries, sizes.headDim}},
                             {ElementType::F32, {sizes.keys, sizes.headDim}},
                             {ElementType::F32, {sizes.keys, sizes.valueDim}}},
                            {}, 1, 1.0);
    ASSERT_TRUE(static_cast<bool>(tensors));
    HostTensor out(ElementType::F32, {sizes.queries, sizes.valueDim});
    const float *q = (*tensors)[0].as<float>(), *k = (*tensors)[1].as<float>(),
                *v = (*tensors)[2].as<float>();
    bench::DenseCall call{q,
                          k,
                          v,
                          out.as<float>(),
                          sizes.queries,
                          sizes.keys,
                          sizes.headDim,
                          sizes.valueDim,
                          0.25f,
                          nullptr};
    std::vector<char> memory(kernel.getWorkspace(call) + 64);
    call.workspace = reinterpret_cast<char *>(
        llvm::alignTo(reinterpret_cast<uintptr_t>(memory.data()), 64));
    kernel.run(call);
    EXPECT_FALSE(TileEmulator::isConfigured());
    for (int64_t i = 0; i < sizes.queries; ++i) {
      std::vector<double> weights(sizes.keys);
      double total = 0;
      for (int64_t j = 0; j < sizes.keys; ++j) {
        double score = 0;
        for (int64_t t = 0; t < sizes.headDim; ++t)
          score += double(q[i * sizes.headDim + t]) * k[j * sizes.headDim + t];
        weights[j] = std::exp(0.25 * score);
        total += weights[j];
      }
      for (int64_t t = 0; t < sizes.valueDim; ++t) {
        double sum = 0;
        for (int64_t j = 0; j < sizes.keys; ++j)
          sum += weights[j] / total * v[j * sizes.valueDim + t];
        ASSERT_NEAR(out.as<float>()[i * sizes.valueDim + t], sum, 0.05)
            << i << ", " << t << " of " << sizes.keys << " keys";
      }
    }
  }
}

// Rounding is on request, and only where it pays: another target gives f32.
TEST_F(Tiles, OtherTargetsStayInF32) {
  std::string text = makeAttention(1, 20, 40, 64, 64, "f32", "");
  CompileOptions options;
  options.target = "portable";
  auto expected = run(text, options);
  options.exact = ExactProducts::BF16;
  auto found = run(text, options);
  ASSERT_EQ(expected.size(), 1u);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(describeDifference(expected[0], found[0]), std::nullopt);
}
