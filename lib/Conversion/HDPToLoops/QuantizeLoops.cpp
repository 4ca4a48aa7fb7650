//===- QuantizeLoops.cpp - between floats and codes (N1, N2, N11) ---------===//

#include "LoopEmitter.h"
#include "hdp/Numerics/FixedPoint.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::numerics;

/// The exponent of a head: given, or the one that its largest magnitude allows.
static Value emitExponent(LoopEmitter &e, Value input, ArrayRef<Value> head,
                          const Policy &policy, const CodeFormat &format,
                          int64_t staticExponent, int32_t limit) {
  if (policy.exponents == Exponents::Static)
    return e.ops.constI32(staticExponent);
  Value rows = e.sizeFromBack(input, 1), columns = e.sizeFromBack(input, 0);
  Values magnitude = e.accumulate(
      e.index(0), rows, e.ops.constF64(0.0), [&](Value i, ValueRange outer) {
        return e.accumulate(e.index(0), columns, outer,
                            [&](Value t, ValueRange soFar) {
                              Value x = e.loadF64(input, at(head, {i, t}));
                              return Values{maxMagnitude(e.ops, soFar[0], x)};
                            });
      });
  return dynamicExponent(e.ops, magnitude[0], format, limit);
}

/// For every element of a head: its code, handed to `body` with its indices.
static void emitCodes(LoopEmitter &e, Value input, ArrayRef<Value> head,
                      Value exponent, const CodeFormat &format,
                      function_ref<void(Value, const Values &)> body) {
  Value factor = quantizeFactor(e.ops, exponent, format);
  e.loop(e.sizeFromBack(input, 1), [&](Value i) {
    e.loop(e.sizeFromBack(input, 0), [&](Value t) {
      Values indices = at(head, {i, t});
      Value x = e.loadF64(input, indices);
      body(quantizeValue(e.ops, x, factor, format), indices);
    });
  });
}

void hdp::emitLoops(LoopEmitter &e, SplitOp op) {
  Policy policy = op.getPolicy().getValue();
  CodeFormat format = getQueryKeyFormat(policy);
  int64_t given = op.getSide() == Side::Query ? policy.sq : policy.sk;
  int32_t limit = op.getBiased() ? maxExponentWithBias : maxExponent;
  Value input = op.getInput();
  e.forEachHead(input, 2, Value(), [&](const HeadIndices &head) {
    Value exponent =
        emitExponent(e, input, head.query, policy, format, given, limit);
    e.store(exponent, op.getExponent(), head.query);
    emitCodes(e, input, head.query, exponent, format,
              [&](Value code, const Values &indices) {
                Value integer = splitInteger(e.ops, code, policy);
                Value fraction = splitFraction(e.ops, code, integer, policy);
                e.store(integer, op.getInteger(), indices);
                e.store(fraction, op.getFraction(), indices);
              });
  });
}

void hdp::emitLoops(LoopEmitter &e, QuantizeOp op) {
  Policy policy = op.getPolicy().getValue();
  CodeFormat format = getValueFormat(policy);
  Value input = op.getInput();
  e.forEachHead(input, 2, Value(), [&](const HeadIndices &head) {
    Value exponent = emitExponent(e, input, head.query, policy, format,
                                  policy.sv, maxExponent);
    e.store(exponent, op.getExponent(), head.query);
    emitCodes(e, input, head.query, exponent, format,
              [&](Value code, const Values &indices) {
                e.store(alignValue(e.ops, code, format), op.getCodes(),
                        indices);
              });
  });
}

void hdp::emitLoops(LoopEmitter &e, DequantizeOp op) {
  Value codes = op.getCodes();
  Value keyHeads = e.keyHeadCount(op.getExponent(), 0);
  e.forEachHead(codes, 2, keyHeads, [&](const HeadIndices &head) {
    Value exponent = e.load(op.getExponent(), head.key);
    Value factor = dequantizeFactor(e.ops, exponent);
    e.loop(e.sizeFromBack(codes, 1), [&](Value i) {
      e.loop(e.sizeFromBack(codes, 0), [&](Value t) {
        Values indices = at(head.query, {i, t});
        Value code = e.loadI32(codes, indices);
        e.store(dequantizeValue(e.ops, code, factor), op.getInit(), indices);
      });
    });
  });
}
