//===- ReferenceEngineTest.cpp - what the reference refuses ---------------===//
//
// Exact attention on a case worked by hand, and each of the engine's errors.
//
//===----------------------------------------------------------------------===//

#include "ModuleTest.h"
#include "hdp/Execution/AttentionSpec.h"
#include "hdp/Execution/Engine.h"
#include <cmath>
#include <limits>

using namespace hdp;

namespace {

class ReferenceEngineTest : public ModuleTest {
protected:
  ReferenceEngineTest()
      : module(mlir::ModuleOp::create(mlir::UnknownLoc::get(&context))) {
    spec.query.shape = {1, 2};
    spec.key.shape = {3, 2};
    spec.value.shape = {3, 1};
    spec.result.shape = {1, 1};
  }

  /// The results of the spec's site, or the error.
  llvm::Expected<std::vector<NamedTensor>>
  run(llvm::ArrayRef<const HostTensor *> inputs) {
    auto site = buildSite(spec, *module);
    if (!site)
      return site.takeError();
    auto prepared = engine->prepare(*site);
    if (!prepared)
      return prepared.takeError();
    return (*prepared)->run(inputs);
  }

  std::string errorOf(llvm::ArrayRef<const HostTensor *> inputs) {
    auto results = run(inputs);
    return results ? "" : llvm::toString(results.takeError());
  }

  std::string prepareError(llvm::StringRef text) {
    auto parsed = parse(text);
    auto prepared =
        engine->prepare(*parsed->getOps<mlir::func::FuncOp>().begin());
    return prepared ? "" : llvm::toString(prepared.takeError());
  }

  std::unique_ptr<AttentionEngine> engine = makeReferenceEngine();
  mlir::OwningOpRef<mlir::ModuleOp> module;
  AttentionSpec spec;
  HostTensor q = makeTensor<float>(ElementType::F32, {1, 2}, {1, 0});
  HostTensor k =
      makeTensor<float>(ElementType::F32, {3, 2}, {0, 5, 1, 5, 2, 5});
  HostTensor v = makeTensor<float>(ElementType::F32, {3, 1}, {1, 10, 100});
};

} // namespace

TEST_F(ReferenceEngineTest, ExactAttentionByHand) {
  // Scores 0, ln 2, 2 ln 2: weights 1/7, 2/7, 4/7.
  spec.scale = std::log(2.0);
  auto results = run({&q, &k, &v});
  ASSERT_TRUE(bool(results)) << llvm::toString(results.takeError());
  ASSERT_EQ(results->size(), 1u);
  EXPECT_EQ((*results)[0].name, "out");
  EXPECT_FLOAT_EQ((*results)[0].tensor.as<float>()[0], 421.0f / 7.0f);
}

TEST_F(ReferenceEngineTest, ExactAttentionTakesTheBiasLiterally) {
  spec.bias = TensorSpec{ElementType::F32, {1, 3}};
  HostTensor bias = makeTensor<float>(ElementType::F32, {1, 3},
                                      {-3.4e38f, -3.4e38f, -3.4e38f});
  auto average = run({&q, &k, &v, &bias});
  ASSERT_TRUE(bool(average));
  EXPECT_FLOAT_EQ((*average)[0].tensor.as<float>()[0], 37.0f);
  // Everything forbidden: 0.
  for (int j = 0; j < 3; ++j)
    bias.as<float>()[j] = -std::numeric_limits<float>::infinity();
  auto nothing = run({&q, &k, &v, &bias});
  ASSERT_TRUE(bool(nothing));
  EXPECT_EQ((*nothing)[0].tensor.as<float>()[0], 0.0f);
}

TEST_F(ReferenceEngineTest, InputsOfAnotherTypeOrNumber) {
  EXPECT_EQ(errorOf({&q, &k}), "expected 3 inputs, found 2");
  EXPECT_EQ(errorOf({&q, &v, &v}),
            "expected input 'k' of type tensor<3x2xf32>, found "
            "tensor<3x1xf32>");
}

