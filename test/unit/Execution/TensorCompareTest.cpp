//===- TensorCompareTest.cpp - bits, names and bounds ---------------------===//

#include "hdp/Execution/TensorCompare.h"
#include "Support/TestTensors.h"
#include <cmath>

using namespace hdp;
using namespace hdp::test;

static HostTensor floats(llvm::ArrayRef<float> elements) {
  return makeTensor<float>(ElementType::F32,
                           {static_cast<int64_t>(elements.size())}, elements);
}

TEST(TensorCompare, BitsOfZeroAndNaN) {
  EXPECT_EQ(describeDifference(floats({1, 0}), floats({1, -0.0f})),
            "[1]: 0 and -0");
  EXPECT_EQ(describeDifference(floats({NAN}), floats({NAN})), std::nullopt);
  EXPECT_EQ(describeDifference(floats({1}), floats({1, 2})), "1xf32 and 2xf32");
}

TEST(TensorCompare, NamesWhatBothHold) {
  HostTensor one = makeTensor<int32_t>(ElementType::I32, {1, 2}, {4, 5});
  HostTensor two = makeTensor<int32_t>(ElementType::I32, {1, 2}, {4, 6});
  NamedTensor a[] = {{"S", one}, {"e", one}, {"w", one}, {"M", one}};
  NamedTensor b[] = {{"w", two}, {"M", one}, {"S", two}};
  EXPECT_EQ(describeDifferences(a, b),
            "S at [0, 1]: 5 and 6; w at [0, 1]: 5 and 6");
  EXPECT_EQ(describeDifferences(a, llvm::ArrayRef(b).slice(1, 1)),
            std::nullopt);
  EXPECT_EQ(findTensor(a, "none"), nullptr);
}

TEST(TensorCompare, ErrorOfNonFinite) {
  EXPECT_EQ(computeMaxError(floats({1, NAN, INFINITY}),
                            floats({1.5f, NAN, INFINITY})),
            0.5);
  EXPECT_EQ(computeMaxError(floats({NAN}), floats({0})), INFINITY);
  EXPECT_EQ(computeMaxError(floats({INFINITY}), floats({-INFINITY})), INFINITY);
  EXPECT_EQ(computeMaxMagnitude(floats({1, -3, INFINITY, NAN})), 3.0);
}

TEST(TensorCompare, CloseIsRelativeToTheLargest) {
  EXPECT_TRUE(isClose(floats({100, 1}), floats({100, 1.0009f})));
  EXPECT_FALSE(isClose(floats({100, 1}), floats({100, 1.0011f})));
  EXPECT_FALSE(isClose(floats({1}), floats({NAN})));
  auto half = [](uint16_t bits) {
    return makeTensor<uint16_t>(ElementType::F16, {1}, {bits});
  };
  EXPECT_TRUE(isClose(half(0x3c00), half(0x3c01)));
  EXPECT_FALSE(isClose(half(0x3c00), half(0x3c03)));
  // Subnormals are as far apart as they are large.
  EXPECT_TRUE(isClose(half(0x0001), half(0x0002)));
  EXPECT_TRUE(isClose(half(0x0000), half(0x8001)));
  EXPECT_FALSE(isClose(half(0x0001), half(0x0003)));
}

TEST(TensorCompare, ElementsAsText) {
  EXPECT_EQ(formatElement(floats({0.1f}), 0), "0.100000001");
  EXPECT_EQ(formatElement(makeTensor<int8_t>(ElementType::I8, {1}, {-8}), 0),
            "-8");
  EXPECT_EQ(
      formatElement(makeTensor<uint16_t>(ElementType::BF16, {1}, {0x3f80}), 0),
      "1");
}
