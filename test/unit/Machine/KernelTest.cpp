//===- KernelTest.cpp - inner loops, both ways ----------------------------===//
//
// What the host's own instructions give and what plain C++ gives, against the
// plainest loops there are; weights and codes without sense included.
//
//===----------------------------------------------------------------------===//

#include "../../../lib/Machine/Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Softmax.h"
#include <gtest/gtest.h>
#include <random>

using namespace hdp;
using namespace hdp::machine;

namespace {

class Kernels : public testing::TestWithParam<bool> {
protected:
  void SetUp() override { usePlainKernels(GetParam()); }
  void TearDown() override { usePlainKernels(false); }

  std::vector<int16_t> codes(size_t n) {
    std::vector<int16_t> result(n);
    for (int16_t &x : result)
      x = int16_t(random());
    return result;
  }
  std::mt19937_64 random{7};
};

} // namespace

TEST_P(Kernels, dotProductsOfAnyLengthWrap) {
  for (uint32_t n : {1u, 7u, 31u, 32u, 33u, 64u, 100u}) {
    for (uint32_t count : {0u, 1u, 3u, 4u, 9u}) {
      uint64_t stride = n + random() % 5;
      std::vector<int16_t> a = codes(n), b = codes(stride * 20);
      std::vector<uint32_t> rows;
      for (uint32_t i = 0; i < count; ++i)
        rows.push_back(uint32_t(random() % 20));
      std::vector<int32_t> out(count + 1, 77);
      dots(out.data(), rows.data(), count, a.data(), b.data(), stride, n);
      EXPECT_EQ(out[count], 77);
      for (uint32_t i = 0; i < count; ++i) {
        uint32_t sum = 0;
        for (uint32_t t = 0; t < n; ++t)
          sum += uint32_t(a[t] * b[rows[i] * stride + t]);
        EXPECT_EQ(out[i], int32_t(sum)) << n << " " << i;
      }
    }
  }
}

TEST_P(Kernels, weightedRowsOfAnyWidth) {
  for (bool isWide : {false, true})
    for (uint32_t n : {1u, 32u, 63u, 64u, 65u, 130u})
      for (uint32_t count : {0u, 1u, 2u, 5u}) {
        std::vector<int16_t> values = codes(size_t(n) * 8);
        std::vector<const int16_t *> rows;
        std::vector<int32_t> weights;
        for (uint32_t i = 0; i < count; ++i) {
          rows.push_back(values.data() + random() % 8 * n);
          weights.push_back(isWide ? int32_t(random()) : int16_t(random()));
        }
        std::vector<int64_t> acc(n, 5);
        addRows(acc.data(), weights.data(), rows.data(), count, n);
        for (uint32_t t = 0; t < n; ++t) {
          // Products have 32 bits, sums more.
          int64_t sum = 5;
          for (uint32_t i = 0; i < count; ++i)
            sum +=
                int32_t(uint32_t(weights[i]) * uint32_t(int32_t(rows[i][t])));
          EXPECT_EQ(acc[t], sum) << n << " " << t;
        }
      }
}

TEST_P(Kernels, exponentialsAreTheRule) {
  numerics::NativeOps ops;
  std::vector<int32_t> scores = {INT32_MIN, -70000, -32768,   -1,
                                 0,         5,      INT32_MAX};
  for (int i = 0; i < 30; ++i)
    scores.push_back(int32_t(random()) >> (random() % 32));
  for (int32_t maximum : {INT32_MAX, 40}) {
    std::vector<int32_t> below;
    for (int32_t score : scores)
      below.push_back(std::min(score, maximum));
    for (int32_t a = -15; a <= 32; ++a) {
      std::vector<int32_t> e = below;
      int32_t sum =
          exponentials(e.data(), uint32_t(e.size()), maximum, a, 23637);
      for (size_t i = 0; i < e.size(); ++i) {
        int32_t expected =
            numerics::expWeight(ops, int64_t(maximum) - below[i], a, 23637);
        EXPECT_EQ(e[i], expected) << below[i] << " shift " << a;
        sum -= expected;
      }
      EXPECT_EQ(sum, 0);
    }
  }
}

TEST_P(Kernels, rowsOfBlockStates) {
  for (uint32_t n : {0u, 1u, 15u, 64u, 97u}) {
    std::vector<int32_t> theta;
    std::vector<uint8_t> states;
    for (uint32_t b = 0; b < n; ++b) {
      theta.push_back(int32_t(random()));
      states.push_back(uint8_t(random() % 4));
    }
    RowStatistics statistics = rowStatistics(theta.data(), states.data(), n);
    PrunedSum pruned = sumPruned(theta.data(), states.data(), n);
    KeptCount kept = countKept(states.data(), n);
    std::vector<uint32_t> columns(n + 1);
    uint32_t listed = listKept(columns.data(), states.data(), n), next = 0;
    for (uint32_t b = 0; b < n; ++b) {
      auto state = BlockState(states[b]);
      if (isFullBlock(state)) {
        --statistics.count;
        statistics.sum -= theta[b];
        EXPECT_LE(theta[b], statistics.maximum);
        EXPECT_GE(theta[b], statistics.minimum);
      }
      if (state == BlockState::Pruned) {
        --pruned.count;
        pruned.sum -= theta[b];
      }
      kept.all -= state >= BlockState::KeptPartial;
      kept.full -= state == BlockState::KeptFull;
      if (state >= BlockState::KeptPartial) {
        EXPECT_EQ(columns[next++], b);
      }
    }
    EXPECT_EQ(statistics.count, 0);
    EXPECT_EQ(statistics.sum, 0);
    EXPECT_EQ(pruned.count, 0);
    EXPECT_EQ(pruned.sum, 0);
    EXPECT_EQ(kept.all, 0u);
    EXPECT_EQ(kept.full, 0u);
    EXPECT_EQ(next, listed);
    std::vector<uint8_t> decided = states;
    applyThreshold(decided.data(), theta.data(), 0, n);
    for (uint32_t b = 0; b < n; ++b)
      EXPECT_EQ(decided[b], !(states[b] & 1) ? states[b]
                            : theta[b] >= 0  ? 3
                                             : 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Kernels, testing::Bool(),
                         [](const testing::TestParamInfo<bool> &info) {
                           return info.param ? "plain" : "host";
                         });
