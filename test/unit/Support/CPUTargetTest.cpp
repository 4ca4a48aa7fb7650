//===- CPUTargetTest.cpp - targets by name, and the host's ----------------===//

#include "hdp/Support/CPUTarget.h"
#include "gtest/gtest.h"

using namespace hdp;

TEST(CPUTarget, NamedTargetsDoNotDependOnTheMachine) {
  auto avx512 = getCPUTarget("avx512");
  ASSERT_TRUE(avx512);
  EXPECT_EQ(avx512->getLanes(32), 16u);
  EXPECT_EQ(avx512->numRegisters, 32u);
  EXPECT_TRUE(avx512->hasFMA && avx512->hasAVX512VNNI);
  EXPECT_FALSE(avx512->hasAMXInt8);
  auto avx2 = getCPUTarget("avx2");
  ASSERT_TRUE(avx2);
  EXPECT_EQ(avx2->getLanes(32), 8u);
  EXPECT_TRUE(avx2->hasFMA);
  EXPECT_FALSE(avx2->hasAVX512);
  auto portable = getCPUTarget("portable");
  ASSERT_TRUE(portable);
  EXPECT_EQ(portable->getLanes(64), 2u);
  EXPECT_FALSE(portable->hasFMA || portable->hasAVX2);
}

TEST(CPUTarget, HostIsKnownAndOthersAreNot) {
  auto host = getCPUTarget("host");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->name, "host");
  EXPECT_GE(host->vectorBits, 128u);
  EXPECT_EQ(host->vectorBits == 512, host->hasAVX512);
  EXPECT_FALSE(getCPUTarget("avx1024"));
  EXPECT_FALSE(getCPUTarget(""));
}
