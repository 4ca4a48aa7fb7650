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
  // Rounded by a number that leaves no bits behind the point; its lowest bits
  // are n + 127 then, which 23 bits further up is 2^n.
  Value log2e = constant(1.44269504088896341), magic = constant(12583039.0);
  Value shifted = multiplyAdd(x, log2e, magic);
  Value minusN = arith::SubFOp::create(b, magic, shifted);
  Value f = multiplyAdd(x, log2e, minusN);
  Value p = constant(1.33335581e-3);
  for (double coefficient :
       {9.61812910e-3, 5.55041087e-2, 2.40226507e-1, 6.93147182e-1, 1.0})
    p = multiplyAdd(p, f, constant(coefficient));
  Value power = arith::ShLIOp::create(
      b, arith::BitcastOp::create(b, bits, shifted),
      splat(arith::ConstantOp::create(b, b.getI32IntegerAttr(23)), lanes));
  Value scaled =
      arith::MulFOp::create(b, p, arith::BitcastOp::create(b, type, power));

  // Below, the result would be subnormal: 0. A NaN stays one.
  Value isInRange = arith::CmpFOp::create(b, arith::CmpFPredicate::UGE, x,
                                          constant(-87.336544));
  return arith::SelectOp::create(b, isInRange, scaled, constant(0.0));
}
