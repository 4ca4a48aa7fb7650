//===- JitRuntimeTest.cpp - conversions that compiled code may call -------===//

#include "JitRuntime.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace hdp;

namespace {

/// LLVM's own, slow and exact.
uint16_t convert(double value, const llvm::fltSemantics &semantics) {
  llvm::APFloat number(value);
  bool losesInfo = false;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}

void expectEqual(double value) {
  EXPECT_EQ(truncateToHalf(value), convert(value, llvm::APFloat::IEEEhalf()))
      << value;
  EXPECT_EQ(truncateToBFloat(value), convert(value, llvm::APFloat::BFloat()))
      << value;
}

TEST(JitRuntimeTest, EveryHalfThereAndBack) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    float value = extendHalf(static_cast<uint16_t>(bits));
    llvm::APFloat half(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits));
    if (half.isNaN()) {
      EXPECT_TRUE(std::isnan(value));
      continue;
    }
    EXPECT_EQ(llvm::bit_cast<uint32_t>(value),
              llvm::bit_cast<uint32_t>(half.convertToFloat()));
    EXPECT_EQ(truncateToHalf(value), bits);
  }
}

TEST(JitRuntimeTest, HalfwayCasesRoundToEven) {
  for (uint32_t bits = 0; bits < 0x7bff; ++bits) {
    double low = extendHalf(static_cast<uint16_t>(bits));
    double high = extendHalf(static_cast<uint16_t>(bits + 1));
    double middle = (low + high) / 2;
    EXPECT_EQ(truncateToHalf(middle), bits + (bits & 1));
    EXPECT_EQ(truncateToHalf(std::nextafter(middle, low)), bits);
    EXPECT_EQ(truncateToHalf(-std::nextafter(middle, high)),
              0x8000 | (bits + 1));
  }
}

TEST(JitRuntimeTest, RandomDoublesOfEveryMagnitude) {
  std::mt19937_64 random(7);
  for (int exponent = -160; exponent <= 140; ++exponent)
    for (int i = 0; i < 50; ++i) {
      double fraction = 1 + static_cast<double>(random() >> 12) * 0x1p-52;
      expectEqual(std::ldexp(random() & 1 ? fraction : -fraction, exponent));
    }
}

TEST(JitRuntimeTest, Extremes) {
  double inf = std::numeric_limits<double>::infinity();
  for (double value : {0.0, -0.0, inf, -inf, 65504.0, 65519.99, 65520.0, 1e300,
                       -1e-300, 0x1p-25, 0x1.000001p-25, 5e-324})
    expectEqual(value);
  EXPECT_EQ(truncateToHalf(std::nan("")) & 0x7e00, 0x7e00);
  EXPECT_EQ(truncateToBFloat(std::nan("")) & 0x7fc0, 0x7fc0);
}

} // namespace
