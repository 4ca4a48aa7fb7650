//===- ListKernel.cpp - which blocks are kept, and what the others mean ---===//
//
// N6 and the mp of N9. A block row's list holds its kept block columns in
// order, a short last one included; behind it the first one is repeated so that
// stages may read more than there is.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hdp;

/// Appends first + n for each bit n of 16; what stands behind is anything.
void KernelEmitter::appendNumbers(Val first, Val bits, const Buffer &buffer,
                                  Val at) {
  if (target->canCompress()) {
    Val numbers = first.toI32().splat(t.i32x16) + lanes();
    return store(target->compress(numbers, lanesOf(bits)), buffer, at);
  }
  // Eight bits at a time by a table of the numbers of those that are set.
  Value table = memref::GetGlobalOp::create(
      b, MemRefType::get({256 * 8}, b.getI8Type()), kSetBitsGlobal);
  auto bytes = VectorType::get(8, b.getI8Type());
  for (int64_t half : {0, 1}) {
    Val byte = bits.srl(8 * half) & 255;
    Value place = (byte.toIndex() * 8).v;
    Val set = wrap(vector::LoadOp::create(b, bytes, table, ValueRange{place}));
    Val start = first.toI32() + 8 * half;
    store(set.zext(t.i32x8) + start.splat(t.i32x8), buffer, at);
    at = at + countBits(byte).toIndex();
  }
}

/// For each byte the numbers of the bits that are set, in order, then zeros.
memref::GlobalOp hdp::makeSetBits(Location loc) {
  SmallVector<int8_t> numbers(256 * 8);
  for (int64_t byte = 0; byte < 256; ++byte)
    for (int64_t bit = 0, place = 8 * byte; bit < 8; ++bit)
      if (byte >> bit & 1)
        numbers[place++] = static_cast<int8_t>(bit);
  OpBuilder b(loc.getContext());
  auto type = MemRefType::get({256 * 8}, b.getI8Type());
  auto values = DenseElementsAttr::get(
      RankedTensorType::get(type.getShape(), b.getI8Type()),
      ArrayRef<int8_t>(numbers));
  return memref::GlobalOp::create(b, loc, kSetBitsGlobal,
                                  b.getStringAttr("private"), type, values,
                                  /*constant=*/true, /*alignment=*/nullptr);
}

void KernelEmitter::emitLists(Val firstRow, Val count) {
  Val zero = vec(t.i32x16, 0);
  Val full = fullColumns.toI32().splat(t.i32x16);
  bool isCompensated = policy.pruned == numerics::Pruned::Compensated;
  loop(index(0), count, 1, [&](Val row) {
    Val threshold = load(thresholds, row + thetaFirst).splat(t.i32x16);
    Val list = row * listStride, start = row * startStride;
    Val thetaRow = (row + thetaFirst) * paddedColumns;

    Val words = paddedColumns.div(16);
    bool isMasked = spec.isMasked();
    if (isMasked) {
      store(i32(0), partialCounts, row);
      store(i32(0), missing, row * 2);
      store(i32(0), missing, row * 2 + 1);
    }

    /// Notes the partial blocks among 16; `kept` are in the list before them.
    auto note = [&](Val word, Val kept, Val bits, Val partial) {
      accumulate(index(0), countBits(partial).toIndex(), 1, {partial},
                 [&](Val, const Vals &rest) {
                   Val bit =
                       wrap(math::CountTrailingZerosOp::create(b, rest[0].v));
                   Val before = bits & (i32(1).shl(bit) - 1);
                   Val place = kept.toI32() + countBits(before);
                   Val valid[2];
                   for (int64_t n : {0, 1}) {
                     Val at = (validityRow(row) * 2 + n) * words + word;
                     valid[n] = load(validWords, at).srl(bit.shl(1)) & 3;
                   }
                   notePartial(row, place, valid);
                   return Vals{rest[0] & (rest[0] - 1)};
                 });
    };

    /// 16 blocks: appends the kept ones, adds up the theta of the others. With
    /// a mask it also counts full and pruned blocks.
    auto sixteen = [&](Val column, Vals state) -> Vals {
      Val kept = state[0], pruned = state[1];
      Val x = load(theta, thetaRow + column, t.i32x16);
      Val isKept = x.ge(threshold);
      if (!isMasked) {
        Val numbers = column.toI32().splat(t.i32x16) + lanes();
        isKept = isKept & numbers.lt(full);
        Val bits = bitsOf(isKept);
        appendNumbers(column, bits, lists, list + kept);
        return {kept + countBits(bits).toIndex(),
                pruned + isKept.select(zero, x)};
      }
      Val word = column.div(16);
      Val at = validityRow(row) * words + word;
      Val fullBits = load(fullWords, at), partial = load(partialWords, at);
      Val keptFull = bitsOf(isKept) & fullBits;
      Val bits = keptFull | partial;
      appendNumbers(column, bits, lists, list + kept);
      note(word, kept, bits, partial);
      Val prunedBits = fullBits ^ keptFull;
      return {kept + countBits(bits).toIndex(),
              pruned + lanesOf(prunedBits).select(x, zero),
              state[2] + countBits(fullBits), state[3] + countBits(prunedBits)};
    };
    Vals kept = accumulate(
        index(0), groups, 1, {index(0)}, [&](Val group, const Vals &soFar) {
          store(soFar[0].toI32(), starts, start + group);
          Vals state = {soFar[0], zero};
          if (isMasked)
            state.append(2, i32(0));
          if (groupColumns == 16) {
            state = sixteen(group * 16, state);
          } else {
            Val low = groupColumns ? group * groupColumns : index(0);
            Val high =
                groupColumns ? minIndex(low + groupColumns, columns) : columns;
            state = accumulate(
                low, high, 16, state,
                [&](Val column, const Vals &s) { return sixteen(column, s); });
          }
          Val at = group * kBatch + row;
          if (isMasked)
            store(state[2], rowGroupBlocks, at);
          if (isCompensated) {
            store(state[1], prunedSums, at * 16);
            store(isMasked ? state[3]
                           : load(groupBlocks, group) -
                                 (state[0] - soFar[0]).toI32(),
                  prunedBlocks, at);
          }
          return Vals{state[0]};
        });
    store(kept[0].toI32(), starts, start + groups);
    Val total = kept[0];
    if (isMasked) {
      // Of an odd last group.
      store(i32(0), rowGroupBlocks, groups * kBatch + row);
    } else {
      // A short last block is always kept.
      total = kept[0] + (columns - fullColumns);
      when(fullColumns.lt(columns),
           [&] { store(fullColumns.toI32(), lists, list + kept[0]); });
    }
    store(load(lists, list).splat(t.i32x16), lists, list + total);
    store(total.toI32(), counts, row);
  });
  if (isCompensated)
    emitMeans(firstRow);
}
