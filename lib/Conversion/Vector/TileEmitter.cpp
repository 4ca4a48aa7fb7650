//===- TileEmitter.cpp - instructions of AMX ------------------------------===//

#include "hdp/Conversion/TileEmitter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hdp;

Value TileEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value TileEmitter::number(int64_t tile) {
  return arith::ConstantOp::create(b, b.getI8IntegerAttr(tile));
}

void TileEmitter::call(StringRef name, ValueRange operands) {
  LLVM::CallIntrinsicOp::create(b, b.getStringAttr(name), operands);
}

/// The address of an element, as LLVM sees it.
static Value getPointer(ImplicitLocOpBuilder &b, Value base, Value bytes) {
  Value address = arith::IndexCastOp::create(b, b.getI64Type(), base);
  address = arith::AddIOp::create(
      b, address, arith::IndexCastOp::create(b, b.getI64Type(), bytes));
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                  address);
}

void TileEmitter::configure(ArrayRef<TileShape> shapes) {
  // Palette 1; bytes of a row as words from byte 16 on, rows from byte 48 on.
  uint8_t bytes[64] = {1};
  for (auto [n, shape] : llvm::enumerate(shapes)) {
    bytes[16 + 2 * n] = static_cast<uint8_t>(shape.bytes);
    bytes[48 + n] = static_cast<uint8_t>(shape.rows);
  }
  auto type = MemRefType::get({8}, b.getI64Type());
  Value memory = memref::AllocaOp::create(b, type);
  for (int64_t n = 0; n < 8; ++n) {
    int64_t word = 0;
    for (int64_t k = 7; k >= 0; --k)
      word = word << 8 | bytes[8 * n + k];
    Value constant = arith::ConstantOp::create(b, b.getI64IntegerAttr(word));
    memref::StoreOp::create(b, constant, memory, index(n));
  }
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, memory);
  call("llvm.x86.ldtilecfg", getPointer(b, base, index(0)));
}

void TileEmitter::release() { call("llvm.x86.tilerelease", {}); }

void TileEmitter::zero(int64_t tile) {
  call("llvm.x86.tilezero", number(tile));
}

void TileEmitter::move(StringRef name, int64_t tile, Value memref,
                       ValueRange indices, Value rowStride) {
  auto type = cast<MemRefType>(memref.getType());
  int64_t elementBytes = type.getElementTypeBitWidth() / 8;
  // Contiguous, so an index counts all elements of the dimensions behind it.
  Value elements = indices.back();
  Value size;
  for (int64_t dim = type.getRank() - 1; dim > 0; --dim) {
    Value here = type.isDynamicDim(dim)
                     ? memref::DimOp::create(b, memref, dim).getResult()
                     : index(type.getDimSize(dim));
    if (!size && !rowStride)
      rowStride = here;
    size = size ? b.createOrFold<arith::MulIOp>(size, here) : here;
    elements = b.createOrFold<arith::AddIOp>(
        elements, b.createOrFold<arith::MulIOp>(indices[dim - 1], size));
  }
  Value bytes = b.createOrFold<arith::MulIOp>(elements, index(elementBytes));
  Value stride = b.createOrFold<arith::MulIOp>(rowStride, index(elementBytes));
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, memref);
  call(name, {number(tile), getPointer(b, base, bytes),
              arith::IndexCastOp::create(b, b.getI64Type(), stride)});
}

void TileEmitter::load(int64_t tile, Value memref, ValueRange indices,
                       Value rowStride) {
  move("llvm.x86.tileloadd64", tile, memref, indices, rowStride);
}
void TileEmitter::store(int64_t tile, Value memref, ValueRange indices,
                        Value rowStride) {
  move("llvm.x86.tilestored64", tile, memref, indices, rowStride);
}

void TileEmitter::multiplyBF16(int64_t sum, int64_t left, int64_t right) {
  call("llvm.x86.tdpbf16ps", {number(sum), number(left), number(right)});
}
void TileEmitter::multiplyS8U8(int64_t sum, int64_t left, int64_t right) {
  call("llvm.x86.tdpbsud", {number(sum), number(left), number(right)});
}
