//===- FixedPoint.h - from floats to codes and back -------------*- C++ -*-===//
//
// Quantisation of Q, K and V (N1), the split of a code into integer and
// fraction part (N2), and the way back to floats (N11). Rule numbers are those
// of docs/Numerics.md.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_NUMERICS_FIXEDPOINT_H
#define HDP_NUMERICS_FIXEDPOINT_H

#include "hdp/Numerics/Policy.h"
#include <limits>

namespace hdp {
namespace numerics {

//===----------------------------------------------------------------------===//
// What the policy fixes
//===----------------------------------------------------------------------===//

/// How floats become codes: fraction bits and the codes that may be stored.
struct CodeFormat {
  int32_t fractionBits;
  int32_t lo, hi;
};

/// N1: the codes of Q and K. With `Split::Nearest` hi is the largest code whose
/// integer part still fits I bits.
inline CodeFormat getQueryKeyFormat(const Policy &policy) {
  int32_t fractionBits = static_cast<int32_t>(policy.format.fractionBits);
  int32_t end = int32_t(1) << (policy.format.width() - 1);
  int32_t hi = end - 1;
  if (policy.split == Split::Nearest)
    hi -= int32_t(1) << (fractionBits - 1);
  return {fractionBits, -end, hi};
}

/// N1: the codes of V, fixed<4.VF>, before alignValue.
inline CodeFormat getValueFormat(const Policy &policy) {
  int32_t fractionBits = static_cast<int32_t>(policy.valueFractionBits);
  int32_t end = int32_t(1) << (3 + fractionBits);
  return {fractionBits, -end, end - 1};
}

/// N1: the range of exponents. An additive mask narrows the dynamic ones of Q
/// and K, so that B (N4) keeps its range; V's stay as they are.
inline constexpr int32_t minExponent = -16;
inline constexpr int32_t maxExponent = 16;
inline constexpr int32_t maxExponentWithBias = 4;

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// 2^n for -1022 <= n <= 1023, exactly.
template <typename Ops>
typename Ops::F64 powerOfTwo(Ops &ops, typename Ops::I32 n) {
  auto biased = ops.add(n, ops.constI32(1023));
  auto wide = ops.extI32ToI64(biased);
  return ops.bitcastI64ToF64(ops.shl(wide, ops.constI64(52)));
}

/// rint(x) clamped to [lo, hi], 0 for a NaN: the rounding of N1 and N4.
template <typename Ops>
typename Ops::I32 roundToRange(Ops &ops, typename Ops::F64 x, int32_t lo,
                               int32_t hi) {
  auto low = ops.constF64(lo);
  auto high = ops.constF64(hi);
  auto zero = ops.constF64(0.0);
  auto number = ops.select(ops.isNaN(x), zero, x);
  // Both bounds are integers, so clamping first changes nothing.
  auto above = ops.select(ops.ltF(number, low), low, number);
  auto inside = ops.select(ops.gtF(above, high), high, above);
  return ops.f64ToI32(ops.roundEven(inside));
}

/// N1: the running maximum of |x| over a head, from 0.0; a NaN counts as an
/// infinity, so the result is infinite exactly when something is not finite.
template <typename Ops>
typename Ops::F64 maxMagnitude(Ops &ops, typename Ops::F64 soFar,
                               typename Ops::F64 x) {
  auto infinity = ops.constF64(std::numeric_limits<double>::infinity());
  auto isNaN = ops.isNaN(x);
  auto magnitude = ops.select(isNaN, infinity, ops.absF(x));
  return ops.select(ops.gtF(magnitude, soFar), magnitude, soFar);
}

/// N1: the dynamic exponent of a head: the largest s in [-16, limit] with
/// magnitude * 2^(F+s) <= hi; -16 if there is none, 0 for a head that is all
/// zero or not finite. `magnitude` (of maxMagnitude) is 0, infinite or normal,
/// as every widened f32 is. With magnitude = 1.f * 2^e and hi = 1.h * 2^eh,
/// s = eh - e - F, and one less if 1.f > 1.h.
template <typename Ops>
typename Ops::I32 dynamicExponent(Ops &ops, typename Ops::F64 magnitude,
                                  const CodeFormat &format, int32_t limit) {
  int32_t hiExponent = 0;
  while ((format.hi >> hiExponent) > 1)
    ++hiExponent;
  int64_t mantissaMask = (int64_t(1) << 52) - 1;
  int64_t hiMantissa =
      (static_cast<int64_t>(format.hi) << (52 - hiExponent)) & mantissaMask;

  auto bits = ops.bitcastF64ToI64(magnitude);
  auto biased = ops.truncI64ToI32(ops.lshr(bits, ops.constI64(52)));
  auto mantissa = ops.bitAnd(bits, ops.constI64(mantissaMask));
  auto tooLarge = ops.gt(mantissa, ops.constI64(hiMantissa));

  int32_t offset = hiExponent + 1023 - format.fractionBits;
  auto exponent = ops.sub(ops.constI32(offset), biased);
  exponent = ops.sub(exponent, ops.boolToI32(tooLarge));
  exponent = ops.max(exponent, ops.constI32(minExponent));
  exponent = ops.min(exponent, ops.constI32(limit));

  auto isZero = ops.eq(bits, ops.constI64(0));
  auto isInfinite = ops.eq(biased, ops.constI32(0x7FF));
  auto hasNone = ops.bitOr(isZero, isInfinite);
  return ops.select(hasNone, ops.constI32(0), exponent);
}

/// N1: 2^(F+s), by which a head's values are multiplied.
template <typename Ops>
typename Ops::F64 quantizeFactor(Ops &ops, typename Ops::I32 exponent,
                                 const CodeFormat &format) {
  return powerOfTwo(ops, ops.add(exponent, ops.constI32(format.fractionBits)));
}

/// N1: the code of x, `factor` being quantizeFactor's. NaN becomes 0,
/// infinities saturate.
template <typename Ops>
typename Ops::I32 quantizeValue(Ops &ops, typename Ops::F64 x,
                                typename Ops::F64 factor,
                                const CodeFormat &format) {
  return roundToRange(ops, ops.mulF(x, factor), format.lo, format.hi);
}

/// N1: whether clamping changes the code of x (an infinity's always). NaN is
/// counted apart: it does not saturate.
template <typename Ops>
typename Ops::Bool saturates(Ops &ops, typename Ops::F64 x,
                             typename Ops::F64 factor,
                             const CodeFormat &format) {
  auto rounded = ops.roundEven(ops.mulF(x, factor));
  auto below = ops.ltF(rounded, ops.constF64(format.lo));
  auto above = ops.gtF(rounded, ops.constF64(format.hi));
  return ops.bitOr(below, above);
}

/// N1: a code of V in units of 2^-(12+sV), whatever VF.
template <typename Ops>
typename Ops::I32 alignValue(Ops &ops, typename Ops::I32 code,
                             const CodeFormat &format) {
  return ops.shl(code, ops.constI32(12 - format.fractionBits));
}

/// N2: the integer part of a code of Q or K.
template <typename Ops>
typename Ops::I32 splitInteger(Ops &ops, typename Ops::I32 code,
                               const Policy &policy) {
  int32_t fractionBits = static_cast<int32_t>(policy.format.fractionBits);
  auto from = code;
  if (policy.split == Split::Nearest)
    from = ops.add(code, ops.constI32(int32_t(1) << (fractionBits - 1)));
  return ops.ashr(from, ops.constI32(fractionBits));
}

/// N2: what remains of the code beside its integer part; >= 0 for
/// `Split::Floor`, around 0 for `Split::Nearest`.
template <typename Ops>
typename Ops::I32 splitFraction(Ops &ops, typename Ops::I32 code,
                                typename Ops::I32 integerPart,
                                const Policy &policy) {
  int32_t fractionBits = static_cast<int32_t>(policy.format.fractionBits);
  return ops.sub(code, ops.shl(integerPart, ops.constI32(fractionBits)));
}

/// N2 backwards: the code that two parts were cut from.
template <typename Ops>
typename Ops::I32 joinParts(Ops &ops, typename Ops::I32 integerPart,
                            typename Ops::I32 fractionPart,
                            const Policy &policy) {
  int32_t fractionBits = static_cast<int32_t>(policy.format.fractionBits);
  return ops.add(ops.shl(integerPart, ops.constI32(fractionBits)),
                 fractionPart);
}

/// N11: 2^-(12 + sV), the value of one unit of V and of o.
template <typename Ops>
typename Ops::F64 dequantizeFactor(Ops &ops, typename Ops::I32 sV) {
  return powerOfTwo(ops, ops.sub(ops.constI32(-12), sV));
}

/// N11: the float of an output code, exactly.
template <typename Ops>
typename Ops::F32 dequantizeValue(Ops &ops, typename Ops::I32 code,
                                  typename Ops::F64 factor) {
  return ops.truncF64ToF32(ops.mulF(ops.i32ToF64(code), factor));
}

} // namespace numerics
} // namespace hdp

#endif // HDP_NUMERICS_FIXEDPOINT_H
