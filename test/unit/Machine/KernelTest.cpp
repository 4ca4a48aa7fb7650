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
  for (uint32_t n : {1u, 7u, 31u, 32u, 33u, 64u, 100u})
    for (uint32_t count : {0u, 1u, 3u, 8u, 9u, 16u, 37u})
      for (uint32_t queries : {1u, 2u}) {
        uint64_t stride = n + random() % 5, step = n + random() % 3;
        std::vector<int16_t> a = codes(step * 2), b = codes(stride * 20);
        std::vector<uint32_t> rows;
        for (uint32_t i = 0; i < count; ++i)
          rows.push_back(uint32_t(random() % 20));
        std::vector<int32_t> out(queries * count + 1, 77);
        dots(out.data(), rows.data(), count, a.data(), step, queries, b.data(),
             stride, n);
        EXPECT_EQ(out.back(), 77);
        for (uint32_t y = 0; y < queries; ++y)
          for (uint32_t i = 0; i < count; ++i) {
            uint32_t sum = 0;
            for (uint32_t t = 0; t < n; ++t)
              sum += uint32_t(a[y * step + t] * b[rows[i] * stride + t]);
            EXPECT_EQ(out[y * count + i], int32_t(sum)) << n << " " << i;
          }
      }
}

TEST_P(Kernels, pooledDotProducts) {
  for (uint32_t pairs : {1u, 3u, 32u})
    for (uint32_t columns : {1u, 15u, 64u, 65u, 130u})
      for (uint32_t count : {1u, 3u, 4u, 5u}) {
        std::vector<int16_t> queries = codes(count * pairs * 2),
                             keys = codes(columns * pairs * 2);
        std::vector<int32_t> out(count * columns + 1, 77);
        pooledDots(out.data(), queries.data(), count, keys.data(), columns,
                   pairs);
        EXPECT_EQ(out.back(), 77);
        for (uint32_t q = 0; q < count; ++q)
          for (uint32_t b = 0; b < columns; ++b) {
            uint32_t sum = 0;
            for (uint32_t t = 0; t < 2 * pairs; ++t)
              sum += uint32_t(queries[q * 2 * pairs + t] *
                              keys[(t / 2 * columns + b) * 2 + t % 2]);
            EXPECT_EQ(out[q * columns + b], int32_t(sum)) << q << " " << b;
          }
      }
}

TEST_P(Kernels, weightedRowsOfAnyWidth) {
  for (bool isWide : {false, true})
    for (bool isSmall : {false, true})
      for (uint32_t n : {1u, 32u, 63u, 64u, 65u, 130u})
        for (uint32_t count : {0u, 1u, 2u, 5u})
          for (uint32_t queries : {1u, 2u}) {
            std::vector<int16_t> values = codes(size_t(n) * 8);
            std::vector<const int16_t *> rows;
            for (uint32_t i = 0; i < count; ++i)
              rows.push_back(values.data() + random() % 8 * n);
            std::vector<int32_t> weights;
            for (uint32_t i = 0; i < queries * count; ++i)
              weights.push_back(isWide    ? int32_t(random())
                                : isSmall ? int16_t(random()) / 8
                                          : int16_t(random()));
            std::vector<int64_t> sums(queries * n, 5);
            int64_t *acc[] = {sums.data(), sums.data() + (queries - 1) * n};
            addRows(acc, queries, weights.data(), rows.data(), count, n);
            for (uint32_t y = 0; y < queries; ++y)
              for (uint32_t t = 0; t < n; ++t) {
                // Products have 32 bits, sums more.
                int64_t sum = 5;
                for (uint32_t i = 0; i < count; ++i)
                  sum += int32_t(uint32_t(weights[y * count + i]) *
                                 uint32_t(int32_t(rows[i][t])));
                EXPECT_EQ(acc[y][t], sum) << n << " " << t;
              }
          }
}

TEST_P(Kernels, multiplesOfSums) {
  for (uint32_t n : {1u, 63u, 64u, 65u, 130u})
    for (uint32_t count : {0u, 1u, 17u})
      for (uint32_t queries : {1u, 2u}) {
        std::vector<int32_t> values, weights;
        for (uint32_t i = 0; i < n * count; ++i)
          values.push_back(int32_t(random()));
        for (uint32_t i = 0; i < queries * count; ++i)
          weights.push_back(int32_t(random()) >> (random() % 24));
        std::vector<const int32_t *> rows;
        for (uint32_t g = 0; g < count; ++g)
          rows.push_back(values.data() + size_t(g) * n);
        std::vector<int64_t> sums(queries * n, 5);
        int64_t *acc[] = {sums.data(), sums.data() + (queries - 1) * n};
        addMultiples(acc, queries, weights.data(), rows.data(), count, n);
        for (uint32_t y = 0; y < queries; ++y)
          for (uint32_t t = 0; t < n; ++t) {
            uint64_t sum = 5;
            for (uint32_t g = 0; g < count; ++g)
              sum += uint64_t(int64_t(weights[y * count + g]) * rows[g][t]);
            EXPECT_EQ(acc[y][t], int64_t(sum)) << n << " " << t;
          }
      }
}

