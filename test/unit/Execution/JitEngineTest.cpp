//===- JitEngineTest.cpp - site functions as machine code -----------------===//

#include "ModuleTest.h"
#include "hdp/Execution/Engine.h"

using namespace hdp;

namespace {

class JitEngineTest : public ModuleTest {
protected:
  llvm::Expected<std::unique_ptr<PreparedSite>> prepare(llvm::StringRef text) {
    module = parse(text);
    return engine->prepare(*module->getOps<mlir::func::FuncOp>().begin());
  }

  std::unique_ptr<AttentionEngine> engine = makeJitEngine();
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(JitEngineTest, ResultsCarryTheirNames) {
  EXPECT_EQ(engine->getName(), "cpu");
  auto site = prepare(R"(
    func.func private @site(%q: tensor<2x3xf32> {hdp.tensor = "q"})
        -> (tensor<2x3xf32> {hdp.tensor = "out"},
            tensor<1xi32> {hdp.tensor = "sQ"}) {
      %s = arith.constant dense<5> : tensor<1xi32>
      return %q, %s : tensor<2x3xf32>, tensor<1xi32>
    })");
  ASSERT_TRUE(bool(site)) << llvm::toString(site.takeError());
  HostTensor query =
      makeTensor<float>(ElementType::F32, {2, 3}, {1, 2, 3, 4, 5, 6});
  auto results = (*site)->run({&query});
  ASSERT_TRUE(bool(results)) << llvm::toString(results.takeError());
  ASSERT_EQ(results->size(), 2u);
  EXPECT_EQ((*results)[0].name, "out");
  EXPECT_EQ(toVector<float>((*results)[0].tensor), toVector<float>(query));
  EXPECT_EQ((*results)[1].name, "sQ");
  EXPECT_EQ(*(*results)[1].tensor.as<int32_t>(), 5);
  // The function itself is untouched.
  EXPECT_TRUE((*module->getOps<mlir::func::FuncOp>().begin()).isPrivate());
}

TEST_F(JitEngineTest, WrongInputsAreRefused) {
  auto site = prepare(R"(
    func.func private @site(%q: tensor<2x3xf32>)
        -> (tensor<2x3xf32> {hdp.tensor = "out"}) {
      return %q : tensor<2x3xf32>
    })");
  ASSERT_TRUE(bool(site)) << llvm::toString(site.takeError());
  HostTensor query(ElementType::F32, {3, 3});
  auto results = (*site)->run({&query});
  ASSERT_FALSE(bool(results));
  EXPECT_EQ(llvm::toString(results.takeError()),
            "argument 0 of 'site' must be tensor<2x3xf32>, found "
            "tensor<3x3xf32>");
}

TEST_F(JitEngineTest, ResultWithoutANameIsRefused) {
  auto site = prepare(R"(
    func.func private @site(%q: tensor<2x3xf32>) -> tensor<2x3xf32> {
      return %q : tensor<2x3xf32>
    })");
  ASSERT_FALSE(bool(site));
  EXPECT_EQ(llvm::toString(site.takeError()),
            "result 0 of site function 'site' has no name");
}

} // namespace
