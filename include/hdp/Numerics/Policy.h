//===- Policy.h - the choices of pruned attention ---------------*- C++ -*-===//
//
// One plain struct with the choices of docs/Numerics.md, its two presets and
// the integers derived from its reals. The dialect's attribute wraps it; the
// rules take what they need from it.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_NUMERICS_POLICY_H
#define HDP_NUMERICS_POLICY_H

#include <cmath>
#include <cstdint>

namespace hdp {
namespace numerics {

/// How exponents are found (N1).
enum class Exponents : uint32_t { Static, Dynamic };
/// How a code is cut into integer and fraction part (N2).
enum class Split : uint32_t { Floor, Nearest };
/// What a block's importance sums (N5).
enum class Importance : uint32_t { Abs, Signed };
/// Which partial products a kept score has (N8).
enum class Products : uint32_t { Cross, Full };
/// What becomes of pruned positions (N9).
enum class Pruned : uint32_t { Dropped, Compensated };
/// What the head gate measures (N7).
enum class Measure : uint32_t { Magnitude, Spread };
/// What a gated head gives (N12).
enum class Gated : uint32_t { Zero, Mean };
/// How the output is normalised (N11).
enum class Reciprocal : uint32_t { Linear, Exact };
/// How the blocks of a row are chosen (N6): by the threshold T of rho, or the
/// largest ones by count.
enum class Selection : uint32_t { Rho, TopK };

/// `fixed<I.F>` of N1: I integer bits with the sign, F fraction bits.
struct Format {
  int64_t integerBits = 4;
  int64_t fractionBits = 4;

  int64_t width() const { return integerBits + fractionBits; }
  bool operator==(const Format &other) const {
    return integerBits == other.integerBits &&
           fractionBits == other.fractionBits;
  }
};

/// All choices of pruned attention. A default-constructed one is the preset
/// `compensated`.
struct Policy {
  /// Format of Q and K (N1).
  Format format;
  /// VF of V's fixed<4.VF>: 12 or 4 (N1).
  int64_t valueFractionBits = 4;
  Exponents exponents = Exponents::Dynamic;
  /// The static exponents of Q, K and V (N1).
  int64_t sq = 0, sk = 0, sv = 0;
  Split split = Split::Nearest;
  Importance importance = Importance::Signed;
  Products products = Products::Full;
  Pruned pruned = Pruned::Compensated;
  /// Block columns that share one compensation, 0: all of them (N9).
  int64_t group = 16;
  /// bq and bk: query rows and keys of a block.
  int64_t blockRows = 2, blockCols = 2;
  Selection selection = Selection::Rho;
  /// rho, or keep with Selection::TopK (N6).
  double threshold = 0.5;
  Measure measure = Measure::Spread;
  /// Head threshold; <= 0 keeps every head (N7).
  double tau = 0.0;
  Gated gated = Gated::Mean;
  Reciprocal reciprocal = Reciprocal::Exact;

  /// SF: fraction bits of a score (N0).
  int64_t scoreFractionBits() const {
    return products == Products::Full ? 2 * format.fractionBits
                                      : format.fractionBits;
  }
  /// rho8 = rint(256 rho), or keep8 = rint(256 keep) (N6).
  int64_t threshold8() const { return in256ths(threshold); }
  /// tau8 = rint(256 tau) (N7).
  int64_t tau8() const { return in256ths(tau); }

  bool operator==(const Policy &o) const {
    return format == o.format && valueFractionBits == o.valueFractionBits &&
           exponents == o.exponents && sq == o.sq && sk == o.sk && sv == o.sv &&
           split == o.split && importance == o.importance &&
           products == o.products && pruned == o.pruned && group == o.group &&
           blockRows == o.blockRows && blockCols == o.blockCols &&
           selection == o.selection && threshold == o.threshold &&
           measure == o.measure && tau == o.tau && gated == o.gated &&
           reciprocal == o.reciprocal;
  }
  bool operator!=(const Policy &o) const { return !(*this == o); }

private:
  /// rint(256 x), bounded (to values that N0 refuses) where it would not fit.
  static int64_t in256ths(double x) {
    constexpr double bound = 1099511627776.0; // 2^40
    double rounded = std::nearbyint(256.0 * x);
    if (!(rounded < bound)) // a NaN too
      return static_cast<int64_t>(bound);
    return static_cast<int64_t>(rounded < -bound ? -bound : rounded);
  }
};

/// The default: what measurement on real weights favours.
inline Policy compensatedPolicy() { return Policy(); }

/// The published description wherever it says something.
inline Policy paperPolicy() {
  Policy policy;
  policy.format = {4, 8};
  policy.valueFractionBits = 12;
  policy.exponents = Exponents::Static;
  policy.split = Split::Floor;
  policy.importance = Importance::Abs;
  policy.products = Products::Cross;
  policy.pruned = Pruned::Dropped;
  policy.group = 0;
  policy.measure = Measure::Magnitude;
  policy.gated = Gated::Zero;
  policy.reciprocal = Reciprocal::Linear;
  return policy;
}

} // namespace numerics
} // namespace hdp

#endif // HDP_NUMERICS_POLICY_H
