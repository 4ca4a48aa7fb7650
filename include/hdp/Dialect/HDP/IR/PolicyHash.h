//===- PolicyHash.h - what attribute storage asks of the policy -*- C++ -*-===//

#ifndef HDP_DIALECT_HDP_IR_POLICYHASH_H
#define HDP_DIALECT_HDP_IR_POLICYHASH_H

#include "hdp/Numerics/Policy.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/bit.h"

namespace hdp {
namespace numerics {

/// Found by argument-dependent look-up when MLIR makes the attribute unique.
inline llvm::hash_code hash_value(const Policy &p) {
  return llvm::hash_combine(
      p.format.integerBits, p.format.fractionBits, p.valueFractionBits,
      p.exponents, p.sq, p.sk, p.sv, p.split, p.importance, p.products,
      llvm::hash_combine(p.pruned, p.group, p.blockRows, p.blockCols,
                         p.selection, llvm::bit_cast<uint64_t>(p.threshold),
                         p.measure, llvm::bit_cast<uint64_t>(p.tau), p.gated,
                         p.reciprocal));
}

} // namespace numerics
} // namespace hdp

#endif // HDP_DIALECT_HDP_IR_POLICYHASH_H