TEST_P(Kernels, rowsOfCodes) {
  for (uint32_t n : {1u, 16u, 64u, 67u}) {
    uint64_t step = n + 3;
    std::vector<int16_t> rows = codes(size_t(n) * 5), wide = codes(step * 5),
                         shifted(step * 5, 7);
    shiftRows(shifted.data(), step, rows.data(), 5, 4, n);
    std::vector<int32_t> sum(n, 9);
    addCodes(sum.data(), wide.data(), step, 5, n);
    for (uint32_t t = 0; t < n; ++t) {
      int32_t expected = 9;
      for (uint32_t i = 0; i < 5; ++i) {
        EXPECT_EQ(shifted[i * step + t], int16_t(rows[i * n + t] * 16));
        expected += wide[i * step + t];
      }
      EXPECT_EQ(sum[t], expected);
    }
    EXPECT_EQ(shifted[n], 7);
    std::vector<int32_t> scores, values(n);
    std::vector<uint32_t> keys;
    for (uint32_t t = 0; t < n; ++t) {
      scores.push_back(int32_t(random()));
      keys.push_back(uint32_t(random() % n));
    }
    scores.resize(n);
    int32_t largest =
        gatherScores(values.data(), scores.data(), keys.data(), n);
    EXPECT_EQ(largest, *std::max_element(values.begin(), values.end()));
    for (uint32_t t = 0; t < n; ++t)
      EXPECT_EQ(values[t], scores[keys[t]]);
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
    uint32_t pruned = countPruned(states.data(), n),
             full = countFull(states.data(), n);
    KeptCount kept = countKept(states.data(), n);
    std::vector<uint32_t> columns(n + 1);
    uint32_t listed = listKept(columns.data(), states.data(), n), next = 0;
    for (uint32_t b = 0; b < n; ++b) {
      auto state = BlockState(states[b]);
      if (isFullBlock(state)) {
        --statistics.count;
        --full;
        statistics.sum -= theta[b];
        EXPECT_LE(theta[b], statistics.maximum);
        EXPECT_GE(theta[b], statistics.minimum);
      }
      pruned -= state == BlockState::Pruned;
      kept.all -= state >= BlockState::KeptPartial;
      kept.full -= state == BlockState::KeptFull;
      if (state >= BlockState::KeptPartial) {
        EXPECT_EQ(columns[next++], b);
      }
    }
    EXPECT_EQ(statistics.count, 0);
    EXPECT_EQ(statistics.sum, 0);
    EXPECT_EQ(pruned, 0u);
    EXPECT_EQ(full, 0u);
    EXPECT_EQ(kept.all, 0u);
    EXPECT_EQ(kept.full, 0u);
    EXPECT_EQ(next, listed);
    std::vector<uint8_t> decided = states;
    applyThreshold(decided.data(), theta.data(), 0, n);
    for (uint32_t b = 0; b < n; ++b)
      EXPECT_EQ(decided[b], !(states[b] & 1) ? states[b]
                            : theta[b] >= 0  ? 3
                                             : 1);

    for (uint32_t group : {1u, 16u, 20u, 200u}) {
      uint32_t groups = (n + group - 1) / group;
      std::vector<int64_t> sums(groups + 1, 3);
      std::vector<uint32_t> counts(groups + 1, 3);
      sumPruned(sums.data(), counts.data(), theta.data(), states.data(), n,
                group);
      for (uint32_t b = 0; b < n; ++b)
        if (BlockState(states[b]) == BlockState::Pruned) {
          sums[b / group] -= theta[b];
          --counts[b / group];
        }
      for (uint32_t g = 0; g < groups; ++g) {
        EXPECT_EQ(sums[g], 0);
        EXPECT_EQ(counts[g], 0u);
      }
      EXPECT_EQ(sums[groups], 3);
    }

    std::vector<uint8_t> wanted(n), present;
    for (uint32_t b = 0; b < n; ++b)
      present.push_back(random() % 2);
    addKept(wanted.data(), states.data(), n);
    listed = listMissing(columns.data(), wanted.data(), present.data(), n);
    next = 0;
    for (uint32_t b = 0; b < n; ++b)
      if (BlockState(states[b]) >= BlockState::KeptPartial && !present[b]) {
        EXPECT_EQ(columns[next++], b);
      }
    EXPECT_EQ(next, listed);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Kernels, testing::Bool(),
                         [](const testing::TestParamInfo<bool> &info) {
                           return info.param ? "plain" : "host";
                         });
