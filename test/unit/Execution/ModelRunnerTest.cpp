//===- ModelRunnerTest.cpp - choosing functions, layers, engines ----------===//

#include "hdp/Execution/ModelRunner.h"
#include "ModuleTest.h"

using namespace hdp;

static const char kModel[] = R"mlir(
func.func @f(%q: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  %init = tensor.empty() : tensor<2x4x8xf32>
  %0 = hdp.attention
      ins(%q, %q, %q : tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>)
      outs(%init : tensor<2x4x8xf32>) {scale = 0.5} -> tensor<2x4x8xf32>
  %1 = hdp.attention
      ins(%0, %q, %0 : tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>)
      outs(%init : tensor<2x4x8xf32>) {scale = 0.5} -> tensor<2x4x8xf32>
  return %1 : tensor<2x4x8xf32>
}
)mlir";

namespace {
class ModelRunnerTest : public ModuleTest {
protected:
  std::string create(RunnerOptions options) {
    auto created = ModelRunner::create(parse(kModel), std::move(options));
    if (!created)
      return llvm::toString(created.takeError());
    runner = std::move(*created);
    return "";
  }

  RunReport run(RunnerOptions options) {
    EXPECT_EQ(create(std::move(options)), "");
    EXPECT_EQ(llvm::toString(runner->compile()), "");
    HostTensor q(ElementType::F32, {2, 4, 8});
    for (int64_t i = 0; i < q.getNumElements(); ++i)
      q.as<float>()[i] = static_cast<float>(i * 37 % 11) / 4 - 1;
    const HostTensor *arguments[] = {&q};
    auto outcome = runner->run(arguments);
    EXPECT_TRUE(static_cast<bool>(outcome))
        << llvm::toString(outcome.takeError());
    return runner->getReport();
  }

  std::unique_ptr<ModelRunner> runner;
};
} // namespace

TEST_F(ModelRunnerTest, SignatureIsKnownBeforeCompiling) {
  ASSERT_EQ(create({}), "");
  EXPECT_EQ(runner->getSignature().name, "f");
  EXPECT_EQ(formatType(runner->getSignature().results[0]), "tensor<2x4x8xf32>");
  EXPECT_EQ(runner->getNumAttentions(), 2);
}

TEST_F(ModelRunnerTest, UnknownPolicyKeyListsTheKnownOnes) {
  RunnerOptions options;
  options.policy = "paper,rhoo=1";
  std::string message = create(options);
  EXPECT_NE(message.find("'rhoo'"), std::string::npos) << message;
  EXPECT_NE(message.find("reciprocal"), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST_F(ModelRunnerTest, UnknownEngine) {
  RunnerOptions options;
  options.policy = "paper";
  options.engines = {"abacus"};
  ASSERT_EQ(create(options), "");
  EXPECT_EQ(llvm::toString(runner->compile()), "no engine 'abacus'");
}

TEST_F(ModelRunnerTest, PolicyOfOneLayer) {
  RunnerOptions options;
  options.policy = "compensated,rho=0.8";
  options.layers = {"1"};
  options.engines = {"reference", "cpu"};
  options.compare = true;
  RunReport report = run(options);
  ASSERT_EQ(report.layers.size(), 2u);
  EXPECT_EQ(report.layers[0].policy, "");
  EXPECT_EQ(report.layers[1].policy, "compensated, rho = 0.8");
  EXPECT_EQ(report.layers[0].heads, 0);
  EXPECT_EQ(report.layers[1].heads, 2);
  EXPECT_EQ(report.layers[1].fullBlocks, 8);
  EXPECT_EQ(report.getEnginesEqual(), true);
  EXPECT_FALSE(report.layers[0].maxError.has_value());
  EXPECT_GT(*report.layers[1].maxError, 0.0);
  EXPECT_TRUE(runner->hasUnraised());
}

TEST_F(ModelRunnerTest, ExactAttentionOnTheCpuCountsNothing) {
  RunReport report = run({});
  ASSERT_EQ(report.layers.size(), 2u);
  EXPECT_FALSE(report.layers[0].hasPolicy());
  EXPECT_EQ(report.getPrunedFraction(), std::nullopt);
  EXPECT_FALSE(runner->hasUnraised());
}