TEST_F(ReferenceEngineTest, NaNInABiasWithAPolicy) {
  spec.policy = numerics::compensatedPolicy();
  spec.bias = TensorSpec{ElementType::F32, {1, 3}};
  HostTensor bias =
      makeTensor<float>(ElementType::F32, {1, 3},
                        {0, 0, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(errorOf({&q, &k, &v, &bias}),
            "expected a bias without NaN, found NaN at [0, 2]");
}

TEST_F(ReferenceEngineTest, DynamicSizesOutsideN0) {
  spec.policy = numerics::compensatedPolicy();
  spec.query.shape = {-1, -1};
  spec.key.shape = {-1, -1};
  spec.value.shape = {-1, -1};
  spec.result.shape = {-1, -1};
  EXPECT_EQ(errorOf({&q, &k, &v}), "");
  HostTensor noKeys(ElementType::F32, {0, 2});
  HostTensor noValues(ElementType::F32, {0, 1});
  EXPECT_EQ(errorOf({&q, &noKeys, &noValues}), "expected Lk from 1 to 32768");
}

TEST_F(ReferenceEngineTest, ShapesThatDoNotFit) {
  spec.query.shape = {-1, -1, -1};
  spec.key.shape = {-1, -1, -1};
  spec.value.shape = {-1, -1, -1};
  spec.result.shape = {-1, -1, -1};
  HostTensor query(ElementType::F32, {4, 3, 8});
  auto key = [](int64_t heads, int64_t length, int64_t depth) {
    return HostTensor(ElementType::F32, {heads, length, depth});
  };
  HostTensor good = key(2, 5, 8), heads = key(3, 5, 8), depth = key(2, 5, 7),
             length = key(2, 6, 8);
  EXPECT_EQ(errorOf({&query, &good, &good}), "");
  EXPECT_EQ(errorOf({&query, &good, &heads}),
            "expected 'key' and 'value' to have equal heads");
  EXPECT_EQ(errorOf({&query, &heads, &heads}),
            "expected query heads to be a multiple of key and value heads");
  EXPECT_EQ(errorOf({&query, &depth, &good}),
            "expected 'query' and 'key' to have equal d");
  EXPECT_EQ(errorOf({&query, &good, &length}),
            "expected 'key' and 'value' to have equal Lk");
  spec.mask = TensorSpec{ElementType::I1, {-1, -1, -1}};
  HostTensor mask(ElementType::I1, {1, 2, 5});
  EXPECT_EQ(errorOf({&query, &good, &good, &mask}),
            "expected dimension 1 of 'mask' to be 1 or that of the scores");
}

TEST_F(ReferenceEngineTest, BatchesThatDoNotFit) {
  spec.query.shape.assign(4, -1);
  spec.key.shape.assign(4, -1);
  spec.value.shape.assign(4, -1);
  spec.result.shape.assign(4, -1);
  HostTensor query(ElementType::F32, {2, 1, 3, 8});
  HostTensor key(ElementType::F32, {3, 1, 3, 8});
  EXPECT_EQ(errorOf({&query, &key, &key}),
            "expected 'query' and 'key' to have equal batches");
}

TEST_F(ReferenceEngineTest, ResultWhoseStaticSizesAreNotThoseOfTheInputs) {
  spec.query.shape = {-1, 2};
  HostTensor query(ElementType::F32, {2, 2});
  EXPECT_EQ(errorOf({&query, &k, &v}),
            "expected the sizes of the inputs to fit the result");
}

TEST_F(ReferenceEngineTest, FunctionsThatAreNoSites) {
  EXPECT_EQ(prepareError("func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
                         "  %0 = math.exp %x : tensor<4xf32>\n"
                         "  return %0 : tensor<4xf32>\n}"),
            "expected ops of decomposed attention, found 'math.exp'");
  EXPECT_EQ(prepareError("func.func @f(%x: memref<4xf32>) {\n  return\n}"),
            "expected a site function on tensors, found memref<4xf32>");
  EXPECT_EQ(prepareError("func.func private @f(tensor<4xf32>)"),
            "expected a site function of one block, found 'f'");
}

TEST_F(ReferenceEngineTest, SpecsThatTheOpRefuses) {
  spec.key.shape = {3, 4};
  EXPECT_NE(errorOf({&q, &k, &v}).find("expected"), std::string::npos);
  spec.policy = numerics::Policy();
  spec.policy->group = -1;
  EXPECT_EQ(errorOf({&q, &k, &v}), "expected a group of at least 0, found -1");
}
