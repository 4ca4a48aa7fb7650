//===- TileEmitter.h - instructions of AMX ----------------------*- C++ -*-===//
//
// Tiles by number, as LLVM's intrinsics take them; a kernel configures them
// when it begins and releases them when it ends. Operands are memrefs with
// contiguous rows.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_CONVERSION_TILEEMITTER_H
#define HDP_CONVERSION_TILEEMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hdp {

/// Rows of a tile and bytes of a row; none is a tile that is not used.
struct TileShape {
  int64_t rows = 0, bytes = 0;
};

class TileEmitter {
public:
  explicit TileEmitter(mlir::ImplicitLocOpBuilder &b) : b(b) {}

  void configure(llvm::ArrayRef<TileShape> shapes);
  void release();
  void zero(int64_t tile);
  /// Rows from `indices` on, along the last dimension but one of `memref`, or
  /// `rowStride` elements apart.
  void load(int64_t tile, mlir::Value memref, mlir::ValueRange indices,
            mlir::Value rowStride = {});
  void store(int64_t tile, mlir::Value memref, mlir::ValueRange indices,
             mlir::Value rowStride = {});
  /// sum[m][n] += left[m][2k] * right[k][2n] + left[m][2k+1] * right[k][2n+1]
  void multiplyBF16(int64_t sum, int64_t left, int64_t right);
  /// The same of four bytes, `left` with a sign, `right` without.
  void multiplyS8U8(int64_t sum, int64_t left, int64_t right);

private:
  void move(llvm::StringRef name, int64_t tile, mlir::Value memref,
            mlir::ValueRange indices, mlir::Value rowStride);
  void call(llvm::StringRef name, mlir::ValueRange operands);
  mlir::Value number(int64_t tile);
  mlir::Value index(int64_t value);

  mlir::ImplicitLocOpBuilder &b;
};

} // namespace hdp

#endif // HDP_CONVERSION_TILEEMITTER_H
