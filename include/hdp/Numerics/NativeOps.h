//===- NativeOps.h - the rules read as plain C++ ----------------*- C++ -*-===//
//
// The scalar rules of this folder are templates over an `Ops` policy: what a
// value is and what a primitive does with it. Here a value is a plain integer,
// double or bool. Another policy may take an SSA value and build operations,
// so a rule uses nothing but these primitives on values, never decides
// anything by a value's C++ type (all five may be one type), and nests at most
// one primitive inside another, so that the order of emission is the same with
// every C++ compiler.
//
// Nothing here has undefined behaviour: integers wrap, shift amounts are taken
// modulo the width, division by zero gives zero. (The rules never rely on
// those three.)
//
//===----------------------------------------------------------------------===//

#ifndef HDP_NUMERICS_NATIVEOPS_H
#define HDP_NUMERICS_NATIVEOPS_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace hdp {
namespace numerics {

/// The policy in which values are plain numbers.
struct NativeOps {
  using I32 = int32_t;
  using I64 = int64_t;
  using F32 = float;
  using F64 = double;
  using Bool = bool;

  //===--------------------------------------------------------------------===//
  // Constants
  //===--------------------------------------------------------------------===//

  I32 constI32(int32_t value) const { return value; }
  I64 constI64(int64_t value) const { return value; }
  F64 constF64(double value) const { return value; }
  Bool constBool(bool value) const { return value; }

  //===--------------------------------------------------------------------===//
  // Integers: both operands of one type, which is that of the result
  //===--------------------------------------------------------------------===//

  template <typename T> T add(T a, T b) const { return T(bits(a) + bits(b)); }
  template <typename T> T sub(T a, T b) const { return T(bits(a) - bits(b)); }
  template <typename T> T mul(T a, T b) const { return T(bits(a) * bits(b)); }
  /// Signed quotient, rounded towards zero.
  template <typename T> T div(T a, T b) const {
    if (b == 0)
      return 0;
    return b == T(-1) ? sub(T(0), a) : T(a / b);
  }
  template <typename T> T shl(T a, T amount) const {
    return T(bits(a) << modWidth(amount));
  }
  /// Arithmetic shift: floor division by a power of two.
  template <typename T> T ashr(T a, T amount) const {
    return T(a >> modWidth(amount));
  }
  /// Logical shift.
  template <typename T> T lshr(T a, T amount) const {
    return T(bits(a) >> modWidth(amount));
  }
  /// Signed minimum and maximum.
  template <typename T> T min(T a, T b) const { return b < a ? b : a; }
  template <typename T> T max(T a, T b) const { return a < b ? b : a; }
  /// Absolute value.
  template <typename T> T abs(T a) const { return a < 0 ? sub(T(0), a) : a; }
  /// Zero bits above the highest set one; the width for zero.
  template <typename T> T countLeadingZeros(T a) const {
    T count = 0;
    for (T bit = T(width<T>() - 1); bit >= 0 && !(bits(a) >> bit & 1); --bit)
      ++count;
    return count;
  }

  /// Bitwise; of two Bools, the logical connective.
  template <typename T> T bitAnd(T a, T b) const { return T(a & b); }
  template <typename T> T bitOr(T a, T b) const { return T(a | b); }
  template <typename T> T bitXor(T a, T b) const { return T(a ^ b); }
  Bool notBool(Bool a) const { return !a; }

  /// Signed comparisons of integers.
  template <typename T> Bool eq(T a, T b) const { return a == b; }
  template <typename T> Bool ne(T a, T b) const { return a != b; }
  template <typename T> Bool lt(T a, T b) const { return a < b; }
  template <typename T> Bool le(T a, T b) const { return a <= b; }
  template <typename T> Bool gt(T a, T b) const { return a > b; }
  template <typename T> Bool ge(T a, T b) const { return a >= b; }

  /// Of any one type: `a` where the condition holds, else `b`.
  template <typename T> T select(Bool condition, T a, T b) const {
    return condition ? a : b;
  }

  //===--------------------------------------------------------------------===//
  // Floats: IEEE, round to nearest even, never contracted
  //===--------------------------------------------------------------------===//

  F64 mulF(F64 a, F64 b) const { return a * b; }
  F64 divF(F64 a, F64 b) const { return a / b; }
  F64 absF(F64 a) const { return std::fabs(a); }
  /// To the nearest integer, ties to even; NaN and infinities stay.
  F64 roundEven(F64 a) const { return std::nearbyint(a); }
  Bool isNaN(F64 a) const { return a != a; }
  /// Ordered comparisons: false with a NaN.
  Bool ltF(F64 a, F64 b) const { return a < b; }
  Bool leF(F64 a, F64 b) const { return a <= b; }
  Bool gtF(F64 a, F64 b) const { return a > b; }

  //===--------------------------------------------------------------------===//
  // Conversions
  //===--------------------------------------------------------------------===//

  /// Signed extension, and the low half.
  I64 extI32ToI64(I32 a) const { return a; }
  I32 truncI64ToI32(I64 a) const {
    return static_cast<I32>(static_cast<uint32_t>(bits(a)));
  }
  /// 0 or 1.
  I32 boolToI32(Bool a) const { return a; }
  I64 boolToI64(Bool a) const { return a; }
  /// Exact for every I32.
  F64 i32ToF64(I32 a) const { return a; }
  /// Towards zero; the value must be an I32's.
  I32 f64ToI32(F64 a) const { return static_cast<I32>(a); }
  /// Exact.
  F64 extF32ToF64(F32 a) const { return a; }
  /// To nearest even.
  F32 truncF64ToF32(F64 a) const { return static_cast<F32>(a); }
  I64 bitcastF64ToI64(F64 a) const { return pun<I64>(a); }
  F64 bitcastI64ToF64(I64 a) const { return pun<F64>(a); }

private:
  template <typename T> static constexpr int width() {
    static_assert(std::is_same_v<T, I32> || std::is_same_v<T, I64>,
                  "integers are 32 or 64 bits wide");
    return 8 * sizeof(T);
  }
  template <typename T> static std::make_unsigned_t<T> bits(T a) {
    static_assert(width<T>() > 0);
    return static_cast<std::make_unsigned_t<T>>(a);
  }
  template <typename T> static int modWidth(T amount) {
    return static_cast<int>(amount & (width<T>() - 1));
  }
  template <typename To, typename From> static To pun(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof(to));
    return to;
  }
};

} // namespace numerics
} // namespace hdp

#endif // HDP_NUMERICS_NATIVEOPS_H
