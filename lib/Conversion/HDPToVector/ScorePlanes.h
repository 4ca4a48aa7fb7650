//===- ScorePlanes.h - the bytes that scores are products of ----*- C++ -*-===//
//
// N8 by dot products of bytes, K's without a sign: codes of up to 8 bits are
// one plane; longer ones, and parts of codes, are several. Offsets of K's
// planes add the same to all scores of a query row.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_CONVERSION_HDPTOVECTOR_SCOREPLANES_H
#define HDP_LIB_CONVERSION_HDPTOVECTOR_SCOREPLANES_H

#include "hdp/Numerics/Policy.h"
#include "llvm/ADT/SmallVector.h"

namespace hdp {

struct ScorePlanes {
  explicit ScorePlanes(const numerics::Policy &policy);

  /// One dot product of a plane of Q and one of K; 2^8 times as much if
  /// `isHigh`. `isSmall`: sums of two products fit 16 bits.
  struct Product {
    int64_t query, key;
    bool isHigh, isSmall;
  };
  llvm::SmallVector<Product, 4> products;
  int64_t queries, keys; ///< planes of each
  bool hasHigh = false;  ///< whether any product is
  /// Whether Q's codes have a high byte, and whether it may be 128.
  bool hasHighByte = false, hasOverflow = false;
  /// What K's planes have been raised by: the whole code or integer part, and
  /// the fraction.
  int64_t codeOffset, fractionOffset = 0;
};

/// Whether theta may be found from sums of the rows of a block (N5), with
/// pooled codes in bytes and sums of all theta of a row in 32 bits.
bool isPoolable(const numerics::Policy &policy, int64_t d);

/// Whether the theta of a group's 2x2 blocks, with the offsets of pooled codes,
/// sum up in 32 bits.
bool sumsFit(const numerics::Policy &policy, int64_t d, bool hasBias);

/// Whether scores with the offsets of K's bytes stay below 2^30.
bool scoresFit(const numerics::Policy &policy, int64_t d, bool hasBias);

} // namespace hdp

#endif // HDP_LIB_CONVERSION_HDPTOVECTOR_SCOREPLANES_H
