//===- Importance.cpp - theta of every block, and thresholds --------------===//

#include "Importance.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Numerics/Pruning.h"
#include <algorithm>

using namespace hdp;
using namespace hdp::bench;
using namespace hdp::numerics;

/// The integer parts of one head's Q or K (N1, N2).
static std::vector<int16_t> splitHead(const float *values, int64_t count,
                                      const Policy &policy, int64_t exponent) {
  NativeOps ops;
  CodeFormat format = getQueryKeyFormat(policy);
  int32_t s = static_cast<int32_t>(exponent);
  if (policy.exponents == Exponents::Dynamic) {
    double magnitude = 0;
    for (int64_t i = 0; i < count; ++i)
      magnitude = maxMagnitude(ops, magnitude, double(values[i]));
    s = dynamicExponent(ops, magnitude, format, maxExponent);
  }
  double factor = quantizeFactor(ops, s, format);
  std::vector<int16_t> parts(count);
  for (int64_t i = 0; i < count; ++i)
    parts[i] = static_cast<int16_t>(splitInteger(
        ops, quantizeValue(ops, values[i], factor, format), policy));
  return parts;
}

ImportanceTable::ImportanceTable(const AttentionInputs &inputs,
                                 const Policy &policy) {
  NativeOps ops;
  int64_t d = inputs.headDim(), bq = policy.blockRows, bk = policy.blockCols;
  for (int64_t head = 0; head < inputs.heads(); ++head) {
    DenseCall call = inputs.getHead(head, nullptr);
    std::vector<int16_t> q =
        splitHead(call.q, call.queries * d, policy, policy.sq);
    std::vector<int16_t> k =
        splitHead(call.k, call.keys * d, policy, policy.sk);
    for (int64_t i = 0; i < call.queries; i += bq) {
      int64_t columns = inputs.getKeysOf(i) / bk; // N4: full blocks
      std::vector<int32_t> thetas(columns, 0);
      for (int64_t row = i; row < std::min(i + bq, call.queries); ++row)
        for (int64_t key = 0; key < columns * bk; ++key) {
          int32_t sum = 0;
          for (int64_t t = 0; t < d; ++t)
            sum += int32_t(q[row * d + t]) * int32_t(k[key * d + t]);
          thetas[key / bk] += importanceTerm(ops, sum, policy);
        }
      rows.push_back(std::move(thetas));
    }
  }
}

double ImportanceTable::getPrunedFraction(const Policy &policy) const {
  NativeOps ops;
  int64_t total = 0, pruned = 0;
  for (const std::vector<int32_t> &row : rows) {
    if (row.empty())
      continue;
    int64_t n = static_cast<int64_t>(row.size()), sum = 0;
    for (int32_t theta : row)
      sum += theta;
    total += n;
    if (policy.selection == Selection::TopK) {
      pruned += n - std::min<int64_t>(n, topkCount(ops, int32_t(n), policy));
      continue;
    }
    auto [least, most] = std::minmax_element(row.begin(), row.end());
    int32_t threshold = rowThreshold(
        ops, n, thresholdNumerator(ops, n, sum, *most, *least, policy));
    for (int32_t theta : row)
      pruned += !keptByThreshold(ops, theta, threshold);
  }
  return total == 0 ? 0.0 : double(pruned) / double(total);
}

Policy ImportanceTable::tune(Policy policy, double fraction) const {
  // What is kept by count is a share already.
  if (policy.selection == Selection::TopK) {
    policy.threshold = 1 - fraction;
    return policy;
  }
  // The share grows with rho.
  int64_t low = -255, high = 255;
  auto at = [&](int64_t rho8) {
    policy.threshold = double(rho8) / 256.0;
    return getPrunedFraction(policy);
  };
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (at(middle) < fraction)
      low = middle + 1;
    else
      high = middle;
  }
  if (low > -255 &&
      std::abs(at(low - 1) - fraction) < std::abs(at(low) - fraction))
    --low;
  policy.threshold = double(low) / 256.0;
  return policy;
}
