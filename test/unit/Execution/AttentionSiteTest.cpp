//===- AttentionSiteTest.cpp - attention left to the host -----------------===//

#include "ModuleTest.h"
#include "hdp/Execution/CompiledModel.h"

using namespace hdp;

namespace {

constexpr llvm::StringLiteral kTwoLayers = R"(
  func.func @main(%q: tensor<2x4x8xf32>, %n: tensor<1x4x4xi1>)
      -> tensor<2x4x8xf32> {
    %e = tensor.empty() : tensor<2x4x8xf32>
    %0 = hdp.attention
        ins(%q, %q, %q : tensor<2x4x8xf32>, tensor<2x4x8xf32>,
                         tensor<2x4x8xf32>)
        outs(%e : tensor<2x4x8xf32>) {scale = 0.125} -> tensor<2x4x8xf32>
    %1 = hdp.attention
        ins(%0, %q, %q : tensor<2x4x8xf32>, tensor<2x4x8xf32>,
                         tensor<2x4x8xf32>)
        outs(%e : tensor<2x4x8xf32>) {scale = 0.125} -> tensor<2x4x8xf32>
    %2 = hdp.attention
        ins(%1, %q, %q : tensor<2x4x8xf32>, tensor<2x4x8xf32>,
                         tensor<2x4x8xf32>)
        mask(%n : tensor<1x4x4xi1>)
        outs(%e : tensor<2x4x8xf32>)
        {scale = 0.125, policy = #hdp.policy<compensated>}
        -> tensor<2x4x8xf32>
    return %2 : tensor<2x4x8xf32>
  })";

class AttentionSiteTest : public ModuleTest {
protected:
  void SetUp() override {
    module = parse(kTwoLayers);
    CompileOptions options;
    options.dispatchAttention = true;
    auto compiled = CompiledModel::compile(*module, options);
    if (!compiled)
      FAIL() << llvm::toString(compiled.takeError());
    model = std::move(*compiled);
  }

  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<CompiledModel> model;
  HostTensor query{ElementType::F32, {2, 4, 8}};
  HostTensor mask{ElementType::I1, {1, 4, 4}};
};

TEST_F(AttentionSiteTest, SitesAreListedAndEqualOnesShareAFunction) {
  auto sites = model->getSites();
  ASSERT_EQ(sites.size(), 3u);
  EXPECT_EQ(sites[2].id, 2);
  EXPECT_FALSE(sites[0].policy);
  EXPECT_TRUE(sites[2].policy);
  EXPECT_EQ(sites[0].function, sites[1].function);
  EXPECT_NE(sites[0].function, sites[2].function);
  mlir::func::FuncOp exact = sites[0].function, pruned = sites[2].function;
  EXPECT_EQ(exact.getNumArguments(), 3u);
  EXPECT_EQ(pruned.getNumArguments(), 4u);
}

TEST_F(AttentionSiteTest, CallbackReadsOperandsAndFillsTheOutput) {
  for (int64_t i = 0; i < query.getNumElements(); ++i)
    query.as<float>()[i] = static_cast<float>(i);
  std::vector<int64_t> order;
  model->setSiteCallback(
      [&](int64_t site, llvm::ArrayRef<TensorView> views) -> llvm::Error {
        order.push_back(site);
        EXPECT_EQ(views.size(), site == 2 ? 5u : 4u);
        HostTensor output = views[0].toHost();
        for (int64_t i = 0; i < output.getNumElements(); ++i)
          output.as<float>()[i] += 1;
        return views.back().assign(output);
      });
  auto results = model->run("main", {&query, &mask});
  ASSERT_TRUE(bool(results)) << llvm::toString(results.takeError());
  EXPECT_EQ(order, (std::vector<int64_t>{0, 1, 2}));
  for (int64_t i = 0; i < query.getNumElements(); ++i)
    EXPECT_EQ(results->front().as<float>()[i], static_cast<float>(i + 3));
}

TEST_F(AttentionSiteTest, ErrorOfTheCallbackEndsTheCall) {
  model->setSiteCallback([](int64_t site, llvm::ArrayRef<TensorView> views) {
    if (site == 1)
      return llvm::createStringError("NaN in the bias");
    return views.back().assign(views[0].toHost());
  });
  auto results = model->run("main", {&query, &mask});
  ASSERT_FALSE(bool(results));
  EXPECT_EQ(llvm::toString(results.takeError()), "NaN in the bias");
}

TEST_F(AttentionSiteTest, WithoutCallbackTheCallFails) {
  auto results = model->run("main", {&query, &mask});
  ASSERT_FALSE(bool(results));
  EXPECT_EQ(llvm::toString(results.takeError()),
            "nothing executes attention site 0");
}

TEST_F(AttentionSiteTest, OutputOfAnotherShapeIsRefused) {
  model->setSiteCallback([](int64_t, llvm::ArrayRef<TensorView> views) {
    return views.back().assign(HostTensor(ElementType::F32, {2, 8, 4}));
  });
  auto results = model->run("main", {&query, &mask});
  ASSERT_FALSE(bool(results));
  EXPECT_EQ(llvm::toString(results.takeError()),
            "expected tensor<2x4x8xf32>, found tensor<2x8x4xf32>");
}

TEST_F(AttentionSiteTest, CompiledCodeMayBeCalledFromASite) {
  auto other = parse(R"(
    func.func @main(%n: i64) -> i64 {
      %c0 = arith.constant 0 : i64
      %ok = arith.cmpi eq, %n, %c0 : i64
      cf.assert %ok, "inner"
      return %n : i64
    })");
  auto inner = CompiledModel::compile(*other);
  ASSERT_TRUE(bool(inner));
  model->setSiteCallback(
      [&](int64_t site, llvm::ArrayRef<TensorView> views) -> llvm::Error {
        HostTensor n(ElementType::I64, {});
        *n.as<int64_t>() = site / 2;
        auto results = (*inner)->run("main", {&n});
        if (!results)
          return llvm::createStringError("site " + llvm::Twine(site) + ": " +
                                         llvm::toString(results.takeError()));
        return views.back().assign(views[0].toHost());
      });
  auto results = model->run("main", {&query, &mask});
  ASSERT_FALSE(bool(results));
  EXPECT_EQ(llvm::toString(results.takeError()), "site 2: inner");
}

TEST(TensorViewTest, StridedMemory) {
  float memory[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  // Every second element of every row of four, transposed.
  TensorView view{
      ElementType::F32, reinterpret_cast<char *>(memory + 1), {2, 3}, {2, 4}};
  EXPECT_EQ(toVector<float>(view.toHost()),
            (std::vector<float>{1, 5, 9, 3, 7, 11}));
  HostTensor source =
      makeTensor<float>(ElementType::F32, {2, 3}, {-1, -2, -3, -4, -5, -6});
  EXPECT_FALSE(bool(view.assign(source)));
  EXPECT_EQ(toVector<float>(view.toHost()), toVector<float>(source));
  EXPECT_EQ(memory[2], 2);
}

} // namespace
