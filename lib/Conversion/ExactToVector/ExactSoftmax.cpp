//===- ExactSoftmax.cpp - scores of a tile to weights ---------------------===//
//
// In two sweeps over the scores of a tile against a block of keys: the largest
// of each row, then weights relative to it and their sum.
//
//===----------------------------------------------------------------------===//

#include "ExactKernel.h"

using namespace mlir;
using namespace hdp;

/// The larger one; not a NaN in y.
static Value maximum(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value isLarger = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, y, x);
  return arith::SelectOp::create(b, isLarger, y, x);
}

/// log2(e): weights are powers of 2.
static constexpr double kLog2E = 1.44269504088896341;

/// scores[i][j] becomes exp(scale * score + term - maximum); maximum, total and
/// factor of every row are brought up to date. Without terms the first sweep
/// only looks for the maximum, and the second one scales; maxima are multiplied
/// by log2(e) then.
void ExactKernel::emitSoftmax(ArrayRef<Value> head, Value firstRow,
                              Value firstKey, Value numKeys) {
  double infinity = std::numeric_limits<double>::infinity();
  double factorOfScores =
      op.getScale().convertToDouble() * (areScalesLate ? kLog2E : 1.0);
  Value scale = constant(factorOfScores, lanes);
  // Without terms no weight needs to be 0.
  bool isZeroReached = !areScalesLate || op.getCausal();
  Value least = constant(-infinity, lanes);
  Value whole = e.floorTo(numKeys, lanes);
  Value many = e.floorTo(numKeys, 4 * lanes);

  e.loop(e.index(0), e.index(tileRows), 1, [&](Value i) {
    Value row = e.min(e.add(firstRow, i), e.sub(lq, e.index(1)));
    if (terms && !areTermsSame)
      addTerms(head, row, firstKey, numKeys);
    // Causal: keys up to row + lk - lq.
    Value allowed;
    if (op.getCausal())
      allowed = e.sub(e.add(e.sub(e.add(row, lk), lq), 1), firstKey);

    auto score = [&](Value j, Value mask) {
      Value x = e.load(scores, {i, j}, lanes, Value());
      if (!areScalesLate)
        x = arith::MulFOp::create(b, x, scale);
      if (terms) {
        Value term =
            e.load(terms, areTermsSame ? e.add(firstKey, j) : j, lanes, mask);
        Value isForbidden =
            arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, term, least);
        x = arith::SelectOp::create(b, isForbidden, least,
                                    arith::AddFOp::create(b, x, term));
      }
      if (op.getCausal()) {
        auto type = VectorType::get({lanes}, b.getI1Type());
        Value isAllowed = vector::CreateMaskOp::create(
            b, type, ValueRange{e.sub(allowed, j)});
        x = arith::SelectOp::create(b, isAllowed, x, least);
      }
      if (mask)
        x = arith::SelectOp::create(b, mask, x, least);
      if (!areScalesLate || op.getCausal() || mask)
        e.store(x, scores, {i, j}, Value());
      return x;
    };
    // Several maxima at once, as each has to wait for the one before it.
    constexpr int64_t chains = 4;
    Values tops(chains, least);
    tops = e.carry(
        e.index(0), many, chains * lanes, tops, [&](Value j, Values soFar) {
          for (int64_t n = 0; n < chains; ++n)
            soFar[n] =
                maximum(b, soFar[n], score(e.add(j, n * lanes), Value()));
          return soFar;
        });
    Value top =
        maximum(b, maximum(b, tops[0], tops[1]), maximum(b, tops[2], tops[3]));
    auto rest = [&](Value low, Value high, bool isMasked) {
      top = e.carry(low, high, lanes, {top}, [&](Value j, Values soFar) {
        Value mask = isMasked ? e.maskAt(lanes, j, high) : Value();
        return Values{maximum(b, soFar[0], score(j, mask))};
      })[0];
    };
    rest(many, whole, false);
    rest(whole, numKeys, true);
    Value largest =
        e.combineLanes(top, [&](Value x, Value y) { return maximum(b, x, y); });
    if (areScalesLate)
      largest = arith::MulFOp::create(b, largest, constant(factorOfScores, 0));

    if (!isOneBlock) {
      Value before = load(maxima, inGroup(i));
      largest = maximum(b, before, largest);
      Value distance = arith::SubFOp::create(b, before, getOffset(largest));
      if (!areScalesLate)
        distance = arith::MulFOp::create(b, distance, constant(kLog2E, 0));
      Value factor = vector::ExtractOp::create(
          b, e.exp2(e.splat(distance, lanes), /*isZeroReached=*/true), 0);
      store(factor, factors, i);
    }
    store(largest, maxima, inGroup(i));
  });

  // In a loop of its own, so that no row waits for its maximum.
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value i) {
    Value offset = getOffset(load(maxima, inGroup(i)));
    Value shift = e.splat(
        areScalesLate ? Value(arith::NegFOp::create(b, offset)) : offset,
        lanes);
    auto weight = [&](Value j, Values soFar) {
      Value x = e.load(scores, {i, j}, lanes, Value());
      x = areScalesLate
              ? e.multiplyAdd(x, scale, shift)
              : Value(arith::MulFOp::create(b,
                                            arith::SubFOp::create(b, x, shift),
                                            constant(kLog2E, lanes)));
      Value w = e.exp2(x, isZeroReached);
      e.store(w, scores, {i, j}, Value());
      return Values{arith::AddFOp::create(b, soFar[0], w)};
    };
    Values total = e.carry(e.index(0), e.ceilTo(numKeys, lanes), lanes,
                           {constant(0.0, lanes)}, weight);
    Value sum = e.combineLanes(total[0], [&](Value x, Value y) -> Value {
      return arith::AddFOp::create(b, x, y);
    });
    if (!isOneBlock)
      sum = arith::AddFOp::create(
          b,
          arith::MulFOp::create(b, load(totals, inGroup(i)), load(factors, i)),
          sum);
    store(sum, totals, inGroup(i));
  });
}

/// What scores are taken relative to: the largest one, but 0 for a row without
/// a valid key so far, whose weights are all 0 then.
Value ExactKernel::getOffset(Value largest) {
  Value least = constant(-std::numeric_limits<double>::infinity(), 0);
  Value isEmpty =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, largest, least);
  return arith::SelectOp::create(b, isEmpty, constant(0.0, 0), largest);
}
