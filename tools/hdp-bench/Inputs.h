//===- Inputs.h - what attention is measured on -----------------*- C++ -*-===//

#ifndef HDP_TOOLS_HDP_BENCH_INPUTS_H
#define HDP_TOOLS_HDP_BENCH_INPUTS_H

#include "Dense.h"
#include "hdp/Support/HostTensor.h"
#include "llvm/Support/Error.h"
#include <algorithm>

namespace hdp::bench {

/// Which keys a query attends to.
enum class Masking { None, Padding, Causal };

/// Q, K and V of one attention in f32, [heads, rows, columns], all of as many
/// heads. Keys that are forbidden to all queries are not among them.
struct AttentionInputs {
  /// `random`, or the file's name, perhaps with a layer.
  std::string source;
  HostTensor q, k, v;
  double scale = 1.0;
  Masking masking = Masking::None;
  /// K and V with the keys that `mask`, [1, 1, keys], forbids, as ours get
  /// them; without padding empty.
  HostTensor paddedK, paddedV, mask;

  int64_t heads() const { return q.getShape()[0]; }
  int64_t queries() const { return q.getShape()[1]; }
  int64_t keys() const { return k.getShape()[1]; }
  int64_t headDim() const { return q.getShape()[2]; }
  int64_t valueDim() const { return v.getShape()[2]; }
  bool isPadded() const { return masking == Masking::Padding; }
  bool isCausal() const { return masking == Masking::Causal; }
  /// How many keys, the first ones, a query attends to.
  int64_t getKeysOf(int64_t query) const {
    if (!isCausal())
      return keys();
    return std::clamp<int64_t>(query + 1 + keys() - queries(), 0, keys());
  }
  /// Scores of all heads, without those that a mask forbids.
  double scores() const;
  /// Multiplications and additions of both products, dense.
  double operations() const {
    return 2 * scores() * double(headDim() + valueDim());
  }

  /// Head `head`, with its part of `out`.
  DenseCall getHead(int64_t head, float *out) const;
};

/// Normal values: Q and K of deviation 1.5, V of 1. The scores of a row have
/// no structure, which is the worst case for pruning and for its masks. Padding
/// is the last quarter of the keys.
AttentionInputs makeRandomInputs(int64_t heads, int64_t length, int64_t headDim,
                                 Masking masking, uint64_t seed);

/// Tensors q, k and v of an npz or safetensors file, of rank 3 or 2, or rank 4
/// with the first two taken together; scale 1 / sqrt(d). Grouped heads are
/// repeated. Of a file with layer0.q, layer0.k, .. as hdp-run --capture writes
/// it all layers, or those of `layers`; keys that a mask forbids to all queries
/// are left out, and the queries at their places.
llvm::Error readInputs(llvm::StringRef path, llvm::ArrayRef<unsigned> layers,
                       std::vector<AttentionInputs> &all);

/// The largest difference between `out` and softmax(scale Q K^T) V in f64, over
/// a sample of rows of every head.
double computeErrorOfExact(const AttentionInputs &inputs,
                           const HostTensor &out);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_INPUTS_H
