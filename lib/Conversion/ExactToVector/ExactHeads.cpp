//===- ExactHeads.cpp - which rows meet which keys, and when --------------===//
//
// The loops around a tile and a block of keys: groups of tiles of a head, all
// heads, or the share of them that is one thread's.
//
//===----------------------------------------------------------------------===//

#include "ExactKernel.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hdp;

/// A tile whose rows meet all keys at once.
void ExactKernel::emitTile(ArrayRef<Value> head, Value wantedRow) {
  Value firstRow = beginTile(head, wantedRow);
  emitBlock(head, firstRow, e.index(0), getEndOfKeys(firstRow, tileRows));
  if (areSumsStored)
    storeTile(head, firstRow, e.sub(wantedRow, firstRow));
}

/// Rows [groupRow, groupEnd) in tiles: all of them meet a block of keys while
/// it is in the cache, then the next one.
void ExactKernel::emitGroup(ArrayRef<Value> head, Value groupRow,
                            Value groupEnd) {
  auto forTiles = [&](function_ref<void(Value)> body) {
    e.loop(groupRow, groupEnd, tileRows, [&](Value wantedRow) {
      firstOfGroup = e.sub(wantedRow, groupRow);
      body(wantedRow);
    });
    firstOfGroup = Value();
  };
  e.loop(e.index(0), e.index(groupRows), 1, [&](Value i) {
    store(constant(-std::numeric_limits<double>::infinity(), 0), maxima, i);
    store(constant(0.0, 0), totals, i);
    e.loop(e.index(0), e.ceilTo(dv, columnStep), lanes, [&](Value t) {
      e.store(constant(0.0, lanes), sums, {i, t}, Value());
    });
  });
  Value end = getEndOfKeys(groupRow, groupRows);
  e.loop(e.index(0), end, blockKeys, [&](Value firstKey) {
    bool isWhole = !op.getCausal() && !usedKeys &&
                   getConstantIntValue(lk).value_or(1) % blockKeys == 0;
    Value endOfBlock = e.add(firstKey, blockKeys);
    if (!isWhole)
      endOfBlock = e.min(end, endOfBlock);
    forTiles([&](Value wantedRow) {
      Value firstRow = beginTile(head, wantedRow);
      if (!op.getCausal())
        return emitBlock(head, firstRow, firstKey,
                         isWhole ? e.index(blockKeys)
                                 : e.sub(endOfBlock, firstKey));
      // Once, or not at all.
      Value endOfTile = e.min(endOfBlock, getEndOfKeys(firstRow, tileRows));
      e.loop(firstKey, endOfTile, blockKeys, [&](Value key) {
        emitBlock(head, firstRow, key, e.sub(endOfTile, key));
      });
    });
  });
  forTiles([&](Value wantedRow) {
    Value firstRow = getFirstRow(wantedRow);
    storeTile(head, firstRow, e.sub(wantedRow, firstRow));
  });
}

/// In place, the last tile begins earlier instead of ending later.
Value ExactKernel::getFirstRow(Value wantedRow) {
  return areQueriesCopied ? wantedRow
                          : e.min(wantedRow, e.sub(lq, e.index(tileRows)));
}

Value ExactKernel::beginTile(ArrayRef<Value> head, Value wantedRow) {
  if (areQueriesCopied)
    packQueries(head, wantedRow);
  return getFirstRow(wantedRow);
}

/// The keys that any of the rows may attend to: causal, those of the last one.
Value ExactKernel::getEndOfKeys(Value firstRow, int64_t numRows) {
  Value most = usedKeys ? usedKeys : lk;
  if (!op.getCausal())
    return most;
  Value last = e.min(e.add(firstRow, numRows), lq);
  Value end = e.min(most, e.sub(e.add(last, lk), lq));
  return b.createOrFold<arith::MaxSIOp>(end, e.index(0));
}

void ExactKernel::emitBlock(ArrayRef<Value> head, Value firstRow,
                            Value firstKey, Value numKeys) {
  emitScores(head, firstRow, firstKey, numKeys);
  emitSoftmax(head, firstRow, firstKey, numKeys);
  emitProducts(head, firstRow, firstKey, numKeys);
}

Value ExactKernel::inGroup(Value row) {
  return firstOfGroup ? e.add(firstOfGroup, row) : row;
}

