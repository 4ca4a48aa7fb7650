//===- QuantizeKernel.cpp - exponents, and floats to codes ----------------===//
//
// N1. Codes of a vector are in the order that saturating narrows leave: of Q
// and K any order of dimensions will do, as long as both have the same.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

/// 16 elements of a row as f32, 0 past its end.
Val KernelEmitter::loadFloats(Value source, Val row, int64_t from,
                              int64_t columns) {
  Type element = cast<MemRefType>(source.getType()).getElementType();
  auto type = VectorType::get(16, element);
  SmallVector<Value> at = {row.v, index(from).v};
  Val x;
  if (from + 16 <= columns) {
    x = wrap(vector::LoadOp::create(b, type, source, at));
  } else {
    SmallVector<bool> bits;
    for (int64_t n = 0; n < 16; ++n)
      bits.push_back(from + n < columns);
    auto maskType = VectorType::get(16, b.getI1Type());
    Value mask = arith::ConstantOp::create(
        b, DenseElementsAttr::get(maskType, ArrayRef<bool>(bits)));
    x = wrap(
        vector::MaskedLoadOp::create(b, type, source, at, mask, vec(type, 0)));
  }
  return element.isF32() ? x : x.cast<arith::ExtFOp>(t.f32x16);
}

/// Largest magnitudes, as bits, in up to four vectors.
Vals KernelEmitter::startMaxima(int64_t columns) {
  return Vals(std::min<int64_t>((columns + 15) / 16, 4), vec(t.i32x16, 0));
}

void KernelEmitter::addMaxima(Vals &maxima, Value source, Val row,
                              int64_t columns) {
  for (int64_t n = 0; 16 * n < columns; ++n) {
    Val bits = loadFloats(source, row, 16 * n, columns).as(t.i32x16);
    Val &slot = maxima[n % maxima.size()];
    slot = slot.max(bits & 0x7FFFFFFF);
  }
}

/// The bits of max |x|, NaN above all.
Val KernelEmitter::endMaxima(ArrayRef<Val> maxima) {
  Val maximum = maxima[0];
  for (Val other : maxima.drop_front())
    maximum = maximum.max(other);
  return maximum.maximum();
}

Val KernelEmitter::findMagnitude(Value source, Val rows, int64_t columns) {
  return endMaxima(accumulate(index(0), rows, 1, startMaxima(columns),
                              [&](Val row, const Vals &soFar) {
                                Vals next = soFar;
                                addMaxima(next, source, row, columns);
                                return next;
                              }));
}

/// N1: the exponent of a head and its factor.
KernelEmitter::Quantizer
KernelEmitter::prepare(int64_t side, Value source, Val rows, int64_t columns,
                       const numerics::CodeFormat &format, int64_t exponent,
                       int64_t largest, Val magnitude) {
  Quantizer q;
  q.format = format;
  q.exponent = i32(exponent);
  if (policy.exponents == numerics::Exponents::Dynamic) {
    // As numerics::dynamicExponent, on the bits of an f32.
    int32_t hiExponent = 0;
    while ((format.hi >> hiExponent) > 1)
      ++hiExponent;
    int64_t hiMantissa = (int64_t(format.hi) << (23 - hiExponent)) & 0x7FFFFF;
    Val biased = magnitude.srl(23);
    Val tooLarge = (magnitude & 0x7FFFFF).gt(hiMantissa);
    Val s = i32(hiExponent + 127 - format.fractionBits) - biased -
            tooLarge.zext(b.getI32Type());
    s = s.max(numerics::minExponent).min(largest);
    Val none = magnitude.eq(0) | biased.eq(255);
    q.exponent = none.select(i32(0), s);
  }
  Val power = q.exponent + format.fractionBits;
  q.factor =
      wrap(arith::BitcastOp::create(b, b.getF32Type(), (power + 127).shl(23)));
  countCodes(side, source, rows, columns, format, q, magnitude);

  // A dynamic exponent leaves codes in range, but for NaN, infinities and the
  // smallest exponent; then, and where rounding would not be exact, the head is
  // read from a copy in which everything is.
  q.isInRange = policy.exponents == numerics::Exponents::Dynamic;
  auto scaled = [&](float x) {
    return i32(llvm::bit_cast<int32_t>(x)) - power.shl(23);
  };
  auto f32 = b.getF32Type();
  float largestCode = q.isInRange ? static_cast<float>(format.hi) : 1048575.0f;
  float smallestCode =
      q.isInRange ? static_cast<float>(format.lo) : -1048575.0f;
  Val high = scaled(largestCode), low = scaled(smallestCode);
  Val isSpecial = magnitude.gt(high);
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic,
                                       {ShapedType::kDynamic, 1});
  auto type = cast<MemRefType>(source.getType());
  auto plain = MemRefType::get({ShapedType::kDynamic, columns}, f32, layout);
  auto copy = [&]() -> Value {
    auto limit = [&](Val bits) {
      return wrap(arith::BitcastOp::create(b, f32, bits)).splat(t.f32x16);
    };
    Val most = limit(high), least = limit(low), zero = vec(t.f32x16, 0);
    auto compare = [&](arith::CmpFPredicate predicate, Val x, Val y) {
      return wrap(arith::CmpFOp::create(b, predicate, x, y));
    };
    loop(index(0), rows, 1, [&](Val row) {
      for (int64_t from = 0; from < columns; from += 16) {
        Val x = loadFloats(source, row, from, columns);
        x = compare(arith::CmpFPredicate::UNO, x, x).select(zero, x);
        x = compare(arith::CmpFPredicate::OGT, x, most).select(most, x);
        x = compare(arith::CmpFPredicate::OLT, x, least).select(least, x);
        // What is beyond a row is overwritten by the next one.
        store(x, cleaned, row * columns + from);
      }
    });
    return memref::ReinterpretCastOp::create(
        b, plain, cleaned.memref, OpFoldResult(index(0).v),
        ArrayRef<OpFoldResult>{rows.v, b.getIndexAttr(columns)},
        ArrayRef<OpFoldResult>{index(columns).v, b.getIndexAttr(1)});
  };
  if (type.getElementType().isF32()) {
    auto choice = scf::IfOp::create(b, TypeRange{plain}, isSpecial, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(b, copy());
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(
        b, memref::CastOp::create(b, plain, source)->getResults());
    q.source = choice.getResult(0);
  } else {
    q.source = copy();
  }
  return q;
}

/// Codes of 32 numbers, two times 16, as words with an offset.
Val KernelEmitter::quantize(const Quantizer &q, Val x, Val y, Val factor,
                            int64_t offset) {
  if (q.isInRange)
    return target->quantize(x, y, factor, offset);
  Val words =
      target->narrowToI16(target->round(x * factor), target->round(y * factor));
  words = words.max(q.format.lo).min(q.format.hi);
  return offset == 0 ? words : words + offset;
}
