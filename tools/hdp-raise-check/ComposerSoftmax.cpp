//===- ComposerSoftmax.cpp - maximum, exponential, sum, division, guards --===//

#include "Composer.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace hdp::check;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kLog2E = 1.4426950408889634;

Tensor Composer::reduceMax(const Tensor &scores) {
  const std::string &type = scores.element;
  std::string over = is(Miss::MaxOverRows) ? "i" : "j";
  Tensor of = scores;
  if (is(Miss::MaxOfOther))
    of = writer.argument(scores.axes, type);
  if (is(Miss::MaxByKey))
    return writer.argument({"j"}, type);
  std::string form = random.pick<const char *>(
      {"maximumf", "maximumf", "maxnumf", "select", "indexed"});
  bool keep = random.chance(40), named = random.chance(30);
  // A row of -inf, whose maximum is what it starts at, has no other use.
  double start = random.chance(70) ? -kInfinity
                 : type == "f16"   ? -65504.0
                 : type == "bf16"  ? -3.3895314e38
                                   : -3.4028234e38;
  bool keepByMap = keep && random.chance(50);
  Axes axes;
  for (const std::string &axis : scores.axes)
    if (axis != over)
      axes.push_back(axis);
    else if (keepByMap)
      axes.emplace_back();
  Tensor max = writer.reduce(of, over, form, writer.fill(axes, type, start),
                             keepByMap, named);
  note("maximum", (named && !keepByMap && form != "select" && form != "indexed"
                       ? "linalg.reduce, "
                       : "") +
                      form + (start == -kInfinity ? ", -inf" : ", lowest"));
  note("kept dimension", keepByMap ? "map" : keep ? "expand_shape" : "no");
  if (keep && !keepByMap) {
    Axes kept = scores.axes;
    *llvm::find(kept, over) = "";
    max = writer.regroup(max, kept);
  }
  if (random.chance(10)) {
    Tensor floor = writer.fill(max.axes, type, -kInfinity);
    max = writer.apply("arith.maximumf", {max, floor}, max.axes);
  }
  if (is(Miss::MaxOverRows)) // of the column with the row's number
    max = swapLabels(max, 'i', 'j');
  if (random.chance(20)) // broadcast first
    max = writer.map({max}, scores.axes, type,
                     [](BodyContext &body) { return body.in[0]; });
  return maybeDisguise(max);
}

Tensor Composer::exponentials(const Tensor &scores, const Tensor *max) {
  const std::string &type = scores.element;
  isBinary = is(Miss::PowersOfTwo) || random.chance(20);
  bool isFused = random.chance(50);
  const char *op = isBinary ? "math.exp2" : "math.exp";
  note("exponential",
       std::string(isBinary ? "exp2" : "exp") + (!max      ? ", no maximum"
                                                 : isFused ? ", fused"
                                                           : ""));
  if (isBinary && !max) // a guard is then over other scores
    allow("guard");
  bool scales = isBinary && !is(Miss::PowersOfTwo);
  auto exponent = [&](BodyContext &body, std::string value) {
    if (scales)
      value = body.lines.op("arith.mulf",
                            {value, body.lines.constant(kLog2E, type)}, type);
    return value;
  };
  std::vector<Tensor> inputs = {scores};
  if (max)
    inputs.push_back(*max);
  if (isFused)
    return writer.map(inputs, scores.axes, type, [&](BodyContext &body) {
      std::string value = body.in[0];
      if (max)
        value = body.lines.op("arith.subf", body.in, type);
      return body.lines.op(op, {exponent(body, value)}, type);
    });
  Tensor shifted =
      max ? writer.apply("arith.subf", inputs, scores.axes) : scores;
  shifted = maybeDisguise(shifted);
  if (scales)
    shifted = writer.map(shifted, scores.axes, type, [&](BodyContext &body) {
      return exponent(body, body.in[0]);
    });
  return writer.apply(op, shifted, scores.axes);
}

