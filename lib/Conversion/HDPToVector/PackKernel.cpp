//===- PackKernel.cpp - floats to codes in the layout of the stages -------===//
//
// N1 and N2. Order of dimensions within a row of Q or K is free as long as both
// have the same, so saturating narrows need no shuffle behind them.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

/// 16 elements of a row as f32, 0 past its end.
Val KernelEmitter::loadFloats(Value source, Val row, int64_t from,
                              int64_t columns) {
  Type element = cast<MemRefType>(source.getType()).getElementType();
  auto type = VectorType::get(16, element);
  SmallVector<Value> at = {row.v, index(from).v};
  Val x;
  if (from + 16 <= columns) {
    x = wrap(vector::LoadOp::create(b, type, source, at));
  } else {
    SmallVector<bool> bits;
    for (int64_t n = 0; n < 16; ++n)
      bits.push_back(from + n < columns);
    auto maskType = VectorType::get(16, b.getI1Type());
    Value mask = arith::ConstantOp::create(
        b, DenseElementsAttr::get(maskType, ArrayRef<bool>(bits)));
    x = wrap(
        vector::MaskedLoadOp::create(b, type, source, at, mask, vec(type, 0)));
  }
  return element.isF32() ? x : x.cast<arith::ExtFOp>(t.f32x16);
}

/// N1: the exponent of a head and its factor. Where the product could leave
/// the range in which rounding is exact, or is not a number, the head is read
/// from a copy that saturates alike.
KernelEmitter::Quantizer
KernelEmitter::prepare(int64_t side, Value source, Val rows, int64_t columns,
                       const numerics::CodeFormat &format, int64_t exponent,
                       int64_t largest) {
  int64_t vectors = (columns + 15) / 16;
  Vals init(std::min<int64_t>(vectors, 4), vec(t.i32x16, 0));
  Vals maxima =
      accumulate(index(0), rows, 1, init, [&](Val row, const Vals &soFar) {
        Vals next = soFar;
        for (int64_t n = 0; n < vectors; ++n) {
          Val bits = loadFloats(source, row, 16 * n, columns).as(t.i32x16);
          Val &slot = next[n % next.size()];
          slot = slot.max(bits & 0x7FFFFFFF);
        }
        return next;
      });
  Val maximum = maxima[0];
  for (Val other : llvm::drop_begin(maxima))
    maximum = maximum.max(other);
  Val magnitude = maximum.maximum(); // the bits of max |x|, NaN above all

  Quantizer q;
  q.exponent = i32(exponent);
  if (policy.exponents == numerics::Exponents::Dynamic) {
    // As numerics::dynamicExponent, on the bits of an f32.
    int32_t hiExponent = 0;
    while ((format.hi >> hiExponent) > 1)
      ++hiExponent;
    int64_t hiMantissa = (int64_t(format.hi) << (23 - hiExponent)) & 0x7FFFFF;
    Val biased = magnitude.srl(23);
    Val tooLarge = (magnitude & 0x7FFFFF).gt(hiMantissa);
    Val s = i32(hiExponent + 127 - format.fractionBits) - biased -
            tooLarge.zext(b.getI32Type());
    s = s.max(numerics::minExponent).min(largest);
    Val none = magnitude.eq(0) | biased.eq(255);
    q.exponent = none.select(i32(0), s);
  }
  Val power = q.exponent + format.fractionBits;
  q.factor =
      wrap(arith::BitcastOp::create(b, b.getF32Type(), (power + 127).shl(23)));
  countCodes(side, source, rows, columns, format, q, magnitude);

  // |x| * 2^power < 2^20 or a copy.
  Val limitBits = (i32(127 + 20) - power).shl(23);
  Val isSpecial = magnitude.ge(limitBits);
  auto f32 = b.getF32Type();
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic,
                                       {ShapedType::kDynamic, 1});
  auto type = cast<MemRefType>(source.getType());
  auto plain = MemRefType::get({ShapedType::kDynamic, columns}, f32, layout);
  auto copy = [&]() -> Value {
    Value view = memref::ReinterpretCastOp::create(
        b, plain, cleaned.memref, OpFoldResult(index(0).v),
        ArrayRef<OpFoldResult>{rows.v, b.getIndexAttr(columns)},
        ArrayRef<OpFoldResult>{index(columns).v, b.getIndexAttr(1)});
    Val limit = wrap(arith::BitcastOp::create(b, f32, limitBits));
    loop(index(0), rows, 1, [&](Val row) {
      loop(index(0), index(columns), 1, [&](Val column) {
        SmallVector<Value> at = {row.v, column.v};
        Val x = wrap(memref::LoadOp::create(b, source, at));
        if (!x.type().isF32())
          x = x.cast<arith::ExtFOp>(f32);
        Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
        Val zero = Val::constantOf(b, f32, 0);
        Val low = zero - limit;
        x = wrap(isNaN).select(zero, x);
        x = wrap(arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, limit))
                .select(limit, x);
        x = wrap(arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, low))
                .select(low, x);
        memref::StoreOp::create(b, x, view, at);
      });
    });
    return view;
  };
  if (type.getElementType().isF32()) {
    auto choice = scf::IfOp::create(b, TypeRange{plain}, isSpecial, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(b, copy());
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(
        b, memref::CastOp::create(b, plain, source)->getResults());
    q.source = choice.getResult(0);
  } else {
    q.source = copy();
  }
  return q;
}

