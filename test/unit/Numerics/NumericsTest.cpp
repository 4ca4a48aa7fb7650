//===- NumericsTest.cpp - every rule on values worked by hand -------------===//
//
// The worked examples of docs/Numerics.md, rule by rule, read through
// NativeOps.
//
//===----------------------------------------------------------------------===//

#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Numerics/Normalise.h"
#include "hdp/Numerics/Pruning.h"
#include "hdp/Numerics/Softmax.h"
#include <gtest/gtest.h>

using namespace hdp::numerics;

namespace {

NativeOps ops;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

Policy withSplit(Split split) {
  Policy policy;
  policy.split = split;
  return policy;
}

Policy withThreshold(Selection selection, double threshold) {
  Policy policy;
  policy.selection = selection;
  policy.threshold = threshold;
  return policy;
}

/// The code of x with exponent 0.
int32_t codeOf(double x, const CodeFormat &format) {
  return quantizeValue(ops, x, quantizeFactor(ops, 0, format), format);
}

} // namespace

TEST(NativeOps, integersWrapAndNothingIsUndefined) {
  EXPECT_EQ(ops.add(INT32_MAX, 1), INT32_MIN);
  EXPECT_EQ(ops.sub(INT64_MIN, int64_t(1)), INT64_MAX);
  EXPECT_EQ(ops.mul(INT32_MIN, -1), INT32_MIN);
  EXPECT_EQ(ops.abs(INT32_MIN), INT32_MIN);
  EXPECT_EQ(ops.div(INT32_MIN, -1), INT32_MIN);
  EXPECT_EQ(ops.div(7, 0), 0);
  EXPECT_EQ(ops.div(-7, 2), -3);
  EXPECT_EQ(ops.shl(-1, 4), -16);
  EXPECT_EQ(ops.shl(1, 33), 2);
  EXPECT_EQ(ops.ashr(-17, 4), -2);
  EXPECT_EQ(ops.lshr(int64_t(-1), int64_t(60)), 15);
  EXPECT_EQ(ops.countLeadingZeros(0), 32);
  EXPECT_EQ(ops.countLeadingZeros(1), 31);
  EXPECT_EQ(ops.countLeadingZeros(-1), 0);
  EXPECT_EQ(ops.countLeadingZeros(int64_t(1) << 40), 23);
  EXPECT_EQ(ops.truncI64ToI32((int64_t(5) << 32) - 1), -1);
}

TEST(N1, formatsOfQueryKeyAndValue) {
  CodeFormat nearest = getQueryKeyFormat(compensatedPolicy());
  EXPECT_EQ(nearest.lo, -128);
  EXPECT_EQ(nearest.hi, 119);
  CodeFormat floor = getQueryKeyFormat(withSplit(Split::Floor));
  EXPECT_EQ(floor.hi, 127);
  EXPECT_EQ(getValueFormat(compensatedPolicy()).hi, 127);
  EXPECT_EQ(getValueFormat(paperPolicy()).lo, -32768);
}

TEST(N1, roundsToNearestEvenAndSaturates) {
  CodeFormat format = getQueryKeyFormat(compensatedPolicy());
  EXPECT_EQ(codeOf(1.3, format), 21);
  EXPECT_EQ(codeOf(0.03125, format), 0); // 0.5
  EXPECT_EQ(codeOf(0.09375, format), 2); // 1.5
  EXPECT_EQ(codeOf(-0.09375, format), -2);
  EXPECT_EQ(codeOf(7.5, format), 119);
  EXPECT_EQ(codeOf(-9.0, format), -128);
  EXPECT_EQ(codeOf(notANumber, format), 0);
  EXPECT_EQ(codeOf(infinity, format), 119);
  EXPECT_EQ(codeOf(-infinity, format), -128);
  EXPECT_EQ(codeOf(3.4e38, format), 119);
}

TEST(N1, countsWhatClampingChanges) {
  CodeFormat format = getQueryKeyFormat(compensatedPolicy());
  double factor = quantizeFactor(ops, 0, format);
  EXPECT_FALSE(saturates(ops, 7.46, factor, format)); // rint is 119
  EXPECT_TRUE(saturates(ops, 7.5, factor, format));
  EXPECT_FALSE(saturates(ops, -8.0, factor, format));
  EXPECT_TRUE(saturates(ops, -8.1, factor, format));
  EXPECT_TRUE(saturates(ops, -infinity, factor, format));
  EXPECT_FALSE(saturates(ops, notANumber, factor, format));
}

