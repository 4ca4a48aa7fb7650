//===- AgreementTest.cpp - engines and the plain formulation agree --------===//
//
// Random sites of every policy, shape, mask, layout and element type: the
// reference and the compiled code against each other and against a formulation
// that shares no code with either. HDP_TEST_COUNT=N in the environment runs N
// seeds of each test instead of a few.
//
//===----------------------------------------------------------------------===//

#include "ModuleTest.h"
#include "RandomSite.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Execution/TensorCompare.h"
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
    AttentionResult found;
    for (const NamedTensor &result : results) {
      HostTensor form = result.name == "out"
                            ? permute(result.tensor, site.spec.resultPerm)
                            : result.tensor;
      found[result.name] = toIntegers(form);
    }
    AttentionResult expected = site.expected;
    if (!hasE)
      expected.erase("e");
    EXPECT_EQ(firstDifference(expected, found), std::nullopt) << site.text;
    EXPECT_EQ(found.size(), expected.size()) << site.text;
  }

  /// Calls `body` with random sites, `count` seeds from `first`; returns how
  /// many there were.
  template <typename Body>
  int forEachSite(uint64_t first, uint64_t count, bool isExact, Body body) {
    if (const char *text = std::getenv("HDP_TEST_COUNT"))
      count = std::strtoull(text, nullptr, 10);
    std::printf("seeds %llu to %llu\n", (unsigned long long)first,
                (unsigned long long)(first + count - 1));
    int ran = 0;
    for (uint64_t seed = first; seed < first + count && !HasFailure(); ++seed)
      if (auto site = makeRandomSite(seed, isExact)) {
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
