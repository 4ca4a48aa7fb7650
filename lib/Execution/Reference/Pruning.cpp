//===- Pruning.cpp - which blocks and heads are kept (N4 to N7) -----------===//
//
// hdp.block_importance, hdp.head_gate and hdp.block_mask.
//
//===----------------------------------------------------------------------===//

#include "hdp/Numerics/Pruning.h"
#include "Ops.h"
#include "hdp/Numerics/Mask.h"
#include <limits>

using namespace mlir;
using namespace hdp;
using namespace hdp::reference;
using namespace hdp::numerics;

static NativeOps ops;

static bool isFull(int8_t kind) {
  return kind == static_cast<int8_t>(BlockKind::Full);
}

/// N5, N7: II with its bias, if the op has one.
template <typename Op>
static int32_t getIntegerScore(Op op, const Frame &frame, const Policy &policy,
                               int64_t b, int64_t i, int64_t j) {
  int32_t II = frame.view<int32_t>(op.getIntegerScores(), 2)(b, i, j);
  if (!op.getBias())
    return II;
  int32_t B = frame.view<int32_t>(op.getBias(), 2)(b, i, j);
  return integerScore(ops, II, B, policy);
}

void reference::evaluate(BlockImportanceOp op, Frame &frame) {
  const Policy &policy = op.getPolicy().getValue();
  auto valid = frame.view<uint8_t>(op.getValid(), 2);
  auto theta = frame.makeView<int32_t>(op, 0, 2);
  auto kind = frame.makeView<int8_t>(op, 1, 2);

  BlockGrid grid{valid.rows, valid.columns, policy.blockRows, policy.blockCols,
                 policy.group};
  for (int64_t b = 0; b < valid.batch; ++b)
    for (int64_t r = 0; r < grid.rows(); ++r)
      for (int64_t c = 0; c < grid.columns(); ++c) {
        int32_t count = 0, sum = 0;
        for (int64_t i = grid.rowBegin(r); i < grid.rowEnd(r); ++i)
          for (int64_t j = grid.columnBegin(c); j < grid.columnEnd(c); ++j) {
            if (!valid(b, i, j))
              continue;
            ++count;
            sum += importanceTerm(
                ops, getIntegerScore(op, frame, policy, b, i, j), policy);
          }
        auto existingRows =
            static_cast<int32_t>(grid.rowEnd(r) - grid.rowBegin(r));
        kind(b, r, c) =
            static_cast<int8_t>(blockKind(ops, count, existingRows, policy));
        theta(b, r, c) = isFull(kind(b, r, c)) ? sum : 0;
      }
}

/// The statistics of the full blocks of a block row (N6, N7).
namespace {
struct RowStatistics {
  int64_t n = 0, sum = 0;
  int64_t maximum = std::numeric_limits<int32_t>::min();
  int64_t minimum = std::numeric_limits<int32_t>::max();

  RowStatistics(const View<const int32_t> &theta,
                const View<const int8_t> &kind, int64_t b, int64_t r) {
    for (int64_t c = 0; c < theta.columns; ++c) {
      if (!isFull(kind(b, r, c)))
        continue;
      ++n;
      sum += theta(b, r, c);
      maximum = std::max<int64_t>(maximum, theta(b, r, c));
      minimum = std::min<int64_t>(minimum, theta(b, r, c));
    }
  }
};
} // namespace

void reference::evaluate(HeadGateOp op, Frame &frame) {
  const Policy &policy = op.getPolicy().getValue();
  auto theta = frame.view<int32_t>(op.getTheta(), 2);
  auto kind = frame.view<int8_t>(op.getKind(), 2);
  auto valid = frame.view<uint8_t>(op.getValid(), 2);
  auto gate = frame.makeView<uint8_t>(op, 0, 0);
  auto measure = frame.makeView<int64_t>(op, 1, 0);
  auto positions = frame.makeView<int64_t>(op, 2, 0);

  BlockGrid grid{valid.rows, valid.columns, policy.blockRows, policy.blockCols,
                 policy.group};
  for (int64_t b = 0; b < valid.batch; ++b) {
    int64_t fullBlocks = 0;
    for (int64_t r = 0; r < grid.rows(); ++r) {
      RowStatistics row(theta, kind, b, r);
      fullBlocks += row.n;
      if (policy.measure != Measure::Spread)
        continue;
      measure(b) += spreadTerm(ops, row.n, row.maximum, row.sum);
      positions(b) += row.n * grid.fullBlockSize(r);
    }
    for (int64_t i = 0; i < valid.rows; ++i)
      for (int64_t j = 0; j < valid.columns; ++j) {
        if (policy.measure != Measure::Magnitude || !valid(b, i, j))
          continue;
        measure(b) +=
            magnitudeTerm(ops, getIntegerScore(op, frame, policy, b, i, j));
        ++positions(b);
      }
    gate(b) = headIsKept(ops, measure(b), positions(b), fullBlocks, policy);
  }
}

void reference::evaluate(BlockMaskOp op, Frame &frame) {
  const Policy &policy = op.getPolicy().getValue();
  auto theta = frame.view<int32_t>(op.getTheta(), 2);
  auto kind = frame.view<int8_t>(op.getKind(), 2);
  auto gate = frame.view<uint8_t>(op.getGate(), 0);
  auto kept = frame.makeView<uint8_t>(op, 0, 2);
  auto threshold = frame.makeView<int32_t>(op, 1, 1);
  bool isTopK = policy.selection == Selection::TopK;

  /// How many full blocks of the row come before block column c.
  auto countBefore = [&](int64_t b, int64_t r, int64_t c) {
    int32_t before = 0;
    for (int64_t other = 0; other < theta.columns; ++other)
      before += isFull(kind(b, r, other)) &&
                precedes(ops, theta(b, r, other), other, theta(b, r, c), c);
    return before;
  };
  for (int64_t b = 0; b < theta.batch; ++b)
    for (int64_t r = 0; r < theta.rows; ++r) {
      RowStatistics row(theta, kind, b, r);
      int32_t count = topkCount(ops, static_cast<int32_t>(row.n), policy);
      if (!isTopK)
        threshold(b, r) =
            rowThreshold(ops, row.n,
                         thresholdNumerator(ops, row.n, row.sum, row.maximum,
                                            row.minimum, policy));
      for (int64_t c = 0; c < theta.columns; ++c) {
        bool isWanted =
            kind(b, r, c) == static_cast<int8_t>(BlockKind::Partial);
        if (isFull(kind(b, r, c)))
          isWanted =
              isTopK ? countBefore(b, r, c) < count
                     : keptByThreshold(ops, theta(b, r, c), threshold(b, r));
        kept(b, r, c) = gate(b) && isWanted;
      }
    }
}
