//===- PackKernel.cpp - floats to codes in the layout of the stages -------===//
//
// N1 and N2. Order of dimensions within a row of Q or K is free as long as both
// have the same, so saturating narrows need no shuffle behind them.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hdp;

/// The codes of 32 dimensions as words.
Val KernelEmitter::codes(const Quantizer &q, Val row, int64_t chunk, Val factor,
                         int64_t offset) {
  Val halves[2];
  for (int64_t half : {0, 1}) {
    int64_t from = 32 * chunk + 16 * half;
    halves[half] = from >= spec.d ? vec(t.f32x16, 0)
                                  : loadFloats(q.source, row, from, spec.d);
  }
  return quantize(q, halves[0], halves[1], factor.splat(t.f32x16), offset);
}

/// N2, on words.
Val KernelEmitter::integerParts(Val codes) {
  int64_t fraction = policy.format.fractionBits;
  if (policy.split == numerics::Split::Nearest)
    codes = codes + (int64_t(1) << (fraction - 1));
  return codes.sra(fraction);
}

/// Words of pooled chunks as bytes: 64 of two chunks, or 32 of the last one.
Vals KernelEmitter::poolBytes(Vals words, Val offset, bool isSigned) {
  Vals bytes;
  for (Val &word : words)
    word = word + offset;
  for (size_t n = 0; n + 1 < words.size(); n += 2)
    bytes.push_back(isSigned ? target->narrowToI8(words[n], words[n + 1])
                             : target->narrowToU8(words[n], words[n + 1]));
  if (words.size() % 2)
    bytes.push_back(words.back().trunc(t.i8x32));
  return bytes;
}

/// N2, on bytes of codes with their offset, in which rounding is included: the
/// integer part + 2^(I - 1).
Val KernelEmitter::integerPartsOfBytes(Val bytes) {
  int64_t fraction = policy.format.fractionBits;
  int64_t mask = (255 >> fraction) * 0x101;
  return (bytes.as(t.i16x32).srl(fraction) & mask).as(t.i8x64);
}

/// Sums of the two rows that stand in each vector, eight bytes in turn: 64
/// bytes of two chunks, 32 of the last one of an odd number.
Vals KernelEmitter::poolHalves(ArrayRef<Val> parts) {
  SmallVector<int64_t> first, second;
  for (int64_t lane = 0; lane < 8; lane += 2) {
    first.append({lane, lane + 8});
    second.append({lane + 1, lane + 9});
  }
  Vals sums;
  for (size_t n = 0; n < parts.size(); n += 2) {
    bool isLast = n + 1 == parts.size();
    Val x = parts[n].as(t.i64x8), y = parts[isLast ? n : n + 1].as(t.i64x8);
    Val sum =
        x.shuffle(y, first).as(t.i8x64) + x.shuffle(y, second).as(t.i8x64);
    if (isLast)
      sum = sum.as(t.i64x8).shuffle(sum.as(t.i64x8), {0, 2, 4, 6}).as(t.i8x32);
    sums.push_back(sum);
  }
  return sums;
}

//===----------------------------------------------------------------------===//
// K
//===----------------------------------------------------------------------===//

