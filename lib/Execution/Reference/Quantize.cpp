//===- Quantize.cpp - floats to codes and back (N1, N2, N11) --------------===//
//
// hdp.split, hdp.quantize and hdp.dequantize. One exponent a head, over all
// its rows.
//
//===----------------------------------------------------------------------===//

#include "Ops.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Support/Convert.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::reference;
using namespace hdp::numerics;

static NativeOps ops;

/// N1: the exponent of the head whose elements start at `begin`.
static int32_t findExponent(const HostTensor &input, int64_t begin,
                            int64_t count, const CodeFormat &format,
                            const Policy &policy, int64_t given,
                            int32_t limit) {
  if (policy.exponents == Exponents::Static)
    return static_cast<int32_t>(given);
  double magnitude = 0.0;
  for (int64_t x = begin; x < begin + count; ++x)
    magnitude = maxMagnitude(ops, magnitude, getFloatElement(input, x));
  return dynamicExponent(ops, magnitude, format, limit);
}

void reference::evaluate(SplitOp op, Frame &frame) {
  const Policy &policy = op.getPolicy().getValue();
  const HostTensor &input = frame.get(op.getInput());
  auto integer = frame.makeView<int8_t>(op, 0, 2);
  auto fraction = frame.makeView<int16_t>(op, 1, 2);
  auto exponent = frame.makeView<int32_t>(op, 2, 0);

  CodeFormat format = getQueryKeyFormat(policy);
  int64_t given = op.getSide() == Side::Query ? policy.sq : policy.sk;
  int32_t limit = op.getBiased() ? maxExponentWithBias : maxExponent;
  int64_t size = integer.rows * integer.columns;
  for (int64_t b = 0; b < integer.batch; ++b) {
    exponent(b) =
        findExponent(input, b * size, size, format, policy, given, limit);
    double factor = quantizeFactor(ops, exponent(b), format);
    for (int64_t i = 0; i < integer.rows; ++i)
      for (int64_t t = 0; t < integer.columns; ++t) {
        double x = getFloatElement(input, b * size + i * integer.columns + t);
        int32_t code = quantizeValue(ops, x, factor, format);
        int32_t whole = splitInteger(ops, code, policy);
        integer(b, i, t) = static_cast<int8_t>(whole);
        fraction(b, i, t) =
            static_cast<int16_t>(splitFraction(ops, code, whole, policy));
      }
  }
}

void reference::evaluate(QuantizeOp op, Frame &frame) {
  const Policy &policy = op.getPolicy().getValue();
  const HostTensor &input = frame.get(op.getInput());
  auto codes = frame.makeView<int16_t>(op, 0, 2);
  auto exponent = frame.makeView<int32_t>(op, 1, 0);

  CodeFormat format = getValueFormat(policy);
  int64_t size = codes.rows * codes.columns;
  for (int64_t b = 0; b < codes.batch; ++b) {
    exponent(b) = findExponent(input, b * size, size, format, policy, policy.sv,
                               maxExponent);
    double factor = quantizeFactor(ops, exponent(b), format);
    for (int64_t j = 0; j < codes.rows; ++j)
      for (int64_t t = 0; t < codes.columns; ++t) {
        double x = getFloatElement(input, b * size + j * codes.columns + t);
        int32_t code = quantizeValue(ops, x, factor, format);
        codes(b, j, t) = static_cast<int16_t>(alignValue(ops, code, format));
      }
  }
}

/// Stores a float in a tensor of f32, or rounded to its 16-bit type.
static void storeFloat(HostTensor &tensor, int64_t index, float value) {
  switch (tensor.getElementType()) {
  case ElementType::F16:
    tensor.as<uint16_t>()[index] = floatToHalf(value);
    return;
  case ElementType::BF16:
    tensor.as<uint16_t>()[index] = floatToBFloat(value);
    return;
  default:
    tensor.as<float>()[index] = value;
  }
}

void reference::evaluate(DequantizeOp op, Frame &frame) {
  auto codes = frame.view<int16_t>(op.getCodes(), 2);
  auto exponent = frame.view<int32_t>(op.getExponent(), 0);
  HostTensor &result = frame.makeResult(op, 0);

  int64_t groupSize = codes.batch / std::max<int64_t>(exponent.batch, 1);
  int64_t index = 0;
  for (int64_t b = 0; b < codes.batch; ++b) {
    int64_t kv = keyValueHead(ops, b, groupSize);
    double factor = dequantizeFactor(ops, exponent(kv));
    for (int64_t i = 0; i < codes.rows; ++i)
      for (int64_t t = 0; t < codes.columns; ++t)
        storeFloat(result, index++,
                   dequantizeValue(ops, int32_t(codes(b, i, t)), factor));
  }
}
