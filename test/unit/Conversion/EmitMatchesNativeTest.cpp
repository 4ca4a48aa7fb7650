//===- EmitMatchesNativeTest.cpp - the rules as IR mean the rules ---------===//
//
// Every rule is emitted on random constants; MLIR's own folders are the oracle:
// the result must fold completely and equal what NativeOps computes.
//
//===----------------------------------------------------------------------===//

#include "EmitOps.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Numerics/Normalise.h"
#include "hdp/Numerics/Pruning.h"
#include "hdp/Numerics/Softmax.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Matchers.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;
using namespace hdp;
using namespace hdp::numerics;

namespace {

constexpr unsigned kSeed = 20240712;
constexpr int kCases = 400;

class EmitMatchesNative : public testing::Test {
protected:
  EmitMatchesNative()
      : module(ModuleOp::create(UnknownLoc::get(&context))),
        builder(module->getLoc(), &context), emit(builder), random(kSeed) {
    context.loadDialect<arith::ArithDialect, math::MathDialect>();
    builder.setInsertionPointToStart(module->getBody());
    RecordProperty("seed", kSeed);
  }

  int64_t integer(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }
  double real(double magnitude) {
    return std::uniform_real_distribution<double>(-magnitude,
                                                  magnitude)(random);
  }
  template <typename T> T pick(std::initializer_list<T> values) {
    return values.begin()[integer(0, values.size() - 1)];
  }
  Policy policy() {
    Policy p = pick<int>({0, 1}) ? paperPolicy() : compensatedPolicy();
    p.split = pick({Split::Floor, Split::Nearest});
    p.importance = pick({Importance::Abs, Importance::Signed});
    p.reciprocal = pick({Reciprocal::Linear, Reciprocal::Exact});
    p.threshold = real(0.99);
    p.tau = real(20.0);
    return p;
  }

  void expectInteger(Value emitted, int64_t expected) {
    APInt found;
    ASSERT_TRUE(matchPattern(emitted, m_ConstantInt(&found)))
        << "not folded, seed " << kSeed;
    bool isBool = emitted.getType().isInteger(1);
    EXPECT_EQ(isBool ? found.getZExtValue() : found.getSExtValue(), expected)
        << "seed " << kSeed;
  }
  void expectReal(Value emitted, double expected) {
    APFloat found(0.0);
    ASSERT_TRUE(matchPattern(emitted, m_ConstantFloat(&found)))
        << "not folded, seed " << kSeed;
    EXPECT_TRUE(
        found.bitwiseIsEqual(&found.getSemantics() == &APFloat::IEEEsingle()
                                 ? APFloat(static_cast<float>(expected))
                                 : APFloat(expected)))
        << "seed " << kSeed;
  }