/// Also finds the largest value, while loads of V would wait otherwise.
void KernelEmitter::packKeys(Value key, Value value) {
  Quantizer q = prepare(
      1, key, allKeys, spec.d, numerics::getQueryKeyFormat(policy), policy.sk,
      spec.hasBias ? numerics::maxExponentWithBias : numerics::maxExponent,
      findMagnitude(key, allKeys, spec.d));
  sK = q.exponent;
  int64_t poolRow = 32 * chunks;
  // Keys of a block that the importance pass sees: their sum, or both.
  int64_t parts = isPooled ? 1 : 2;
  auto packStrip = [&](Val strip, const Vals &maxima) {
    Val end = minIndex(columns, strip + 16);
    auto packBlock = [&](Val column, Val first, Val second) {
      if (hasByteCodes) {
        Vals parts;
        for (int64_t chunk = 0; chunk < chunks; ++chunk) {
          Val x = codes(q, first, chunk, q.factor, planes.codeOffset);
          Val y = codes(q, second, chunk, q.factor, planes.codeOffset);
          Val bytes = target->narrowToU8(x, y);
          store(bytes, keys, (column * chunks + chunk) * 64);
          parts.push_back(integerPartsOfBytes(bytes));
        }
        Val at = (column - strip) * poolRow;
        for (Val bytes : poolHalves(parts)) {
          store(bytes, pooledStrip, at);
          at = at + 64;
        }
        return;
      }
      Vals pooled[2];
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        Val x = codes(q, first, chunk, q.factor);
        Val y = codes(q, second, chunk, q.factor);
        Val at = (column * chunks + chunk) * (64 * planes.keys);
        for (Val bytes : keyPlanes(x, y)) {
          store(bytes, keys, at);
          at = at + 64;
        }
        Val integers[2] = {integerParts(x), integerParts(y)};
        if (isPooled)
          integers[0] = integers[0] + integers[1];
        for (int64_t part = 0; part < parts; ++part)
          pooled[part].push_back(integers[part]);
      }
      for (int64_t part = 0; part < parts; ++part) {
        Val at = (column - strip + 16 * part) * poolRow;
        for (Val bytes :
             poolBytes(pooled[part], vec(t.i16x32, poolOffset), false)) {
          store(bytes, pooledStrip, at);
          at = at + 64;
        }
      }
    };
    Vals next =
        accumulate(strip, end, 1, maxima, [&](Val variable, const Vals &soFar) {
          Val column = hide(variable), first = column * 2;
          Val second = minIndex(first + 1, lk - 1); // of a short block: first
          packBlock(column, first, second);
          Vals larger = soFar;
          for (Val row : {first, second})
            addMaxima(larger, value, row, spec.dv);
          return larger;
        });
    // Short and missing blocks: zero bytes, whatever the query; missing keys:
    // integer parts of zero.
    for (int64_t part = 0; part < parts; ++part) {
      Val keysEnd = isPooled || part ? fullColumns : columns;
      loop(maxIndex(minIndex(keysEnd, strip + 16), strip), strip + 16, 1,
           [&](Val column) {
             for (int64_t chunk = 0; chunk < chunks; ++chunk)
               store(vec(t.i8x32,
                         isPooled ? 0 : poolOffset - 256 * (poolOffset / 128)),
                     pooledStrip,
                     (column - strip + 16 * part) * poolRow + 32 * chunk);
           });
    }
    // Panels of 64 blocks, or of both keys of 32: [four dimensions][..].
    int64_t panelBlocks = 64 / parts;
    Val panel = strip.div(panelBlocks) * (64 * poolRow);
    Val inPanel = strip - strip.div(panelBlocks) * panelBlocks;
    for (int64_t part = 0; part < parts; ++part) {
      Val to = panel + inPanel * (4 * parts) + 64 * part;
      for (int64_t from = 0; from < poolRow; from += 64) {
        int64_t count = std::min<int64_t>(16, (poolRow - from) / 4);
        transposeRows(pooledStrip, index(16 * part * poolRow + from), poolRow,
                      pooledKeys, to + from * 64, index(256), count);
      }
    }
    return next;
  };
  Vals maxima =
      accumulate(index(0), paddedColumns, 16, startMaxima(spec.dv), packStrip);
  valueMagnitude = endMaxima(
      accumulate(lk, allKeys, 1, maxima, [&](Val row, const Vals &soFar) {
        Vals larger = soFar;
        addMaxima(larger, value, row, spec.dv);
        return larger;
      }));
}

//===----------------------------------------------------------------------===//
// Q
//===----------------------------------------------------------------------===//

/// Both rows of a block row; their sums go into packedSums, a row in each half.
void KernelEmitter::packQueryBytes(const Quantizer &q, Val row, Val place,
                                   Val first, Val second, Val secondFactor) {
  Vals parts;
  Val sums = vec(t.i32x16, 0), total = sums;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    Val x = codes(q, first, chunk, q.factor, planes.codeOffset);
    Val y = codes(q, second, chunk, secondFactor, planes.codeOffset);
    Val bytes = target->narrowToU8(x, y);
    parts.push_back(integerPartsOfBytes(bytes));
    Val quads = (bytes - planes.codeOffset).as(t.i64x8);
    // As ScoreKernel.cpp wants them: half of one row's dimensions and the other
    // half of the other row's.
    constexpr int64_t orders[2][8] = {{0, 0, 2, 2, 5, 5, 7, 7},
                                      {4, 4, 6, 6, 1, 1, 3, 3}};
    for (int64_t n : {0, 1}) {
      Val codes = quads.shuffle(quads, orders[n]).as(t.i8x64);
      store(codes, queries, (row * chunks + chunk) * 128 + 64 * n);
      // Every byte stands twice.
      sums = target->dotU8S8(sums, vec(t.i8x64, planes.codeOffset / 2), codes,
                             true);
    }
  }
  store(sums, packedSums, place * 16);
  Val at = row * (32 * chunks);
  for (Val unsignedParts : poolHalves(parts)) {
    Val pooled = unsignedParts - poolOffset;
    store(pooled, pooledQueries, at);
    at = at + 64;
    if (pooled.type() != t.i8x64)
      pooled = pooled.shuffle(pooled.constant(0),
                              llvm::to_vector(llvm::seq<int64_t>(64)));
    total = target->dotU8S8(total, vec(t.i8x64, 1), pooled, true);
  }
  store(total, packedSums, (place + 16) * 16);
}

