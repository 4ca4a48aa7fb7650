//===- StatisticsKernel.cpp - what a kernel tells about its heads ---------===//
//
// Rows of numbers (HeadStatistic) beside the output. They come from what the
// stages leave anyway; elements are looked at once more only in a head whose
// largest one does not fit the codes.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hdp;

void KernelEmitter::clearStatistics(Val heads) {
  if (!statistics)
    return;
  // K and V count for the first query head that reads them.
  statisticsRow = index(0);
  loop(index(0), heads, 1, [&](Val head) {
    loop(index(0), index(kNumHeadStatistics), 1, [&](Val column) {
      memref::StoreOp::create(b, Val::constantOf(b, b.getI64Type(), 0),
                              statistics, ValueRange{head.v, column.v});
    });
  });
}

/// Adds `number`, an integer or an index.
void KernelEmitter::addStatistic(HeadStatistic which, Val number) {
  if (!statistics)
    return;
  Type i64 = b.getI64Type();
  if (number.type().isIndex())
    number = number.toI64();
  else if (number.type() != i64)
    number = number.sext(i64);
  SmallVector<Value> at = {statisticsRow.v,
                           index(static_cast<int64_t>(which)).v};
  if (spec.isShared) {
    // Others may add to the same.
    memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, number,
                                statistics, at);
    return;
  }
  Val before = wrap(memref::LoadOp::create(b, statistics, at));
  memref::StoreOp::create(b, before + number, statistics, at);
}

/// The same for a number that every part of a head finds.
void KernelEmitter::addOnce(HeadStatistic which, Val number) {
  if (!statistics)
    return;
  if (countsOnce)
    number = countsOnce.select(number, number.constant(0));
  addStatistic(which, number);
}

/// N1: elements that saturate, and NaN. `magnitude` has the bits of max |x|,
/// those of a NaN above all.
void KernelEmitter::countCodes(int64_t side, Value source, Val rows,
                               int64_t columns,
                               const numerics::CodeFormat &format,
                               const Quantizer &quantizer, Val magnitude) {
  if (!statistics)
    return;
  auto constant = [&](Type type, double number) {
    TypedAttr attr = b.getFloatAttr(getElementTypeOrSelf(type), number);
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, Attribute(attr));
    return wrap(arith::ConstantOp::create(b, attr));
  };
  auto compare = [&](arith::CmpFPredicate predicate, Val x, Val y) {
    return wrap(arith::CmpFOp::create(b, predicate, x, y));
  };
  // hi of an f32 that is larger, infinite or not a number.
  Val largest = wrap(arith::BitcastOp::create(b, b.getF32Type(), magnitude.v));
  Val fits = compare(arith::CmpFPredicate::OLE, largest * quantizer.factor,
                     constant(b.getF32Type(), format.hi));
  auto count = [&] {
    // Ties go to the even neighbour.
    auto pastHigh =
        format.hi % 2 ? arith::CmpFPredicate::OGE : arith::CmpFPredicate::OGT;
    auto pastLow =
        format.lo % 2 ? arith::CmpFPredicate::OLE : arith::CmpFPredicate::OLT;
    Val high = constant(t.f32x16, format.hi + 0.5);
    Val low = constant(t.f32x16, format.lo - 0.5);
    Val factor = quantizer.factor.splat(t.f32x16);
    Val zero = vec(t.i32x16, 0), one = vec(t.i32x16, 1);
    Vals counts = accumulate(
        index(0), rows, 1, {zero, zero}, [&](Val row, const Vals &soFar) {
          Vals next = soFar;
          for (int64_t from = 0; from < columns; from += 16) {
            Val x = loadFloats(source, row, from, columns);
            Val y = x * factor;
            Val above = compare(pastHigh, y, high);
            Val below = compare(pastLow, y, low);
            Val isNaN = compare(arith::CmpFPredicate::UNO, x, x);
            next[0] = next[0] + (above | below).select(one, zero);
            next[1] = next[1] + isNaN.select(one, zero);
          }
          return next;
        });
    HeadStatistic saturated[] = {HeadStatistic::SaturatedQ,
                                 HeadStatistic::SaturatedK,
                                 HeadStatistic::SaturatedV};
    HeadStatistic nan[] = {HeadStatistic::NaNQ, HeadStatistic::NaNK,
                           HeadStatistic::NaNV};
    addOnce(saturated[side], counts[0].sum());
    addOnce(nan[side], counts[1].sum());
  };
  when(fits, [] {}, count);
}

/// The bits of `rows` rows of keys; `isShared`: there is one row for all.
Val KernelEmitter::countKeys(const Buffer &buffer, Val rows, bool isShared) {
  Val words = paddedColumns.div(16);
  Val one = index(1), stored = isShared ? one : rows;
  Val keys = accumulate(index(0), stored * words, 1, {index(0)},
                        [&](Val at, const Vals &soFar) {
                          Val bits = countBits(load(buffer, at));
                          return Vals{soFar[0] + bits.toIndex()};
                        })[0];
  return isShared ? keys * rows : keys;
}

/// Full blocks of `rows` block rows whose validity is known.
void KernelEmitter::countFullBlocks(Val firstRow, Val rows) {
  if (!statistics)
    return;
  if (spec.hasOtherBlocks()) {
    Val keys =
        countKeys(fullKeys, blockRowsIn(firstRow, rows), !spec.variesByRow);
    addStatistic(HeadStatistic::FullBlocks, keys.div(policy.blockCols));
    return;
  }
  if (!spec.isMasked()) {
    addStatistic(HeadStatistic::FullBlocks, rows * fullColumns);
    return;
  }
  Vals counted = accumulate(
      index(0), rows, 1, {index(0)}, [&](Val row, const Vals &soFar) {
        return Vals{soFar[0] + load(fullCounts, validityRow(row)).toIndex()};
      });
  addStatistic(HeadStatistic::FullBlocks, counted[0]);
}

/// Full blocks among those in the lists of `rows` block rows.
void KernelEmitter::countKeptBlocks(Val firstRow, Val rows) {
  if (!statistics)
    return;
  if (spec.hasOtherBlocks()) {
    Val keys = countKeys(keptKeys, blockRowsIn(firstRow, rows), false);
    addStatistic(HeadStatistic::KeptBlocks, keys.div(policy.blockCols));
    return;
  }
  Vals counted = accumulate(
      index(0), rows, 1, {index(0)}, [&](Val row, const Vals &soFar) {
        // A list also has the partial blocks.
        Val partial = spec.isMasked() ? load(partialCounts, row).toIndex()
                                      : columns - fullColumns;
        return Vals{soFar[0] + load(counts, row).toIndex() - partial};
      });
  addStatistic(HeadStatistic::KeptBlocks, counted[0]);
}