Tensor Composer::divide(const Tensor &exponentials, Tensor sum) {
  const std::string &type = exponentials.element;
  const Axes &axes = exponentials.axes;
  if (is(Miss::SumPlusEpsilon))
    sum = writer.map(sum, sum.axes, type, [&](BodyContext &body) {
      return body.lines.op("arith.addf",
                           {body.in[0], body.lines.constant(0.5, type)}, type);
    });
  if (is(Miss::MultipliedBySum))
    return writer.apply("arith.mulf", {exponentials, sum}, axes);
  unsigned form = random.below(4);
  note("division", form < 2 ? "division" : "reciprocal");
  if (form < 2)
    return writer.apply("arith.divf", {exponentials, sum}, axes);
  Tensor inverse = writer.map(sum, sum.axes, type, [&](BodyContext &body) {
    return body.lines.op("arith.divf",
                         {body.lines.constant(1.0, type), body.in[0]}, type);
  });
  std::vector<Tensor> inputs = {exponentials, maybeDisguise(inverse)};
  if (form == 3)
    std::swap(inputs[0], inputs[1]);
  return writer.apply("arith.mulf", inputs, axes);
}

/// 0 instead of the probabilities of a row without a key.
Tensor Composer::guard(const Tensor &scores, const Tensor &probabilities) {
  unsigned form = is(Miss::GuardOverRows) ? 0 : random.below(3);
  const std::string &type = probabilities.element;
  const Axes &axes = probabilities.axes;
  auto choose = [&](const Tensor &condition, bool zeroWhen) {
    return writer.map(
        {condition, probabilities}, axes, type, [&](BodyContext &body) {
          std::string zero = body.lines.constant(0.0, type), p = body.in[1];
          return body.lines.op(
              "arith.select",
              {body.in[0], zeroWhen ? zero : p, zeroWhen ? p : zero}, type);
        });
  };
  if (is(Miss::GuardByMask))
    return choose(writer.argument({"i"}, "i1"), true);
  if (form == 2) {
    note("guard", "isnan");
    bool negated = random.chance(30);
    return writer.map(probabilities, axes, type, [&](BodyContext &body) {
      std::string zero = body.lines.constant(0.0, type), p = body.in[0];
      std::string test = body.lines.op(
          negated ? "arith.cmpf ord," : "arith.cmpf une,", {p, p}, type);
      return body.lines.op(
          "arith.select", {test, negated ? p : zero, negated ? zero : p}, type);
    });
  }
  Tensor wide = random.chance(50) ? writer.convert(scores, "f64") : scores;
  std::string over = is(Miss::GuardOverRows) ? "i" : "j";
  auto compare = [&](const Tensor &tensor) {
    return writer.map(tensor, tensor.axes, "i1", [&](BodyContext &body) {
      return body.lines.op(
          "arith.cmpf oeq,",
          {body.in[0], body.lines.constant(-kInfinity, tensor.element)},
          tensor.element);
    });
  };
  Tensor condition;
  if (form == 0) {
    note("guard", "all are -inf");
    Tensor each = compare(wide);
    condition = writer.reduce(each, over, "andi",
                              writer.fill(rowAxes(each, over), "i1", 1), false,
                              random.chance(40));
    if (is(Miss::GuardOverRows))
      condition = swapLabels(condition, 'i', 'j');
  } else {
    note("guard", "the maximum is -inf");
    Tensor max = writer.reduce(
        wide, over, "maximumf",
        writer.fill(rowAxes(wide, over), wide.element, -kInfinity), false,
        random.chance(40));
    condition = compare(max);
  }
  return choose(condition, true);
}