  Value i32(int64_t value) { return emit.constI32(value); }
  Value i64(int64_t value) { return emit.constI64(value); }
  Value f64(double value) { return emit.constF64(value); }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  ImplicitLocOpBuilder builder;
  EmitOps emit;
  NativeOps native;
  std::mt19937_64 random;
};

TEST_F(EmitMatchesNative, FixedPoint) {
  for (int n = 0; n < kCases; ++n) {
    Policy p = policy();
    CodeFormat format =
        pick<int>({0, 1}) ? getQueryKeyFormat(p) : getValueFormat(p);
    double x = pick({real(1e-3), real(8.0), real(1e6), 0.0,
                     std::numeric_limits<double>::quiet_NaN(),
                     std::numeric_limits<double>::infinity()});
    double soFar = std::fabs(real(10.0));
    expectReal(maxMagnitude(emit, f64(soFar), f64(x)),
               maxMagnitude(native, soFar, x));
    double magnitude = maxMagnitude(native, 0.0, x);
    int32_t limit = pick({maxExponent, maxExponentWithBias});
    int32_t s = dynamicExponent(native, magnitude, format, limit);
    expectInteger(dynamicExponent(emit, f64(magnitude), format, limit), s);
    double factor = quantizeFactor(native, s, format);
    expectReal(quantizeFactor(emit, i32(s), format), factor);
    int32_t code = quantizeValue(native, x, factor, format);
    expectInteger(quantizeValue(emit, f64(x), f64(factor), format), code);
    int32_t part = splitInteger(native, code, p);
    expectInteger(splitInteger(emit, i32(code), p), part);
    int32_t fraction = splitFraction(native, code, part, p);
    expectInteger(splitFraction(emit, i32(code), i32(part), p), fraction);
    expectInteger(joinParts(emit, i32(part), i32(fraction), p), code);
    expectInteger(alignValue(emit, i32(code), format),
                  alignValue(native, code, format));
    double unit = dequantizeFactor(native, s);
    expectReal(dequantizeFactor(emit, i32(s)), unit);
    expectReal(dequantizeValue(emit, i32(code), f64(unit)),
               dequantizeValue(native, code, unit));
  }
}

TEST_F(EmitMatchesNative, Masks) {
  for (int n = 0; n < kCases; ++n) {
    Policy p = policy();
    int32_t row = integer(0, 9), column = integer(0, 9), rows = integer(1, 9),
            columns = integer(1, 9);
    expectInteger(
        causalAllows(emit, i32(row), i32(column), i32(rows), i32(columns)),
        causalAllows(native, row, column, rows, columns));
    double bias = pick({real(10.0), real(1e5), -8192.0, -8191.0});
    expectInteger(biasAllows(emit, f64(bias)), biasAllows(native, bias));
    int32_t sQ = integer(-16, 4), sK = integer(-16, 4);
    double unit = scoreUnit(native, 0.125, p, sQ, sK);
    expectReal(scoreUnit(emit, 0.125, p, i32(sQ), i32(sK)), unit);
    expectInteger(biasInScoreUnits(emit, f64(bias), f64(unit)),
                  biasInScoreUnits(native, bias, unit));
    int32_t valid = integer(0, 4), existing = integer(1, 2);
    expectInteger(blockKind(emit, i32(valid), i32(existing), p),
                  blockKind(native, valid, existing, p));
  }
}

TEST_F(EmitMatchesNative, Pruning) {
  for (int n = 0; n < kCases; ++n) {
    Policy p = policy();
    int32_t II = integer(-100000, 100000), B = integer(-(1 << 28), 1 << 28);
    int32_t score = integerScore(native, II, B, p);
    expectInteger(integerScore(emit, i32(II), i32(B), p), score);
    expectInteger(importanceTerm(emit, i32(score), p),
                  importanceTerm(native, score, p));
    int64_t count = integer(0, 50), sum = integer(-1000000, 1000000),
            maximum = integer(0, 100000), minimum = integer(-100000, 0);
    int64_t numerator =
        thresholdNumerator(native, count, sum, maximum, minimum, p);
    expectInteger(thresholdNumerator(emit, i64(count), i64(sum), i64(maximum),
                                     i64(minimum), p),
                  numerator);
    int32_t threshold = rowThreshold(native, count, numerator);
    expectInteger(rowThreshold(emit, i64(count), i64(numerator)), threshold);
    int32_t theta =
        pick<int32_t>({threshold, threshold - 1, static_cast<int32_t>(sum)});
    expectInteger(keptByThreshold(emit, i32(theta), i32(threshold)),
                  keptByThreshold(native, theta, threshold));
    Policy counted = p;
    counted.selection = Selection::TopK;
    counted.threshold = std::fabs(p.threshold);
    int32_t blocks = integer(1, 40);
    expectInteger(topkCount(emit, i32(blocks), counted),
                  topkCount(native, blocks, counted));
    int32_t other = pick<int32_t>({theta, theta + 1, theta - 1});
    int32_t a = integer(0, 5), b = integer(0, 5);
    expectInteger(precedes(emit, i32(other), i32(a), i32(theta), i32(b)),
                  precedes(native, other, a, theta, b));
    expectInteger(magnitudeTerm(emit, i32(score)),
                  magnitudeTerm(native, score));
    expectInteger(spreadTerm(emit, i64(count), i64(maximum), i64(sum)),
                  spreadTerm(native, count, maximum, sum));
    int64_t H = integer(0, 1000000), positions = integer(0, 100000);
    expectInteger(headIsKept(emit, i64(H), i64(positions), i64(count), p),
                  headIsKept(native, H, positions, count, p));
  }
}

TEST_F(EmitMatchesNative, Softmax) {
  for (int n = 0; n < kCases; ++n) {
    Policy p = policy();
    int32_t II = integer(-10000, 10000), second = integer(-10000, 10000);
    expectInteger(combineScore(emit, i32(II), i32(second), p),
                  combineScore(native, II, second, p));
    ScaleConstants scale = getScaleConstants(std::fabs(real(1.0)) + 1e-4);
    int32_t sQ = integer(-16, 16), sK = integer(-16, 16);
    int32_t a = softmaxShift(native, scale, p, sQ, sK);
    expectInteger(softmaxShift(emit, scale, p, i32(sQ), i32(sK)), a);
    int64_t distance =
        pick<int64_t>({0, integer(0, 5000), integer(0, 1 << 30)});
    expectInteger(expWeight(emit, i64(distance), i32(a), scale.m),
                  expWeight(native, distance, a, scale.m));
    int64_t thetaSum = integer(-1000000, 1000000), positions = integer(0, 64);
    int64_t mean = groupMean(native, thetaSum, positions, p);
    expectInteger(groupMean(emit, i64(thetaSum), i64(positions), p), mean);
    int32_t M = integer(-100000, 100000);
    expectInteger(
        groupWeight(emit, i32(M), i64(mean), i64(positions), i32(a), scale.m),
        groupWeight(native, M, mean, positions, a, scale.m));
    int32_t sumE = integer(1, 1 << 26), c = integer(0, 16384),
            kept = integer(1, 4096);
    int32_t D = weightSum(native, sumE, c, kept);
    expectInteger(weightSum(emit, i32(sumE), i32(c), i32(kept)), D);
    int32_t k = weightShift(native, D);
    expectInteger(weightShift(emit, i32(D)), k);
    int32_t wc = roundWeight(native, c, k);
    expectInteger(roundWeight(emit, i32(c), i32(k)), wc);
    bool isFull = pick<int>({0, 1});
    expectInteger(
        keptWeight(emit, i32(c), i32(k), i32(wc), emit.constBool(isFull)),
        keptWeight(native, c, k, wc, isFull));
  }
}

TEST_F(EmitMatchesNative, Normalise) {
  for (int n = 0; n < kCases; ++n) {
    Policy p = policy();
    int32_t den =
        pick<int32_t>({0, 1, static_cast<int32_t>(integer(1, 1 << 17))});
    int32_t b = bitLength(native, den);
    expectInteger(bitLength(emit, i32(den)), b);
    int32_t R = reciprocal(native, den, b, p);
    expectInteger(reciprocal(emit, i32(den), i32(b), p), R);
    int64_t num = integer(-(int64_t(1) << 32), int64_t(1) << 32);
    expectInteger(outputCode(emit, i64(num), i32(R), i32(b)),
                  outputCode(native, num, R, b));
  }
}

} // namespace
