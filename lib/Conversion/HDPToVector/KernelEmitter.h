//===- KernelEmitter.h - the stages of a fused kernel -----------*- C++ -*-===//
//
// Emits one kernel: pruned attention of the query heads that share one key and
// value head. What the stages hand to each other is a set of buffers in one
// workspace; docs/Kernels.md says how they are laid out. One stage a file:
//
//   QuantizeKernel.cpp  exponents, codes (N1)
//   PackKernel.cpp    codes of Q, K and V, pooled rows, sums of V (N1, N2, N10)
//   PooledKernel.cpp  importance of the blocks by pooled rows (N5)
//   PooledTiles.cpp   the same on AMX
//   IntegerKernel.cpp importance by all integer scores (N3, N5, N7)
//   BlockImportance.cpp, BlockKernel.cpp, BlockList.cpp
//                     the same for other blocks, counts and groups
//   GateKernel.cpp    the head gate, and what a gated head gives (N7, N12)
//   ListKernel.cpp    kept lists (N6)
//   RowKernel.cpp     what each row has one of: T, mp, c, k, R
//   MaskKernel.cpp    valid positions, what partial blocks change (N4)
//   BiasKernel.cpp    additive masks (N4)
//   ScorePlanes.cpp   the bytes that products of scores need (N8)
//   ScoreKernel.cpp   scores of kept blocks, row maxima (N8)
//   SoftmaxKernel.cpp weights (N9, N10)
//   ApplyKernel.cpp   weighted sums of V, output (N10, N11)
//   KernelRoutines.cpp  shuffles that several places call
//   StageCycles.cpp   ticks that the stages take, on request
//   StatisticsKernel.cpp  what was pruned and saturated, if it is asked for
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_CONVERSION_HDPTOVECTOR_KERNELEMITTER_H
#define HDP_LIB_CONVERSION_HDPTOVECTOR_KERNELEMITTER_H

#include "../HDPToLoops/EmitOps.h"
#include "ScorePlanes.h"
#include "VectorTarget.h"
#include "hdp/Conversion/HDPToVector.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Softmax.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::memref {
class GlobalOp;
} // namespace mlir::memref

namespace hdp {

/// What distinguishes one kernel from another.
struct KernelSpec {
  int64_t d, dv;
  mlir::Type queryType, keyType, valueType, resultType; ///< of elements
  double scale;
  numerics::Policy policy;
  CPUTarget target;
  bool hasMask = false;
  bool isCausal = false;
  bool hasBias = false;
  mlir::Type biasType;
  /// Whether query rows may differ in what is valid.
  bool variesByRow = false;
  /// Whether ticks are counted by stage.
  bool countsCycles = false;
  /// Whether the kernel counts (HeadStatistic).
  bool hasStatistics = false;
  /// Whether threads share the rows of a head.
  bool isShared = false;

  /// Whether blocks are chosen otherwise than by the threshold of rho among
  /// blocks of 2x2 in groups of whole vectors: by the stages of Block*.cpp.
  bool hasOtherBlocks() const {
    bool isGroupWhole =
        policy.pruned == numerics::Pruned::Dropped || policy.group % 16 == 0;
    return policy.blockRows != 2 || policy.blockCols != 2 || !isGroupWhole ||
           policy.selection != numerics::Selection::Rho ||
           !sumsFit(policy, d, hasBias);
  }

