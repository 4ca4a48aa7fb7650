//===- RandomSite.h - random attention sites for engines --------*- C++ -*-===//
//
// A random call of the numerics tests, dressed as what engines get: 16-bit
// operands, an outer batch, permuted layouts, sizes known at run time only.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_EXECUTION_RANDOMSITE_H
#define HDP_TEST_UNIT_EXECUTION_RANDOMSITE_H

#include "Numerics/AttentionCall.h"
#include "hdp/Execution/AttentionSpec.h"
#include <random>

namespace hdp {
namespace test {

struct RandomSite {
  AttentionSpec spec;
  std::vector<HostTensor> inputs;
  /// Every intermediate by the plain formulation, `out` as the bits of the
  /// result's element type in the layout of the form (not permuted).
  AttentionResult expected;
  std::string text;

  std::vector<const HostTensor *> getInputs() const;
};

/// A site whose call N0 accepts; nothing if that of `seed` is refused.
std::optional<RandomSite> makeRandomSite(uint64_t seed, bool isExact,
                                         CallSize size = CallSize::Small);

/// Dimension i of the result is dimension perm[i] of the tensor; an empty
/// permutation gives a copy.
HostTensor permute(const HostTensor &tensor, llvm::ArrayRef<int64_t> perm);

} // namespace test
} // namespace hdp

#endif // HDP_TEST_UNIT_EXECUTION_RANDOMSITE_H
