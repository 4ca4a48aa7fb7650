//===- KernelEmitter.cpp - sizes, workspace, and the order of stages ------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

KernelEmitter::KernelEmitter(ImplicitLocOpBuilder &b, const KernelSpec &spec)
    : b(b), ops(b), spec(spec), policy(spec.policy),
      target(VectorTarget::get(spec.target.kind)), t(b),
      scale(numerics::getScaleConstants(spec.scale)),
      chunks((spec.d + 31) / 32), valueVectors((spec.dv + 15) / 16),
      planes(policy), isGated(policy.tau8() > 0),
      isPooled(isPoolable(policy, spec.d) && !spec.hasOtherBlocks()),
      hasByteCodes(isPooled && policy.products == numerics::Products::Full &&
                   planes.codeOffset % 2 == 0),
      usesTiles(isPooled && spec.target.kind == TargetKind::AMX &&
                spec.target.name != "host"),
      poolOffset(int64_t(1)
                 << (policy.format.integerBits - (isPooled ? 0 : 1))),
      wideValues(policy.valueFractionBits > 4),
      groupColumns(policy.pruned == numerics::Pruned::Dropped
                       ? 0
                       : std::min<int64_t>(policy.group, 1 << 20) *
                             policy.blockCols / 2) {}

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

Val KernelEmitter::index(int64_t value) {
  return {b, arith::ConstantIndexOp::create(b, value)};
}
Val KernelEmitter::i32(int64_t value) {
  return Val::constantOf(b, b.getI32Type(), value);
}
Val KernelEmitter::vec(VectorType type, int64_t value) {
  return Val::constantOf(b, type, value);
}
Val KernelEmitter::lanes() {
  auto values = llvm::to_vector(llvm::seq<int32_t>(16));
  auto attr = DenseElementsAttr::get(t.i32x16, ArrayRef<int32_t>(values));
  return {b, arith::ConstantOp::create(b, attr)};
}

Val KernelEmitter::load(const Buffer &buffer, Val at, VectorType type) {
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  auto stored = VectorType::get(bits / buffer.element.getIntOrFloatBitWidth(),
                                buffer.element);
  return wrap(
             vector::LoadOp::create(b, stored, buffer.memref, ValueRange{at.v}))
      .as(type);
}
Val KernelEmitter::load(const Buffer &buffer, Val at) {
  return wrap(memref::LoadOp::create(b, buffer.memref, ValueRange{at.v}));
}
void KernelEmitter::store(Val value, const Buffer &buffer, Val at) {
  auto type = dyn_cast<VectorType>(value.type());
  if (!type) {
    memref::StoreOp::create(b, value, buffer.memref, ValueRange{at.v});
    return;
  }
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  auto stored = VectorType::get(bits / buffer.element.getIntOrFloatBitWidth(),
                                buffer.element);
  vector::StoreOp::create(b, value.as(stored), buffer.memref, ValueRange{at.v});
}

/// The same number, not seen as a function of the loop: LLVM's strength
/// reduction would take most of a kernel's compile time to search for other
/// addresses than base + index, which are as good here.
Val KernelEmitter::hide(Val inductionVariable) {
  Val number = inductionVariable.toI64();
  Value hidden = LLVM::InlineAsmOp::create(
                     b, b.getI64Type(), ValueRange{number.v}, "", "=r,0",
                     /*has_side_effects=*/false, /*is_align_stack=*/false,
                     LLVM::tailcallkind::TailCallKind::None,
                     LLVM::AsmDialectAttr(), ArrayAttr())
                     ->getResult(0);
  return wrap(hidden).toIndex();
}

void KernelEmitter::loop(Val low, Val high, int64_t step,
                         function_ref<void(Val)> body) {
  auto loop = scf::ForOp::create(b, low, high, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(hide(wrap(loop.getInductionVar())));
}

Vals KernelEmitter::accumulate(Val low, Val high, int64_t step,
                               const Vals &init,
                               function_ref<Vals(Val, const Vals &)> body) {
  SmallVector<Value> values(init.begin(), init.end());
  auto loop = scf::ForOp::create(b, low, high, index(step), values);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Vals arguments;
    for (Value argument : loop.getRegionIterArgs())
      arguments.push_back(wrap(argument));
    Vals results = body(wrap(loop.getInductionVar()), arguments);
    scf::YieldOp::create(b, SmallVector<Value>(results.begin(), results.end()));
  }
  Vals results;
  for (Value result : loop.getResults())
    results.push_back(wrap(result));
  return results;
}

