//===- Mask.h - which positions count, and what a mask adds -----*- C++ -*-===//
//
// Validity of a position, the kind of a block and the additive mask in score
// units (N4), and which K/V head a query head reads (N13). Rule numbers are
// those of docs/Numerics.md.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_NUMERICS_MASK_H
#define HDP_NUMERICS_MASK_H

#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Policy.h"

namespace hdp {
namespace numerics {

/// N4: what a block's `kind` holds.
enum class BlockKind : int32_t { Void = 0, Partial = 1, Full = 2 };

/// N4: additive mask entries of this value and below forbid.
inline constexpr double forbiddingBias = -8192.0;
/// N4: |B| is at most this.
inline constexpr int32_t biasLimit = int32_t(1) << 28;

/// N4: j <= i + Lk - Lq. The four values are of one integer type.
template <typename Ops, typename Int>
typename Ops::Bool causalAllows(Ops &ops, Int row, Int column, Int rows,
                                Int columns) {
  auto last = ops.sub(ops.add(row, columns), rows);
  return ops.le(column, last);
}

/// N4: whether an additive mask entry leaves its position valid. (A NaN is an
/// error, found before.)
template <typename Ops>
typename Ops::Bool biasAllows(Ops &ops, typename Ops::F64 bias) {
  return ops.gtF(bias, ops.constF64(forbiddingBias));
}

/// N4: scale * 2^-(SF+sQ+sK): what one score unit is worth.
template <typename Ops>
typename Ops::F64 scoreUnit(Ops &ops, double scale, const Policy &policy,
                            typename Ops::I32 sQ, typename Ops::I32 sK) {
  int32_t scoreBits = static_cast<int32_t>(policy.scoreFractionBits());
  auto exponents = ops.add(sQ, sK);
  auto power = powerOfTwo(ops, ops.sub(ops.constI32(-scoreBits), exponents));
  return ops.mulF(ops.constF64(scale), power);
}

/// N4: B of a valid position, `unit` being scoreUnit's.
template <typename Ops>
typename Ops::I32 biasInScoreUnits(Ops &ops, typename Ops::F64 bias,
                                   typename Ops::F64 unit) {
  return roundToRange(ops, ops.divF(bias, unit), -biasLimit, biasLimit);
}

/// N4: the kind (a BlockKind) of a block with `validCount` valid positions, of
/// whose rows `existingRows` exist. Missing rows do not make a block partial,
/// missing keys do.
template <typename Ops>
typename Ops::I32 blockKind(Ops &ops, typename Ops::I32 validCount,
                            typename Ops::I32 existingRows,
                            const Policy &policy) {
  auto whole = ops.mul(existingRows,
                       ops.constI32(static_cast<int32_t>(policy.blockCols)));
  auto isFull = ops.eq(validCount, whole);
  auto isVoid = ops.eq(validCount, ops.constI32(0));
  auto voidKind = ops.constI32(static_cast<int32_t>(BlockKind::Void));
  auto partialKind = ops.constI32(static_cast<int32_t>(BlockKind::Partial));
  auto fullKind = ops.constI32(static_cast<int32_t>(BlockKind::Full));
  auto notFull = ops.select(isVoid, voidKind, partialKind);
  return ops.select(isFull, fullKind, notFull);
}

/// N13: the K/V head of a query head, `groupSize` = Hq / Hkv.
template <typename Ops, typename Int>
Int keyValueHead(Ops &ops, Int queryHead, Int groupSize) {
  return ops.div(queryHead, groupSize);
}

} // namespace numerics
} // namespace hdp

#endif // HDP_NUMERICS_MASK_H