TEST(N1, dynamicExponent) {
  CodeFormat format = getQueryKeyFormat(compensatedPolicy());
  auto exponent = [&](double magnitude) {
    return dynamicExponent(ops, magnitude, format, maxExponent);
  };
  EXPECT_EQ(exponent(1.0), 2);
  EXPECT_EQ(exponent(1.859375), 2); // 119 / 64: fits exactly
  EXPECT_EQ(exponent(1.8593751), 1);
  EXPECT_EQ(exponent(7.4375), 0);
  EXPECT_EQ(exponent(7.5), -1);
  EXPECT_EQ(exponent(1e-30), 16);
  EXPECT_EQ(exponent(1.401298464324817e-45), 16); // the least f32
  EXPECT_EQ(exponent(1e30), -16);
  EXPECT_EQ(exponent(0.0), 0);
  EXPECT_EQ(exponent(infinity), 0);
  EXPECT_EQ(dynamicExponent(ops, 1e-30, format, maxExponentWithBias), 4);
}

TEST(N1, dynamicExponentIsTheLargestThatFits) {
  for (Split split : {Split::Floor, Split::Nearest})
    for (int64_t F = 1; F <= 12; ++F) {
      Policy policy = withSplit(split);
      policy.format = {4, F};
      CodeFormat format = getQueryKeyFormat(policy);
      for (double magnitude = 1e-7; magnitude < 1e7; magnitude *= 1.37) {
        int32_t expected = -16;
        for (int32_t s = -16; s <= 16; ++s)
          if (magnitude * std::pow(2.0, double(F + s)) <= format.hi)
            expected = s;
        EXPECT_EQ(dynamicExponent(ops, magnitude, format, 16), expected)
            << "F " << F << ", magnitude " << magnitude;
      }
    }
}

TEST(N1, magnitudeOfAHead) {
  double magnitude = maxMagnitude(ops, 0.0, -3.5);
  EXPECT_EQ(magnitude, 3.5);
  EXPECT_EQ(maxMagnitude(ops, magnitude, 2.0), 3.5);
  EXPECT_EQ(maxMagnitude(ops, magnitude, notANumber), infinity);
  EXPECT_EQ(maxMagnitude(ops, infinity, 2.0), infinity);
}

TEST(N1, valuesInUnitsOfTwelveBits) {
  Policy policy;
  EXPECT_EQ(alignValue(ops, 21, getValueFormat(policy)), 5376);
  EXPECT_EQ(alignValue(ops, -128, getValueFormat(policy)), -32768);
  policy.valueFractionBits = 12;
  EXPECT_EQ(alignValue(ops, 21, getValueFormat(policy)), 21);
}

TEST(N2, floorAndNearest) {
  struct Case {
    int32_t code, floorI, floorF, nearestI, nearestF;
  } cases[] = {{21, 1, 5, 1, 5},
               {27, 1, 11, 2, -5},
               {-21, -2, 11, -1, -5},
               {119, 7, 7, 7, 7},
               {-128, -8, 0, -8, 0}};
  Policy floor = withSplit(Split::Floor), nearest = withSplit(Split::Nearest);
  for (const Case &c : cases) {
    EXPECT_EQ(splitInteger(ops, c.code, floor), c.floorI) << c.code;
    EXPECT_EQ(splitFraction(ops, c.code, c.floorI, floor), c.floorF);
    EXPECT_EQ(splitInteger(ops, c.code, nearest), c.nearestI) << c.code;
    EXPECT_EQ(splitFraction(ops, c.code, c.nearestI, nearest), c.nearestF);
    EXPECT_EQ(joinParts(ops, c.nearestI, c.nearestF, nearest), c.code);
  }
}

TEST(N4, causalIsBottomRight) {
  EXPECT_TRUE(causalAllows<NativeOps>(ops, 0, 2, 2, 4));
  EXPECT_FALSE(causalAllows<NativeOps>(ops, 0, 3, 2, 4));
  EXPECT_TRUE(causalAllows<NativeOps>(ops, 1, 3, 2, 4));
  EXPECT_FALSE(causalAllows<NativeOps>(ops, 0, 0, 4, 2));
}

