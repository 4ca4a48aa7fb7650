//===- LimitsTest.cpp - what N0 accepts and what it says ------------------===//
//
// Both sides of every limit, and the exact message beyond it.
//
//===----------------------------------------------------------------------===//

#include "hdp/Numerics/Limits.h"
#include <gtest/gtest.h>
#include <limits>

using namespace hdp::numerics;

namespace {

using Change = void (*)(Policy &);

/// The message about the default policy with one change, or "".
std::string policyError(Change change) {
  Policy policy;
  change(policy);
  return checkPolicy(policy).value_or("");
}

AttentionShape shapeOf(int64_t Lq, int64_t Lk, int64_t d, int64_t dv) {
  AttentionShape shape;
  shape.Lq = Lq;
  shape.Lk = Lk;
  shape.d = d;
  shape.dv = dv;
  return shape;
}

std::string shapeError(const AttentionShape &shape,
                       const Policy &policy = Policy(), bool hasBias = false) {
  return checkLimits(policy, shape, 0.125, hasBias).value_or("");
}

} // namespace

TEST(N0, presetsAreAllowed) {
  EXPECT_EQ(checkPolicy(compensatedPolicy()), std::nullopt);
  EXPECT_EQ(checkPolicy(paperPolicy()), std::nullopt);
}

TEST(N0, formats) {
  EXPECT_EQ(policyError([](Policy &p) { p.format = {1, 4}; }),
            "expected integer bits of the format from 2 to 8, found 1");
  EXPECT_EQ(policyError([](Policy &p) { p.format = {4, 13}; }),
            "expected fraction bits of the format from 1 to 12, found 13");
  EXPECT_EQ(policyError([](Policy &p) { p.format = {8, 9}; }),
            "expected a format of width from 3 to 16, found 17");
  EXPECT_EQ(policyError([](Policy &p) { p.format = {4, 5}; }),
            "expected a format of width at most 8 with full products, found 9");
  EXPECT_EQ(policyError([](Policy &p) { p.valueFractionBits = 8; }),
            "expected 4 or 12 fraction bits of the value format, found 8");
}

TEST(N0, choicesOfThePolicy) {
  EXPECT_EQ(policyError([](Policy &p) { p.sq = 17; }),
            "expected sq from -16 to 16, found 17");
  EXPECT_EQ(policyError([](Policy &p) { p.sk = -17; }),
            "expected sk from -16 to 16, found -17");
  EXPECT_EQ(policyError([](Policy &p) { p.sv = 99; }),
            "expected sv from -16 to 16, found 99");
  EXPECT_EQ(policyError([](Policy &p) { p.group = -1; }),
            "expected a group of at least 0, found -1");
  EXPECT_EQ(policyError([](Policy &p) { p.blockRows = 0; }),
            "expected block rows from 1 to 16, found 0");
  EXPECT_EQ(policyError([](Policy &p) { p.blockCols = 17; }),
            "expected block columns from 1 to 16, found 17");
}

TEST(N0, thresholds) {
  EXPECT_EQ(policyError([](Policy &p) { p.threshold = 0.998; }), "");
  EXPECT_EQ(policyError([](Policy &p) { p.threshold = 0.999; }),
            "expected rho between -1 and 1 (exclusive, in 256ths), found "
            "0.999");
  EXPECT_NE(policyError([](Policy &p) { p.threshold = -1.0; }), "");
  EXPECT_NE(policyError([](Policy &p) { p.threshold = std::nan(""); }), "");
  EXPECT_EQ(policyError([](Policy &p) {
              p.selection = Selection::TopK;
              p.threshold = 1.0;
            }),
            "");
  EXPECT_EQ(policyError([](Policy &p) {
              p.selection = Selection::TopK;
              p.threshold = -0.25;
            }),
            "expected keep from 0 to 1 (in 256ths), found -0.25");
  EXPECT_EQ(policyError([](Policy &p) { p.tau = 8388607.0; }), "");
  EXPECT_EQ(policyError([](Policy &p) { p.tau = 8388608.0; }),
            "expected tau between -2^23 and 2^23, found 8388608");
  EXPECT_NE(policyError([](Policy &p) { p.tau = -1e300; }), "");
}

