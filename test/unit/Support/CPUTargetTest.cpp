//===- CPUTargetTest.cpp - targets by name, and the host's ----------------===//

#include "hdp/Support/CPUTarget.h"
#include "gtest/gtest.h"

using namespace hdp;

TEST(CPUTarget, NamedTargetsDoNotDependOnTheMachine) {
  auto avx512 = getCPUTarget("avx512");
  ASSERT_TRUE(avx512);
  EXPECT_EQ(avx512->getLanes(32), 16u);
  EXPECT_EQ(avx512->numRegisters, 32u);
  EXPECT_TRUE(avx512->hasFMA);
  auto avx2 = getCPUTarget("avx2");
  ASSERT_TRUE(avx2);
  EXPECT_EQ(avx2->getLanes(32), 8u);
  EXPECT_TRUE(avx2->hasFMA);
  auto amx = getCPUTarget("amx");
  ASSERT_TRUE(amx);
  EXPECT_TRUE(amx->hasTiles() && amx->hasBF16());
  auto bf16 = getCPUTarget("avx512-bf16");
  ASSERT_TRUE(bf16);
  EXPECT_TRUE(bf16->hasBF16() && !bf16->hasTiles());
  EXPECT_FALSE(avx512->hasBF16());
  auto vnni = getCPUTarget("avx-vnni");
  ASSERT_TRUE(vnni);
  EXPECT_EQ(vnni->kind, TargetKind::AVXVNNI);
  EXPECT_EQ(vnni->vectorBits, 256u);
  EXPECT_TRUE(vnni->features.contains("+avxvnni"));
  auto portable = getCPUTarget("portable");
  ASSERT_TRUE(portable);
  EXPECT_EQ(portable->getLanes(64), 2u);
  EXPECT_FALSE(portable->hasFMA);
}

static std::string parse(llvm::StringRef list) {
  std::string wrong, text;
  auto targets = parseCPUTargets(list, wrong);
  if (!targets)
    return "not " + wrong;
  for (const CPUTarget &target : *targets)
    text += target.name.str() + " ";
  return text;
}

TEST(CPUTarget, SeveralEndWithThePortableOne) {
  EXPECT_EQ(parse("any"), "avx512 avx-vnni avx2 portable ");
  EXPECT_EQ(parse("avx2,avx512,avx2"), "avx512 avx2 portable ");
  EXPECT_EQ(parse("portable,avx-vnni"), "avx-vnni portable ");
  EXPECT_EQ(parse("amx,avx512"), "amx avx512 portable ");
  EXPECT_EQ(parse("avx2"), "avx2 ");
  EXPECT_EQ(parse("host"), "host ");
  EXPECT_EQ(parse("avx2,host"), "not host");
  EXPECT_EQ(parse("avx2,vax"), "not vax");
  EXPECT_EQ(parse("avx2,"), "not ");
  EXPECT_EQ(parse(""), "not ");
}

TEST(CPUTarget, HostIsKnownAndOthersAreNot) {
  auto host = getCPUTarget("host");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->name, "host");
  EXPECT_GE(host->vectorBits, 128u);
  EXPECT_TRUE(isSupportedByHost(host->kind));
  EXPECT_TRUE(isSupportedByHost(TargetKind::Portable));
  // The first that the machine has.
  for (const CPUTarget &target : getCPUTargets()) {
    if (isSupportedByHost(target.kind)) {
      EXPECT_EQ(host->kind, target.kind);
      break;
    }
  }
  EXPECT_FALSE(getCPUTarget("avx1024"));
  EXPECT_FALSE(getCPUTarget(""));
}
