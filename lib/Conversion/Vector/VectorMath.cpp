//===- VectorMath.cpp - functions on vectors of f32 -----------------------===//

#include "hdp/Conversion/VectorEmitter.h"
#include <limits>

using namespace mlir;
using namespace hdp;

/// exp(x) = 2^n * exp(r) with n the integer nearest to x / ln 2 and
/// |r| <= ln 2 / 2; exp(r) as Cephes' polynomial (expf, 2 ulp). n is found by
/// adding 1.5 * 2^23, which leaves it in the lowest bits of the sum, and gets
/// into the exponent by an integer addition.
Value VectorEmitter::exp(Value x, bool isNegative) {
  auto type = cast<VectorType>(x.getType());
  int64_t lanes = type.getNumElements();
  auto bits = VectorType::get({lanes}, b.getI32Type());
  auto constant = [&](double value) -> Value {
    return splat(arith::ConstantOp::create(b, b.getF32FloatAttr(value)), lanes);
  };
  auto compare = [&](arith::CmpFPredicate predicate, Value y, Value z) {
    return arith::CmpFOp::create(b, predicate, y, z);
  };
  auto select = [&](Value condition, Value y, Value z) -> Value {
    return arith::SelectOp::create(b, condition, y, z);
  };

  // Below, the result would be subnormal; above, it is infinity.
  Value least = constant(-87.336544), most = constant(88.722834);
  Value isLow = compare(arith::CmpFPredicate::OLT, x, least), isHigh;
  Value clamped = select(isLow, least, x);
  if (!isNegative) {
    isHigh = compare(arith::CmpFPredicate::OGT, x, most);
    clamped = select(isHigh, most, clamped);
  }

  Value magic = constant(12582912.0);
  Value shifted = multiplyAdd(clamped, constant(1.44269504088896341), magic);
  Value n = arith::SubFOp::create(b, shifted, magic);
  Value r = multiplyAdd(n, constant(-0.693359375), clamped);
  r = multiplyAdd(n, constant(2.12194440e-4), r);
  Value p = constant(1.9875691500e-4);
  for (double coefficient : {1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
                             1.6666665459e-1, 5.0000001201e-1, 1.0, 1.0})
    p = multiplyAdd(p, r, constant(coefficient));

  Value exponent = arith::ShLIOp::create(
      b, arith::BitcastOp::create(b, bits, shifted),
      splat(arith::ConstantOp::create(b, b.getI32IntegerAttr(23)), lanes));
  Value scaled = arith::BitcastOp::create(
      b, type,
      arith::AddIOp::create(b, arith::BitcastOp::create(b, bits, p), exponent));
  scaled = select(isLow, constant(0.0), scaled);
  if (isHigh)
    scaled = select(isHigh, constant(std::numeric_limits<double>::infinity()),
                    scaled);
  return select(compare(arith::CmpFPredicate::UNO, x, x), x, scaled);
}
