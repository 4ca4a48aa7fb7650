//===- VectorTarget.h - what a target does its own way ----------*- C++ -*-===//
//
// Kernels are emitted on vectors of 512 bits, which LLVM splits where registers
// are narrower. The few operations that one instruction does on some targets,
// and that no generic op gives, are made here; every target computes the same
// bits.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_CONVERSION_HDPTOVECTOR_VECTORTARGET_H
#define HDP_LIB_CONVERSION_HDPTOVECTOR_VECTORTARGET_H

#include "Val.h"
#include "hdp/Support/CPUTarget.h"
#include <memory>

namespace hdp {

/// The 512-bit vector types.
struct VectorTypes {
  explicit VectorTypes(mlir::ImplicitLocOpBuilder &b);
  mlir::VectorType i8x64, i8x32, i16x32, i16x16, i32x16, i32x8, i64x8, f32x16,
      f64x8;
};

class VectorTarget {
public:
  virtual ~VectorTarget();

  /// Generic ops only; the base of the others.
  static std::unique_ptr<VectorTarget> get(TargetKind kind);

  /// acc[l] + sum of u[4l+i] * s[4l+i] over i in 0..3, u without a sign.
  /// `isSmall`: u[n] * s[n] + u[n+1] * s[n+1] fits 16 bits signed.
  virtual Val dotU8S8(Val acc, Val u, Val s, bool isSmall) const;
  /// acc[l] + x[2l] * y[2l] + x[2l+1] * y[2l+1], x and y of 16 bits.
  virtual Val dotS16(Val acc, Val x, Val y) const;
  /// Both saturated to half the width; each 128 bits of the result are those
  /// of x, then those of y.
  virtual Val narrowToI16(Val x, Val y) const;
  virtual Val narrowToI8(Val x, Val y) const;
  virtual Val narrowToU8(Val x, Val y) const;
  /// (x * y + 2^14) >> 15 in 16 bits, not for both being -2^15.
  virtual Val mulRound15(Val x, Val y) const;
  /// x >> n in lanes of 16 bits, x >= 0, 0 <= n < 32.
  virtual Val shiftRight16(Val x, Val n) const;
  /// rint(x), for |x| <= 2^21.
  virtual Val round(Val x) const;
  /// rint(x * factor) + offset as narrowToI16 would order it, where that fits
  /// 16 bits.
  virtual Val quantize(Val x, Val y, Val factor, int64_t offset) const;
  /// The upper half of the products of words without a sign.
  virtual Val mulHighU16(Val x, Val y) const;
  /// The lanes of x with their bit in `mask` set, at the front; others are
  /// anything.
  virtual Val compress(Val x, Val mask) const;
  /// Whether compress() is one instruction.
  virtual bool canCompress() const { return false; }

  /// Whether permute() is one instruction; else it is not to be called.
  virtual bool canPermute() const { return false; }
  /// Of 16 words, those with the numbers (modulo 16) in `lanes`.
  virtual Val permute(Val x, Val lanes) const;

protected:
  static Val intrinsic(llvm::StringRef name, mlir::Type type,
                       llvm::ArrayRef<Val> operands);
};

} // namespace hdp

#endif // HDP_LIB_CONVERSION_HDPTOVECTOR_VECTORTARGET_H