  /// Whether words of valid positions are needed.
  bool isMasked() const {
    return hasMask || isCausal || hasBias || hasOtherBlocks();
  }
};

using Vals = llvm::SmallVector<Val>;

/// What a call of a shared kernel with a head gate does. A head of which every
/// thread has some rows is measured in one call and decided in the next, for
/// which the workspace is kept.
enum KernelPhase { kWholeHeads, kMeasureRows, kAttendRows };

/// Arguments of a kernel: query and result are memref<?x?x..>, key and value
/// memref<?x..>, workspace memref<?xi8>, mask and bias memref<?x?x?x..> or
/// null, statistics memref<?x12xi64> or null.
struct KernelArguments {
  mlir::Value query, key, value, result, workspace, mask, bias, statistics;
  /// Of a shared kernel, index: the first block row of the first query head,
  /// the end of those of the last one, and how many parts before this one have
  /// the key head (statistics of keys are the first's).
  mlir::Value begin, end, numBefore;
  /// With a gate: KernelPhase, and what all parts of a head add to,
  /// memref<4xi64>.
  mlir::Value phase, totals;
};

/// A constant of the module for targets that cannot compress, by
/// makeSetBits(): of each byte the numbers of the bits that are set.
inline constexpr llvm::StringLiteral kSetBitsGlobal = "hdp_set_bits";
mlir::memref::GlobalOp makeSetBits(mlir::Location loc);

/// Block rows that go through the stages together.
inline constexpr int64_t kBatch = 8;

class KernelEmitter {
public:
  KernelEmitter(mlir::ImplicitLocOpBuilder &b, const KernelSpec &spec);

  /// Bytes of workspace for these lengths.
  Val workspaceSize(Val queryLength, Val keyLength);

  /// The body of a kernel.
  void emit(const KernelArguments &arguments);

private:
  /// A one-dimensional piece of the workspace.
  struct Buffer {
    Val size; ///< in elements
    mlir::Type element;
    mlir::Value memref;
  };

  void emitHead(mlir::Value query, mlir::Value result);
  void unlessAttending(llvm::function_ref<void()> body);

  // Stages.
  void packKeys(mlir::Value key, mlir::Value value);
  void packValues(mlir::Value value);
  void packQueries(mlir::Value query);
  void emitImportance(Val firstRow);
  void emitPooledPass(Val firstRow);
  void emitPooledDots(Val firstRow);
  void emitPooledTiles(Val firstRow);
  void emitThetaTiles(Val firstRow, Val column);
  void configureTiles();
  void releaseTiles();
  void emitIntegerPass(Val firstRow);
  void emitLists(Val firstRow, Val rows);
  void emitScores(Val firstRow, Val rows);
  void emitExponentials(Val firstRow, Val rows);
  void emitWeights(Val rows);
  void emitOutput(Val firstRow, Val rows, mlir::Value result);
  void emitThresholds();
  void emitMeans(Val firstRow);
  void emitSharedWeights(Val firstRow);
  void emitReciprocals();

  // Ticks.
  void startCounting();
  void endStage(KernelStage stage);
  Val readTicks();

  // Other blocks than of 2x2, counts, any groups.
  void emitBlockImportance(Val firstRow);
  void emitFullKeys(Val firstRow, Val rows);
  void emitBlocks(Val firstRow, Val rows);
  Vals emitBlockExtremes(Val thetaRow);
  Vals emitTopK(Val thetaRow, llvm::ArrayRef<Val> extremes);
  void emitBlockGroups(Val firstRow, Val blockRow,
                       llvm::function_ref<Val(Val, Val)> isKept);
  void emitBlockLists(Val firstRow, Val rows);
  void emitBlockRowSums(Val row);
  static Val pairMask(Val bits);
  Val keptMask(Val place);
  Val sharingMask(Val place, Val row);
  void sinkPruned(Val row, Val length);
  void emitBlockGateTerms(Val firstRow, Val rows);
  Val addBlock(Val even, Val odd, Val fullKeys, int64_t part);
  Val thetaRowOf(Val blockRow);
  Val blockRowsIn(Val firstRow, Val rows);
  Val blockValidity(Val row) { return spec.variesByRow ? row : index(0); }

