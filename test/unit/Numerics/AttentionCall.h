//===- AttentionCall.h - one attention as plain vectors ---------*- C++ -*-===//
//
// What the two formulations under test take and give, and how two results are
// compared.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_NUMERICS_ATTENTIONCALL_H
#define HDP_TEST_UNIT_NUMERICS_ATTENTIONCALL_H

#include "hdp/Numerics/Policy.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hdp {
namespace test {

/// One call on all its heads. A mask has `maskHeads` (1 or Hq) times `maskRows`
/// (1 or Lq) times Lk entries, a bias likewise.
struct AttentionCall {
  numerics::Policy policy;
  double scale = 1.0;
  bool causal = false;
  int64_t Hq = 1, Hkv = 1, Lq = 1, Lk = 1, d = 1, dv = 1;
  std::vector<float> q, k, v;
  std::vector<uint8_t> mask;
  int64_t maskHeads = 1, maskRows = 1;
  std::vector<float> bias;
  int64_t biasHeads = 1, biasRows = 1;

  bool maskAt(int64_t h, int64_t i, int64_t j) const {
    return mask.empty() || mask[((maskHeads == 1 ? 0 : h) * maskRows +
                                 (maskRows == 1 ? 0 : i)) *
                                    Lk +
                                j] != 0;
  }
  float biasAt(int64_t h, int64_t i, int64_t j) const {
    return bias[((biasHeads == 1 ? 0 : h) * biasRows +
                 (biasRows == 1 ? 0 : i)) *
                    Lk +
                j];
  }
};

/// Every tensor by its name in golden files (without `x.`), row-major and
/// widened; `out` holds the bits of its floats.
using AttentionResult = std::map<std::string, std::vector<int64_t>>;

/// The bits of a float.
int64_t floatBits(float value);

/// Where `found` first differs from `expected` (a tensor of which it lacks
/// counts), or nothing.
std::optional<std::string> firstDifference(const AttentionResult &expected,
                                           const AttentionResult &found);

/// The rules in another style, from their words alone: nothing of the shared
/// templates.
AttentionResult runPlainAttention(const AttentionCall &call);

/// The shared templates in plain loops, read through NativeOps.
AttentionResult runRuleAttention(const AttentionCall &call);

/// How large random calls are. Kernels want more than a vector, as they treat
/// the last columns apart, and blocks whose sides are powers of two.
enum class CallSize { Small, Vectors };

/// A random call of any policy.
AttentionCall makeRandomCall(uint64_t seed, CallSize size = CallSize::Small);

/// One line that tells what a call is.
std::string describe(const AttentionCall &call);

} // namespace test
} // namespace hdp

#endif // HDP_TEST_UNIT_NUMERICS_ATTENTIONCALL_H