Tensor Composer::missProbabilities(Tensor probabilities) {
  const Axes axes = probabilities.axes;
  if (is(Miss::ProbabilityHeadsAreBatches))
    return swapLabels(probabilities, 'b', 'h');
  if (is(Miss::ProbabilitiesTransposed))
    return swapLabels(probabilities, 'i', 'j');
  if (is(Miss::ProbabilitiesMultiplied)) {
    Tensor other = writer.argument({"h", "j"}, "f32");
    return writer.apply("arith.mulf", {probabilities, writer.fit(other, axes)},
                        axes);
  }
  if (is(Miss::ProbabilitiesReturned))
    results.push_back(probabilities);
  return probabilities;
}

Tensor Composer::makeProbabilities(const Tensor &given) {
  Tensor scores = maybeDisguise(writer.convert(given, softmaxElement));
  if (is(Miss::SoftmaxOverRows)) {
    // The other dimension, from here to the probabilities.
    Miss kept = miss;
    miss = Miss::None;
    Tensor p = makeProbabilities(swapLabels(scores, 'i', 'j'));
    miss = kept;
    return swapLabels(p, 'i', 'j');
  }
  bool written = !is(Miss::None) || !subtractsMax || random.chance(85);
  if (!written) {
    note("softmax", "linalg.softmax");
    Tensor p = writer.softmax(scores, "j");
    if (random.chance(30))
      p = guard(scores, p);
    return maybeDisguise(writer.convert(p, given.element));
  }
  bool needsMax = is(Miss::MaxOverRows) || is(Miss::MaxOfOther) ||
                  is(Miss::MaxByKey) || is(Miss::SumOfOtherBase) ||
                  subtractsMax;
  Tensor max;
  if (needsMax)
    max = reduceMax(scores);
  Tensor e = maybeDisguise(exponentials(scores, needsMax ? &max : nullptr));
  Tensor summed = e;
  std::string over = is(Miss::SumOverRows) ? "i" : "j";
  if (is(Miss::SumOfOther))
    summed =
        writer.apply("math.exp", writer.argument(e.axes, e.element), e.axes);
  if (is(Miss::SumOfOtherBase))
    summed = writer.apply(
        "math.exp2", writer.apply("arith.subf", {scores, max}, e.axes), e.axes);
  if (is(Miss::SumWithoutLast)) {
    summed = writer.sliceFront(e, 'j', 'y');
    over = "y";
  }
  Tensor init = writer.fill(rowAxes(summed, over), e.element,
                            is(Miss::SumFromOne) ? 1.0 : 0.0);
  Tensor sum =
      writer.reduce(summed, over, "addf", init, false, random.chance(40));
  if (is(Miss::SumOverRows))
    sum = swapLabels(sum, 'i', 'j');
  if (is(Miss::SumOfOtherHead))
    sum = swapLabels(sum, 'b', 'h');
  Tensor p;
  // Beside the lowest number a logarithm is lost, and a row that is this
  // number throughout is not normalised: no softmax.
  bool logSum = is(Miss::None) && subtractsMax && !isBinary && !hasFiniteMask &&
                random.chance(6);
  if (logSum) {
    note("division", "logarithm of the sum");
    if (noise) // the two exponentials are then not spelt alike
      allow("softmax-sum");
    p = writer.map(
        {scores, max, sum}, e.axes, e.element, [&](BodyContext &body) {
          std::string shift =
              body.lines.op("math.log", {body.in[2]}, e.element);
          shift = body.lines.op("arith.addf", {body.in[1], shift}, e.element);
          shift = body.lines.op("arith.subf", {body.in[0], shift}, e.element);
          return body.lines.op("math.exp", {shift}, e.element);
        });
  } else {
    p = is(Miss::NumeratorOnly) ? e : divide(e, sum);
  }
  bool guarded = is(Miss::GuardByMask) || is(Miss::GuardOverRows) ||
                 (is(Miss::None) && random.chance(20));
  if (guarded)
    p = guard(scores, p);
  p = missProbabilities(p);
  return maybeDisguise(writer.convert(p, given.element));
}
