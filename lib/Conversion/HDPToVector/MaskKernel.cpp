//===- MaskKernel.cpp - which positions are valid -------------------------===//
//
// N4 as words of bits: of each query row two bits a block column, of each block
// row one bit for full and one for partial blocks. Stages work on full blocks;
// what is different in the few partial ones is put right entry by entry, so
// attention without a mask pays nothing.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "hdp/Numerics/Mask.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

/// Bits 0, 2, 4, .. of a word as its low half.
Val KernelEmitter::compressEven(Val x) {
  x = x & 0x55555555;
  x = (x | x.srl(1)) & 0x33333333;
  x = (x | x.srl(2)) & 0x0F0F0F0F;
  x = (x | x.srl(4)) & 0x00FF00FF;
  return (x | x.srl(8)) & 0xFFFF;
}

/// 16 lanes from the low half of a word.
Val KernelEmitter::lanesOf(Val word) {
  Val half = word.trunc(b.getI16Type());
  return half.splat(VectorType::get(1, b.getI16Type()))
      .as(VectorType::get(16, b.getI1Type()));
}

/// The bits of 16 lanes.
Val KernelEmitter::bitsOf(Val lanes) {
  auto one = VectorType::get(1, b.getI16Type());
  return wrap(vector::ExtractOp::create(b, lanes.as(one).v, int64_t(0)))
      .zext(b.getI32Type());
}

Val KernelEmitter::countBits(Val word) {
  return wrap(math::CtPopOp::create(b, word.v));
}