void ExactKernel::emitHead(ArrayRef<Value> head) {
  if (areTermsSame)
    addTermsOfHead(head);
  Value begin = e.index(0), end = lq;
  if (beginRow) {
    begin = beginRow;
    end = endRow;
  }
  if (isOneBlock)
    return e.loop(begin, end, tileRows,
                  [&](Value firstRow) { emitTile(head, firstRow); });
  e.loop(begin, end, groupRows, [&](Value groupRow) {
    emitGroup(head, groupRow, e.min(end, e.add(groupRow, groupRows)));
  });
}

/// Of all heads' tiles in order those that are this part's: whole heads, and
/// some tiles of the first and of the last one.
void ExactKernel::emitShare() {
  auto multiply = [&](Value x, Value y) -> Value {
    return b.createOrFold<arith::MulIOp>(x, y);
  };
  auto divide = [&](Value x, Value y) -> Value {
    return b.createOrFold<arith::DivUIOp>(x, y);
  };
  auto divideUp = [&](Value x, Value y) {
    return divide(e.sub(e.add(x, y), e.index(1)), y);
  };
  auto max = [&](Value x, Value y) -> Value {
    return b.createOrFold<arith::MaxSIOp>(x, y);
  };
  Value one = e.index(1), numKeyHeads = one, group = one;
  if (rank > 2) {
    numKeyHeads = getSize(key, rank - 3);
    group = divide(getSize(query, rank - 3), numKeyHeads);
  }
  // A divisor is not 0 where there is nothing to do.
  Value tiles = max(divideUp(lq, e.index(tileRows)), one);
  Value groupTiles = max(multiply(group, tiles), one);
  Value numGroups = numKeyHeads;
  for (int64_t dim = 0; dim < rank - 3; ++dim)
    numGroups = multiply(numGroups, getSize(query, dim));

  auto [begin, end] = e.getShare(multiply(numGroups, groupTiles));
  Value firstTile = begin, endTile = end;
  e.loop(divide(begin, groupTiles), divideUp(end, groupTiles), 1, [&](Value n) {
    Value before = multiply(n, groupTiles);
    Value low = e.sub(max(firstTile, before), before);
    Value high = e.sub(e.min(endTile, e.add(before, groupTiles)), before);
    Values head;
    Value keyHead = n;
    if (rank > 2) {
      keyHead = b.createOrFold<arith::RemUIOp>(n, numKeyHeads);
      head.push_back(keyHead);
      Value outer = divide(n, numKeyHeads);
      for (int64_t dim = rank - 4; dim >= 0; --dim) {
        Value size = getSize(query, dim);
        head.insert(head.begin(), b.createOrFold<arith::RemUIOp>(outer, size));
        outer = divide(outer, size);
      }
    }
    packKeys(head);
    packValues(head);
    valueHead = head;
    e.loop(divide(low, tiles), divideUp(high, tiles), 1, [&](Value member) {
      if (rank > 2)
        head.back() = e.add(multiply(keyHead, group), member);
      Value ofMember = multiply(member, tiles);
      auto toRow = [&](Value tile) {
        return e.min(multiply(e.sub(tile, ofMember), e.index(tileRows)), lq);
      };
      beginRow = toRow(max(low, ofMember));
      endRow = toRow(e.min(high, e.add(ofMember, tiles)));
      emitHead(head);
    });
  });
}

void ExactKernel::emitHeads() {
  if (e.part)
    return emitShare();
  Values head;
  auto nest = [&](auto &&self, int64_t dim) -> void {
    if (dim < rank - 3) {
      e.loop(e.index(0), getSize(query, dim), 1, [&](Value iv) {
        head.push_back(iv);
        self(self, dim + 1);
        head.pop_back();
      });
      return;
    }
    if (rank == 2) {
      packKeys(head);
      packValues(head);
      valueHead = head;
      return emitHead(head);
    }
    // N13: `group` query heads share a key and value head.
    Value numKeyHeads = getSize(key, rank - 3);
    Value group =
        b.createOrFold<arith::DivUIOp>(getSize(query, rank - 3), numKeyHeads);
    e.loop(e.index(0), numKeyHeads, 1, [&](Value keyHead) {
      head.push_back(keyHead);
      packKeys(head);
      packValues(head);
      valueHead = head;
      e.loop(e.index(0), group, 1, [&](Value member) {
        head.back() =
            e.add(b.createOrFold<arith::MulIOp>(keyHead, group), member);
        emitHead(head);
      });
      head.pop_back();
    });
  };
  nest(nest, 0);
}