void KernelEmitter::when(Val condition, function_ref<void()> then,
                         function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(b, condition, static_cast<bool>(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  then();
  if (!otherwise)
    return;
  b.setInsertionPointToStart(op.elseBlock());
  otherwise();
}

Val KernelEmitter::minIndex(Val x, Val y) { return x.lt(y).select(x, y); }
Val KernelEmitter::maxIndex(Val x, Val y) { return x.lt(y).select(y, x); }

//===----------------------------------------------------------------------===//
// Sizes and workspace
//===----------------------------------------------------------------------===//

void KernelEmitter::declareSizes(Val queryLength, Val keyLength) {
  lq = queryLength;
  lk = keyLength;
  if (!allKeys)
    allKeys = lk;
  fullColumns = lk.div(2);
  columns = lk.ceilDiv(2);
  // A row of theta is a whole number of vectors.
  int64_t strip = policy.blockCols == 16 ? 128 : 64;
  paddedColumns = columns.ceilDiv(strip) * strip;
  usedColumns = paddedColumns;
  rows = lq.ceilDiv(2);
  paddedRows = rows.ceilDiv(kBatch) * kBatch;
  groups = groupColumns == 0 ? index(1) : columns.ceilDiv(groupColumns);
  allGroups = groups;
  paddedGroups = groups.ceilDiv(16) * 16 + 16;
  listStride = paddedColumns + 32;
  startStride = paddedGroups + 32;
  scoreStride = (paddedColumns + 16) * 4;
  weightStride = paddedColumns + 64;
}

SmallVector<KernelEmitter::Buffer *> KernelEmitter::declareBuffers() {
  SmallVector<Buffer *> all;
  Type i8 = b.getI8Type(), i16 = b.getI16Type(), word = b.getI32Type();
  auto declare = [&](Buffer &buffer, Type element, Val size) {
    buffer.size = size;
    buffer.element = element;
    all.push_back(&buffer);
  };
  int64_t valueDims = valueVectors * 16;
  Val fixed = index(kBatch * 2 * 16);
  int64_t poolRows = isPooled ? 1 : 2; // of a block
  declare(keys, i8, columns * (64 * planes.keys * chunks));
  declare(pooledKeys, i8, paddedColumns * (32 * poolRows * chunks));
  declare(values, wideValues ? i16 : i8, columns * (2 * valueDims));
  declare(valueSums, word, groups * valueDims);
  declare(valueSumPairs, word, (groups.ceilDiv(2)) * valueDims);
  declare(groupBlocks, word, paddedGroups);
  declare(queries, i8, paddedRows * (128 * planes.queries * chunks));
  declare(pooledQueries, i8, paddedRows * (32 * poolRows * chunks));
  declare(scoreOffsets, word, paddedRows * 2 + 16);
  declare(thetaOffsets, word, paddedRows * poolRows + 16);
  // Of 2x2 blocks; other ones fill at most twice as much.
  // Of one batch while another one is in work; of a head that may be gated all.
  Val thetaRows = isGated ? paddedRows : index(2 * kBatch);
  int64_t smaller = std::max<int64_t>(2 / policy.blockRows, 1) *
                    std::max<int64_t>(2 / policy.blockCols, 1);
  declare(theta, word, thetaRows * paddedColumns * smaller + 32);
  declare(extremes, word, fixed);
  declare(sums, word, fixed);
  declare(thresholds, word, thetaRows + 16);
  declare(counts, word, index(16));
  declare(lists, word, listStride * kBatch);
  declare(starts, word, startStride * kBatch);
  declare(prunedSums, word, paddedGroups * (16 * kBatch));
  declare(means, word, paddedGroups * kBatch);
  declare(prunedCounts, word, paddedGroups * kBatch);
  declare(prunedBlocks, word, paddedGroups * kBatch);
  declare(scores, word, scoreStride * kBatch);
  declare(maxima, word, index(16));
  declare(weights, word, weightStride * (2 * kBatch));
  declare(weightSums, word, fixed);
  declare(scoreMaxima, word, fixed);
  declare(packedSums, word, fixed * 2);
  declare(groupWeights, word, paddedGroups * (2 * kBatch));
  declare(groupPairs, word, paddedGroups * kBatch);
  declare(groupTables, word, paddedGroups * (2 * kBatch) + 16);
  declare(reciprocals, word, index(16));
  declare(denominatorBits, word, index(16));
  declare(rowTerms, word, index(kNumRowTerms));
  declare(denominators, word, index(16));
  declare(listGroupWeights, word, weightStride * (2 * kBatch));
  declare(pooledStrip, i8, index(16 * 32 * poolRows * chunks + 64));
  if (spec.hasBias || !isPooled)
    declare(wideSums, b.getI64Type(), index(16));
  if (isGated) {
    declare(gate, b.getI64Type(), index(8));
    declare(gateTerms, b.getI64Type(), index(kBatch));
    declare(meanCodes, word, index(valueDims));
    if (spec.isShared)
      declare(exponents, word, index(16));
  }
  declare(cleaned, b.getF32Type(),
          maxIndex(lq, allKeys) * std::max(spec.d, spec.dv) + 16);
  if (spec.countsCycles)
    declare(lastTicks, b.getI64Type(), index(8));
  if (!spec.isMasked())
    return all;
  Val words = paddedColumns.div(16);
  declare(fullWords, word, words * kBatch + 16);
  declare(partialWords, word, words * kBatch + 16);
  declare(validWords, word, words * (2 * kBatch) + 16);
  declare(fullCounts, word, index(16));
  declare(partials, word, (paddedColumns + 16) * kBatch);
  declare(partialCounts, word, index(16));
  declare(missing, word, index(16));
  declare(rowGroupBlocks, word, paddedGroups * kBatch);
  declare(lostWeights, word, index(16));
  declare(rowValueSums, word, groups * valueDims);
  declare(rowValueSumPairs, word, groups.ceilDiv(2) * valueDims);
  declare(rowSumWords, word, paddedGroups);
  if (spec.hasOtherBlocks()) {
    declare(fullKeys, word, words * (2 * kBatch) + 16);
    declare(keptKeys, word, words * (2 * kBatch) + 16);
    declare(keepWords, word, words * 2 + 16);
    declare(listBits, word, listStride * kBatch);
  }
  if (!spec.hasBias)
    return all;
  declare(hasBias, word, index(16));
  declare(biasRows, word, paddedColumns * (4 * kBatch));
  declare(biasStrip, b.getF32Type(), index(32));
  return all;
}

static int64_t bytesOf(Type element) {
  return element.getIntOrFloatBitWidth() / 8;
}

Val KernelEmitter::workspaceSize(Val queryLength, Val keyLength) {
  declareSizes(queryLength, keyLength);
  Val total = index(0);
  for (Buffer *buffer : declareBuffers())
    total = total + (buffer->size * bytesOf(buffer->element)).ceilDiv(64) * 64;
  return total;
}

/// The rows of one head.
Value KernelEmitter::sliceHead(Value memref, Val head) {
  Val rows = wrap(memref::DimOp::create(b, memref, 1));
  Val keys = wrap(memref::DimOp::create(b, memref, 2));
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<OpFoldResult> offsets = {head.v, b.getIndexAttr(0),
                                       b.getIndexAttr(0)};
  SmallVector<OpFoldResult> sizes = {b.getIndexAttr(1), rows.v};
  if (type.isDynamicDim(2))
    sizes.push_back(keys.v);
  else
    sizes.push_back(b.getIndexAttr(type.getDimSize(2)));
  SmallVector<OpFoldResult> steps(3, b.getIndexAttr(1));
  auto sliced = memref::SubViewOp::inferRankReducedResultType(
      {ShapedType::kDynamic, type.getDimSize(2)}, type, offsets, sizes, steps);
  return memref::SubViewOp::create(b, cast<MemRefType>(sliced), memref, offsets,
                                   sizes, steps);
}

void KernelEmitter::placeBuffers(Value workspace) {
  Val offset = index(0);
  for (Buffer *buffer : declareBuffers()) {
    auto type = MemRefType::get({ShapedType::kDynamic}, buffer->element);
    buffer->memref = memref::ViewOp::create(b, type, workspace, offset,
                                            ValueRange{buffer->size.v});
    offset =
        offset + (buffer->size * bytesOf(buffer->element)).ceilDiv(64) * 64;
  }
}

void KernelEmitter::emit(const KernelArguments &arguments) {
  statistics = arguments.statistics;
  totals = arguments.totals;
  auto dim = [&](Value memref, int64_t n) {
    return wrap(memref::DimOp::create(b, memref, n));
  };
  Val heads = dim(arguments.query, 0);
  declareSizes(dim(arguments.query, 1), dim(arguments.key, 0));
  placeBuffers(arguments.workspace);
  if ((spec.hasMask || spec.hasBias) && !spec.variesByRow) {
    declareSizes(lq, findUsedKeys(arguments, heads));
    placeBuffers(arguments.workspace);
  }

  startCounting();
  if (spec.isShared) {
    // Whoever calls has cleared them.
    statisticsRow = index(0);
    countsOnce = wrap(arguments.numBefore).eq(0);
    if (isGated)
      phase = wrap(arguments.phase);
  } else {
    clearStatistics(heads);
  }
  if (usesTiles)
    configureTiles();
  auto packShared = [&] {
    packKeys(arguments.key, arguments.value);
    packValues(arguments.value);
    if (spec.isMasked()) // none that is known
      loop(index(0), paddedGroups, 16,
           [&](Val group) { store(vec(t.i32x16, -1), rowSumWords, group); });
    if (phase) {
      store(sK, exponents, index(1));
      store(sV, exponents, index(2));
    }
  };
  unlessAttending(packShared);
  loop(index(0), heads, 1, [&](Val head) {
    statisticsRow = head;
    beginRow = index(0);
    endRow = rows;
    if (spec.isShared) {
      beginRow = head.eq(0).select(wrap(arguments.begin), beginRow);
      endRow = (head + 1).eq(heads).select(wrap(arguments.end), endRow);
      countsOnce = beginRow.eq(0);
    }
    if (arguments.mask)
      mask = sliceHead(arguments.mask, head);
    if (arguments.bias)
      bias = sliceHead(arguments.bias, head);
    emitHead(sliceHead(arguments.query, head),
             sliceHead(arguments.result, head));
  });
  if (usesTiles)
    releaseTiles();
}

/// Where the workspace may still hold the packed head: what makes it so.
void KernelEmitter::unlessAttending(function_ref<void()> body) {
  if (phase)
    when(phase.lt(kAttendRows), body);
  else
    body();
}

/// One query head.
void KernelEmitter::emitHead(Value query, Value result) {
  unlessAttending([&] {
    packQueries(query);
    if (phase)
      store(sQ, exponents, index(0));
    if (!spec.isMasked() || spec.variesByRow)
      return;
    endStage(KernelStage::Pack);
    emitValidity(index(0), index(1));
    if (spec.hasOtherBlocks()) {
      emitFullKeys(index(0), index(1));
      emitBlockRowSums(index(0));
    } else {
      emitRowSums(index(0));
    }
  });
  bool hasOneMask = spec.isMasked() && !spec.variesByRow;
  endStage(hasOneMask ? KernelStage::List : KernelStage::Pack);
  if (phase) {
    sQ = load(exponents, index(0));
    sK = load(exponents, index(1));
    sV = load(exponents, index(2));
    countsOnce = countsOnce & phase.lt(kAttendRows);
  }
  addOnce(HeadStatistic::ExponentQ, sQ);
  addOnce(HeadStatistic::ExponentK, sK);
  addOnce(HeadStatistic::ExponentV, sV);

  // N9's shift: left by at most 15 (then saturated) or right by at most 31.
  Val shift = wrap(numerics::softmaxShift(ops, scale, policy, sQ, sK));
  Val isLeft = shift.lt(0);
  shiftLeft = (i32(0) - shift).max(0);
  shiftRight = shift.max(0).min(31);
  shiftCap = isLeft.select(i32(1 << 15).srl(shiftLeft), i32(INT32_MAX));

  auto measure = [&](Val row, Val count) {
    emitImportance(row);
    countFullBlocks(row, count);
    endStage(KernelStage::Pool);
  };
  auto find = [&](Val row, Val count) {
    if (spec.hasOtherBlocks())
      emitBlocks(row, count);
    else
      emitLists(row, count);
    countKeptBlocks(row, count);
    endStage(KernelStage::List);
    emitScores(row, count);
    endStage(KernelStage::Score);
    emitExponentials(row, count);
    endStage(KernelStage::Softmax);
  };
  auto apply = [&](Val row, Val count) {
    emitWeights(count);
    endStage(KernelStage::Softmax);
    emitOutput(row, count, result);
    endStage(KernelStage::Apply);
  };
  auto attend = [&](Val row, Val count) {
    find(row, count);
    apply(row, count);
  };
  if (isGated) {
    emitGate(measure, attend);
    Val isKept = load(gate, index(kIsKept));
    if (spec.isShared)
      countsOnce = beginRow.eq(0);
    addOnce(HeadStatistic::Gated, isKept ^ 1);
    when(isKept.eq(0), [&] { emitGatedRows(result); });
    return;
  }
  auto countOf = [&](Val row) { return minIndex(endRow - row, index(kBatch)); };
  thetaFirst = index(0);
  if (spec.variesByRow) {
    loop(beginRow, endRow, kBatch, [&](Val row) {
      Val count = countOf(row);
      emitRowsValidity(row, count, [&] {
        endStage(KernelStage::List);
        measure(row, count);
        attend(row, count);
      });
    });
    return;
  }
  // A batch is measured in the middle of the one before it: what each row has
  // one of is a chain of few instructions that wait for each other, in front of
  // the middle and of a batch's lists, and so has something to wait with.
  auto placeOf = [](Val row) { return (row.div(kBatch) & 1) * kBatch; };
  loop(beginRow, endRow + kBatch, kBatch, [&](Val next) {
    Val row = next - kBatch;
    Val hasRow = next.gt(beginRow);
    when(hasRow, [&] {
      thetaFirst = placeOf(row);
      find(row, countOf(row));
    });
    when(next.lt(endRow), [&] {
      thetaFirst = placeOf(next);
      measure(next, countOf(next));
    });
    when(hasRow, [&] { apply(row, countOf(row)); });
  });
}
