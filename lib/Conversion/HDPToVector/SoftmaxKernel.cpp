//===- SoftmaxKernel.cpp - scores to weights ------------------------------===//
//
// N9 and N10. Lists are swept twice: e and its sum, then, with the row's shift
// and the shared weights of its groups known, w and its sum.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace hdp;

/// x1 of N9 before its last minimum, which saturation to 16 bits does.
Val KernelEmitter::scaleDistance(Val x) {
  auto type = cast<VectorType>(x.type());
  return x.min(shiftCap.splat(type))
      .shl(shiftLeft.splat(type))
      .sra(shiftRight.splat(type));
}

/// N9's E of 32 distances that scaleDistance gave, in words.
Val KernelEmitter::expWeight16(Val x) {
  Val u = target->mulRound15(x, vec(t.i16x32, scale.m));
  Val y = (u & 1023).shl(5);
  Val h = vec(t.i16x32, 11018) - target->mulRound15(y, vec(t.i16x32, 2845));
  Val p = vec(t.i16x32, 16384) - target->mulRound15(y, h);
  return target->shiftRight16(p, u.srl(10));
}

/// The same of 16 distances, in 32 bits.
Val KernelEmitter::expWeight32(Val x) {
  auto mulRound = [&](Val a, Val b) { return (a * b + (1 << 14)).sra(15); };
  Val u = mulRound(scaleDistance(x).min(32767), vec(t.i32x16, scale.m));
  Val y = (u & 1023).shl(5);
  Val h = vec(t.i32x16, 11018) - mulRound(y, vec(t.i32x16, 2845));
  Val p = vec(t.i32x16, 16384) - mulRound(y, h);
  return p.srl(u.srl(10));
}

/// A vector whose halves are filled with two scalars.
Val KernelEmitter::bothRows(Val low, Val high) {
  auto type =
      VectorType::get(512 / low.type().getIntOrFloatBitWidth(), low.type());
  SmallVector<int64_t> mask;
  int64_t lanes = type.getNumElements();
  for (int64_t lane = 0; lane < lanes; ++lane)
    mask.push_back(lane < lanes / 2 ? lane : lanes + lane);
  return low.splat(type).shuffle(high.splat(type), mask);
}

/// e and its sums, and what follows from these for each row.
void KernelEmitter::emitExponentials(Val firstRow, Val count) {
  Val ones = vec(t.i16x32, 1), zero = vec(t.i32x16, 0);
  // 1 if the last block has one key; with a mask it is a partial one.
  Val isShort = spec.isMasked() ? index(0) : columns - fullColumns;
  SmallVector<int16_t> places;
  for (int16_t n = 0; n < 32; ++n)
    places.push_back(n % 16);
  Val place = wrap(arith::ConstantOp::create(
      b, DenseElementsAttr::get(t.i16x32, ArrayRef<int16_t>(places))));

  if (spec.isMasked())
    store(zero, lostWeights, index(0));
  // e of kept positions; 0 in what a list has beyond them.
  loop(index(0), count, 1, [&](Val row) {
    Val length = load(counts, row).toIndex();
    Val positions = length * 2 - isShort;
    Val maximum = bothRows(load(maxima, row * 2), load(maxima, row * 2 + 1));
    Val in = row * scoreStride;
    Val out[2] = {row * 2 * weightStride, (row * 2 + 1) * weightStride};
    Vals total = accumulate(
        index(0), length, 8, {zero}, [&](Val block, const Vals &soFar) {
          Val x[2];
          for (int64_t n : {0, 1})
            x[n] = scaleDistance(
                maximum - load(scores, in + block * 4 + 16 * n, t.i32x16));
          Val e = expWeight16(target->narrowToI16(x[0], x[1]));
          Val left = minIndex(positions - block * 2, index(16));
          Val isKept =
              place.lt(left.toI32().trunc(b.getI16Type()).splat(t.i16x32));
          e = spec.hasOtherBlocks() ? e & keptMask(row * listStride + block)
                                    : isKept.select(e, vec(t.i16x32, 0));
          for (int64_t n : {0, 1})
            store(wrap(vector::ExtractStridedSliceOp::create(b, e.v, {16 * n},
                                                             {16}, {1})),
                  weights, out[n] + block);
          return Vals{target->dotS16(soFar[0], e, ones)};
        });
    Val end = length.ceilDiv(8) * 8;
    for (int64_t n : {0, 1})
      store(vec(t.i32x8, 0), weights, out[n] + end);
    store(total[0], weightSums, row * 16);
    if (spec.isMasked() && !spec.hasOtherBlocks())
      forEachPartial(row, [&](Val place, Val valid) {
        for (int64_t n : {0, 1}) {
          Val pair = load(weights, out[n] + place);
          Val bits = valid.srl(2 * n);
          Val gone = ((bits & 1) ^ 1) * 0xFFFF |
                     (((bits.srl(1) & 1) ^ 1) * 0xFFFF).shl(16);
          Val lost = pair & gone;
          store(pair ^ lost, weights, out[n] + place);
          Val sum = load(lostWeights, row * 2 + n);
          store(sum + (lost & 0xFFFF) + lost.srl(16), lostWeights, row * 2 + n);
        }
      });
  });

  emitSharedWeights(firstRow);
}

/// A term of a row in all lanes of 16 bits.
Val KernelEmitter::wordsOf(Val term) {
  return load(rowTerms, term).trunc(b.getI16Type()).splat(t.i16x32);
}