void KernelEmitter::packQueries(Value query) {
  Quantizer q = prepare(
      0, query, lq, spec.d, numerics::getQueryKeyFormat(policy), policy.sq,
      spec.hasBias ? numerics::maxExponentWithBias : numerics::maxExponent,
      findMagnitude(query, lq, spec.d));
  sQ = q.exponent;
  Val zero = vec(t.i32x16, 0);
  int64_t parts = isPooled ? 1 : 2;
  loop(beginRow, endRow, kBatch, [&](Val batch) {
    // Missing rows of blocks are zeros; there may be many in a high one.
    bool isHigh = spec.hasOtherBlocks();
    Val end = isHigh ? batch + kBatch : minIndex(batch + kBatch, rows);
    loop(batch, end, 1, [&](Val row) {
      Val first = isHigh ? minIndex(row * 2, lq - 1) : row * 2;
      Val exists = (row * 2 + 1).lt(lq);
      Val second = exists.select(first + 1, first);
      Val none = Val::constantOf(b, b.getF32Type(), 0);
      Val secondFactor = exists.select(q.factor, none);
      if (hasByteCodes) {
        packQueryBytes(q, row, row - batch, first, second, secondFactor);
        return;
      }
      Val firstFactor =
          isHigh ? (row * 2).lt(lq).select(q.factor, none) : q.factor;
      Vals pooled[2];
      Val sums[2] = {zero, zero};
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        Val both[2] = {codes(q, first, chunk, firstFactor),
                       codes(q, second, chunk, secondFactor)};
        Val at = (row * chunks + chunk) * (128 * planes.queries);
        for (Val bytes : queryPlanes(both[0], both[1])) {
          store(bytes, queries, at);
          at = at + 64;
        }
        for (int64_t n : {0, 1}) {
          sums[n] = addScoreOffset(sums[n], both[n]);
          both[n] = integerParts(both[n]);
        }
        if (isPooled)
          both[0] = both[0] + both[1];
        for (int64_t part = 0; part < parts; ++part)
          pooled[part].push_back(both[part]);
      }
      Val place = row - batch;
      for (int64_t n : {0, 1})
        store(sums[n], packedSums, (place * 2 + n) * 16);
      for (int64_t part = 0; part < parts; ++part) {
        Val total = zero;
        for (Val words : pooled[part])
          total = target->dotS16(total, words, vec(t.i16x32, 1));
        store(total, packedSums, (place * parts + (16 + part)) * 16);
        Val at = (row * parts + part) * (32 * chunks);
        for (Val bytes : poolBytes(pooled[part], vec(t.i16x32, 0), true)) {
          store(bytes, pooledQueries, at);
          at = at + 64;
        }
      }
    });
    auto sum = [&](Val at, int64_t count) {
      return combineVectors(packedSums, at, count, Combination::Sum);
    };
    Val offsets =
        hasByteCodes ? interleaveRows(sum(index(0), 8)) : sum(index(0), 16);
    store(offsets, scoreOffsets, batch * 2);
    if (!isPooled) {
      Val sums = sum(index(256), 16);
      store(sums * poolOffset, thetaOffsets, batch * 2);
      return;
    }
    Val pooledSums = sum(index(256), 8);
    SmallVector<int64_t> other;
    for (int64_t lane = 0; lane < 16; ++lane)
      other.push_back(lane ^ 8);
    pooledSums = pooledSums + pooledSums.shuffle(pooledSums, other);
    store(wrap(vector::ExtractStridedSliceOp::create(
              b, (pooledSums * poolOffset).v, {0}, {8}, {1})),
          thetaOffsets, batch);
  });
}

//===----------------------------------------------------------------------===//
// V
//===----------------------------------------------------------------------===//

