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
#include "llvm/Support/SaveAndRestore.h"

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

/// The keys up to the last one that the only mask of any head allows, in whole
/// words: the others are no block's and no group's.
Val KernelEmitter::findUsedKeys(const KernelArguments &arguments, Val heads) {
  Val end = accumulate(
      index(0), heads, 1, {index(0)}, [&](Val head, const Vals &soFar) {
        if (arguments.mask)
          mask = sliceHead(arguments.mask, head);
        else
          bias = sliceHead(arguments.bias, head);
        return accumulate(
            index(0), lk, 32, soFar, [&](Val key, const Vals &before) {
              Val count = minIndex(lk - key, index(32));
              Val isForbidden;
              if (arguments.mask) {
                isForbidden = maskBits(index(0), key, count).eq(0);
              } else {
                // A NaN counts, and is found later.
                Vals entries = biasEntries(index(0), key, count);
                Val forbidden = biasBits(entries, arith::CmpFPredicate::OLE,
                                         numerics::forbiddingBias);
                Val all =
                    (Val::constantOf(b, b.getI64Type(), 1).shl(count.toI64()) -
                     1)
                        .trunc(b.getI32Type());
                isForbidden = (forbidden & all).eq(all);
              }
              return Vals{isForbidden.select(before[0], key + count)};
            });
      })[0];
  mask = bias = Value();
  return maxIndex(end, minIndex(lk, index(32)));
}

/// Validity of a batch whose rows differ in it, and `body` with columns and
/// groups that end behind the last key that any of them attends to.
void KernelEmitter::emitRowsValidity(Val firstRow, Val count,
                                     function_ref<void()> body) {
  Val end = emitValidity(firstRow, count);
  if (spec.hasOtherBlocks()) {
    emitFullKeys(firstRow, count);
    return body();
  }
  llvm::SaveAndRestore used(usedColumns, end.ceilDiv(4) * 64);
  llvm::SaveAndRestore few(columns, minIndex(columns, end * 16));
  llvm::SaveAndRestore fewGroups(
      groups,
      groupColumns ? minIndex(groups, columns.ceilDiv(groupColumns)) : groups);
  body();
}

/// Stores the valid bits of two query rows, of which the second may not exist,
/// from `word` on, one word or several in lanes, and which of their blocks are
/// full and partial. The words of full blocks, and the bits valid in any row.
std::pair<Val, Val> KernelEmitter::storeValidity(Val row, Val word,
                                                 ArrayRef<Val> valid,
                                                 Val exists) {
  Val words = paddedColumns.div(16);
  Val both = valid[0] & valid[1];
  Val full = compressEven(both & both.srl(1));
  Val second = exists.select(valid[1], valid[1].constant(0));
  Val any = valid[0] | second;
  Val partial = compressEven(any | any.srl(1)) & (full ^ 0xFFFF);
  Val at = row * words + word;
  store(full, fullWords, at);
  store(partial, partialWords, at);
  store(valid[0], validWords, row * 2 * words + word);
  store(second, validWords, (row * 2 + 1) * words + word);
  return {full, any};
}

/// Validity of two query rows where each attends to the keys up to its own:
/// sixteen words at a time, and the number of full blocks.
Val KernelEmitter::emitCausalValidity(Val row, ArrayRef<Val> query, Val exists,
                                      Val endWord) {
  Val zero = vec(t.i32x16, 0);
  Val keys[2];
  for (int64_t n : {0, 1})
    keys[n] = maxIndex(query[n] + lk - lq + 1, index(0)).toI32();
  loop(index(0), endWord, 16, [&](Val word) {
    Val first = (word.toI32().splat(t.i32x16) + lanes()).shl(5);
    Val valid[2];
    for (int64_t n : {0, 1}) {
      Val count = (keys[n].splat(t.i32x16) - first).max(0).min(32);
      Val ones = vec(t.i32x16, -1).srl((vec(t.i32x16, 32) - count).min(31));
      valid[n] = count.gt(0).select(ones, zero);
    }
    // What is behind a row's words is the next row's, and written with it.
    storeValidity(row, word, valid, exists);
  });
  return keys[0].srl(1);
}

/// N4 of the batch's rows, or of the one row that all have; the number of words
/// up to the last valid key, at least 1.
Val KernelEmitter::emitValidity(Val firstRow, Val count) {
  Val words = paddedColumns.div(16);
  bool isTrimmed = spec.variesByRow && !spec.hasOtherBlocks();
  bool isSimple = spec.isCausal && !mask && !bias && isTrimmed;
  // Stages visit whole strips of words.
  Val endWord = words;
  if (isTrimmed && spec.isCausal) {
    Val last = minIndex((firstRow + count) * 2, lq) + lk;
    Val keys = lq.lt(last).select(last - lq, index(0));
    endWord = maxIndex(keys, index(1)).ceilDiv(32);
  }
  // A NaN is an error wherever it is.
  Val visited = bias ? words : endWord.ceilDiv(4) * 4;
  auto emitRow = [&](Val variable, const Vals &end) -> Vals {
    Val row = hide(variable);
    Val first = (firstRow + row) * 2;
    Val exists = (first + 1).lt(lq);
    if (!spec.variesByRow)
      exists = wrap(arith::ConstantIntOp::create(b, 1, 1));
    Val query[2] = {first, exists.select(first + 1, first)};
    if (isSimple) {
      store(emitCausalValidity(row, query, exists, visited), fullCounts, row);
      return end;
    }
    // Full blocks; the end of valid words; whether there is a bias; whether it
    // has a NaN.
    Vals init(spec.hasBias ? 4 : 2, i32(0));
    init[1] = end[0];
    Vals totals = accumulate(
        index(0), visited, 1, init, [&](Val word, const Vals &soFar) {
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
              next[2] = next[2] | (other & allowed);
              next[3] =
                  next[3] | biasBits(entries, arith::CmpFPredicate::UNO, 0.0);
              valid[n] = valid[n] & allowed;
            }
          }
          auto [full, any] = storeValidity(row, word, valid, exists);
          next[0] = next[0] + countBits(full);
          next[1] = any.eq(0).select(next[1], next[1].max((word + 1).toI32()));
          return next;
        });
    store(totals[0], fullCounts, row);
    if (!bias)
      return {totals[1]};
    cf::AssertOp::create(b, totals[3].eq(0),
                         "expected a bias without NaN, found NaN");
    Val some = totals[2].compare(arith::CmpIPredicate::ne, i32(0));
    store(some.zext(b.getI32Type()), hasBias, row);
    auto find = [&] { emitBiasRows(row, query); };
    if (isPooled) {
      when(some, find);
      return {totals[1]};
    }
    // The integer pass adds B wherever there may be some.
    when(some, find, [&] {
      Val from = row * (paddedColumns * 4);
      loop(from, from + paddedColumns * 4, 16,
           [&](Val at) { store(vec(t.i32x16, 0), biasRows, at); });
    });
    return {totals[1]};
  };
  Val end = accumulate(index(0), count, 1, {i32(1)}, emitRow)[0];
  return isSimple ? endWord : end.toIndex();
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

