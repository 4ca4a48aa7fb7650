//===- Exact.cpp - attention without a policy, in binary64 ----------------===//
//
// What `hdp.attention` means when nobody asked for pruning: softmax with the
// row's maximum subtracted, everything in f64, the result rounded to f32 and,
// for a 16-bit op, once more to its type.
//
//===----------------------------------------------------------------------===//

#include "Ops.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include <cmath>

using namespace mlir;
using namespace hdp;
using namespace hdp::reference;

/// The operand in the form of the op's description, widened.
static HostTensor getWidened(const HostTensor &tensor,
                             std::optional<llvm::ArrayRef<int64_t>> perm) {
  HostTensor form = perm ? transpose(tensor, *perm) : tensor;
  HostTensor wide(ElementType::F64, form.getShape());
  for (int64_t x = 0; x < form.getNumElements(); ++x)
    wide.as<double>()[x] = getFloatElement(form, x);
  return wide;
}

/// What run time may find wrong with shapes that are dynamic.
static llvm::Error checkShapes(llvm::ArrayRef<int64_t> q,
                               llvm::ArrayRef<int64_t> k,
                               llvm::ArrayRef<int64_t> v) {
  size_t row = q.size() - 2, column = q.size() - 1;
  for (size_t dim = 0; dim < row; ++dim) {
    if (k[dim] != v[dim])
      return makeError("expected 'key' and 'value' to have equal heads");
    if (dim + 1 < row && q[dim] != k[dim])
      return makeError("expected 'query' and 'key' to have equal batches");
  }
  if (q[column] != k[column])
    return makeError("expected 'query' and 'key' to have equal d");
  if (k[row] != v[row])
    return makeError("expected 'key' and 'value' to have equal Lk");
  if (row > 0 && q[row - 1] != 0 &&
      (k[row - 1] == 0 || q[row - 1] % k[row - 1] != 0))
    return makeError(
        "expected query heads to be a multiple of key and value heads");
  return llvm::Error::success();
}

static llvm::Error checkBroadcast(llvm::StringRef name,
                                  llvm::ArrayRef<int64_t> shape,
                                  llvm::ArrayRef<int64_t> scores) {
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    bool isLast = dim + 1 == shape.size();
    if (shape[dim] != scores[dim] && (isLast || shape[dim] != 1))
      return makeError("expected dimension " + llvm::Twine(dim) + " of '" +
                       name + "' to be " + (isLast ? "" : "1 or ") +
                       "that of the scores");
  }
  return llvm::Error::success();
}

llvm::Error reference::evaluate(AttentionOp op, Frame &frame) {
  HostTensor query = getWidened(frame.get(op.getQuery()), op.getQueryPerm());
  HostTensor key = getWidened(frame.get(op.getKey()), op.getKeyPerm());
  HostTensor value = getWidened(frame.get(op.getValue()), op.getValuePerm());
  if (llvm::Error error =
          checkShapes(query.getShape(), key.getShape(), value.getShape()))
    return error;
  View<const double> Q(query.as<double>(), query.getShape(), 2);
  View<const double> K(key.as<double>(), key.getShape(), 2);
  View<const double> V(value.as<double>(), value.getShape(), 2);

  llvm::SmallVector<int64_t> scores(query.getShape());
  scores.back() = K.rows;
  const HostTensor *mask = op.getMask() ? &frame.get(op.getMask()) : nullptr;
  const HostTensor *bias = op.getBias() ? &frame.get(op.getBias()) : nullptr;
  if (mask)
    if (llvm::Error error = checkBroadcast("mask", mask->getShape(), scores))
      return error;
  if (bias)
    if (llvm::Error error = checkBroadcast("bias", bias->getShape(), scores))
      return error;

  llvm::SmallVector<int64_t> shape(query.getShape());
  shape.back() = V.columns;
  HostTensor result(ElementType::F32, shape);
  View<float> out(result.as<float>(), shape, 2);
  double scale = op.getScale().convertToDouble();
  int64_t groupSize = Q.batch / std::max<int64_t>(K.batch, 1);
  std::vector<double> score(K.rows);
  std::vector<bool> allowed(K.rows);

  for (int64_t b = 0; b < Q.batch; ++b)
    for (int64_t i = 0; i < Q.rows; ++i) {
      int64_t kv = b / groupSize;
      double maximum = -std::numeric_limits<double>::infinity();
      bool any = false;
      for (int64_t j = 0; j < K.rows; ++j) {
        double sum = 0.0;
        for (int64_t t = 0; t < Q.columns; ++t)
          sum += Q(b, i, t) * K(kv, j, t);
        score[j] = scale * sum;
        allowed[j] = !op.getCausal() || j <= i + K.rows - Q.rows;
        if (mask)
          allowed[j] = allowed[j] &&
                       mask->as<uint8_t>()[getBroadcastRow(mask->getShape(),
                                                           scores, b, i) +
                                           j];
        if (bias) {
          double entry = getFloatElement(
              *bias, getBroadcastRow(bias->getShape(), scores, b, i) + j);
          score[j] += entry;
          allowed[j] =
              allowed[j] && entry != -std::numeric_limits<double>::infinity();
        }
        if (!allowed[j])
          continue;
        any = true;
        // A NaN stays the maximum, so the row is NaN.
        if (!(score[j] <= maximum))
          maximum = score[j];
      }
      if (!any)
        continue; // such a row is 0
      double sum = 0.0;
      for (int64_t j = 0; j < K.rows; ++j) {
        score[j] = allowed[j] ? std::exp(score[j] - maximum) : 0.0;
        sum += score[j];
      }
      for (int64_t t = 0; t < V.columns; ++t) {
        double total = 0.0;
        for (int64_t j = 0; j < K.rows; ++j)
          if (allowed[j])
            total += score[j] * V(kv, j, t);
        out(b, i, t) = static_cast<float>(total / sum);
      }
    }

  llvm::Expected<HostTensor> rounded =
      convertTo(result, frame.get(op.getInit()).getElementType());
  if (!rounded)
    return rounded.takeError();
  if (op.getResultPerm())
    *rounded =
        transpose(*rounded, invertPermutationVector(*op.getResultPerm()));
  frame.set(op->getResult(0),
            std::make_shared<HostTensor>(std::move(*rounded)));
  return llvm::Error::success();
}
