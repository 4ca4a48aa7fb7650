//===- AgreementTest.cpp - engines and the plain formulation agree --------===//
//
// Random sites of every policy, shape, mask, layout and element type: the
// reference, the compiled code and fused kernels against each other and against
// a formulation that shares no code with any. HDP_TEST_COUNT=N in the
// environment runs N seeds of each test instead of a few, HDP_TEST_FIRST=S
// those from S on.
//
//===----------------------------------------------------------------------===//

#include "ModuleTest.h"
#include "Numerics/TensorIntegers.h"
#include "RandomSite.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Support/CPUTarget.h"
#include <cstdlib>

using namespace hdp;
using namespace hdp::test;

namespace {

class AgreementTest : public ModuleTest {
protected:
  /// Runs a site on an engine.
  std::vector<NamedTensor> run(const AttentionEngine &engine,
                               const RandomSite &site) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    auto function = buildSite(site.spec, *module);
    if (!function) {
      ADD_FAILURE() << site.text << ": "
                    << llvm::toString(function.takeError());
      return {};
    }
    auto prepared = engine.prepare(*function);
    if (!prepared) {
      ADD_FAILURE() << site.text << ": "
                    << llvm::toString(prepared.takeError());
      return {};
    }
    auto results = (*prepared)->run(site.getInputs());
    if (!results) {
      ADD_FAILURE() << site.text << ": " << llvm::toString(results.takeError());
      return {};
    }
    return std::move(*results);
  }

  /// Every tensor of the plain formulation, on bits.
  void expectPlain(const RandomSite &site, llvm::ArrayRef<NamedTensor> results,
                   bool hasE) {
    AttentionResult expected = site.expected;
    if (!hasE)
      expected.erase("e");
    AttentionResult found = getForm(site, results);
    EXPECT_EQ(firstDifference(expected, found), std::nullopt) << site.text;
    EXPECT_EQ(found.size(), expected.size()) << site.text;
  }

  /// Results as the plain formulation gives them.
  static AttentionResult getForm(const RandomSite &site,
                                 llvm::ArrayRef<NamedTensor> results) {
    AttentionResult found;
    for (const NamedTensor &result : results) {
      HostTensor form = result.name == "out"
                            ? permute(result.tensor, site.spec.resultPerm)
                            : result.tensor;
      found[result.name] = toIntegers(form);
    }
    return found;
  }

  /// Calls `body` with random sites, `count` seeds from `first`; returns how
  /// many there were. Of small ones every eighth is large.
  template <typename Body>
  int forEachSite(uint64_t first, uint64_t count, bool isExact, Body body,
                  CallSize size = CallSize::Small) {
    if (const char *text = std::getenv("HDP_TEST_FIRST"))
      first = std::strtoull(text, nullptr, 10);
    if (const char *text = std::getenv("HDP_TEST_COUNT"))
      count = std::strtoull(text, nullptr, 10);
    std::printf("seeds %llu to %llu\n", (unsigned long long)first,
                (unsigned long long)(first + count - 1));
    int ran = 0;
    for (uint64_t seed = first; seed < first + count && !HasFailure(); ++seed)
      if (auto site = makeRandomSite(seed, isExact,
                                     seed % 8 ? size : CallSize::Vectors)) {
        body(*site);
        ++ran;
      }
    return ran;
  }

  std::unique_ptr<AttentionEngine> reference = makeReferenceEngine();
  std::unique_ptr<AttentionEngine> compiled = makeJitEngine();
};

} // namespace

TEST_F(AgreementTest, ReferenceEqualsThePlainFormulation) {
  int ran =
      forEachSite(10001, 400, /*isExact=*/false, [&](const RandomSite &site) {
        expectPlain(site, run(*reference, site),
                    /*hasE=*/true);
      });
  EXPECT_GT(ran, 0);
}

TEST_F(AgreementTest, CompiledCodeEqualsThePlainFormulation) {
  int ran =
      forEachSite(20001, 24, /*isExact=*/false, [&](const RandomSite &site) {
        expectPlain(site, run(*compiled, site),
                    /*hasE=*/false);
      });
  EXPECT_GT(ran, 0);
}

TEST_F(AgreementTest, ExactAttentionIsCloseInBothEngines) {
  int ran =
      forEachSite(30001, 12, /*isExact=*/true, [&](const RandomSite &site) {
        auto a = run(*reference, site), b = run(*compiled, site);
        ASSERT_EQ(a.size(), 1u) << site.text;
        ASSERT_EQ(b.size(), 1u) << site.text;
        EXPECT_TRUE(isClose(a[0].tensor, b[0].tensor))
            << site.text << ": "
            << describeDifferences(a, b).value_or("nothing differs");
      });
  EXPECT_GT(ran, 0);
}

// What a kernel gives, of every target that this machine can run.
TEST_F(AgreementTest, KernelsEqualThePlainFormulation) {
  int ran = 0;
  auto compare = [&](const RandomSite &site) {
    for (const CPUTarget &target : getCPUTargets()) {
      // Of pruned attention AVX512-BF16 has the kernels of AVX-512.
      if (!isSupportedByHost(target.kind) ||
          target.kind == TargetKind::AVX512BF16)
        continue;
      auto engine = makeKernelEngine({target.name.str(), ""});
      std::vector<NamedTensor> results = run(*engine, site);
      if (!findTensor(results, "statistics")) // the loops ran
        return;
      AttentionResult found = getForm(site, results), expected;
      for (const char *name : {"out", "sQ", "sK", "sV", "gate"})
        expected[name] = site.expected.at(name);
      if (found.count("o")) // of f32, where nothing is permuted
        expected["o"] = site.expected.at("o");
      EXPECT_EQ(firstDifference(expected, found), std::nullopt)
          << site.text << " on " << target.name.str();
      ++ran;
    }
  };
  int sites =
      forEachSite(40001, 4, /*isExact=*/false, compare, CallSize::Vectors);
  std::printf("%d runs of kernels for %d sites\n", ran, sites);
  EXPECT_GT(ran, 0);
}

// Tiles of any height, layouts, masks and lengths known at run time only.
TEST_F(AgreementTest, ExactKernelsAreCloseToTheReference) {
  auto compare = [&](const RandomSite &site) {
    auto expected = run(*reference, site);
    ASSERT_EQ(expected.size(), 1u) << site.text;
    for (const CPUTarget &target : getCPUTargets()) {
      if (!isSupportedByHost(target.kind))
        continue;
      auto engine = makeKernelEngine({target.name.str(), ""});
      auto found = run(*engine, site);
      ASSERT_EQ(found.size(), 1u) << site.text;
      EXPECT_TRUE(isClose(expected[0].tensor, found[0].tensor))
          << site.text << " on " << target.name.str() << ": "
          << describeDifferences(expected, found).value_or("nothing differs");
    }
  };
  int ran = forEachSite(60001, 4, /*isExact=*/true, compare, CallSize::Vectors);
  EXPECT_GT(ran, 0);
}