/// w and its sums.
void KernelEmitter::emitWeights(Val count) {
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  if (target->canPermute() && isCompensated && !spec.isMasked() &&
      groupColumns == 16) {
    when(
        groups.lt(17), [&] { emitWeightsByTables(count, /*hasFew=*/true); },
        [&] { emitWeightsByTables(count, /*hasFew=*/false); });
  } else {
    if (isCompensated)
      layOutGroupWeights(count);
    emitFinalWeights(count);
  }
  emitReciprocals();
}

/// For each kept block the wc of its group, along the list.
void KernelEmitter::layOutGroupWeights(Val count) {
  Val zero = vec(t.i32x16, 0);
  loop(index(0), count * 2, 1, [&](Val query) {
    Val row = query.div(2), start = row * startStride;
    Val out = query * weightStride;
    loop(index(0), groups, 1, [&](Val group) {
      Val pair = load(groupWeights, group * 16 + query).splat(t.i32x16);
      Val from = load(starts, start + group).toIndex();
      if (groupColumns == 16) {
        store(pair, listGroupWeights, out + from);
        return;
      }
      Val to = load(starts, start + group + 1).toIndex();
      loop(from, to, 16,
           [&](Val block) { store(pair, listGroupWeights, out + block); });
    });
    // A short block has no group, and behind the list there is nothing.
    store(zero, listGroupWeights, out + load(starts, start + groups).toIndex());
    if (spec.isMasked() && !spec.hasOtherBlocks())
      forEachPartial(row, [&](Val place, Val) {
        store(i32(0), listGroupWeights, out + place);
      });
  });
}

/// w, and its sum for each query.
void KernelEmitter::emitFinalWeights(Val count) {
  Val ones = vec(t.i16x32, 1), zero = vec(t.i32x16, 0);
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  loop(index(0), count * 2, 1, [&](Val query) {
    Val length = load(counts, query.div(2)).toIndex();
    Val k = wordsOf(query + kShift), half = wordsOf(query + kHalf);
    Val at = query * weightStride;
    Val total = accumulate(
        index(0), length, 16, {zero}, [&](Val block, const Vals &soFar) {
          Val e = load(weights, at + block, t.i16x32);
          Val w = (e + half).srl(k);
          if (isCompensated) {
            Val shared = load(listGroupWeights, at + block, t.i16x32);
            if (spec.hasOtherBlocks())
              shared = shared & sharingMask(query.div(2) * listStride + block,
                                            query.toI32() & 1);
            w = w - shared;
          }
          store(w, weights, at + block);
          return Vals{target->dotS16(soFar[0], w, ones)};
        })[0];
    store(total, weightSums, query * 16);
  });
}

/// The same by looking up wc in tables by the blocks' numbers, 16 groups at a
/// time: all there are (`hasFew`), or, as lists are in order, those from the
/// first block's on.
void KernelEmitter::emitWeightsByTables(Val count, bool hasFew) {
  Val ones = vec(t.i16x32, 1), zero = vec(t.i32x16, 0);
  Val stride = hasFew ? index(16) : paddedGroups;
  loop(index(0), hasFew ? index(1) : groups, 16, [&](Val group) {
    transposeRows(groupWeights, group * 16, 64, groupTables, group, stride * 4,
                  2 * kBatch);
  });
  loop(index(0), count, 1, [&](Val row) {
    Val list = row * listStride;
    Val length = load(counts, row).toIndex();
    Val fullBlocks = load(starts, row * startStride + groups);
    Val tables[2], k[2], half[2], at[2], table[2];
    for (int64_t n : {0, 1}) {
      Val query = row * 2 + n;
      tables[n] = query * stride;
      if (hasFew)
        table[n] = load(groupTables, tables[n], t.i32x16);
      k[n] = wordsOf(query + kShift);
      half[n] = wordsOf(query + kHalf);
      at[n] = query * weightStride;
    }
    /// wc of 16 blocks for both queries.
    auto lookUp = [&](Val block, Val group) -> Vals {
      if (hasFew)
        return {target->permute(table[0], group),
                target->permute(table[1], group)};
      auto groupOf = [&](Val place) {
        return load(lists, list + place).srl(4).toIndex();
      };
      Val last = minIndex(block + 15, length - 1);
      return accumulate(
          groupOf(block), groupOf(last) + 1, 16, {zero, zero},
          [&](Val first, const Vals &soFar) {
            Val lane = group - first.toI32().splat(t.i32x16);
            Val isFound = lane.ge(0); // what comes behind is found later
            Vals next;
            for (int64_t n : {0, 1}) {
              Val wc = load(groupTables, tables[n] + first, t.i32x16);
              next.push_back(
                  isFound.select(target->permute(wc, lane), soFar[n]));
            }
            return next;
          });
    };
    Vals totals = accumulate(
        index(0), length, 16, {zero, zero}, [&](Val block, const Vals &soFar) {
          // A short block has no group, and behind the list there is nothing.
          Val isFull = lanes().lt((fullBlocks - block.toI32()).splat(t.i32x16));
          Val group = load(lists, list + block, t.i32x16).srl(4);
          Vals next, found = lookUp(block, group);
          for (int64_t n : {0, 1}) {
            Val shared = isFull.select(found[n], zero);
            Val e = load(weights, at[n] + block, t.i16x32);
            Val w = (e + half[n]).srl(k[n]) - shared.as(t.i16x32);
            store(w, weights, at[n] + block);
            next.push_back(target->dotS16(soFar[n], w, ones));
          }
          return next;
        });
    for (int64_t n : {0, 1})
      store(totals[n], weightSums, (row * 2 + n) * 16);
  });
}
