//===- RandomInputsTest.cpp - seeds, distributions, refusals --------------===//

#include "hdp/Execution/RandomInputs.h"
#include "Support/TestTensors.h"
#include <cmath>

using namespace hdp;
using namespace hdp::test;

static ValueType type(ElementType element, llvm::ArrayRef<int64_t> shape) {
  return ValueType{element, llvm::SmallVector<int64_t, 4>(shape)};
}

static std::string refuseShape(llvm::StringRef text) {
  ArgumentShapes shapes;
  return llvm::toString(parseArgumentShape(text, shapes));
}

TEST(RandomInputs, SameSeedSameValues) {
  ValueType types[] = {type(ElementType::F32, {2, -1, 3}),
                       type(ElementType::I64, {40})};
  auto first = llvm::cantFail(makeRandomArguments(types, {}, 5));
  auto other = llvm::cantFail(makeRandomArguments(types, {}, 6));
  auto longer = llvm::cantFail(makeRandomArguments(types, {{0, {2, 9, 3}}}, 5));
  EXPECT_EQ(formatType(first[0]), "2x16x3xf32");
  EXPECT_EQ(formatType(longer[0]), "2x9x3xf32");
  EXPECT_FALSE(areEqual(first[0], other[0]));
  // An argument does not depend on the sizes of another one.
  EXPECT_TRUE(areEqual(first[1], longer[1]));
  EXPECT_FALSE(areEqual(first[1], other[1]));
}

TEST(RandomInputs, Distributions) {
  ValueType types[] = {type(ElementType::F32, {10, 10, 100}),
                       type(ElementType::F32, {100, 100}),
                       type(ElementType::I1, {10000})};
  auto arguments = llvm::cantFail(makeRandomArguments(types, {}, 1));
  double scales[] = {1.0, 0.05};
  for (int i = 0; i < 2; ++i) {
    double sum = 0, squares = 0;
    for (int j = 0; j < 10000; ++j) {
      double x = arguments[i].as<float>()[j] / scales[i];
      sum += x;
      squares += x * x;
    }
    EXPECT_NEAR(sum / 10000, 0, 0.05);
    EXPECT_NEAR(squares / 10000, 1, 0.05);
  }
  int ones = 0;
  for (int j = 0; j < 10000; ++j) {
    ASSERT_LE(arguments[2].as<uint8_t>()[j], 1);
    ones += arguments[2].as<uint8_t>()[j];
  }
  EXPECT_NEAR(ones, 5000, 250);
}

TEST(RandomInputs, ShapeText) {
  const char *form = "': expected INDEX:SIZExSIZE.., such as 0:2x16x64";
  for (std::string text : {"", "2x3", "x:2", "-1:2", "0:", "0:2x", "0:axb"})
    EXPECT_EQ(refuseShape(text), "shape '" + text + form);
  EXPECT_EQ(refuseShape("0:1x0x64"),
            "shape '0:1x0x64': expected sizes of at least 1, found 0");
  ArgumentShapes shapes;
  EXPECT_EQ(llvm::toString(parseArgumentShape("1:2x3", shapes)), "");
  EXPECT_EQ(llvm::toString(parseArgumentShape("1:4x3", shapes)),
            "shape '1:4x3': argument 1 has a shape already");
}

TEST(RandomInputs, ShapeDoesNotFitTheFunction) {
  ValueType types[] = {type(ElementType::F32, {2, -1})};
  auto refuse = [&](ArgumentShapes shapes) {
    return getMessage(makeRandomArguments(types, shapes, 1));
  };
  EXPECT_EQ(refuse({{1, {2}}}),
            "shape of argument 1: the function has 1 arguments");
  EXPECT_EQ(refuse({{0, {3, 4}}}),
            "shape of argument 0: expected tensor<2x?xf32>, found "
            "tensor<3x4xf32>");
  EXPECT_EQ(refuse({{0, {2, 4611686018427387904}}}),
            "shape of argument 0: tensor<2x4611686018427387904xf32> does not "
            "fit 63 bits");
}