void KernelEmitter::packValues(Value value) {
  numerics::CodeFormat format = numerics::getValueFormat(policy);
  Quantizer q = prepare(2, value, allKeys, spec.dv, format, policy.sv,
                        numerics::maxExponent, valueMagnitude);
  sV = q.exponent;
  int64_t dims = valueVectors * 16;
  Val factor = q.factor.splat(t.f32x16);
  SmallVector<int64_t> interleave;
  for (int64_t lane = 0; lane < 4; ++lane)
    for (int64_t n = 0; n < 4; ++n)
      for (int64_t key : {0, 4})
        interleave.push_back(8 * lane + key + n);

  /// [dimension][two keys] of a block, 16 dimensions a vector; of bytes two
  /// vectors, 64 bits in turn, and a last one by itself.
  auto pack = [&](Val column) {
    Val first = column * 2;
    Val second = minIndex(first + 1, lk - 1);
    Vals words;
    for (int64_t n = 0; n < valueVectors; ++n) {
      Val pair =
          quantize(q, loadFloats(q.source, first, 16 * n, spec.dv),
                   loadFloats(q.source, second, 16 * n, spec.dv), factor, 0);
      words.push_back(pair.shuffle(pair, interleave));
    }
    for (int64_t n = 0; n < valueVectors; ++n) {
      Val at = column * (2 * dims) + 32 * n;
      if (wideValues) {
        store(words[n], values, at);
      } else if (n + 1 < valueVectors) {
        store(target->narrowToI8(words[n], words[n + 1]), values, at);
        ++n;
      } else {
        store(words[n].trunc(t.i8x32), values, at);
      }
    }
    return words;
  };
  Val ones = vec(t.i16x32, 1);
  loop(index(0), groups, 1, [&](Val group) {
    Val low = groupColumns ? group * groupColumns : index(0);
    Val high =
        groupColumns ? minIndex(low + groupColumns, fullColumns) : fullColumns;
    Vals init(valueVectors, vec(t.i32x16, 0));
    Vals sums = accumulate(low, high, 1, init, [&](Val column, const Vals &s) {
      Vals next, words = pack(column);
      for (int64_t n = 0; n < valueVectors; ++n)
        next.push_back(target->dotS16(s[n], words[n], ones));
      return next;
    });
    for (int64_t n = 0; n < valueVectors; ++n)
      store(sums[n], valueSums, group * dims + 16 * n);
    store(maxIndex(high - low, index(0)).toI32(), groupBlocks, group);
  });
  store(i32(0), groupBlocks, groups); // a vector of groups ends in zeros
  loop(groups, paddedGroups, 1,
       [&](Val group) { store(i32(0), groupBlocks, group); });
  loop(fullColumns, columns, 1, [&](Val column) { pack(column); });
  emitSumPairs(valueSums, valueSumPairs);
}

/// Sums of two groups side by side, as 16 bits each.
void KernelEmitter::emitSumPairs(Buffer &sums, Buffer &pairs) {
  loop(index(0), groups.ceilDiv(2), 1,
       [&](Val pair) { emitSumPair(sums, pairs, pair); });
}

void KernelEmitter::emitSumPair(Buffer &sums, Buffer &pairs, Val pair) {
  int64_t dims = valueVectors * 16;
  Val isPair = (pair * 2 + 1).lt(allGroups);
  Val second = isPair.select(pair * 2 + 1, pair * 2);
  Val keep = isPair.select(i32(-1), i32(0)).splat(t.i32x16);
  for (int64_t n = 0; n < valueVectors; ++n) {
    Val low = load(sums, pair * (2 * dims) + 16 * n, t.i32x16);
    Val high = load(sums, second * dims + 16 * n, t.i32x16) & keep;
    store((low & 0xFFFF) | high.shl(16), pairs, pair * dims + 16 * n);
  }
}

/// 32 values as words, 16 dimensions of a block's two keys; of bytes times 2^8,
/// for putting zeros below them takes any unit for vectors, and widening one of
/// the few that move bytes to where they belong.
Val KernelEmitter::loadShiftedValues(Val block, int64_t vector) {
  Val at = block * (32 * valueVectors) + 32 * vector;
  if (wideValues)
    return load(values, at, t.i16x32);
  if (vector % 2 == 0 && vector + 1 == valueVectors)
    return load(values, at, t.i8x32).sext(t.i16x32).shl(8);
  Val zero = vec(t.i8x64, 0);
  SmallVector<int64_t> order;
  for (int64_t from = vector % 2 * 8; from < 64; from += 16)
    for (int64_t n = 0; n < 8; ++n)
      order.append({n, 64 + from + n});
  Val bytes = load(values, at - 32 * (vector % 2), t.i8x64);
  return zero.shuffle(bytes, order).as(t.i16x32);
}

/// The same as they are.
Val KernelEmitter::loadValues(Val block, int64_t vector) {
  Val words = loadShiftedValues(block, vector);
  return wideValues ? words : words.sra(8);
}