TEST(N0, sizes) {
  EXPECT_EQ(shapeError(shapeOf(-1, -1, -1, -1)), "");
  EXPECT_EQ(shapeError(shapeOf(0, 4, 4, 4)),
            "expected Lq of at least 1, found 0");
  EXPECT_EQ(shapeError(shapeOf(4, 0, 4, 4)),
            "expected Lk from 1 to 32768, found 0");
  EXPECT_EQ(shapeError(shapeOf(4, 32768, 4, 4)), "");
  EXPECT_EQ(shapeError(shapeOf(4, 32769, 4, 4)),
            "expected Lk from 1 to 32768, found 32769");
  EXPECT_EQ(shapeError(shapeOf(4, 4, 0, 4)),
            "expected d of at least 1, found 0");
  EXPECT_EQ(shapeError(shapeOf(4, 4, 4, 0)),
            "expected dv of at least 1, found 0");
}

TEST(N0, scale) {
  AttentionShape shape = shapeOf(4, 4, 4, 4);
  Policy policy;
  EXPECT_EQ(checkLimits(policy, shape, std::ldexp(1.0, -126), false),
            std::nullopt);
  EXPECT_EQ(checkLimits(policy, shape, std::ldexp(1.0, 127), false),
            std::nullopt);
  EXPECT_EQ(checkLimits(policy, shape, 0.0, false),
            "expected a scale from 2^-126 to 2^127, found 0");
  EXPECT_NE(checkLimits(policy, shape, -1.0, false), std::nullopt);
  EXPECT_NE(checkLimits(policy, shape, std::nan(""), false), std::nullopt);
}

TEST(N0, scoresOfFullProducts) {
  EXPECT_EQ(shapeError(shapeOf(4, 4, 65535, 4)), "");
  EXPECT_EQ(shapeError(shapeOf(4, 4, 65536, 4)),
            "expected a largest score below 2^30, found 1073741824");
  EXPECT_EQ(shapeError(shapeOf(4, 4, 49151, 4), Policy(), true), "");
  EXPECT_EQ(shapeError(shapeOf(4, 4, 49152, 4), Policy(), true),
            "expected a largest score below 2^30, found 1073741824");
}

TEST(N0, scoresOfCrossProducts) {
  Policy policy = paperPolicy();
  EXPECT_EQ(shapeError(shapeOf(4, 4, 52469, 4), policy), "");
  EXPECT_EQ(shapeError(shapeOf(4, 4, 52470, 4), policy),
            "expected a largest score below 2^30, found 1073746080");
  policy.split = Split::Nearest; // X = 2^7: 8 * (2048 + 256) a product
  EXPECT_EQ(shapeError(shapeOf(4, 4, 58254, 4), policy), "");
  EXPECT_NE(shapeError(shapeOf(4, 4, 58255, 4), policy), "");
}

TEST(N0, theta) {
  Policy policy;
  policy.products = Products::Cross;
  policy.format = {2, 1};
  policy.blockRows = 4;
  policy.blockCols = 4; // 16 * (4 + 2^28 / 2)
  EXPECT_EQ(shapeError(shapeOf(4, 4, 1, 4), policy, false), "");
  EXPECT_EQ(shapeError(shapeOf(4, 4, 1, 4), policy, true),
            "expected a largest theta below 2^31, found 2147483712");
}

TEST(N0, headMeasure) {
  // 32768 * 64 * 64 = 2^27 a row.
  EXPECT_EQ(shapeError(shapeOf((int64_t(1) << 28) - 1, 32768, 64, 4)), "");
  EXPECT_EQ(shapeError(shapeOf(int64_t(1) << 28, 32768, 64, 4)),
            "expected a largest H below 2^55, found 36028797018963968");
  EXPECT_NE(
      shapeError(shapeOf(std::numeric_limits<int64_t>::max(), 32768, 64, 4)),
      "");
}

TEST(N13, headsAreAMultiple) {
  AttentionShape shape = shapeOf(4, 4, 4, 4);
  shape.queryHeads = 6;
  shape.keyValueHeads = 3;
  EXPECT_EQ(shapeError(shape), "");
  shape.keyValueHeads = 4;
  EXPECT_EQ(shapeError(shape),
            "expected a number of query heads that is a multiple of the 4 key "
            "and value heads, found 6");
}
