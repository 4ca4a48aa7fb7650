//===- ExactTiles.cpp - the kernel's products on AMX ----------------------===//
//
// bf16 products of 16 rows of 32 numbers by 32 rows of 16. The operands are the
// pairs of ExactPairs.cpp, whose layout is the one that tiles want; 32 query
// rows meet 32 keys, or columns of V, in four tiles of sums.
//
//===----------------------------------------------------------------------===//

#include "ExactKernel.h"
#include "hdp/Conversion/TileEmitter.h"

using namespace mlir;
using namespace hdp;

/// Tiles 0 to 3 hold sums, [rows][columns]; 4 and 5 rows of the left operand, 6
/// and 7 columns of the right one.
static constexpr int64_t kLeft = 4, kRight = 6;

void ExactKernel::configureTiles() {
  TileShape shapes[8];
  for (TileShape &shape : shapes)
    shape = {16, 64};
  TileEmitter(b).configure(shapes);
}

void ExactKernel::releaseTiles() { TileEmitter(b).release(); }

/// Tiles of sums += left[0 .. 32][0 .. pairs] * right[0 .. pairs][0 .. 32],
/// where `getRight` says where rows of pair t are.
void ExactKernel::multiplyTiles(
    Value left, Value pairs,
    function_ref<std::pair<Value, Values>(Value)> getRight) {
  TileEmitter tiles(b);
  e.loop(e.index(0), pairs, 16, [&](Value t) {
    for (int64_t n : {0, 1})
      tiles.load(kLeft + n, left, {e.index(16 * n), t});
    auto [right, indices] = getRight(t);
    for (int64_t n : {0, 1}) {
      Values at = indices;
      at.back() = e.add(at.back(), 16 * n);
      tiles.load(kRight + n, right, at);
    }
    for (int64_t row : {0, 1})
      for (int64_t column : {0, 1})
        tiles.multiplyBF16(2 * row + column, kLeft + row, kRight + column);
  });
}

void ExactKernel::emitTileScores(Value firstKey, Value numKeys) {
  TileEmitter tiles(b);
  int64_t width = keyVectors * lanes;
  Value pairs =
      b.createOrFold<arith::DivUIOp>(e.ceilTo(d, 2 * lanes), e.index(2));
  e.loop(e.index(0), numKeys, width, [&](Value j) {
    Value panel =
        b.createOrFold<arith::DivUIOp>(e.add(firstKey, j), e.index(width));
    for (int64_t n = 0; n < 4; ++n)
      tiles.zero(n);
    multiplyTiles(queries, pairs, [&](Value t) {
      return std::pair<Value, Values>(keys, {panel, t, e.index(0)});
    });
    for (int64_t n = 0; n < 4; ++n)
      tiles.store(n, scores, {e.index(16 * (n / 2)), e.add(j, 16 * (n % 2))});
  });
}

void ExactKernel::emitTileProducts(Value firstKey, Value numKeys) {
  TileEmitter tiles(b);
  packWeightPairs(numKeys);
  Value columns = e.ceilTo(dv, columnStep);
  Value firstPair = b.createOrFold<arith::DivUIOp>(firstKey, e.index(2));
  Value pairs =
      b.createOrFold<arith::DivUIOp>(e.ceilTo(numKeys, pairStep), e.index(2));
  if (!isOneBlock)
    e.loop(e.index(0), e.index(tileRows), 1, [&](Value i) {
      Value factor = e.splat(load(factors, i), lanes);
      e.loop(e.index(0), columns, lanes, [&](Value t) {
        Value sum = e.load(sums, {inGroup(i), t}, lanes, Value());
        e.store(arith::MulFOp::create(b, sum, factor), sums, {inGroup(i), t},
                Value());
      });
    });
  e.loop(e.index(0), columns, columnStep, [&](Value t) {
    auto place = [&](int64_t n) -> Values {
      return {inGroup(e.index(16 * (n / 2))), e.add(t, 16 * (n % 2))};
    };
    for (int64_t n = 0; n < 4; ++n) {
      if (isOneBlock)
        tiles.zero(n);
      else
        tiles.load(n, sums, place(n));
    }
    multiplyTiles(weights, pairs, [&](Value j) {
      return std::pair<Value, Values>(values, {e.add(firstPair, j), t});
    });
    for (int64_t n = 0; n < 4; ++n)
      tiles.store(n, sums, place(n));
  });
}
