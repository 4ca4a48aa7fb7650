//===- RaiseCheckTest.cpp - differences that raising must not make --------===//

#include "hdp/Execution/RaiseCheck.h"
#include "hdp/InitAll.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace hdp;

static HostTensor floats(llvm::ArrayRef<float> elements) {
  HostTensor tensor(ElementType::F32, {static_cast<int64_t>(elements.size())});
  llvm::copy(elements, tensor.as<float>());
  return tensor;
}

static FunctionCheck compare(llvm::ArrayRef<float> before,
                             llvm::ArrayRef<float> after) {
  FunctionCheck check;
  check.tolerance = 1e-4;
  compareResults({floats(before)}, {floats(after)}, check);
  return check;
}

TEST(RaiseCheck, ToleranceIsOfTheLargestMagnitude) {
  EXPECT_EQ(compare({1, -100}, {1.009f, -100}).difference, "");
  EXPECT_EQ(compare({1, -100}, {1.5f, -100}).difference,
            "result 0 at [0]: 1 before and 1.5 after raising");
  EXPECT_NEAR(compare({1, -100}, {1.5f, -100}).error, 5e-3, 1e-9);
  EXPECT_NE(compare({1, 2}, {1, INFINITY}).difference, "");
  EXPECT_EQ(compare({INFINITY}, {INFINITY}).difference, "");
}

TEST(RaiseCheck, NaNMayBecomeZeroOnly) {
  FunctionCheck guarded = compare({NAN, 1}, {0, 1});
  EXPECT_EQ(guarded.difference, "");
  EXPECT_EQ(guarded.numGuarded, 1);
  EXPECT_NE(compare({NAN, 1}, {0.5f, 1}).difference, "");
  EXPECT_NE(compare({1, 1}, {NAN, 1}).difference, "");
  EXPECT_EQ(compare({NAN, 1}, {NAN, 1}).difference, "");
}

TEST(RaiseCheck, ShapesHaveToAgree) {
  EXPECT_EQ(compare({1, 2}, {1}).difference, "result 0: 2xf32 and 1xf32");
}

static llvm::Expected<std::vector<FunctionCheck>> check(llvm::StringRef text) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hdp::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  return checkRaising(*module, {});
}

TEST(RaiseCheck, SaysWhatWasDone) {
  auto checks = check(R"mlir(
    func.func @attention(%q: tensor<4x4xf32>) -> tensor<4x4xf32> {
      %zero = arith.constant dense<0.0> : tensor<4x4xf32>
      %s = linalg.matmul ins(%q, %q : tensor<4x4xf32>, tensor<4x4xf32>)
                         outs(%zero : tensor<4x4xf32>) -> tensor<4x4xf32>
      %p = linalg.softmax dimension(1) ins(%s : tensor<4x4xf32>)
                          outs(%zero : tensor<4x4xf32>) -> tensor<4x4xf32>
      %o = linalg.matmul ins(%p, %q : tensor<4x4xf32>, tensor<4x4xf32>)
                         outs(%zero : tensor<4x4xf32>) -> tensor<4x4xf32>
      return %o : tensor<4x4xf32>
    }
    func.func @returned(%q: tensor<4x4xf16>) -> (tensor<4x4xf16>,
                                                 tensor<4x4xf16>) {
      %zero = arith.constant dense<0.0> : tensor<4x4xf16>
      %s = linalg.matmul ins(%q, %q : tensor<4x4xf16>, tensor<4x4xf16>)
                         outs(%zero : tensor<4x4xf16>) -> tensor<4x4xf16>
      %p = linalg.softmax dimension(1) ins(%s : tensor<4x4xf16>)
                          outs(%zero : tensor<4x4xf16>) -> tensor<4x4xf16>
      %o = linalg.matmul ins(%p, %q : tensor<4x4xf16>, tensor<4x4xf16>)
                         outs(%zero : tensor<4x4xf16>) -> tensor<4x4xf16>
      return %o, %s : tensor<4x4xf16>, tensor<4x4xf16>
    })mlir");
  ASSERT_TRUE(bool(checks)) << llvm::toString(checks.takeError());
  ASSERT_EQ(checks->size(), 2u);
  const FunctionCheck &attention = (*checks)[0], &returned = (*checks)[1];
  EXPECT_EQ(attention.raised, 1);
  EXPECT_TRUE(attention.isCompared);
  EXPECT_EQ(attention.tolerance, 1e-4);
  EXPECT_EQ(attention.difference, "");
  EXPECT_EQ(returned.raised, 0);
  EXPECT_EQ(returned.tolerance, 2e-2);
  ASSERT_EQ(returned.refusals.size(), 1u);
  EXPECT_EQ(returned.refusals[0].reason, "extra-use");
}

TEST(RaiseCheck, WhatCannotRunIsAnError) {
  auto complex = check("func.func @f(%x: tensor<2xcomplex<f32>>) -> "
                       "tensor<2xcomplex<f32>> "
                       "{ return %x : tensor<2xcomplex<f32>> }");
  ASSERT_FALSE(bool(complex));
  EXPECT_EQ(llvm::toString(complex.takeError()),
            "function 'f': it cannot be called");
}