  // The head gate.
  /// Words of `gate`: H, what it is compared with, full blocks, the decision.
  enum GateWord { kMeasure, kPositions, kFullBlocks, kIsKept };
  void addToGate(GateWord word, Val x);
  void emitGate(llvm::function_ref<void(Val, Val)> measure,
                llvm::function_ref<void(Val, Val)> attend);
  void decideGate();
  void addToTotals();
  void takeTotals();
  void emitGateTerms(Val firstRow, Val rows);
  void emitGatedRows(mlir::Value result);
  void emitMeanRow(Val validityRow);

  // Rows in lanes.
  static Val combineLanes(Vals vectors,
                          llvm::function_ref<Val(Val, Val)> combine);
  static void transpose16(Vals &r);
  enum class Combination { Sum, Minimum, Maximum };
  Val combineVectors(const Buffer &buffer, Val at, int64_t count,
                     Combination combination);
  void transposeRows(const Buffer &from, Val fromAt, int64_t fromStride,
                     const Buffer &to, Val toAt, Val toStride, int64_t count);
  Val addressOf(const Buffer &buffer, Val at);
  Vals loadRows(Val address, Val stride, int64_t count);
  mlir::Value callRoutine(llvm::StringRef name, llvm::ArrayRef<Val> arguments,
                          mlir::Type result,
                          llvm::function_ref<Val(llvm::ArrayRef<Val>)> body);
  Val forQueries(const Buffer &buffer, Val at);
  Val floorDivide(Val dividend, Val divisor);
  Val widenHalf(Val x, int64_t half);
  Val joinHalves(Val low, Val high);
  static Val interleaveRows(Val x);

  // Masks.
  Val emitValidity(Val firstRow, Val rows);
  std::pair<Val, Val> storeValidity(Val row, Val word,
                                    llvm::ArrayRef<Val> valid, Val exists);
  Val emitCausalValidity(Val row, llvm::ArrayRef<Val> query, Val exists,
                         Val endWord);
  void emitRowsValidity(Val firstRow, Val rows,
                        llvm::function_ref<void()> body);
  Val findUsedKeys(const KernelArguments &arguments, Val heads);
  mlir::Value sliceHead(mlir::Value memref, Val head);
  Val maskBits(Val row, Val first, Val count);
  Vals biasEntries(Val row, Val first, Val count);
  Val biasBits(llvm::ArrayRef<Val> entries,
               mlir::arith::CmpFPredicate predicate, double number);
  void emitBiasRows(Val row, llvm::ArrayRef<Val> query);
  void emitBiasTheta(Val firstRow);
  void emitBiasScores(Val row);
  Val scorePlace(Val place, int64_t row, int64_t key);
  static Val compressEven(Val word);
  Val lanesOf(Val word);
  Val bitsOf(Val lanes);
  Val countBits(Val word);
  /// Vectors of 512 bits are two registers of 16.
  bool hasFewRegisters() const { return spec.target.numRegisters < 32; }
  void appendNumbers(Val first, Val bits, const Buffer &buffer, Val at);
  void forEachPartial(Val row, llvm::function_ref<void(Val, Val)> body);
  void notePartial(Val row, Val place, llvm::ArrayRef<Val> valid);
  void emitRowSums(Val row);
  void emitChangedRowSums(Val row);
  void addValues(Vals &sums, Val column, Val keep);
  void emitSumPairs(Buffer &sums, Buffer &pairs);
  void emitSumPair(Buffer &sums, Buffer &pairs, Val pair);
  /// The row of validity words, or of numbers of blocks in groups, that a block
  /// row of the batch has.
  Val validityRow(Val row) { return spec.variesByRow ? row : index(0); }