TEST(N4, biasForbidsOrCounts) {
  EXPECT_FALSE(biasAllows(ops, -8192.0));
  EXPECT_FALSE(biasAllows(ops, -infinity));
  EXPECT_TRUE(biasAllows(ops, -8191.5));
  EXPECT_TRUE(biasAllows(ops, infinity));
  Policy policy; // SF = 8
  double unit = scoreUnit(ops, 0.125, policy, 0, 0);
  EXPECT_EQ(unit, std::pow(2.0, -11));
  EXPECT_EQ(scoreUnit(ops, 0.125, policy, 3, -1), std::pow(2.0, -13));
  EXPECT_EQ(biasInScoreUnits(ops, 1.5, unit), 3072);
  EXPECT_EQ(biasInScoreUnits(ops, std::pow(2.0, -12), unit), 0); // 0.5
  EXPECT_EQ(biasInScoreUnits(ops, 3 * std::pow(2.0, -12), unit), 2);
  EXPECT_EQ(biasInScoreUnits(ops, -8191.5, unit), -16776192);
  EXPECT_EQ(biasInScoreUnits(ops, 1e6, unit), 268435456);
  EXPECT_EQ(biasInScoreUnits(ops, infinity, unit), 268435456);
}

TEST(N4, kindOfABlock) {
  Policy policy; // 2 x 2
  EXPECT_EQ(blockKind(ops, 4, 2, policy), 2);
  EXPECT_EQ(blockKind(ops, 3, 2, policy), 1);
  EXPECT_EQ(blockKind(ops, 0, 2, policy), 0);
  EXPECT_EQ(blockKind(ops, 2, 1, policy), 2); // the last row of an odd Lq
  EXPECT_EQ(blockKind(ops, 2, 2, policy), 1); // the last key of an odd Lk
}

TEST(N5, termOfAPosition) {
  Policy policy; // SF = 8
  EXPECT_EQ(integerScore(ops, -3, -700, policy), -6);
  EXPECT_EQ(importanceTerm(ops, -6, policy), -6);
  EXPECT_EQ(importanceTerm(ops, -6, paperPolicy()), 6);
}

TEST(N6, thresholdOfABlockRow) {
  auto threshold = [](double rho, int64_t n, int64_t sum, int64_t maximum,
                      int64_t minimum) {
    Policy policy = withThreshold(Selection::Rho, rho);
    return rowThreshold(
        ops, n, thresholdNumerator(ops, n, sum, maximum, minimum, policy));
  };
  EXPECT_EQ(threshold(0.5, 3, 18, 10, 2), 8);
  EXPECT_EQ(threshold(0.2, 3, 18, 10, 2), 7);
  EXPECT_EQ(threshold(-0.2, 3, 18, 10, 2), 6);
  EXPECT_EQ(threshold(0.5, 2, -10, -5, -5), -5);
  EXPECT_EQ(threshold(0.0, 2, -9, -4, -5), -4); // ceil of -4.5
  EXPECT_EQ(threshold(0.5, 0, 0, INT32_MIN, INT32_MAX), 0);
  EXPECT_TRUE(keptByThreshold(ops, 6, 6));
  EXPECT_FALSE(keptByThreshold(ops, 5, 6));
}

TEST(N6, topkByCount) {
  Policy policy = withThreshold(Selection::TopK, 0.3);
  EXPECT_EQ(policy.threshold8(), 77);
  EXPECT_EQ(topkCount(ops, 3, policy), 1);
  EXPECT_EQ(topkCount(ops, 7, policy), 3);
  EXPECT_EQ(topkCount(ops, 0, policy), 1);
  EXPECT_EQ(topkCount(ops, 7, withThreshold(Selection::TopK, 0.0)), 1);
  EXPECT_EQ(topkCount(ops, 7, withThreshold(Selection::TopK, 1.0)), 7);
  EXPECT_TRUE(precedes(ops, 10, 1, 6, 0));
  EXPECT_TRUE(precedes(ops, 6, 0, 6, 2));
  EXPECT_FALSE(precedes(ops, 6, 2, 6, 0));
  EXPECT_FALSE(precedes(ops, 6, 0, 6, 0));
}

