//===- EdgeInputs.h - tensors that lie where rules decide -------*- C++ -*-===//
//
// Inputs for tests of pruned attention that ordinary random numbers never
// reach: ties of importance, constant heads, values at the midpoints of N1's
// rounding and at the borders of its range, powers of two, single entries,
// repeated rows, magnitudes at both ends of f32.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_EXECUTION_EDGEINPUTS_H
#define HDP_TEST_UNIT_EXECUTION_EDGEINPUTS_H

#include "hdp/Support/HostTensor.h"
#include <random>

namespace hdp {

/// The codes of a tensor: code * 2^-(fractionBits + exponent) is its value.
struct EdgeFormat {
  int64_t fractionBits = 4, low = -128, high = 127;
  int exponent = 0;
};

class EdgeInputs {
public:
  explicit EdgeInputs(std::mt19937_64 &random) : random(random) {}

  /// An f32 tensor [heads, rows, columns]; all heads are alike in kind, or each
  /// has its own.
  HostTensor draw(llvm::ArrayRef<int64_t> shape, const EdgeFormat &format);

  /// A length: tiny, beside a multiple of a vector or of a group, or any up to
  /// `most`.
  int64_t drawLength(int64_t most);

private:
  int64_t drawBetween(int64_t low, int64_t high);
  void fillHead(llvm::MutableArrayRef<float> head, int64_t columns,
                const EdgeFormat &format);
  double drawCode(int64_t kind, const EdgeFormat &format);
  void arrangeRows(llvm::MutableArrayRef<float> head, int64_t columns);

  std::mt19937_64 &random;
};

} // namespace hdp

#endif // HDP_TEST_UNIT_EXECUTION_EDGEINPUTS_H
