//===- Val.h - SSA values that compute like numbers -------------*- C++ -*-===//
//
// A value with its builder, so that an emitter of vector code reads like the
// vector code it emits. Operands may be scalars or vectors; an integer constant
// takes the other operand's type.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_CONVERSION_HDPTOVECTOR_VAL_H
#define HDP_LIB_CONVERSION_HDPTOVECTOR_VAL_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

namespace hdp {

struct Val {
  mlir::ImplicitLocOpBuilder *b = nullptr;
  mlir::Value v;

  Val() = default;
  Val(mlir::ImplicitLocOpBuilder &builder, mlir::Value value)
      : b(&builder), v(value) {}

  operator mlir::Value() const { return v; }
  mlir::Type type() const { return v.getType(); }
  explicit operator bool() const { return static_cast<bool>(v); }

  /// A constant of this value's type (a splat for a vector).
  Val constant(int64_t value) const { return constantOf(*b, type(), value); }
  static Val constantOf(mlir::ImplicitLocOpBuilder &b, mlir::Type type,
                        int64_t value) {
    mlir::Type element = mlir::getElementTypeOrSelf(type);
    mlir::TypedAttr attr;
    if (mlir::isa<mlir::FloatType>(element))
      attr = b.getFloatAttr(element, static_cast<double>(value));
    else
      attr = b.getIntegerAttr(element, value);
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      attr = mlir::DenseElementsAttr::get(vector, mlir::Attribute(attr));
    return {b, mlir::arith::ConstantOp::create(b, attr)};
  }

  template <typename IntOp, typename FloatOp = IntOp>
  Val binary(Val other) const {
    if (mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(type())))
      return {*b, b->createOrFold<FloatOp>(v, other.v)};
    return {*b, b->createOrFold<IntOp>(v, other.v)};
  }
  template <typename CastOp> Val cast(mlir::Type to) const {
    return {*b, CastOp::create(*b, to, v)};
  }
  Val compare(mlir::arith::CmpIPredicate predicate, Val other) const {
    return {*b, b->createOrFold<mlir::arith::CmpIOp>(predicate, v, other.v)};
  }
  /// this ? x : y
  Val select(Val x, Val y) const {
    return {*b, b->createOrFold<mlir::arith::SelectOp>(v, x.v, y.v)};
  }

  Val shl(Val n) const { return binary<mlir::arith::ShLIOp>(n); }
  Val sra(Val n) const { return binary<mlir::arith::ShRSIOp>(n); }
  Val srl(Val n) const { return binary<mlir::arith::ShRUIOp>(n); }
  Val shl(int64_t n) const { return shl(constant(n)); }
  Val sra(int64_t n) const { return sra(constant(n)); }
  Val srl(int64_t n) const { return srl(constant(n)); }
  Val min(Val o) const { return binary<mlir::arith::MinSIOp>(o); }
  Val max(Val o) const { return binary<mlir::arith::MaxSIOp>(o); }
  Val min(int64_t o) const { return min(constant(o)); }
  Val max(int64_t o) const { return max(constant(o)); }
  Val minU(int64_t o) const {
    return binary<mlir::arith::MinUIOp>(constant(o));
  }
  Val ceilDiv(int64_t n) const;
  Val div(int64_t n) const { return binary<mlir::arith::DivUIOp>(constant(n)); }

  Val lt(Val o) const { return compare(mlir::arith::CmpIPredicate::slt, o); }
  Val ge(Val o) const { return compare(mlir::arith::CmpIPredicate::sge, o); }
  Val gt(Val o) const { return compare(mlir::arith::CmpIPredicate::sgt, o); }
  Val eq(Val o) const { return compare(mlir::arith::CmpIPredicate::eq, o); }
  Val lt(int64_t o) const { return lt(constant(o)); }
  Val ge(int64_t o) const { return ge(constant(o)); }
  Val gt(int64_t o) const { return gt(constant(o)); }
  Val eq(int64_t o) const { return eq(constant(o)); }

  /// The same bits as another vector type.
  Val as(mlir::VectorType to) const {
    if (type() == to)
      return *this;
    return {*b, mlir::vector::BitCastOp::create(*b, to, v)};
  }
  /// The scalar in every lane.
  Val splat(mlir::VectorType to) const {
    return {*b, mlir::vector::BroadcastOp::create(*b, to, v)};
  }
  Val shuffle(Val other, llvm::ArrayRef<int64_t> mask) const {
    return {*b, mlir::vector::ShuffleOp::create(*b, v, other.v, mask)};
  }
  Val sum() const {
    return {*b, mlir::vector::ReductionOp::create(
                    *b, mlir::vector::CombiningKind::ADD, v)};
  }
  Val maximum() const {
    return {*b, mlir::vector::ReductionOp::create(
                    *b, mlir::vector::CombiningKind::MAXSI, v)};
  }
  Val minimum() const {
    return {*b, mlir::vector::ReductionOp::create(
                    *b, mlir::vector::CombiningKind::MINSI, v)};
  }
  Val sext(mlir::Type to) const { return cast<mlir::arith::ExtSIOp>(to); }
  Val zext(mlir::Type to) const { return cast<mlir::arith::ExtUIOp>(to); }
  Val trunc(mlir::Type to) const { return cast<mlir::arith::TruncIOp>(to); }
  Val toIndex() const {
    return cast<mlir::arith::IndexCastOp>(b->getIndexType());
  }
  Val toI32() const { return cast<mlir::arith::IndexCastOp>(b->getI32Type()); }
  Val toI64() const {
    if (type().isIndex())
      return cast<mlir::arith::IndexCastOp>(b->getI64Type());
    return sext(b->getI64Type());
  }
};

#define HDP_VAL_OPERATOR(symbol, IntOp, FloatOp)                               \
  inline Val operator symbol(Val x, Val y) {                                   \
    return x.binary<mlir::arith::IntOp, mlir::arith::FloatOp>(y);              \
  }                                                                            \
  inline Val operator symbol(Val x, int64_t y) {                               \
    return x symbol x.constant(y);                                             \
  }
HDP_VAL_OPERATOR(+, AddIOp, AddFOp)
HDP_VAL_OPERATOR(-, SubIOp, SubFOp)
HDP_VAL_OPERATOR(*, MulIOp, MulFOp)
HDP_VAL_OPERATOR(&, AndIOp, AndIOp)
HDP_VAL_OPERATOR(|, OrIOp, OrIOp)
HDP_VAL_OPERATOR(^, XOrIOp, XOrIOp)
#undef HDP_VAL_OPERATOR

inline Val Val::ceilDiv(int64_t n) const { return (*this + (n - 1)).div(n); }

} // namespace hdp

#endif // HDP_LIB_CONVERSION_HDPTOVECTOR_VAL_H
