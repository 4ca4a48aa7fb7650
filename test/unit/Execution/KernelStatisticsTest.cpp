//===- KernelStatisticsTest.cpp - what kernels count ----------------------===//
//
// The statistics that a fused kernel gives beside its output, against counts of
// the reference's tensors and of the inputs. HDP_TEST_COUNT=N in the
// environment runs N seeds instead of a few, HDP_TEST_FIRST=S those from S on.
//
//===----------------------------------------------------------------------===//

#include "KernelCase.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Support/Convert.h"
#include <cmath>

using namespace hdp;

using KernelStatisticsTest = KernelCaseTest;

/// The rows that the description of hdp.attention promises, from the
/// reference's tensors and from the inputs.
static std::vector<int64_t>
countStatistics(const Case &c, llvm::ArrayRef<NamedTensor> results) {
  auto get = [&](llvm::StringRef name) -> const HostTensor & {
    return *findTensor(results, name);
  };
  numerics::NativeOps ops;
  numerics::CodeFormat codes = numerics::getQueryKeyFormat(*c.spec.policy);
  numerics::CodeFormat values = numerics::getValueFormat(*c.spec.policy);
  int64_t heads = c.spec.query.shape[0];
  int64_t shared = heads / c.spec.key.shape[0];
  int64_t blocks = get("kind").getNumElements() / heads;
  std::vector<int64_t> rows;
  for (int64_t head = 0; head < heads; ++head) {
    int64_t row[kNumHeadStatistics] = {};
    for (int64_t n = head * blocks; n < (head + 1) * blocks; ++n)
      if (get("kind").as<int8_t>()[n] == 2) {
        ++row[0];
        row[1] += get("kept").as<uint8_t>()[n];
      }
    row[2] = get("gate").as<uint8_t>()[head] == 0;
    int64_t exponents[3] = {head, head / shared, head / shared};
    const char *names[3] = {"sQ", "sK", "sV"};
    for (int64_t side = 0; side < 3; ++side) {
      int64_t source = exponents[side];
      row[3 + side] = get(names[side]).as<int32_t>()[source];
      if (side > 0 && head % shared != 0)
        continue;
      const numerics::CodeFormat &format = side == 2 ? values : codes;
      double factor = numerics::quantizeFactor(
          ops, static_cast<int32_t>(row[3 + side]), format);
      const HostTensor &input = c.inputs[side];
      int64_t size = input.getNumElements() / input.getShape()[0];
      for (int64_t n = source * size; n < (source + 1) * size; ++n) {
        double x = getFloatElement(input, n);
        row[6 + side] += numerics::saturates(ops, x, factor, format);
        row[9 + side] += std::isnan(x);
      }
    }
    rows.insert(rows.end(), row, row + kNumHeadStatistics);
  }
  return rows;
}

TEST_F(KernelStatisticsTest, EqualTheReference) {
  Seeds seeds = Seeds::get(50001, 16);
  std::vector<int64_t> total(kNumHeadStatistics);
  for (uint64_t seed = seeds.first; seed < seeds.end() && !HasFailure();
       ++seed) {
    random.seed(seed);
    Case c = drawCase();
    mlir::func::FuncOp site = getSite(c);
    if (!site)
      continue;
    auto reference = llvm::cantFail(makeReferenceEngine()->prepare(site));
    std::vector<int64_t> expected =
        countStatistics(c, llvm::cantFail(reference->run(c.getInputs())));
    const CPUTarget &target = getCPUTargets()[seed % getCPUTargets().size()];
    JitOptions options;
    options.target =
        isSupportedByHost(target.kind) ? target.name.str() : "host";
    auto kernel = llvm::cantFail(makeKernelEngine(options)->prepare(site));
    auto results = llvm::cantFail(kernel->run(c.getInputs()));
    const HostTensor *found = findTensor(results, "statistics");
    if (!found) { // the loops ran
      EXPECT_NE(findTensor(results, "kept"), nullptr);
      continue;
    }
    const int64_t *numbers = found->as<int64_t>();
    EXPECT_EQ(std::vector<int64_t>(numbers, numbers + found->getNumElements()),
              expected)
        << "seed " << seed << " on " << options.target << ":\n"
        << getModule(c);
    for (size_t n = 0; n < expected.size(); ++n)
      total[n % kNumHeadStatistics] += expected[n];
  }
  if (seeds.count < 16) // too few for all of them
    return;
  for (HeadStatistic which :
       {HeadStatistic::FullBlocks, HeadStatistic::KeptBlocks,
        HeadStatistic::SaturatedQ, HeadStatistic::SaturatedK,
        HeadStatistic::SaturatedV})
    EXPECT_GT(total[static_cast<int64_t>(which)], 0);
}
