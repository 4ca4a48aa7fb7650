//===- Scores.cpp - validity and scores (N3, N4, N8) ----------------------===//
//
// hdp.validity and hdp.split_matmul: which positions count, and their scores.
//
//===----------------------------------------------------------------------===//

#include "Ops.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/Softmax.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::reference;
using namespace hdp::numerics;

static NativeOps ops;

llvm::Error reference::evaluate(ValidityOp op, Frame &frame) {
  const Policy &policy = op.getPolicy().getValue();
  double scale = op.getScale().convertToDouble();
  const HostTensor *mask = op.getMask() ? &frame.get(op.getMask()) : nullptr;
  const HostTensor *bias = op.getBias() ? &frame.get(op.getBias()) : nullptr;
  if (bias) {
    if (std::optional<int64_t> index = findNaN(*bias))
      return makeError("expected a bias without NaN, found NaN at " +
                       formatPosition(bias->getShape(), *index));
  }

  auto valid = frame.makeView<uint8_t>(op, 0, 2);
  llvm::ArrayRef<int64_t> scores = frame.get(op->getResult(0)).getShape();
  for (int64_t b = 0; b < valid.batch; ++b)
    for (int64_t i = 0; i < valid.rows; ++i) {
      int64_t maskRow =
          mask ? getBroadcastRow(mask->getShape(), scores, b, i) : 0;
      int64_t biasRow =
          bias ? getBroadcastRow(bias->getShape(), scores, b, i) : 0;
      for (int64_t j = 0; j < valid.columns; ++j) {
        bool allowed = true;
        if (mask)
          allowed &= mask->as<uint8_t>()[maskRow + j] != 0;
        if (op.getCausal())
          allowed &= causalAllows(ops, i, j, valid.rows, valid.columns);
        if (bias)
          allowed &= biasAllows(ops, getFloatElement(*bias, biasRow + j));
        valid(b, i, j) = allowed;
      }
    }
  if (!bias)
    return llvm::Error::success();

  auto B = frame.makeView<int32_t>(op, 1, 2);
  auto sQ = frame.view<int32_t>(op.getQueryExponent(), 0);
  auto sK = frame.view<int32_t>(op.getKeyExponent(), 0);
  int64_t groupSize = sQ.batch / std::max<int64_t>(sK.batch, 1);
  for (int64_t b = 0; b < B.batch; ++b) {
    int64_t kv = keyValueHead(ops, b, groupSize);
    double unit = scoreUnit(ops, scale, policy, sQ(b), sK(kv));
    for (int64_t i = 0; i < B.rows; ++i) {
      int64_t row = getBroadcastRow(bias->getShape(), scores, b, i);
      for (int64_t j = 0; j < B.columns; ++j)
        if (valid(b, i, j))
          B(b, i, j) =
              biasInScoreUnits(ops, getFloatElement(*bias, row + j), unit);
    }
  }
  return llvm::Error::success();
}

/// The planes of Q and K, the fraction ones where the op has them.
namespace {
struct Planes {
  View<const int8_t> qI, kI;
  View<const int16_t> qF, kF;

  Planes(SplitMatmulOp op, const Frame &frame)
      : qI(frame.view<int8_t>(op.getQueryInteger(), 2)),
        kI(frame.view<int8_t>(op.getKeyInteger(), 2)) {
    if (!op.getQueryFraction())
      return;
    qF = frame.view<int16_t>(op.getQueryFraction(), 2);
    kF = frame.view<int16_t>(op.getKeyFraction(), 2);
  }

  /// N3: the sum of integer times integer.
  int32_t integerSum(int64_t b, int64_t kv, int64_t i, int64_t j) const {
    int32_t sum = 0;
    for (int64_t t = 0; t < qI.columns; ++t)
      sum += qI(b, i, t) * kI(kv, j, t);
    return sum;
  }
  /// N8: fraction times integer and integer times fraction.
  int32_t crossSum(int64_t b, int64_t kv, int64_t i, int64_t j) const {
    int32_t sum = 0;
    for (int64_t t = 0; t < qI.columns; ++t)
      sum += qF(b, i, t) * kI(kv, j, t) + qI(b, i, t) * kF(kv, j, t);
    return sum;
  }
  /// N8: code times code.
  int32_t fullSum(int64_t b, int64_t kv, int64_t i, int64_t j,
                  const Policy &policy) const {
    int32_t sum = 0;
    for (int64_t t = 0; t < qI.columns; ++t) {
      int32_t q =
          joinParts(ops, int32_t(qI(b, i, t)), int32_t(qF(b, i, t)), policy);
      int32_t k =
          joinParts(ops, int32_t(kI(kv, j, t)), int32_t(kF(kv, j, t)), policy);
      sum += q * k;
    }
    return sum;
  }
};
} // namespace

void reference::evaluate(SplitMatmulOp op, Frame &frame) {
  const Policy &policy = op.getPolicy().getValue();
  Planes planes(op, frame);
  auto scores = frame.makeView<int32_t>(op, 0, 2);
  int64_t groupSize = planes.qI.batch / std::max<int64_t>(planes.kI.batch, 1);
  bool isIntInt = op.getProducts() == MatmulProducts::IntInt;
  bool isFull = op.getProducts() == MatmulProducts::Full;

  auto isWanted = [&](int64_t b, int64_t i, int64_t j) {
    if (!op.getKept())
      return true;
    auto kept = frame.view<uint8_t>(op.getKept(), 2);
    auto valid = frame.view<uint8_t>(op.getValid(), 2);
    return valid(b, i, j) &&
           kept(b, i / policy.blockRows, j / policy.blockCols);
  };
  for (int64_t b = 0; b < scores.batch; ++b) {
    int64_t kv = keyValueHead(ops, b, groupSize);
    for (int64_t i = 0; i < scores.rows; ++i)
      for (int64_t j = 0; j < scores.columns; ++j) {
        int32_t &score = scores(b, i, j);
        if (isIntInt) {
          score = planes.integerSum(b, kv, i, j);
          continue;
        }
        if (!isWanted(b, i, j))
          continue;
        if (isFull) {
          score = planes.fullSum(b, kv, i, j, policy);
        } else {
          int32_t II = frame.view<int32_t>(op.getIntegerScores(), 2)(b, i, j);
          score = combineScore(ops, II, planes.crossSum(b, kv, i, j), policy);
        }
        if (op.getBias())
          score += frame.view<int32_t>(op.getBias(), 2)(b, i, j);
      }
  }
}
