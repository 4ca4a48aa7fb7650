//===- EmitOps.h - the rules read as IR -------------------------*- C++ -*-===//
//
// The Ops policy (see hdp/Numerics/NativeOps.h) in which a value is an SSA
// value and a primitive builds an arith or math op, folded where it can be.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_CONVERSION_HDPTOLOOPS_EMITOPS_H
#define HDP_LIB_CONVERSION_HDPTOLOOPS_EMITOPS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hdp {

class EmitOps {
public:
  using I32 = mlir::Value;
  using I64 = mlir::Value;
  using F32 = mlir::Value;
  using F64 = mlir::Value;
  using Bool = mlir::Value;

  explicit EmitOps(mlir::ImplicitLocOpBuilder &builder) : b(builder) {}

  mlir::Value constI32(int32_t value) { return constInt(value, 32); }
  mlir::Value constI64(int64_t value) { return constInt(value, 64); }
  mlir::Value constBool(bool value) { return constInt(value, 1); }
  mlir::Value constF64(double value) {
    return mlir::arith::ConstantOp::create(b, b.getF64FloatAttr(value));
  }

  mlir::Value add(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::AddIOp>(x, y);
  }
  mlir::Value sub(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::SubIOp>(x, y);
  }
  mlir::Value mul(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::MulIOp>(x, y);
  }
  mlir::Value div(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::DivSIOp>(x, y);
  }
  mlir::Value shl(mlir::Value x, mlir::Value amount) {
    return b.createOrFold<mlir::arith::ShLIOp>(x, amount);
  }
  mlir::Value ashr(mlir::Value x, mlir::Value amount) {
    return b.createOrFold<mlir::arith::ShRSIOp>(x, amount);
  }
  mlir::Value lshr(mlir::Value x, mlir::Value amount) {
    return b.createOrFold<mlir::arith::ShRUIOp>(x, amount);
  }
  mlir::Value min(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::MinSIOp>(x, y);
  }
  mlir::Value max(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::MaxSIOp>(x, y);
  }
  mlir::Value abs(mlir::Value x) {
    return b.createOrFold<mlir::math::AbsIOp>(x);
  }
  mlir::Value countLeadingZeros(mlir::Value x) {
    return b.createOrFold<mlir::math::CountLeadingZerosOp>(x);
  }
  mlir::Value bitAnd(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::AndIOp>(x, y);
  }
  mlir::Value bitOr(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::OrIOp>(x, y);
  }
  mlir::Value bitXor(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::XOrIOp>(x, y);
  }
  mlir::Value notBool(mlir::Value x) { return bitXor(x, constBool(true)); }

  mlir::Value eq(mlir::Value x, mlir::Value y) {
    return compare(mlir::arith::CmpIPredicate::eq, x, y);
  }
  mlir::Value ne(mlir::Value x, mlir::Value y) {
    return compare(mlir::arith::CmpIPredicate::ne, x, y);
  }
  mlir::Value lt(mlir::Value x, mlir::Value y) {
    return compare(mlir::arith::CmpIPredicate::slt, x, y);
  }
  mlir::Value le(mlir::Value x, mlir::Value y) {
    return compare(mlir::arith::CmpIPredicate::sle, x, y);
  }
  mlir::Value gt(mlir::Value x, mlir::Value y) {
    return compare(mlir::arith::CmpIPredicate::sgt, x, y);
  }
  mlir::Value ge(mlir::Value x, mlir::Value y) {
    return compare(mlir::arith::CmpIPredicate::sge, x, y);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::SelectOp>(condition, x, y);
  }

  mlir::Value mulF(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::MulFOp>(x, y);
  }
  mlir::Value divF(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::DivFOp>(x, y);
  }
  mlir::Value absF(mlir::Value x) {
    return b.createOrFold<mlir::math::AbsFOp>(x);
  }
  mlir::Value roundEven(mlir::Value x) {
    return b.createOrFold<mlir::math::RoundEvenOp>(x);
  }
  mlir::Value isNaN(mlir::Value x) {
    return compareF(mlir::arith::CmpFPredicate::UNO, x, x);
  }
  mlir::Value ltF(mlir::Value x, mlir::Value y) {
    return compareF(mlir::arith::CmpFPredicate::OLT, x, y);
  }
  mlir::Value leF(mlir::Value x, mlir::Value y) {
    return compareF(mlir::arith::CmpFPredicate::OLE, x, y);
  }
  mlir::Value gtF(mlir::Value x, mlir::Value y) {
    return compareF(mlir::arith::CmpFPredicate::OGT, x, y);
  }

  mlir::Value extI32ToI64(mlir::Value x) {
    return b.createOrFold<mlir::arith::ExtSIOp>(b.getI64Type(), x);
  }
  mlir::Value truncI64ToI32(mlir::Value x) {
    return b.createOrFold<mlir::arith::TruncIOp>(b.getI32Type(), x);
  }
  mlir::Value boolToI32(mlir::Value x) {
    return b.createOrFold<mlir::arith::ExtUIOp>(b.getI32Type(), x);
  }
  mlir::Value boolToI64(mlir::Value x) {
    return b.createOrFold<mlir::arith::ExtUIOp>(b.getI64Type(), x);
  }
  mlir::Value i32ToF64(mlir::Value x) {
    return b.createOrFold<mlir::arith::SIToFPOp>(b.getF64Type(), x);
  }
  mlir::Value f64ToI32(mlir::Value x) {
    return b.createOrFold<mlir::arith::FPToSIOp>(b.getI32Type(), x);
  }
  mlir::Value extF32ToF64(mlir::Value x) {
    return b.createOrFold<mlir::arith::ExtFOp>(b.getF64Type(), x);
  }
  mlir::Value truncF64ToF32(mlir::Value x) {
    return b.createOrFold<mlir::arith::TruncFOp>(b.getF32Type(), x);
  }
  mlir::Value bitcastF64ToI64(mlir::Value x) {
    return b.createOrFold<mlir::arith::BitcastOp>(b.getI64Type(), x);
  }
  mlir::Value bitcastI64ToF64(mlir::Value x) {
    return b.createOrFold<mlir::arith::BitcastOp>(b.getF64Type(), x);
  }

private:
  mlir::Value constInt(int64_t value, unsigned width) {
    mlir::Type type = b.getIntegerType(width);
    return mlir::arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
  }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value x,
                      mlir::Value y) {
    return b.createOrFold<mlir::arith::CmpIOp>(predicate, x, y);
  }
  mlir::Value compareF(mlir::arith::CmpFPredicate predicate, mlir::Value x,
                       mlir::Value y) {
    return b.createOrFold<mlir::arith::CmpFOp>(predicate, x, y);
  }

  mlir::ImplicitLocOpBuilder &b;
};

} // namespace hdp

#endif // HDP_LIB_CONVERSION_HDPTOLOOPS_EMITOPS_H
