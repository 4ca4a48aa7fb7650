//===- NumericsRandomTest.cpp - the templates against the plain reading ---===//
//
// Random calls through both formulations: every intermediate equal.
//
//===----------------------------------------------------------------------===//

#include "AttentionCall.h"
#include "hdp/Numerics/Limits.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::test;

TEST(NumericsRandom, templatesEqualThePlainFormulation) {
  constexpr uint64_t firstSeed = 1, count = 4000;
  std::printf("seeds %d to %d\n", int(firstSeed), int(firstSeed + count - 1));
  uint64_t pruned = 0, gated = 0, biased = 0, refused = 0;
  for (uint64_t seed = firstSeed; seed < firstSeed + count; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    ASSERT_EQ(numerics::checkPolicy(call.policy), std::nullopt) << seed;
    numerics::AttentionShape shape{call.Hq, call.Hkv, call.Lq,
                                   call.Lk, call.d,   call.dv};
    if (numerics::checkLimits(call.policy, shape, call.scale,
                              !call.bias.empty())) {
      ++refused;
      continue;
    }
    AttentionResult plain = runPlainAttention(call);
    AttentionResult rules = runRuleAttention(call);
    std::optional<std::string> difference = firstDifference(plain, rules);
    ASSERT_EQ(difference, std::nullopt)
        << "seed " << seed << ": " << describe(call);
    ASSERT_EQ(rules.size(), plain.size()) << "seed " << seed;
    for (size_t i = 0; i < plain["kept"].size(); ++i)
      pruned += plain["kind"][i] == 2 && !plain["kept"][i];
    for (int64_t gate : plain["gate"])
      gated += !gate;
    biased += !call.bias.empty();
  }
  // The calls reach what they are meant to reach.
  EXPECT_GT(pruned, count);
  EXPECT_GT(gated, count / 20);
  EXPECT_GT(biased, count / 10);
  EXPECT_LT(refused, count / 5);
}
