//===- VectorMath.cpp - functions on vectors of f32 -----------------------===//

#include "hdp/Conversion/VectorEmitter.h"

using namespace mlir;
using namespace hdp;

/// exp(x) = 2^n * 2^f with n the integer nearest to x / ln 2 and |f| <= 1/2;
/// 2^f as a polynomial of degree 5. n is found by adding 1.5 * 2^23, which
/// leaves it in the lowest bits of the sum, and gets into the exponent by an
/// integer addition.
Value VectorEmitter::exp(Value x) {
  auto type = cast<VectorType>(x.getType());
  int64_t lanes = type.getNumElements();
  auto bits = VectorType::get({lanes}, b.getI32Type());
  auto constant = [&](double value) -> Value {
    return splat(arith::ConstantOp::create(b, b.getF32FloatAttr(value)), lanes);
  };
  Value log2e = constant(1.44269504088896341), magic = constant(12582912.0);
  Value shifted = multiplyAdd(x, log2e, magic);
  Value minusN = arith::SubFOp::create(b, magic, shifted);
  Value f = multiplyAdd(x, log2e, minusN);
  Value p = constant(1.33335581e-3);
  for (double coefficient :
       {9.61812910e-3, 5.55041087e-2, 2.40226507e-1, 6.93147182e-1, 1.0})
    p = multiplyAdd(p, f, constant(coefficient));
  Value exponent = arith::ShLIOp::create(
      b, arith::BitcastOp::create(b, bits, shifted),
      splat(arith::ConstantOp::create(b, b.getI32IntegerAttr(23)), lanes));
  Value scaled = arith::BitcastOp::create(
      b, type,
      arith::AddIOp::create(b, arith::BitcastOp::create(b, bits, p), exponent));

  // Below, the result would be subnormal: 0. A NaN stays one.
  Value zero = constant(0.0);
  Value isInRange = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, x,
                                          constant(-87.336544));
  Value isNegative =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, zero, x);
  Value other = arith::SelectOp::create(b, isNegative, zero, x);
  return arith::SelectOp::create(b, isInRange, scaled, other);
}
