//===- Normalise.h - from weighted sums to output codes ---------*- C++ -*-===//
//
// The reciprocal of a row's sum of weights, and the output code (N11). N12's
// special rows take the same way: a gated head's mean with num and den of its
// valid positions, a row without any with zeros. Rule numbers are those of
// docs/Numerics.md.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_NUMERICS_NORMALISE_H
#define HDP_NUMERICS_NORMALISE_H

#include "hdp/Numerics/Policy.h"

namespace hdp {
namespace numerics {

/// N11: b, the number of bits of den >= 0 without leading zeros.
template <typename Ops>
typename Ops::I32 bitLength(Ops &ops, typename Ops::I32 den) {
  auto zeros = ops.countLeadingZeros(den);
  return ops.sub(ops.constI32(32), zeros);
}

/// N11, exact: R = floor((2^(14+b) + floor(den / 2)) / den) for den >= 1.
template <typename Ops>
typename Ops::I32 exactReciprocal(Ops &ops, typename Ops::I32 den,
                                  typename Ops::I32 b) {
  auto wide = ops.extI32ToI64(den);
  auto bits = ops.extI32ToI64(b);
  auto power = ops.shl(ops.constI64(1 << 14), bits);
  auto half = ops.ashr(wide, ops.constI64(1));
  auto dividend = ops.add(power, half);
  return ops.truncI64ToI32(ops.div(dividend, wide));
}

/// N11, linear: R = 46261 - ((mu * 30840) >> 15), 48/17 - 32/17 mu / 2^15,
/// with mu = den shifted to 15 bits.
template <typename Ops>
typename Ops::I32 linearReciprocal(Ops &ops, typename Ops::I32 den,
                                   typename Ops::I32 b) {
  auto zero = ops.constI32(0);
  auto excess = ops.sub(b, ops.constI32(15));
  auto right = ops.max(excess, zero);
  auto left = ops.max(ops.sub(zero, excess), zero);
  auto mu = ops.ashr(ops.shl(den, left), right);
  auto product = ops.mul(mu, ops.constI32(30840));
  auto fall = ops.ashr(product, ops.constI32(15));
  return ops.sub(ops.constI32(46261), fall);
}

/// N11: R of a row, `b` being bitLength(den)'s; 0 where den is 0.
template <typename Ops>
typename Ops::I32 reciprocal(Ops &ops, typename Ops::I32 den,
                             typename Ops::I32 b, const Policy &policy) {
  auto atLeastOne = ops.max(den, ops.constI32(1));
  auto R = policy.reciprocal == Reciprocal::Exact
               ? exactReciprocal(ops, atLeastOne, b)
               : linearReciprocal(ops, atLeastOne, b);
  auto isZero = ops.eq(den, ops.constI32(0));
  return ops.select(isZero, ops.constI32(0), R);
}

/// N11: o = clamp((num R + 2^(13+b)) >> (14+b), -2^15, 2^15 - 1), 0 for a row
/// with den = 0 (whose num is 0 too).
template <typename Ops>
typename Ops::I32 outputCode(Ops &ops, typename Ops::I64 num,
                             typename Ops::I32 R, typename Ops::I32 b) {
  auto wideB = ops.extI32ToI64(b);
  auto product = ops.mul(num, ops.extI32ToI64(R));
  auto half = ops.shl(ops.constI64(1 << 13), wideB);
  auto rounded = ops.add(product, half);
  auto amount = ops.add(wideB, ops.constI64(14));
  auto code = ops.ashr(rounded, amount);
  code = ops.max(code, ops.constI64(-32768));
  return ops.truncI64ToI32(ops.min(code, ops.constI64(32767)));
}

} // namespace numerics
} // namespace hdp

#endif // HDP_NUMERICS_NORMALISE_H