TEST(N7, gateOfAHead) {
  Policy policy;
  policy.tau = 8.0; // tau8 = 2048
  EXPECT_TRUE(headIsKept(ops, 100, 12, 3, policy));
  EXPECT_TRUE(headIsKept(ops, 96, 12, 3, policy)); // equal is kept
  EXPECT_FALSE(headIsKept(ops, 95, 12, 3, policy));
  policy.tau = 8.4; // tau8 = 2150
  EXPECT_FALSE(headIsKept(ops, 100, 12, 3, policy));
  EXPECT_TRUE(headIsKept(ops, 0, 12, 0, policy)); // no full block
  policy.tau = -1.0;
  EXPECT_TRUE(headIsKept(ops, 0, 12, 3, policy));
  EXPECT_EQ(magnitudeTerm(ops, -6), 6);
  EXPECT_EQ(spreadTerm(ops, 3, 10, 18), 12);
  EXPECT_EQ(spreadTerm(ops, 0, INT32_MIN, 0), 0);
}

TEST(N7, gateOfAHugeHeadDoesNotOverflow) {
  Policy policy;
  policy.tau = 8388607.0;
  int64_t positions = int64_t(1) << 50;
  EXPECT_FALSE(headIsKept(ops, int64_t(1) << 54, positions, 1, policy));
  policy.tau = 16.0;
  EXPECT_TRUE(headIsKept(ops, int64_t(1) << 54, positions, 1, policy));
}

TEST(N8, crossAndFullScores) {
  // Codes 27 = (2, -5) and 21 = (1, 5): II = 2, cross sum -5 * 1 + 2 * 5.
  Policy policy;
  policy.products = Products::Cross;
  EXPECT_EQ(combineScore(ops, 2, 5, policy), 37);
  EXPECT_EQ(combineScore(ops, -2, 5, policy), -27);
  policy.products = Products::Full;
  EXPECT_EQ(combineScore(ops, 2, 27 * 21, policy), 567);
}

TEST(N9, scaleOfAHead) {
  Policy policy; // SF = 8
  ScaleConstants scale = getScaleConstants(0.125);
  EXPECT_EQ(scale.m, 23637);
  EXPECT_EQ(scale.a, 2);
  EXPECT_EQ(softmaxShift(ops, scale, policy, 0, 0), 0);
  EXPECT_EQ(softmaxShift(ops, scale, policy, 3, -1), 2);
  EXPECT_EQ(softmaxShift(ops, scale, policy, 16, 16), 32);
  EXPECT_EQ(softmaxShift(ops, scale, policy, 16, 17), 32);
  EXPECT_EQ(softmaxShift(ops, scale, policy, -16, -16), -15);
  // A mantissa that rounds up to one.
  ScaleConstants roundsUp = getScaleConstants(0.693145);
  EXPECT_EQ(roundsUp.m, 16384);
  EXPECT_EQ(roundsUp.a, -1);
}

TEST(N9, exponential) {
  EXPECT_EQ(expWeight(ops, 0, 0, 23637), 16384);
  EXPECT_EQ(expWeight(ops, 100, 0, 23637), 15623);
  EXPECT_EQ(expWeight(ops, 124, 0, 23637), 15448);
  EXPECT_EQ(expWeight(ops, 710, 0, 23637), 11586);
  EXPECT_EQ(expWeight(ops, 1420, 0, 23637), 8192);
  EXPECT_EQ(expWeight(ops, 400, 2, 23637), 15623);
  EXPECT_EQ(expWeight(ops, 25, -2, 23637), 15623);
  EXPECT_EQ(expWeight(ops, int64_t(1) << 31, -15, 23637), 0);
}

TEST(N9, exponentialIsWithinItsError) {
  for (int32_t u = 0; u < 1024; ++u) {
    // m = 2^15 - 1 leaves u as it is below 2^14.
    double ideal = 16384.0 * std::exp2(-u / 1024.0);
    double found = expWeight(ops, u, 0, 32767);
    EXPECT_LT(std::fabs(found / ideal - 1.0), 0.00226) << u;
  }
}

