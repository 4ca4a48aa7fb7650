//===- SiteRunnerTest.cpp - engines that differ are found -----------------===//

#include "hdp/Execution/SiteRunner.h"
#include "ModuleTest.h"
#include <cmath>

using namespace hdp;

/// Pruned attention between two transposed layouts, so that counting has to
/// find the heads; two heads of three rows.
static const char kModel[] = R"mlir(
func.func @f(%q: tensor<1x3x2x4xf32>, %k: tensor<1x2x4x4xf32>)
    -> tensor<1x2x3x4xf32> {
  %init = tensor.empty() : tensor<1x2x3x4xf32>
  %0 = hdp.attention
      ins(%q, %k, %k : tensor<1x3x2x4xf32>, tensor<1x2x4x4xf32>,
                       tensor<1x2x4x4xf32>)
      outs(%init : tensor<1x2x3x4xf32>)
      {scale = 0.5, POLICY query_perm = array<i64: 0, 2, 1, 3>}
      -> tensor<1x2x3x4xf32>
  return %0 : tensor<1x2x3x4xf32>
}
)mlir";

namespace {
/// The reference, with one element of one result changed on request.
class Spoiled : public AttentionEngine {
public:
  explicit Spoiled(std::string tensor)
      : tensor(std::move(tensor)), inner(makeReferenceEngine()) {}
  llvm::StringRef getName() const override { return "spoiled"; }

  llvm::Expected<std::unique_ptr<PreparedSite>>
  prepare(mlir::func::FuncOp site) const override {
    auto prepared = inner->prepare(site);
    if (!prepared)
      return prepared.takeError();
    return std::make_unique<Site>(tensor, std::move(*prepared));
  }

private:
  struct Site : PreparedSite {
    Site(std::string tensor, std::unique_ptr<PreparedSite> inner)
        : tensor(std::move(tensor)), inner(std::move(inner)) {}
    llvm::Expected<std::vector<NamedTensor>>
    run(llvm::ArrayRef<const HostTensor *> inputs) const override {
      auto results = inner->run(inputs);
      if (results)
        for (NamedTensor &named : *results)
          if (named.name == tensor)
            named.tensor.getData()[named.tensor.getNumBytes() - 1] ^= 1;
      return results;
    }
    std::string tensor;
    std::unique_ptr<PreparedSite> inner;
  };

  std::string tensor;
  std::unique_ptr<AttentionEngine> inner;
};

class SiteRunnerTest : public ModuleTest {
protected:
  /// Calls the model with the reference and a spoiled one.
  void run(const std::string &policy, std::string spoiled, bool exact) {
    std::string text = kModel;
    std::string attribute = policy.empty() ? "" : "policy = " + policy + ", ";
    text.replace(text.find("POLICY"), 6, attribute);
    auto module = parse(text);
    CompileOptions options;
    options.dispatchAttention = true;
    options.siteResults = SiteResults::All;
    auto compiled = CompiledModel::compile(*module, options);
    ASSERT_TRUE(static_cast<bool>(compiled))
        << llvm::toString(compiled.takeError());
    model = std::move(*compiled);
    std::vector<std::unique_ptr<AttentionEngine>> engines;
    engines.push_back(makeReferenceEngine());
    engines.push_back(std::make_unique<Spoiled>(std::move(spoiled)));
    auto created = SiteRunner::create(*model, std::move(engines), exact);
    ASSERT_TRUE(static_cast<bool>(created))
        << llvm::toString(created.takeError());
    counters.layers.resize(model->getSites().size());
    model->setSiteCallback([&](int64_t site, llvm::ArrayRef<TensorView> views) {
      return (*created)->execute(site, views, counters);
    });
    const HostTensor *arguments[] = {&q, &k};
    auto results = model->run("f", arguments);
    ASSERT_TRUE(static_cast<bool>(results))
        << llvm::toString(results.takeError());
    ASSERT_EQ(counters.layers.size(), 1u);
    layer = counters.layers[0];
  }

  HostTensor q{ElementType::F32, {1, 3, 2, 4}};
  HostTensor k{ElementType::F32, {1, 2, 4, 4}};
  std::unique_ptr<CompiledModel> model;
  CallCounters counters;
  LayerReport layer;
};
} // namespace

TEST_F(SiteRunnerTest, EqualEngines) {
  run("#hdp.policy<paper>", "none", /*exact=*/true);
  EXPECT_EQ(layer.equal, true);
  EXPECT_EQ(layer.difference, "");
  EXPECT_EQ(layer.maxError, 0.0); // all scores and all of V are zero
}

TEST_F(SiteRunnerTest, OutputThatDiffers) {
  run("#hdp.policy<paper>", "out", /*exact=*/false);
  EXPECT_EQ(layer.equal, false);
  EXPECT_EQ(layer.difference, "reference and spoiled: out at [0, 1, 2, 3]: 0 "
                              "and 2.3509887e-38");
  EXPECT_FALSE(layer.maxError.has_value());
}

TEST_F(SiteRunnerTest, IntermediateThatDiffers) {
  run("#hdp.policy<paper>", "kept", /*exact=*/false);
  EXPECT_EQ(layer.equal, false);
  EXPECT_EQ(layer.difference.find("reference and spoiled: kept at "), 0u)
      << layer.difference;
}

TEST_F(SiteRunnerTest, ExactAttentionIsComparedWithinABound) {
  for (int i = 0; i < 32; ++i)
    k.as<float>()[i] = 1.0f;
  // The last byte of a float holds its exponent: 1 becomes 1/4.
  run("", "out", /*exact=*/true);
  EXPECT_EQ(layer.equal, false);
  EXPECT_EQ(layer.difference, "reference and spoiled: out by 0.75, with a "
                              "largest element of 1");
  EXPECT_FALSE(layer.maxError.has_value());
}

TEST_F(SiteRunnerTest, CountsBySampleAndLayout) {
  // Row 1 of head 1 (dimension 1 of Q counts rows here): one NaN, one value
  // beyond fixed<4.8>; head 0 has one, too.
  q.as<float>()[(1 * 2 + 1) * 4] = NAN;
  q.as<float>()[(1 * 2 + 1) * 4 + 1] = 9.0f;
  q.as<float>()[(2 * 2 + 0) * 4 + 3] = -9.0f;
  run("#hdp.policy<paper>", "none", /*exact=*/false);
  EXPECT_EQ(layer.nan, 1);
  EXPECT_EQ(layer.saturated, 2);
  EXPECT_EQ(layer.heads, 2);
  EXPECT_EQ(layer.fullBlocks, 2 * 2 * 2);
}

TEST_F(SiteRunnerTest, OnlySamplesThatCount) {
  // As if the two heads were two samples, the second a repetition.
  q.as<float>()[(1 * 2 + 1) * 4] = NAN;
  q.as<float>()[(2 * 2 + 0) * 4 + 3] = -9.0f;
  counters.numValid = 1;
  counters.batchSize = 2;
  run("#hdp.policy<paper>", "none", /*exact=*/false);
  EXPECT_EQ(layer.nan, 0);
  EXPECT_EQ(layer.saturated, 1);
  EXPECT_EQ(layer.heads, 1);
  EXPECT_EQ(layer.fullBlocks, 2 * 2);
}
