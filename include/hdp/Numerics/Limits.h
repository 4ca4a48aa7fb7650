//===- Limits.h - what a policy and a shape may be --------------*- C++ -*-===//
//
// N0: the limits within which every sum of the other rules fits its width.
// Verifiers ask for what is known at compile time, engines again for what only
// run time knows. Rule numbers are those of docs/Numerics.md.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_NUMERICS_LIMITS_H
#define HDP_NUMERICS_LIMITS_H

#include "hdp/Numerics/Policy.h"
#include <cstdio>
#include <optional>
#include <string>

namespace hdp {
namespace numerics {

/// The sizes of one attention; -1 is a size that is not known yet.
struct AttentionShape {
  static constexpr int64_t unknown = -1;
  int64_t queryHeads = unknown, keyValueHeads = unknown;
  int64_t Lq = unknown, Lk = unknown;
  int64_t d = unknown, dv = unknown;
};

namespace detail {

/// Wide enough for every product of N0 with sizes of 64 bits.
using Wide = __int128;

inline std::string toText(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}
inline std::string toText(Wide value) {
  if (value < 0)
    return "-" + toText(-value);
  std::string digits;
  do
    digits.insert(digits.begin(), static_cast<char>('0' + int(value % 10)));
  while ((value /= 10) > 0);
  return digits;
}
inline std::string toText(int64_t value) { return toText(Wide(value)); }

inline std::optional<std::string> checkRange(const char *what, int64_t value,
                                             int64_t lo, int64_t hi) {
  if (value >= lo && value <= hi)
    return std::nullopt;
  return std::string("expected ") + what + " from " + toText(lo) + " to " +
         toText(hi) + ", found " + toText(value);
}

inline std::optional<std::string> checkAtLeastOne(const char *what,
                                                  int64_t value) {
  if (value >= 1 || value == AttentionShape::unknown)
    return std::nullopt;
  return std::string("expected ") + what + " of at least 1, found " +
         toText(value);
}

inline std::optional<std::string> checkBelow(const char *what, Wide value,
                                             int bits) {
  if (value < (Wide(1) << bits))
    return std::nullopt;
  return std::string("expected ") + what + " below 2^" + std::to_string(bits) +
         ", found " + toText(value);
}

inline int64_t knownOrOne(int64_t size) {
  return size == AttentionShape::unknown ? 1 : size;
}

} // namespace detail

/// N0, N1: what a policy may say by itself. Nothing when it is all right.
inline std::optional<std::string> checkPolicy(const Policy &policy) {
  using detail::checkRange;
  const Format &format = policy.format;
  if (auto error =
          checkRange("integer bits of the format", format.integerBits, 2, 8))
    return error;
  if (auto error =
          checkRange("fraction bits of the format", format.fractionBits, 1, 12))
    return error;
  if (auto error = checkRange("a format of width", format.width(), 3, 16))
    return error;
  if (policy.products == Products::Full && format.width() > 8)
    return "expected a format of width at most 8 with full products, found " +
           detail::toText(format.width());
  if (policy.valueFractionBits != 4 && policy.valueFractionBits != 12)
    return "expected 4 or 12 fraction bits of the value format, found " +
           detail::toText(policy.valueFractionBits);
  if (auto error = checkRange("sq", policy.sq, -16, 16))
    return error;
  if (auto error = checkRange("sk", policy.sk, -16, 16))
    return error;
  if (auto error = checkRange("sv", policy.sv, -16, 16))
    return error;
  if (policy.group < 0)
    return "expected a group of at least 0, found " +
           detail::toText(policy.group);
  if (auto error = checkRange("block rows", policy.blockRows, 1, 16))
    return error;
  if (auto error = checkRange("block columns", policy.blockCols, 1, 16))
    return error;
  int64_t threshold8 = policy.threshold8();
  if (policy.selection == Selection::Rho &&
      (threshold8 <= -256 || threshold8 >= 256))
    return "expected rho between -1 and 1 (exclusive, in 256ths), found " +
           detail::toText(policy.threshold);
  if (policy.selection == Selection::TopK &&
      (threshold8 < 0 || threshold8 > 256))
    return "expected keep from 0 to 1 (in 256ths), found " +
           detail::toText(policy.threshold);
  int64_t tau8 = policy.tau8();
  if (tau8 <= -(int64_t(1) << 31) || tau8 >= (int64_t(1) << 31))
    return "expected tau between -2^23 and 2^23, found " +
           detail::toText(policy.tau);
  return std::nullopt;
}

/// N0, N13: what a shape may be under a policy that checkPolicy accepts. A size
/// that is not known counts as the smallest, so only what can never work is
/// refused. Nothing when it is all right.
inline std::optional<std::string> checkLimits(const Policy &policy,
                                              const AttentionShape &shape,
                                              double scale, bool hasBias) {
  using detail::Wide;
  if (auto error = detail::checkAtLeastOne("Lq", shape.Lq))
    return error;
  if (auto error = detail::checkAtLeastOne("d", shape.d))
    return error;
  if (auto error = detail::checkAtLeastOne("dv", shape.dv))
    return error;
  if (shape.Lk != AttentionShape::unknown)
    if (auto error = detail::checkRange("Lk", shape.Lk, 1, 32768))
      return error;
  constexpr double minScale = 0x1p-126, maxScale = 0x1p127;
  if (!(scale >= minScale && scale <= maxScale))
    return "expected a scale from 2^-126 to 2^127, found " +
           detail::toText(scale);
  if (shape.queryHeads > 0 && shape.keyValueHeads >= 0 &&
      (shape.keyValueHeads == 0 || shape.queryHeads % shape.keyValueHeads != 0))
    return "expected a number of query heads that is a multiple of the " +
           detail::toText(shape.keyValueHeads) +
           " key and value heads, found " + detail::toText(shape.queryHeads);

  int64_t F = policy.format.fractionBits;
  Wide d = detail::knownOrOne(shape.d);
  Wide P = Wide(1) << (policy.format.integerBits - 1);
  Wide X =
      policy.split == Split::Floor ? (Wide(1) << F) - 1 : Wide(1) << (F - 1);
  Wide G = hasBias ? Wide(1) << 28 : 0;
  Wide integerBias = G >> policy.scoreFractionBits();
  Wide perScore = policy.products == Products::Full
                      ? Wide(1) << (2 * policy.format.width() - 2)
                      : P * ((P << F) + 2 * X);
  if (auto error = detail::checkBelow("a largest score", d * perScore + G, 30))
    return error;
  Wide integerLimit = d * P * P + integerBias;
  if (auto error = detail::checkBelow(
          "a largest theta", policy.blockRows * policy.blockCols * integerLimit,
          31))
    return error;
  Wide positions =
      Wide(detail::knownOrOne(shape.Lq)) * detail::knownOrOne(shape.Lk);
  return detail::checkBelow("a largest H", positions * integerLimit, 55);
}

} // namespace numerics
} // namespace hdp

#endif // HDP_NUMERICS_LIMITS_H
