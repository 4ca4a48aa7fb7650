//===- VectorContraction.h - the emitter of matrix products -----*- C++ -*-===//
//
// One product in register tiles: its choices and loops are in
// VectorContraction.cpp, what it reads and copies in ContractionPanels.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_PIPELINES_VECTORCONTRACTION_H
#define HDP_LIB_PIPELINES_VECTORCONTRACTION_H

#include "Contraction.h"
#include "VectorLoops.h"

namespace hdp {

class ContractionEmitter {
public:
  ContractionEmitter(VectorEmitter &e, mlir::linalg::LinalgOp op,
                     const Contraction &c);
  /// Sums begin with a scalar instead of what is in memory.
  void setInitial(mlir::Value value) { initial = value; }
  /// An elementwise op is done to the tiles of the result.
  void setEpilogue(LoopVectorizer *op, bool isShort) {
    epilogue = op;
    isEpilogueShort = isShort;
  }
  bool run();

private:
  using Value = mlir::Value;
  /// Where the elements of a panel come from: (row, column) of `operand` by
  /// two loops, columns contiguous in the copy.
  struct Source {
    mlir::OpOperand *operand;
    unsigned rowDim, columnDim;
  };

  // Operands.
  mlir::AffineMap getMap(mlir::OpOperand *operand) {
    return op.getMatchingIndexingMap(operand);
  }
  int64_t getStatic(unsigned dim) { return op.getStaticLoopRanges()[dim]; }
  Value getSize(unsigned dim);
  /// The steps of the sum: its terms, or pairs of them.
  Value getNumSteps();
  Value toTerm(Value step);
  bool isContiguous(mlir::OpOperand *operand, unsigned dim);
  std::optional<int64_t> getStride(mlir::OpOperand *operand, unsigned dim);
  Values getIndices(mlir::OpOperand *operand);
  Value widen(mlir::OpOperand *operand, Value value, mlir::Type type);
  Value widen(mlir::OpOperand *operand, Value value) {
    return widen(operand, value, sumType);
  }
  Value toHalves(mlir::OpOperand *operand, Value numbers);
  Value load(mlir::OpOperand *operand, Value mask);

  // Copies.
  Value allocate(Value rows, int64_t columns);
  void pack(Source source, Value row0, Value numRows, Value column0,
            Value numColumns, Value buffer);
  void packTransposed(Value numRows, Value numColumns, Value buffer,
                      llvm::function_ref<Value(Value, Value)> load);
  Value loadPairs(mlir::OpOperand *operand, Value pair);
  void packPairRows();
  void packPairPanel(Value n0, Value columns);
  Value multiplyPairs(Value left, Value right, Value sum);
  void packLeft();
  void packRight(Value n0, Value columns);
  void choosePrefetch(Value n0);
  void prefetch(Value strip, Value t);

  // Choices and loops.
  bool areDotProducts();
  bool areCodes(mlir::OpOperand *operand);
  void choosePairs();
  void chooseTile();
  void choosePacking();
  void nest(llvm::ArrayRef<unsigned> dims, llvm::function_ref<void()> body);
  void emitBlock(Value step0, Value depth);
  void emitPanel(Value n0, int64_t vectors, Value columns);
  void emitStrips(int64_t vectors, Value columns);
  void emitTile(Value m0, int64_t rows, int64_t vectors, Value columns);
  bool isOneBlock();
  void moveTo(Value row, Value n0, int64_t vector);
  Values loadSums(Value m0, int64_t rows, Values masks);
  Values beginSums(Value m0, int64_t rows, Values masks);
  void endSums(Value m0, int64_t rows, Values masks, Values sums);
  void storeSums(Value m0, Values masks, Values sums);
  void follow(Value m0, int64_t rows, Values masks, Values sums);

  VectorEmitter &e;
  mlir::ImplicitLocOpBuilder &b;
  mlir::linalg::LinalgOp op;
  Contraction c;
  /// The type of sums, and how many of them a vector holds.
  mlir::Type sumType;
  int64_t lanes;
  /// Terms are added in pairs of bf16 or i16, of which a lane of copies holds
  /// one.
  bool usesPairs = false;
  /// Rows and vectors of a tile; steps of a block.
  int64_t tileRows = 1, tileVectors = 1, maxDepth = 1;
  bool packLhs = false, packRhs = false;
  Value lhsBuffer, rhsBuffer;
  /// The position in every loop; of a block, its first step and its length.
  Values position;
  Value blockStart, blockDepth;
  /// Whether a panel is fetched while the one before it is used, and where it
  /// begins.
  bool prefetches = false;
  Value nextStart, nextColumn;
  Value initial;
  LoopVectorizer *epilogue = nullptr;
  bool isEpilogueShort = false;
};

} // namespace hdp

#endif // HDP_LIB_PIPELINES_VECTORCONTRACTION_H
