//===- Pruning.h - which blocks and heads are kept --------------*- C++ -*-===//
//
// The importance of a block (N5), the threshold of a block row (N6) and the
// head gate (N7). Sums run in the engines' loops: theta in 32 bits, everything
// above it in 64. Rule numbers are those of docs/Numerics.md.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_NUMERICS_PRUNING_H
#define HDP_NUMERICS_PRUNING_H

#include "hdp/Numerics/Policy.h"

namespace hdp {
namespace numerics {

/// floor(a / b) for b > 0.
template <typename Ops>
typename Ops::I64 floorDiv(Ops &ops, typename Ops::I64 a, typename Ops::I64 b) {
  auto quotient = ops.div(a, b);
  auto remainder = ops.sub(a, ops.mul(quotient, b));
  auto isNegative = ops.lt(remainder, ops.constI64(0));
  return ops.sub(quotient, ops.boolToI64(isNegative));
}

/// ceil(a / b) for b > 0.
template <typename Ops>
typename Ops::I64 ceilDiv(Ops &ops, typename Ops::I64 a, typename Ops::I64 b) {
  auto quotient = ops.div(a, b);
  auto remainder = ops.sub(a, ops.mul(quotient, b));
  auto isPositive = ops.gt(remainder, ops.constI64(0));
  return ops.add(quotient, ops.boolToI64(isPositive));
}

/// N5, N7: the integer score with its mask, II + (B >> SF). Without an
/// additive mask it is II itself.
template <typename Ops>
typename Ops::I32 integerScore(Ops &ops, typename Ops::I32 II,
                               typename Ops::I32 B, const Policy &policy) {
  int32_t scoreBits = static_cast<int32_t>(policy.scoreFractionBits());
  return ops.add(II, ops.ashr(B, ops.constI32(scoreBits)));
}

/// N5: what one position adds to theta, f(integerScore).
template <typename Ops>
typename Ops::I32 importanceTerm(Ops &ops, typename Ops::I32 score,
                                 const Policy &policy) {
  if (policy.importance == Importance::Abs)
    return ops.abs(score);
  return score;
}

/// N6: 256 n T before the division, of a block row with n full blocks: their
/// sum of theta, and its maximum (read for rho8 >= 0 only) and minimum (read
/// for rho8 < 0 only), which may be anything that fits 32 bits when n is 0.
template <typename Ops>
typename Ops::I64
thresholdNumerator(Ops &ops, typename Ops::I64 n, typename Ops::I64 sum,
                   typename Ops::I64 maximum, typename Ops::I64 minimum,
                   const Policy &policy) {
  int64_t rho8 = policy.threshold8();
  int64_t towards = rho8 < 0 ? -rho8 : rho8;
  auto extreme = rho8 < 0 ? minimum : maximum;
  auto scaled = ops.mul(extreme, ops.constI64(towards));
  auto extremePart = ops.mul(scaled, n);
  auto sumPart = ops.mul(sum, ops.constI64(256 - towards));
  return ops.add(extremePart, sumPart);
}

/// N6: T = ceil(numerator / (256 n)), 0 when n is 0.
template <typename Ops>
typename Ops::I32 rowThreshold(Ops &ops, typename Ops::I64 n,
                               typename Ops::I64 numerator) {
  auto atLeastOne = ops.max(n, ops.constI64(1));
  auto divisor = ops.shl(atLeastOne, ops.constI64(8));
  auto quotient = ops.truncI64ToI32(ceilDiv(ops, numerator, divisor));
  auto isEmpty = ops.eq(n, ops.constI64(0));
  return ops.select(isEmpty, ops.constI32(0), quotient);
}

/// N6: whether a full block of importance theta is kept; a tie is.
template <typename Ops>
typename Ops::Bool keptByThreshold(Ops &ops, typename Ops::I32 theta,
                                   typename Ops::I32 threshold) {
  return ops.ge(theta, threshold);
}

/// N6: how many of n full blocks `topk` keeps, max(1, ceil(keep8 n / 256)).
template <typename Ops>
typename Ops::I32 topkCount(Ops &ops, typename Ops::I32 n,
                            const Policy &policy) {
  int32_t keep8 = static_cast<int32_t>(policy.threshold8());
  auto scaled = ops.mul(n, ops.constI32(keep8));
  auto roundedUp = ops.add(scaled, ops.constI32(255));
  auto count = ops.ashr(roundedUp, ops.constI32(8));
  return ops.max(count, ops.constI32(1));
}

/// N6: whether the full block (otherTheta, otherColumn) comes before (theta,
/// column) in the order of `topk`: larger first, ties to the lower column. A
/// block is kept when fewer than topkCount others come before it.
template <typename Ops, typename Int>
typename Ops::Bool precedes(Ops &ops, typename Ops::I32 otherTheta,
                            Int otherColumn, typename Ops::I32 theta,
                            Int column) {
  auto isLarger = ops.gt(otherTheta, theta);
  auto isEqual = ops.eq(otherTheta, theta);
  auto isLower = ops.lt(otherColumn, column);
  return ops.bitOr(isLarger, ops.bitAnd(isEqual, isLower));
}

/// N7, magnitude: what a valid position adds to H, |integerScore|.
template <typename Ops>
typename Ops::I64 magnitudeTerm(Ops &ops, typename Ops::I32 score) {
  return ops.extI32ToI64(ops.abs(score));
}

/// N7, spread: what a block row with n full blocks adds to H, n mx - sum.
/// With n = 0 and sum = 0 it is 0 whatever the maximum.
template <typename Ops>
typename Ops::I64 spreadTerm(Ops &ops, typename Ops::I64 n,
                             typename Ops::I64 maximum, typename Ops::I64 sum) {
  return ops.sub(ops.mul(n, maximum), sum);
}

/// N7: whether a head is kept. `positions` is what H is compared with (valid
/// positions, or those in full blocks), `fullBlocks` the head's number of full
/// blocks. H 2^8 >= tau8 positions is tested as floor(H 2^8 / positions) >=
/// tau8, which cannot overflow.
template <typename Ops>
typename Ops::Bool
headIsKept(Ops &ops, typename Ops::I64 H, typename Ops::I64 positions,
           typename Ops::I64 fullBlocks, const Policy &policy) {
  auto scaled = ops.shl(H, ops.constI64(8));
  auto divisor = ops.max(positions, ops.constI64(1));
  auto mean = ops.div(scaled, divisor);
  auto isLarge = ops.ge(mean, ops.constI64(policy.tau8()));
  auto hasNoFull = ops.eq(fullBlocks, ops.constI64(0));
  return ops.bitOr(isLarge, hasNoFull);
}

} // namespace numerics
} // namespace hdp

#endif // HDP_NUMERICS_PRUNING_H
