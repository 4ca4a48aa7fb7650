//===- ExactKernel.h - attention without a policy as one kernel -*- C++ -*-===//
//
// The state that the parts of the kernel share: how operands are read and
// packed (ExactOperands.cpp), and what is computed from them (ExactKernel.cpp,
// ExactSoftmax.cpp); on request in bf16 (ExactPairs.cpp, ExactTiles.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_CONVERSION_EXACTTOVECTOR_EXACTKERNEL_H
#define HDP_LIB_CONVERSION_EXACTTOVECTOR_EXACTKERNEL_H

#include "hdp/Conversion/VectorEmitter.h"
#include "hdp/Dialect/HDP/IR/HDP.h"

namespace hdp {

/// Emits one attention on memrefs.
///
/// Keys and values of a head are packed once; tiles of queries then visit
/// blocks of keys. A tile's scores stay in the first-level cache, the row's
/// maximum and sum are carried from block to block, and what was summed so far
/// is scaled down when the maximum grows.
class ExactKernel {
public:
  /// `wantsBF16`: operands of products may be rounded, if the target gains.
  ExactKernel(VectorEmitter &e, AttentionOp op, bool wantsBF16);
  void run();

private:
  using Perm = std::optional<llvm::ArrayRef<int64_t>>;
  /// An operand with the permutation that the op's description sees it by.
  struct Operand {
    mlir::Value memref;
    Perm perm;
  };

  // Operands.
  void chooseWhatIsCopied();
  mlir::Value getSize(Operand operand, int64_t dim);
  Values getIndices(Operand operand, llvm::ArrayRef<mlir::Value> head,
                    mlir::Value row, mlir::Value column);
  /// Columns or rows are neighbours in memory, in f32.
  bool isContiguous(Operand operand, int64_t dim);
  mlir::Value readF32(Operand operand, mlir::ValueRange indices);
  mlir::Value allocate(mlir::ValueRange sizes, mlir::Type element = {});
  void packKeys(llvm::ArrayRef<mlir::Value> head);
  void packValues(llvm::ArrayRef<mlir::Value> head);
  void packQueries(llvm::ArrayRef<mlir::Value> head, mlir::Value firstRow);
  mlir::Value getReciprocal(mlir::Value row);
  void storeTile(llvm::ArrayRef<mlir::Value> head, mlir::Value firstRow,
                 mlir::Value begin);
  Values broadcastIndices(mlir::Value operand,
                          llvm::ArrayRef<mlir::Value> position);
  bool isSameForRows(mlir::Value operand);
  void addTerms(llvm::ArrayRef<mlir::Value> head, mlir::Value row,
                mlir::Value firstKey, mlir::Value numKeys);
  void addTermsOfHead(llvm::ArrayRef<mlir::Value> head);

  // Computation.
  void emitHeads();
  void emitShare();
  void emitHead(llvm::ArrayRef<mlir::Value> head);
  void emitTile(llvm::ArrayRef<mlir::Value> head, mlir::Value wantedRow);
  void emitGroup(llvm::ArrayRef<mlir::Value> head, mlir::Value groupRow,
                 mlir::Value groupEnd);
  mlir::Value getFirstRow(mlir::Value wantedRow);
  mlir::Value beginTile(llvm::ArrayRef<mlir::Value> head,
                        mlir::Value wantedRow);
  mlir::Value getEndOfKeys(mlir::Value firstRow, int64_t numRows);
  void emitBlock(llvm::ArrayRef<mlir::Value> head, mlir::Value firstRow,
                 mlir::Value firstKey, mlir::Value numKeys);
  mlir::Value inGroup(mlir::Value row);
  void emitScores(llvm::ArrayRef<mlir::Value> head, mlir::Value firstRow,
                  mlir::Value firstKey, mlir::Value numKeys);
  void emitSoftmax(llvm::ArrayRef<mlir::Value> head, mlir::Value firstRow,
                   mlir::Value firstKey, mlir::Value numKeys);
  void emitProducts(llvm::ArrayRef<mlir::Value> head, mlir::Value firstRow,
                    mlir::Value firstKey, mlir::Value numKeys);
  mlir::Value getOffset(mlir::Value largest);
  mlir::Value load(mlir::Value memref, mlir::ValueRange indices);
  void store(mlir::Value value, mlir::Value memref, mlir::ValueRange indices);
  mlir::Value constant(double value, int64_t vectorLanes);
  Values loadSums(mlir::Value column);
  void forColumns(llvm::function_ref<void(mlir::Value)> body);

