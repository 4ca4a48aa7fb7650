//===- ConvertTest.cpp - every f16, and what conversions refuse -----------===//

#include "hdp/Support/Convert.h"
#include "TestTensors.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <random>

using namespace hdp;
using namespace hdp::test;
using llvm::APFloat;

/// LLVM's soft floats, an implementation that shares nothing with ours.
static float widen(const llvm::fltSemantics &semantics, uint16_t bits) {
  APFloat value(semantics, llvm::APInt(16, bits));
  bool losesInfo;
  value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToFloat();
}

static uint16_t narrow(const llvm::fltSemantics &semantics, float number) {
  APFloat value(number);
  bool losesInfo;
  value.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint16_t>(value.bitcastToAPInt().getZExtValue());
}

static uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }

TEST(Convert, EverySixteenBitValueWidensExactly) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float half = halfToFloat(bits), bfloat = bfloatToFloat(bits);
    if (std::isnan(half))
      EXPECT_TRUE(std::isnan(widen(APFloat::IEEEhalf(), bits))) << bits;
    else
      EXPECT_EQ(bitsOf(half), bitsOf(widen(APFloat::IEEEhalf(), bits))) << bits;
    if (std::isnan(bfloat))
      EXPECT_TRUE(std::isnan(widen(APFloat::BFloat(), bits))) << bits;
    else
      EXPECT_EQ(bitsOf(bfloat), bitsOf(widen(APFloat::BFloat(), bits))) << bits;
  }
}

static void checkNarrowing(float value) {
  if (std::isnan(value)) {
    EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(value))));
    EXPECT_TRUE(std::isnan(bfloatToFloat(floatToBFloat(value))));
    return;
  }
  EXPECT_EQ(floatToHalf(value), narrow(APFloat::IEEEhalf(), value))
      << bitsOf(value);
  EXPECT_EQ(floatToBFloat(value), narrow(APFloat::BFloat(), value))
      << bitsOf(value);
}

TEST(Convert, NarrowingRoundsToNearestEven) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  for (unsigned i = 0; i < 300000; ++i)
    checkNarrowing(llvm::bit_cast<float>(static_cast<uint32_t>(random())));
  // Each f16 value, what lies halfway to the next one, and beside that.
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    float low = halfToFloat(bits), high = halfToFloat(bits + 1);
    float middle = std::isinf(high) ? 65520.0f : (low + high) / 2;
    for (float value : {low, middle, std::nextafterf(middle, 0.0f),
                        std::nextafterf(middle, INFINITY)}) {
      checkNarrowing(value);
      checkNarrowing(-value);
    }
  }
}

TEST(Convert, AllowedPairs) {
  ElementType all[] = {ElementType::I1,  ElementType::U8,   ElementType::I8,
                       ElementType::I16, ElementType::I32,  ElementType::I64,
                       ElementType::F16, ElementType::BF16, ElementType::F32,
                       ElementType::F64};
  unsigned allowed = 0;
  for (ElementType from : all)
    for (ElementType to : all) {
      llvm::Expected<HostTensor> result = convertTo(HostTensor(from, {2}), to);
      EXPECT_EQ(static_cast<bool>(result), isConvertible(from, to));
      if (result) {
        EXPECT_EQ(result->getElementType(), to);
        allowed += from != to;
      } else {
        llvm::consumeError(result.takeError());
      }
    }
  EXPECT_EQ(allowed, 6u);
  EXPECT_EQ(getMessage(
                convertTo(HostTensor(ElementType::F64, {1}), ElementType::F32)),
            "cannot convert f64 to f32");
}

TEST(Convert, IntegersAreRangeChecked) {
  HostTensor wide =
      makeTensor<int64_t>(ElementType::I64, {2, 2}, {1, -1, 2147483648, 0});
  EXPECT_EQ(getMessage(convertTo(wide, ElementType::I32)),
            "element [1, 0] is 2147483648, which does not fit i32");
  wide.as<int64_t>()[2] = -2147483648;
  llvm::Expected<HostTensor> narrow = convertTo(wide, ElementType::I32);
  ASSERT_TRUE(static_cast<bool>(narrow));
  EXPECT_TRUE(areEqual(*convertTo(*narrow, ElementType::I64), wide));
}

TEST(Convert, FirstNaNAndItsPosition) {
  HostTensor tensor = makeTensor<float>(ElementType::F32, {2, 3},
                                        {1, INFINITY, 0, 0, NAN, NAN});
  ASSERT_TRUE(findNaN(tensor).has_value());
  EXPECT_EQ(formatPosition(tensor.getShape(), *findNaN(tensor)), "[1, 1]");
  EXPECT_FALSE(findNaN(HostTensor(ElementType::I64, {3})));
  EXPECT_TRUE(findNaN(makeTensor<uint16_t>(ElementType::F16, {1}, {0x7c01})));
  EXPECT_FALSE(findNaN(makeTensor<uint16_t>(ElementType::F16, {1}, {0x7c00})));
}