/// The codes of 32 dimensions as words.
Val KernelEmitter::codes(Value source, Val row, int64_t chunk, Val factor) {
  numerics::CodeFormat format = numerics::getQueryKeyFormat(policy);
  Val scaleVector = factor.splat(t.f32x16);
  Val halves[2];
  for (int64_t half : {0, 1}) {
    int64_t from = 32 * chunk + 16 * half;
    halves[half] = from >= spec.d
                       ? vec(t.i32x16, 0)
                       : target->round(loadFloats(source, row, from, spec.d) *
                                       scaleVector);
  }
  Val words = target->narrowToI16(halves[0], halves[1]);
  return words.max(format.lo).min(format.hi);
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

//===----------------------------------------------------------------------===//
// K
//===----------------------------------------------------------------------===//

/// 16 vectors of 16 words, transposed.
static void transpose16(Vals &r) {
  auto stage = [&](int64_t distance) {
    // Exchange the off-diagonal squares of this size.
    Vals next(16);
    for (int64_t i = 0; i < 16; ++i) {
      if (i & distance)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t lane = 0; lane < 16; ++lane) {
        bool upper = lane & distance;
        low.push_back(upper ? 16 + lane - distance : lane);
        high.push_back(upper ? 16 + lane : lane + distance);
      }
      next[i] = r[i].shuffle(r[i + distance], low);
      next[i + distance] = r[i].shuffle(r[i + distance], high);
    }
    r = next;
  };
  for (int64_t distance : {1, 2, 4, 8})
    stage(distance);
}

void KernelEmitter::packKeys(Value key) {
  Quantizer q = prepare(
      1, key, lk, spec.d, numerics::getQueryKeyFormat(policy), policy.sk,
      spec.hasBias ? numerics::maxExponentWithBias : numerics::maxExponent);
  sK = q.exponent;
  int64_t poolRow = 32 * chunks;
  // Keys of a block that the importance pass sees: their sum, or both.
  int64_t parts = isPooled ? 1 : 2;
  loop(index(0), paddedColumns, 16, [&](Val strip) {
    Val end = minIndex(columns, strip + 16);
    loop(strip, end, 1, [&](Val column) {
      Val first = column * 2;
      Val second = minIndex(first + 1, lk - 1); // of a short block: its first
      Vals pooled[2];
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        Val x = codes(q.source, first, chunk, q.factor);
        Val y = codes(q.source, second, chunk, q.factor);
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
        Vals r;
        for (int64_t n = 0; n < 16; ++n)
          r.push_back(load(pooledStrip, index((16 * part + n) * poolRow + from),
                           t.i32x16));
        transpose16(r);
        int64_t count = std::min<int64_t>(16, (poolRow - from) / 4);
        for (int64_t n = 0; n < count; ++n)
          store(r[n], pooledKeys, to + (from / 4 + n) * 256);
      }
    }
  });
}

//===----------------------------------------------------------------------===//
// Q
//===----------------------------------------------------------------------===//

