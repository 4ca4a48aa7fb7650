//===- VectorMath.cpp - functions on vectors of f32 -----------------------===//

#include "hdp/Conversion/VectorEmitter.h"

using namespace mlir;
using namespace hdp;

/// 2^x = 2^n * 2^f with n the integer nearest to x and |f| <= 1/2; 2^f as a
/// polynomial of degree 5. n is found by adding 1.5 * 2^23, which leaves it in
/// the lowest bits of the sum. Sums rather than multiply-adds where both would
/// do: some processors add beside their multipliers.
Value VectorEmitter::exp2(Value x, bool isZeroReached) {
  auto type = cast<VectorType>(x.getType());
  int64_t lanes = type.getNumElements();
  auto bits = VectorType::get({lanes}, b.getI32Type());
  auto constant = [&](double value) -> Value {
    return splat(arith::ConstantOp::create(b, b.getF32FloatAttr(value)), lanes);
  };
  // A NaN stays one, in this and in the other case.
  Value least = constant(-126.0);
  Value isInRange =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UGE, x, least);
  if (!isZeroReached)
    x = arith::SelectOp::create(b, isInRange, x, least);

  // The lowest bits are n + 127, which 23 bits further up is 2^n.
  Value magic = constant(12583039.0);
  Value shifted = arith::AddFOp::create(b, x, magic);
  Value n = arith::SubFOp::create(b, shifted, magic);
  Value f = arith::SubFOp::create(b, x, n);
  Value p = constant(1.33335581e-3);
  for (double coefficient :
       {9.61812910e-3, 5.55041087e-2, 2.40226507e-1, 6.93147182e-1, 1.0})
    p = multiplyAdd(p, f, constant(coefficient));
  Value power = arith::ShLIOp::create(
      b, arith::BitcastOp::create(b, bits, shifted),
      splat(arith::ConstantOp::create(b, b.getI32IntegerAttr(23)), lanes));
  Value scaled =
      arith::MulFOp::create(b, p, arith::BitcastOp::create(b, type, power));
  if (!isZeroReached)
    return scaled;
  return arith::SelectOp::create(b, isInRange, scaled, constant(0.0));
}