/// Adds the values of a block's keys where `keep` has ones.
void KernelEmitter::addValues(Vals &sums, Val column, Val keep) {
  Val ones = vec(t.i16x32, 1);
  for (int64_t n = 0; n < valueVectors; ++n) {
    Val v = loadValues(column, n);
    sums[n] = target->dotS16(sums[n], keep ? v & keep : v, ones);
  }
}

/// The same of groups of 16 blocks. What the row before left stays where a
/// group's word is the same, and is added to where it has grown.
void KernelEmitter::emitChangedRowSums(Val row) {
  int64_t dims = valueVectors * 16;
  Val from = row * paddedColumns.div(16);
  auto emitGroup = [&](Val group) {
    Val now = load(fullWords, from + group), before = load(rowSumWords, group);
    store(now, rowSumWords, group);
    Val place = group * dims;
    auto copy = [&] {
      for (int64_t n = 0; n < valueVectors; ++n)
        store(load(valueSums, place + 16 * n, t.i32x16), rowValueSums,
              place + 16 * n);
    };
    auto add = [&] {
      Val hasGrown = (before & (now ^ -1)).eq(0);
      Val added = hasGrown.select(now ^ before, now);
      Val keep = hasGrown.select(i32(-1), i32(0)).splat(t.i32x16);
      Vals init;
      for (int64_t n = 0; n < valueVectors; ++n)
        init.push_back(load(rowValueSums, place + 16 * n, t.i32x16) & keep);
      init.push_back(added);
      Vals sums =
          accumulate(index(0), countBits(added).toIndex(), 1, init,
                     [&](Val, const Vals &soFar) {
                       Vals next = soFar;
                       Val rest = next.pop_back_val();
                       Val bit =
                           wrap(math::CountTrailingZerosOp::create(b, rest.v));
                       addValues(next, group * 16 + bit.toIndex(), Val());
                       next.push_back(rest & (rest - 1));
                       return next;
                     });
      for (int64_t n = 0; n < valueVectors; ++n)
        store(sums[n], rowValueSums, place + 16 * n);
    };
    when(countBits(now).eq(load(groupBlocks, group)), copy, add);
    emitSumPair(rowValueSums, rowValueSumPairs, group.div(2));
  };
  loop(index(0), groups, 16, [&](Val first) {
    Val isThere = (first.toI32().splat(t.i32x16) + lanes())
                      .lt(groups.toI32().splat(t.i32x16));
    Val now = load(fullWords, from + first, t.i32x16);
    Val before = load(rowSumWords, first, t.i32x16);
    Val changed =
        bitsOf(isThere & now.compare(arith::CmpIPredicate::ne, before));
    accumulate(index(0), countBits(changed).toIndex(), 1, {changed},
               [&](Val, const Vals &rest) {
                 Val bit =
                     wrap(math::CountTrailingZerosOp::create(b, rest[0].v));
                 emitGroup(first + bit.toIndex());
                 return Vals{rest[0] & (rest[0] - 1)};
               });
  });
}

/// Sums of V over the full blocks of a row of words, and their pairs.
void KernelEmitter::emitRowSums(Val row) {
  if (groupColumns == 16)
    return emitChangedRowSums(row);
  int64_t dims = valueVectors * 16;
  Val from = row * paddedColumns.div(16), end = usedColumns.div(16);
  loop(index(0), groups, 1, [&](Val group) {
    Val low = groupColumns ? group * (groupColumns / 16) : index(0);
    Val high = groupColumns ? minIndex(low + groupColumns / 16, end) : end;
    Vals sums = accumulate(
        low, high, 1, Vals(valueVectors, vec(t.i32x16, 0)),
        [&](Val word, const Vals &soFar) {
          Val bits = load(fullWords, from + word);
          return accumulate(
              index(0), index(16), 1, soFar, [&](Val n, const Vals &s) {
                Val isFull = (bits.srl(n.toI32()) & 1).eq(1);
                // A block that is not there has no values to be read.
                Val column = isFull.select(word * 16 + n, index(0));
                Val keep =
                    isFull.select(i32(-1), i32(0)).splat(t.i32x16).as(t.i16x32);
                Vals next = s;
                addValues(next, column, keep);
                return next;
              });
        });
    for (int64_t n = 0; n < valueVectors; ++n)
      store(sums[n], rowValueSums, group * dims + 16 * n);
  });
  emitSumPairs(rowValueSums, rowValueSumPairs);
}