  // Packing.
  struct Quantizer {
    Val factor; ///< f32
    Val exponent;
    mlir::Value source; ///< holds numbers of moderate size only
    numerics::CodeFormat format;
    bool isInRange; ///< whether codes need no clamp
  };
  Vals startMaxima(int64_t columns);
  void addMaxima(Vals &maxima, mlir::Value source, Val row, int64_t columns);
  static Val endMaxima(llvm::ArrayRef<Val> maxima);
  Val findMagnitude(mlir::Value source, Val rows, int64_t columns);
  /// `side`: 0, 1, 2 for Q, K, V; `magnitude`: of the largest element, as bits.
  Quantizer prepare(int64_t side, mlir::Value source, Val rows, int64_t columns,
                    const numerics::CodeFormat &format, int64_t exponent,
                    int64_t largest, Val magnitude);
  Val loadFloats(mlir::Value source, Val row, int64_t from, int64_t columns);
  Val quantize(const Quantizer &q, Val x, Val y, Val factor, int64_t offset);
  Val codes(const Quantizer &q, Val row, int64_t chunk, Val factor,
            int64_t offset = 0);
  Val integerParts(Val codes);
  Vals poolBytes(Vals words, Val offset, bool isSigned);
  Val integerPartsOfBytes(Val bytes);
  void packQueryBytes(const Quantizer &q, Val row, Val place, Val first,
                      Val second, Val secondFactor);
  Vals poolHalves(llvm::ArrayRef<Val> parts);
  Vals keyPlanes(Val first, Val second);
  Vals queryPlanes(Val codes);
  Vals queryPlanes(Val first, Val second);
  Val addScoreOffset(Val sums, Val codes);
  Vals integerBias(Val row, int64_t query, Val column, Val exists);
  Val loadShiftedValues(Val block, int64_t vector);
  Val loadValues(Val block, int64_t vector);

  // Softmax.
  Val expWeight16(Val x);
  Val expWeight32(Val x);
  Val scaleDistance(Val x);
  Val bothRows(Val low, Val high);
  Val wordsOf(Val term);
  void emitFinalWeights(Val rows);
  void layOutGroupWeights(Val rows);
  void emitWeightsByTables(Val rows, bool hasFew);

  // Output.
  /// Places of `rowTerms`, of sixteen rows each: of outputs, and of weights.
  enum RowTerm {
    kFactor = 0,
    kRounding = 16,
    kCut = 32,
    kUnit = 48,
    kShift = 64,
    kHalf = 80,
    kNumRowTerms = 96
  };
  /// Sums of V are in its stored codes; a unit is 2^(12 - VF) of N10's.
  int64_t unitShift() const {
    return wideValues ? 0 : 12 - policy.valueFractionBits;
  }
  Val outputCodes(Val sums, Val reciprocal, Val amount);
  Val narrowCodes(Val sums, Val reciprocal, Val amount);
  Vals narrowValues(llvm::ArrayRef<Val> sums, Val query);
  void storeRow(mlir::Value result, Val row, int64_t from, Val codes);
  void storeValues(mlir::Value result, Val row, int64_t from, Val x);

  // Statistics, of the current query head. Nothing is emitted without them.
  void clearStatistics(Val heads);
  void addStatistic(HeadStatistic which, Val number);
  void addOnce(HeadStatistic which, Val number);
  void countCodes(int64_t side, mlir::Value source, Val rows, int64_t columns,
                  const numerics::CodeFormat &format,
                  const Quantizer &quantizer, Val magnitude);
  void countFullBlocks(Val firstRow, Val rows);
  void countKeptBlocks(Val firstRow, Val rows);
  Val countKeys(const Buffer &buffer, Val rows, bool isShared);

  // Building blocks.
  Val index(int64_t value);
  Val i32(int64_t value);
  Val vec(mlir::VectorType type, int64_t value);
  Val lanes(); ///< 0, 1, .. 15
  Val load(const Buffer &buffer, Val at, mlir::VectorType type);
  Val load(const Buffer &buffer, Val at);
  void store(Val value, const Buffer &buffer, Val at);
  void loop(Val low, Val high, int64_t step,
            llvm::function_ref<void(Val)> body);
  Vals accumulate(Val low, Val high, int64_t step, const Vals &init,
                  llvm::function_ref<Vals(Val, const Vals &)> body);
  void when(Val condition, llvm::function_ref<void()> then,
            llvm::function_ref<void()> otherwise = nullptr);
  Val hide(Val inductionVariable);
  Val minIndex(Val x, Val y);
  Val maxIndex(Val x, Val y);
  Val wrap(mlir::Value value) { return {b, value}; }

