//===- VectorEmitter.h - loops and vectors by lambda ------------*- C++ -*-===//
//
// What the vectorisers of single ops share: index arithmetic that folds, loops
// with the body passed in, masked loads and stores, and shuffles.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_CONVERSION_VECTOREMITTER_H
#define HDP_CONVERSION_VECTOREMITTER_H

#include "hdp/Support/CPUTarget.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hdp {

/// On a function whose last two arguments say which part of the work a call
/// does and how many parts there are (see --hdp-split-kernels).
inline constexpr llvm::StringLiteral kSplitAttr = "hdp.split";

/// On a function whose code divides its work itself, into as many parts as the
/// host's function of this name says, and calls functions without a body of
/// this prefix, which hand out the parts of the function that is named behind.
inline constexpr llvm::StringLiteral kThreadsAttr = "hdp.threads";
inline constexpr llvm::StringLiteral kThreadsFunction = "hdp_threads";
inline constexpr llvm::StringLiteral kSplitPrefix = "hdp_split_";

using Values = llvm::SmallVector<mlir::Value>;

class VectorEmitter {
public:
  VectorEmitter(mlir::ImplicitLocOpBuilder &builder, const CPUTarget &target)
      : b(builder), target(target) {}

  mlir::ImplicitLocOpBuilder &b;
  const CPUTarget &target;
  /// Where several threads share the work: which of how many parts this code
  /// does. Null: all of it.
  mlir::Value part, numParts;
  /// Takes them from the function around `op`, if that was split.
  void sharePartOf(mlir::Operation *op);
  /// The iterations of `count` that belong to the part, [first, second).
  std::pair<mlir::Value, mlir::Value> getShare(mlir::Value count);

  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value add(mlir::Value x, int64_t y) { return add(x, index(y)); }
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  /// The largest multiple of `factor` that is at most x.
  mlir::Value floorTo(mlir::Value x, int64_t factor);
  /// The smallest multiple of `factor` that is at least x.
  mlir::Value ceilTo(mlir::Value x, int64_t factor);

  /// for iv in low, low + step, .. below high: body(iv). No loop for a trip
  /// count of 0 or 1 that is known.
  void loop(mlir::Value low, mlir::Value high, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  /// The same, carrying values; returns the last ones.
  Values carry(mlir::Value low, mlir::Value high, int64_t step, Values init,
               llvm::function_ref<Values(mlir::Value, Values)> body);

  /// The first min(lanes, count) lanes; null where that is all of them for
  /// certain.
  mlir::Value mask(int64_t lanes, mlir::Value count);
  /// The lanes below `size` of a vector at `position`, which is a multiple of
  /// their number; null where that is all of them for certain.
  mlir::Value maskAt(int64_t lanes, mlir::Value position, mlir::Value size);
  /// Lanes that `mask` leaves out are 0. A null mask is no mask.
  mlir::Value load(mlir::Value memref, mlir::ValueRange indices, int64_t lanes,
                   mlir::Value mask);
  void store(mlir::Value vector, mlir::Value memref, mlir::ValueRange indices,
             mlir::Value mask);
  mlir::Value splat(mlir::Value scalar, int64_t lanes);
  /// x * y + z, in one rounding where the target has an instruction for it.
  mlir::Value multiplyAdd(mlir::Value x, mlir::Value y, mlir::Value z);
  /// 2^x of a vector of f32 none of which is above 0, within 3e-7 of the
  /// result. Below -126, where it would be subnormal, 0, or if that need not be
  /// reached 2^-126.
  mlir::Value exp2(mlir::Value x, bool isZeroReached);

  /// Lane c of vector r becomes lane r of vector c; a power of two of them.
  Values transpose(Values rows);
  /// Lanes [offset, offset + lanes).
  mlir::Value slice(mlir::Value vector, int64_t offset, int64_t lanes);
  /// All lanes combined in the order of a balanced tree.
  mlir::Value
  combineLanes(mlir::Value vector,
               llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)>);
};

} // namespace hdp

#endif // HDP_CONVERSION_VECTOREMITTER_H