TEST(N9, weightOfAGroup) {
  Policy policy; // SF = 8
  EXPECT_EQ(groupMean(ops, -7, 8, policy), -224);
  EXPECT_EQ(groupMean(ops, -7, 3, policy), -598);
  EXPECT_EQ(groupMean(ops, 7, 3, policy), 597);
  EXPECT_EQ(groupWeight(ops, -100, -224, 8, 0, 23637), 15448);
  EXPECT_EQ(groupWeight(ops, -300, -224, 8, 0, 23637), 16384);
  EXPECT_EQ(groupWeight(ops, -100, -224, 0, 0, 23637), 0);
}

TEST(N10, weightsOfARow) {
  int32_t D = weightSum(ops, 16384 + 11586, 8192, 2);
  EXPECT_EQ(D, 44354);
  EXPECT_EQ(weightShift(ops, D), 1);
  EXPECT_EQ(weightShift(ops, 32767), 0);
  EXPECT_EQ(weightShift(ops, 32768), 1);
  EXPECT_EQ(weightShift(ops, (1 << 30) - 1), 15);
  EXPECT_EQ(roundWeight(ops, 8192, 1), 4096);
  EXPECT_EQ(roundWeight(ops, 5, 1), 3); // half goes up
  EXPECT_EQ(roundWeight(ops, 5, 0), 5);
  EXPECT_EQ(keptWeight(ops, 16384, 1, 4096, true), 4096);
  EXPECT_EQ(keptWeight(ops, 11586, 1, 4096, true), 1697);
  EXPECT_EQ(keptWeight(ops, 11586, 1, 4096, false), 5793);
}

TEST(N11, reciprocalOfADenominator) {
  Policy exact;
  Policy linear;
  linear.reciprocal = Reciprocal::Linear;
  struct Case {
    int32_t den, b, exactR, linearR;
  } cases[] = {{0, 0, 0, 0},
               {1, 1, 32768, 30841},
               {3, 2, 21845, 23131},
               {4, 3, 32768, 30841},
               {26273, 15, 20434, 21534},
               {40000, 16, 26844, 27438}};
  for (const Case &c : cases) {
    EXPECT_EQ(bitLength(ops, c.den), c.b);
    EXPECT_EQ(reciprocal(ops, c.den, c.b, exact), c.exactR) << c.den;
    EXPECT_EQ(reciprocal(ops, c.den, c.b, linear), c.linearR) << c.den;
  }
}

TEST(N11, outputCodes) {
  // 26273 weights of a V that is 4096 throughout.
  int64_t num = int64_t(26273) * 4096;
  EXPECT_EQ(outputCode(ops, num, 20434, 15), 4096);
  EXPECT_EQ(outputCode(ops, num, 21534, 15), 4316); // linear: 5.4 % more
  EXPECT_EQ(outputCode(ops, int64_t(1) << 20, 32768, 1), 32767);
  EXPECT_EQ(outputCode(ops, -(int64_t(1) << 20), 32768, 1), -32768);
  EXPECT_EQ(outputCode(ops, 0, 0, 0), 0);
}

TEST(N11, floatOfAnOutputCode) {
  EXPECT_EQ(dequantizeValue(ops, 4096, dequantizeFactor(ops, 0)), 1.0f);
  EXPECT_EQ(dequantizeValue(ops, 4096, dequantizeFactor(ops, 2)), 0.25f);
  EXPECT_EQ(dequantizeValue(ops, -3, dequantizeFactor(ops, -1)),
            -3.0f / 2048.0f);
  EXPECT_FALSE(std::signbit(dequantizeValue(ops, 0, dequantizeFactor(ops, 0))));
}

TEST(N12, gatedMeanTakesTheSameWay) {
  // Five valid positions whose V sum to 25000: their mean.
  int32_t b = bitLength(ops, 5);
  int32_t R = reciprocal(ops, 5, b, Policy());
  EXPECT_EQ(b, 3);
  EXPECT_EQ(R, 26214);
  EXPECT_EQ(outputCode(ops, 25000, R, b), 5000);
}

TEST(N13, headsThatShareKeys) {
  EXPECT_EQ(keyValueHead(ops, 3, 2), 1);
  EXPECT_EQ(keyValueHead(ops, 1, 2), 0);
  EXPECT_EQ(keyValueHead(ops, 5, 1), 5);
}