  void declareSizes(Val queryLength, Val keyLength);
  llvm::SmallVector<Buffer *> declareBuffers();
  void placeBuffers(mlir::Value workspace);

  mlir::ImplicitLocOpBuilder &b;
  EmitOps ops;
  llvm::StringMap<mlir::func::FuncOp> routines;
  const KernelSpec &spec;
  const numerics::Policy &policy;
  std::unique_ptr<VectorTarget> target;
  VectorTypes t;
  numerics::ScaleConstants scale;

  /// 32-dimension chunks of d, 16-dimension vectors of dv; both padded.
  int64_t chunks, valueVectors;
  ScorePlanes planes;
  bool isGated;
  /// Whether theta comes from pooled rows, or from all integer scores.
  bool isPooled;
  /// Whether codes with their offset are bytes from which pooled rows follow.
  bool hasByteCodes;
  /// Pooled theta is computed on tiles: where AMX was asked for by name, for
  /// what it gains is little and tiles are slow to begin.
  bool usesTiles;
  /// What makes the key codes of the importance pass non-negative.
  int64_t poolOffset;
  bool wideValues; ///< V in 16 bits

  // Sizes, as index values. Columns are block columns, rows block rows.
  Val lq, lk, fullColumns, columns, paddedColumns, rows, paddedRows;
  Val groups, paddedGroups; ///< of N9
  /// Rows of K and V; a mask for all queries leaves the last ones out of lk.
  Val allKeys;
  /// Columns that stages visit, and all groups of V: where validity varies by
  /// row, columns and groups of a batch end behind its last valid key.
  Val usedColumns, allGroups;
  int64_t groupColumns; ///< 2x2 blocks of a group, 0: all
  Val listStride, startStride, scoreStride, weightStride;

  // Buffers; see docs/Kernels.md.
  Buffer keys, pooledKeys, values, valueSums, valueSumPairs, groupBlocks;
  Buffer queries, pooledQueries, scoreOffsets, thetaOffsets;
  Buffer theta, extremes, sums, thresholds, lists, starts, prunedSums, means,
      prunedCounts, prunedBlocks, counts;
  Buffer scores, maxima, weights, weightSums, groupWeights, groupPairs,
      groupTables, scoreMaxima, denominators, reciprocals, denominatorBits,
      rowTerms, packedSums, listGroupWeights, pooledStrip;
  Buffer cleaned;
  Buffer fullWords, partialWords, validWords, fullCounts, partials,
      partialCounts, missing, rowGroupBlocks, lostWeights, rowValueSums,
      rowValueSumPairs, rowSumWords;
  Buffer hasBias, biasRows, biasStrip, wideSums;
  Buffer lastTicks;
  Buffer gate, gateTerms, meanCodes, exponents;
  Buffer fullKeys, keptKeys, keepWords, listBits;
  mlir::Value mask, bias; ///< of the head: memref<?x?x..>
  mlir::Value statistics; ///< null if nobody counts
  Val statisticsRow;      ///< of the head
  /// What a head has one of is counted if this holds; null: always.
  Val countsOnce;
  /// The block rows of the head that the call has.
  Val beginRow, endRow;
  /// Null but in shared kernels with a gate.
  Val phase;
  mlir::Value totals;

  /// The row of theta and thresholds that the batch's first block row has:
  /// those of all rows are kept where a head is measured before the rest.
  Val thetaFirst;
  Val valueMagnitude; ///< found while K is packed

  // Per head: exponents, and the shift of N9.
  Val sQ, sK, sV, shiftLeft, shiftRight, shiftCap;
};

} // namespace hdp

#endif // HDP_LIB_CONVERSION_HDPTOVECTOR_KERNELEMITTER_H