void KernelEmitter::packQueries(Value query) {
  Quantizer q = prepare(
      0, query, lq, spec.d, numerics::getQueryKeyFormat(policy), policy.sq,
      spec.hasBias ? numerics::maxExponentWithBias : numerics::maxExponent);
  sQ = q.exponent;
  Val zero = vec(t.i32x16, 0);
  int64_t parts = isPooled ? 1 : 2;
  loop(index(0), rows, kBatch, [&](Val batch) {
    loop(batch, minIndex(batch + kBatch, rows), 1, [&](Val row) {
      Val first = row * 2;
      Val exists = (first + 1).lt(lq);
      Val second = exists.select(first + 1, first);
      Val secondFactor =
          exists.select(q.factor, Val::constantOf(b, b.getF32Type(), 0));
      Vals pooled[2];
      Val sums[2] = {zero, zero};
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        Val both[2] = {codes(q.source, first, chunk, q.factor),
                       codes(q.source, second, chunk, secondFactor)};
        for (int64_t n : {0, 1}) {
          Val at = (row * chunks + chunk) * (128 * planes.queries) + 64 * n;
          for (Val bytes : queryPlanes(both[n])) {
            store(bytes, queries, at);
            at = at + 128;
          }
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
    auto add = [](Val x, Val y) { return x + y; };
    store(combineLanes(loadVectors(packedSums, index(0), 16), add),
          scoreOffsets, batch * 2);
    if (!isPooled) {
      Val sums = combineLanes(loadVectors(packedSums, index(256), 16), add);
      store(sums * poolOffset, thetaOffsets, batch * 2);
      return;
    }
    Val pooledSums = combineLanes(loadVectors(packedSums, index(256), 8), add);
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
  Quantizer q =
      prepare(2, value, lk, spec.dv, format, policy.sv, numerics::maxExponent);
  sV = q.exponent;
  int64_t dims = valueVectors * 16;
  Val factor = q.factor.splat(t.f32x16);
  SmallVector<int64_t> interleave;
  for (int64_t lane = 0; lane < 4; ++lane)
    for (int64_t n = 0; n < 4; ++n)
      for (int64_t key : {0, 4})
        interleave.push_back(8 * lane + key + n);

  /// [dimension][two keys] of a block.
  auto pack = [&](Val column, int64_t n) {
    Val first = column * 2;
    Val second = minIndex(first + 1, lk - 1);
    Val x =
        target->round(loadFloats(q.source, first, 16 * n, spec.dv) * factor);
    Val y =
        target->round(loadFloats(q.source, second, 16 * n, spec.dv) * factor);
    Val words = target->narrowToI16(x, y).max(format.lo).min(format.hi);
    words = words.shuffle(words, interleave);
    Val at = column * (2 * dims) + 32 * n;
    store(wideValues ? words : words.trunc(t.i8x32), values, at);
    return words;
  };
  Val ones = vec(t.i16x32, 1);
  loop(index(0), groups, 1, [&](Val group) {
    Val low = policy.group ? group * policy.group : index(0);
    Val high =
        policy.group ? minIndex(low + policy.group, fullColumns) : fullColumns;
    Vals init(valueVectors, vec(t.i32x16, 0));
    Vals sums = accumulate(low, high, 1, init, [&](Val column, const Vals &s) {
      Vals next;
      for (int64_t n = 0; n < valueVectors; ++n)
        next.push_back(target->dotS16(s[n], pack(column, n), ones));
      return next;
    });
    for (int64_t n = 0; n < valueVectors; ++n)
      store(sums[n], valueSums, group * dims + 16 * n);
    store(maxIndex(high - low, index(0)).toI32(), groupBlocks, group);
  });
  store(i32(0), groupBlocks, groups); // a vector of groups ends in zeros
  loop(groups, paddedGroups, 1,
       [&](Val group) { store(i32(0), groupBlocks, group); });
  loop(fullColumns, columns, 1, [&](Val column) {
    for (int64_t n = 0; n < valueVectors; ++n)
      pack(column, n);
  });
  emitSumPairs(valueSums, valueSumPairs);
}

/// Sums of two groups side by side, as 16 bits each.
void KernelEmitter::emitSumPairs(Buffer &sums, Buffer &pairs) {
  int64_t dims = valueVectors * 16;
  loop(index(0), groups.ceilDiv(2), 1, [&](Val pair) {
    Val isPair = (pair * 2 + 1).lt(groups);
    Val second = isPair.select(pair * 2 + 1, pair * 2);
    Val keep = isPair.select(i32(-1), i32(0)).splat(t.i32x16);
    for (int64_t n = 0; n < valueVectors; ++n) {
      Val low = load(sums, pair * (2 * dims) + 16 * n, t.i32x16);
      Val high = load(sums, second * dims + 16 * n, t.i32x16) & keep;
      store((low & 0xFFFF) | high.shl(16), pairs, pair * dims + 16 * n);
    }
  });
}

/// 32 values as words: 16 dimensions of a block's two keys.
Val KernelEmitter::loadValues(Val at) {
  return wideValues ? load(values, at, t.i16x32)
                    : load(values, at, t.i8x32).sext(t.i16x32);
}
