//===- Softmax.h - scores, exponentials and weights -------------*- C++ -*-===//
//
// The score of a kept position (N8), 2^-x as a second-order polynomial and the
// shared weight of pruned positions (N9), and their 16-bit weights (N10). Rule
// numbers are those of docs/Numerics.md.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_NUMERICS_SOFTMAX_H
#define HDP_NUMERICS_SOFTMAX_H

#include "hdp/Numerics/Policy.h"
#include "hdp/Numerics/Pruning.h"
#include <cmath>

namespace hdp {
namespace numerics {

/// N8: a score without its bias, from the integer pass and what the second
/// pass sums: the cross sum, or (full) the whole product, which stands alone.
template <typename Ops>
typename Ops::I32 combineScore(Ops &ops, typename Ops::I32 II,
                               typename Ops::I32 second, const Policy &policy) {
  if (policy.products == Products::Full)
    return second;
  int32_t fractionBits = static_cast<int32_t>(policy.format.fractionBits);
  return ops.add(ops.shl(II, ops.constI32(fractionBits)), second);
}

/// N9: what the scale alone decides: m, and the a that belongs to
/// g = scale * log2(e), with 0.5 <= g * 2^a < 1.
struct ScaleConstants {
  int32_t a;
  int32_t m;
};

/// N9: exponents of two shift a and leave m as it is, so both constants are
/// known where the scale is.
inline ScaleConstants getScaleConstants(double scale) {
  int exponent = 0;
  double mantissa = std::frexp(scale * 1.4426950408889634, &exponent);
  int32_t m = static_cast<int32_t>(std::nearbyint(mantissa * 32768.0));
  if (m == 32768)
    return {-exponent - 1, 16384};
  return {-exponent, m};
}

/// N9: a of a head: that of g = scale * log2(e) * 2^(10-SF-sQ-sK), clamped.
template <typename Ops>
typename Ops::I32 softmaxShift(Ops &ops, const ScaleConstants &scale,
                               const Policy &policy, typename Ops::I32 sQ,
                               typename Ops::I32 sK) {
  int32_t scoreBits = static_cast<int32_t>(policy.scoreFractionBits());
  auto exponents = ops.add(sQ, sK);
  auto a = ops.add(exponents, ops.constI32(scale.a - 10 + scoreBits));
  a = ops.max(a, ops.constI32(-15));
  return ops.min(a, ops.constI32(32));
}

/// (x * y + 2^14) >> 15: the rounded product of two fractions of 15 bits.
template <typename Ops>
typename Ops::I32 mulRound15(Ops &ops, typename Ops::I32 x,
                             typename Ops::I32 y) {
  auto product = ops.mul(x, y);
  auto rounded = ops.add(product, ops.constI32(1 << 14));
  return ops.ashr(rounded, ops.constI32(15));
}

/// N9: E of a distance that has been shifted by `a` and cut to 15 bits.
template <typename Ops>
typename Ops::I32 expOfDistance(Ops &ops, typename Ops::I32 x1, int32_t m) {
  auto u = mulRound15(ops, x1, ops.constI32(m));
  auto z = ops.ashr(u, ops.constI32(10));
  auto fraction = ops.bitAnd(u, ops.constI32(1023));
  auto y = ops.shl(fraction, ops.constI32(5));
  auto slope = mulRound15(ops, y, ops.constI32(2845));
  auto h = ops.sub(ops.constI32(11018), slope);
  auto fall = mulRound15(ops, y, h);
  auto P = ops.sub(ops.constI32(16384), fall);
  return ops.ashr(P, z);
}

/// N9: E(x) for a distance x >= 0 below the maximum, in score units: about
/// 2^(-x g / 2^10) with 14 fraction bits. `a` is softmaxShift's, `m` of
/// getScaleConstants.
template <typename Ops>
typename Ops::I32 expWeight(Ops &ops, typename Ops::I64 x, typename Ops::I32 a,
                            int32_t m) {
  auto wideA = ops.extI32ToI64(a);
  auto zero = ops.constI64(0);
  auto right = ops.max(wideA, zero);
  auto left = ops.max(ops.sub(zero, wideA), zero);
  auto shifted = ops.ashr(ops.shl(x, left), right);
  auto x1 = ops.truncI64ToI32(ops.min(shifted, ops.constI64(32767)));
  return expOfDistance(ops, x1, m);
}

/// N9: mp of a block row and group: the mean integer score of its pruned full
/// blocks in score units, from their sum of theta and their number of
/// existing positions (0 gives some value, which no rule reads).
template <typename Ops>
typename Ops::I64 groupMean(Ops &ops, typename Ops::I64 thetaSum,
                            typename Ops::I64 positions, const Policy &policy) {
  auto scaled = ops.shl(thetaSum, ops.constI64(policy.scoreFractionBits()));
  auto divisor = ops.max(positions, ops.constI64(1));
  return floorDiv(ops, scaled, divisor);
}

/// N9: c of a row and group, the weight that the group's pruned positions
/// share; 0 when there are none.
template <typename Ops>
typename Ops::I32
groupWeight(Ops &ops, typename Ops::I32 M, typename Ops::I64 mean,
            typename Ops::I64 positions, typename Ops::I32 a, int32_t m) {
  auto below = ops.sub(ops.extI32ToI64(M), mean);
  auto distance = ops.max(below, ops.constI64(0));
  auto weight = expWeight(ops, distance, a, m);
  auto isEmpty = ops.eq(positions, ops.constI64(0));
  return ops.select(isEmpty, ops.constI32(0), weight);
}

/// N10: D of a row, from the sum of its e, its largest c and its number of
/// kept valid positions.
template <typename Ops>
typename Ops::I32 weightSum(Ops &ops, typename Ops::I32 sumE,
                            typename Ops::I32 maxC,
                            typename Ops::I32 keptCount) {
  return ops.add(sumE, ops.mul(maxC, keptCount));
}

/// N10: the smallest k >= 0 with D >> k < 2^15.
template <typename Ops>
typename Ops::I32 weightShift(Ops &ops, typename Ops::I32 D) {
  auto zeros = ops.countLeadingZeros(D);
  auto excess = ops.sub(ops.constI32(32 - 15), zeros);
  return ops.max(excess, ops.constI32(0));
}

/// N10: (x + half) >> k with half = 2^(k-1), 0 when k is 0: wc from c, and
/// the first part of w from e.
template <typename Ops>
typename Ops::I32 roundWeight(Ops &ops, typename Ops::I32 x,
                              typename Ops::I32 k) {
  auto one = ops.constI32(1);
  auto half = ops.ashr(ops.shl(one, k), one);
  return ops.ashr(ops.add(x, half), k);
}

/// N10: w of a kept valid position, whose block has this kind: e rounded, less
/// its group's wc in a full block. (There SV adds wc * V once more.)
template <typename Ops>
typename Ops::I32 keptWeight(Ops &ops, typename Ops::I32 e, typename Ops::I32 k,
                             typename Ops::I32 wc,
                             typename Ops::Bool inFullBlock) {
  auto rounded = roundWeight(ops, e, k);
  auto shared = ops.select(inFullBlock, wc, ops.constI32(0));
  return ops.sub(rounded, shared);
}

} // namespace numerics
} // namespace hdp

#endif // HDP_NUMERICS_SOFTMAX_H