/// 32 elements of a row of the mask from `first`; there are `count`.
Val KernelEmitter::maskBits(Val row, Val first, Val count) {
  auto choice =
      scf::IfOp::create(b, TypeRange{b.getI32Type()}, count.eq(32).v, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  {
    auto metadata = memref::ExtractStridedMetadataOp::create(b, mask);
    Val address =
        wrap(memref::ExtractAlignedPointerAsIndexOp::create(b, mask)) +
        wrap(metadata.getOffset()) + row * wrap(metadata.getStrides()[0]) +
        first;
    Value pointer = LLVM::IntToPtrOp::create(
        b, LLVM::LLVMPointerType::get(b.getContext()), address.toI64().v);
    Val bytes = wrap(LLVM::LoadOp::create(b, t.i8x32, pointer, 1));
    Val isSet = bytes.compare(arith::CmpIPredicate::ne, bytes.constant(0));
    auto one = VectorType::get(1, b.getI32Type());
    scf::YieldOp::create(
        b, vector::ExtractOp::create(b, isSet.as(one).v, int64_t(0))
               ->getResults());
  }
  b.setInsertionPointToStart(choice.elseBlock());
  Vals bits =
      accumulate(index(0), count, 1, {i32(0)}, [&](Val n, const Vals &soFar) {
        SmallVector<Value> at = {row.v, (first + n).v};
        Val bit = wrap(memref::LoadOp::create(b, mask, at));
        return Vals{soFar[0] | bit.zext(b.getI32Type()).shl(n.toI32())};
      });
  scf::YieldOp::create(b, bits[0].v);
  return wrap(choice.getResult(0));
}

void KernelEmitter::emitValidity(Val firstRow, Val count) {
  Val words = paddedColumns.div(16);
  loop(index(0), count, 1, [&](Val row) {
    Val first = (firstRow + row) * 2;
    Val exists = (first + 1).lt(lq);
    if (!spec.variesByRow)
      exists = wrap(arith::ConstantIntOp::create(b, 1, 1));
    Val query[2] = {first, exists.select(first + 1, first)};
    // Full blocks; whether there is a bias; whether it has a NaN.
    Vals totals = accumulate(
        index(0), words, 1, Vals(spec.hasBias ? 3 : 1, i32(0)),
        [&](Val word, const Vals &soFar) {
          Val key = word * 32;
          Val count = minIndex(maxIndex(lk - key, index(0)), index(32));
          Val valid[2];
          Vals next = soFar;
          for (int64_t n : {0, 1}) {
            if (n == 1 && !spec.variesByRow) {
              valid[1] = valid[0];
              break;
            }
            Val allowed = count;
            if (spec.isCausal)
              allowed = minIndex(
                  count, maxIndex(query[n] + lk - lq + 1 - key, index(0)));
            Val one = Val::constantOf(b, b.getI64Type(), 1);
            valid[n] = (one.shl(allowed.toI64()) - 1).trunc(b.getI32Type());
            if (mask)
              valid[n] = valid[n] & maskBits(query[n], key, count);
            if (bias) {
              Vals entries = biasEntries(query[n], key, count);
              Val allowed = biasBits(entries, arith::CmpFPredicate::OGT,
                                     numerics::forbiddingBias);
              Val other = biasBits(entries, arith::CmpFPredicate::ONE, 0.0);
              next[1] = next[1] | (other & allowed);
              next[2] =
                  next[2] | biasBits(entries, arith::CmpFPredicate::UNO, 0.0);
              valid[n] = valid[n] & allowed;
            }
          }
          Val both = valid[0] & valid[1];
          Val full = compressEven(both & both.srl(1));
          Val second = exists.select(valid[1], i32(0));
          Val any = valid[0] | second;
          Val partial = compressEven(any | any.srl(1)) & (full ^ 0xFFFF);
          Val at = row * words + word;
          store(full, fullWords, at);
          store(partial, partialWords, at);
          store(valid[0], validWords, row * 2 * words + word);
          store(second, validWords, (row * 2 + 1) * words + word);
          next[0] = next[0] + countBits(full);
          return next;
        });
    store(totals[0], fullCounts, row);
    if (!bias)
      return;
    cf::AssertOp::create(b, totals[2].eq(0),
                         "expected a bias without NaN, found NaN");
    Val some = totals[1].compare(arith::CmpIPredicate::ne, i32(0));
    store(some.zext(b.getI32Type()), hasBias, row);
    auto find = [&] { emitBiasRows(row, query); };
    if (isPooled) {
      when(some, find);
      return;
    }
    // The integer pass adds B wherever there may be some.
    when(some, find, [&] {
      Val from = row * (paddedColumns * 4);
      loop(from, from + paddedColumns * 4, 16,
           [&](Val at) { store(vec(t.i32x16, 0), biasRows, at); });
    });
  });
}

/// Notes a partial block of a block row at `place` in its list with its valid
/// positions, two bits of each row.
void KernelEmitter::notePartial(Val row, Val place, ArrayRef<Val> valid) {
  for (int64_t n : {0, 1}) {
    Val gone = load(missing, row * 2 + n) + 2 - countBits(valid[n]);
    store(gone, missing, row * 2 + n);
  }
  Val count = load(partialCounts, row);
  store(place.shl(4) | valid[0] | valid[1].shl(2), partials,
        row * (paddedColumns + 16) + count.toIndex());
  store(count + 1, partialCounts, row);
}

/// Calls `body` with the place in the list and the valid bits (row 0: keys 0
/// and 1; row 1) of each partial block of a block row.
void KernelEmitter::forEachPartial(Val row, function_ref<void(Val, Val)> body) {
  Val count = load(partialCounts, row).toIndex();
  Val from = row * (paddedColumns + 16);
  loop(from, from + count, 1, [&](Val at) {
    Val entry = load(partials, at);
    body(entry.srl(4).toIndex(), entry & 15);
  });
}

/// Sums of V over the full blocks of a row of words, and their pairs.
void KernelEmitter::emitRowSums(Val row) {
  int64_t dims = valueVectors * 16;
  Val words = paddedColumns.div(16), ones = vec(t.i16x32, 1);
  Val from = row * words;
  loop(index(0), groups, 1, [&](Val group) {
    Val low = groupColumns ? group * (groupColumns / 16) : index(0);
    Val high = groupColumns ? minIndex(low + groupColumns / 16, words) : words;
    auto copy = [&](bool isZero) {
      for (int64_t n = 0; n < valueVectors; ++n) {
        Val at = group * dims + 16 * n;
        store(isZero ? vec(t.i32x16, 0) : load(valueSums, at, t.i32x16),
              rowValueSums, at);
      }
    };
    auto add = [&] {
      Vals sums = accumulate(
          low, high, 1, Vals(valueVectors, vec(t.i32x16, 0)),
          [&](Val word, const Vals &soFar) {
            Val bits = load(fullWords, from + word);
            return accumulate(
                index(0), index(16), 1, soFar, [&](Val n, const Vals &s) {
                  Val isFull = (bits.srl(n.toI32()) & 1).eq(1);
                  Val column = word * 16 + n;
                  // A block that is not there has no values to be read.
                  column = isFull.select(column, index(0));
                  Val keep = isFull.select(i32(-1), i32(0))
                                 .splat(t.i32x16)
                                 .as(t.i16x32);
                  Vals next;
                  for (int64_t x = 0; x < valueVectors; ++x) {
                    Val v = loadValues(column, x);
                    next.push_back(target->dotS16(s[x], v & keep, ones));
                  }
                  return next;
                });
          });
      for (int64_t n = 0; n < valueVectors; ++n)
        store(sums[n], rowValueSums, group * dims + 16 * n);
    };
    if (groupColumns != 16) {
      add();
      return;
    }
    Val number = countBits(load(fullWords, from + group));
    when(
        number.eq(load(groupBlocks, group)), [&] { copy(false); },
        [&] { when(number.eq(0), [&] { copy(true); }, add); });
  });
  emitSumPairs(rowValueSums, rowValueSumPairs);
}