  // The same with products of bf16.
  bool hasPairRows(Operand operand);
  mlir::Value allocatePairs(mlir::ValueRange sizes);
  mlir::Value half(mlir::Value size);
  mlir::Value toPairs(mlir::Value low, mlir::Value high);
  mlir::Value interleavePairs(mlir::Value x, mlir::Value y);
  mlir::Value multiplyPairs(mlir::Value x, mlir::Value y, mlir::Value acc);
  mlir::Value loadRow(Operand operand, llvm::ArrayRef<mlir::Value> head,
                      mlir::Value row, mlir::Value column, mlir::Value size,
                      int64_t count);
  mlir::Value loadPairs(Operand operand, llvm::ArrayRef<mlir::Value> head,
                        mlir::Value row, mlir::Value column, mlir::Value size);
  void packKeyPairs(llvm::ArrayRef<mlir::Value> head);
  void packValuePairs(llvm::ArrayRef<mlir::Value> head);
  void packQueryPairs(llvm::ArrayRef<mlir::Value> head, mlir::Value firstRow);
  void packWeightPairs(mlir::Value numKeys);
  void emitPairScores(mlir::Value firstKey, mlir::Value numKeys);
  void emitPairProducts(mlir::Value firstKey, mlir::Value numKeys);
  void configureTiles();
  void releaseTiles();
  void multiplyTiles(
      mlir::Value left, mlir::Value pairs,
      llvm::function_ref<std::pair<mlir::Value, Values>(mlir::Value)> getRight);
  void emitTileScores(mlir::Value firstKey, mlir::Value numKeys);
  void emitTileProducts(mlir::Value firstKey, mlir::Value numKeys);

  VectorEmitter &e;
  mlir::ImplicitLocOpBuilder &b;
  AttentionOp op;
  Operand query, key, value, result;
  int64_t rank;
  mlir::Value lq, lk, d, dv;
  /// f32 lanes; rows of a tile; vectors of keys and of output columns that a
  /// register tile has; keys of a block.
  int64_t lanes, tileRows, keyVectors, columnVectors, blockKeys;
  /// Rows that are carried from block to block: of some tiles, or of one.
  int64_t groupRows;
  /// Every key is in one block, so nothing is carried.
  bool isOneBlock;
  /// What is not read or written in place; whether scores are scaled as weights
  /// are found, not before.
  bool areQueriesCopied, areValuesCopied, areSumsStored, areScalesLate;
  /// The rows of the head that are this part's; null: all.
  mlir::Value beginRow, endRow;
  /// bf16: operands are pairs; products are made on tiles. Keys are padded to a
  /// multiple of `pairStep`, output columns to one of `columnStep`.
  bool usesPairs, usesTiles;
  int64_t pairStep = 1, columnStep;
  mlir::Value weights, rowBuffer;
  /// Packed: panels [d][keys of a panel], rows [key][dv], one tile's rows.
  mlir::Value keys, values, queries;
  Values valueHead; ///< indices of the key and value head
  /// One tile: scores, then weights; sums of weighted values; of each row the
  /// maximum, the sum of weights and the factor for what was summed before.
  mlir::Value scores, sums, maxima, totals, factors;
  /// Where the tile's rows of sums, maxima and totals begin; null: at 0.
  mlir::Value firstOfGroup;
  /// What mask and bias add to the scores of a row; null without both. The same
  /// for all rows: of all keys of a head, of which those from usedKeys on are
  /// forbidden.
  mlir::Value terms, usedKeys;
  bool areTermsSame;
};

} // namespace hdp

#endif // HDP_LIB_CONVERSION_EXACTTOVECTOR_EXACTKERNEL_H
