//===- ComposerScores.cpp - scale, bias and masks -------------------------===//

#include "Composer.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace hdp::check;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The most negative number of a type.
double Composer::lowest() const {
  return element == "f16"    ? -65504.0
         : element == "bf16" ? -3.3895314e38
                             : -3.4028234e38;
}

/// `tensor` times `factor`, the factor held in one of the ways that front ends
/// have.
Tensor Composer::scaleBy(const Tensor &tensor, double factor,
                         const char *where) {
  bool divides = random.chance(35), first = !divides && random.chance(30);
  double number = divides ? 1.0 / factor : factor;
  const std::string &type = tensor.element;
  unsigned form = random.below(5);
  static const char *const kForms[] = {"constant", "f64 constant, truncated",
                                       "rank-0 tensor", "tensor of all",
                                       "computed"};
  note("scale", where);
  note("factor", std::string(kForms[form]) + (divides ? ", divided" : ""));
  std::vector<Tensor> inputs = {tensor};
  if (form == 2)
    inputs.push_back(writer.fill({}, type, number));
  if (form == 3)
    inputs.push_back(writer.fill(tensor.axes, type, number));
  if (form == 4) {
    // The root of a constant, as a tensor of one element.
    inputs.push_back(writer.map({}, {}, type, [&](BodyContext &body) {
      return body.lines.op("math.sqrt",
                           {body.lines.constant(number * number, type)}, type);
    }));
  }
  return writer.map(inputs, tensor.axes, type, [&](BodyContext &body) {
    std::string value;
    if (form == 0) {
      value = body.lines.constant(number, type);
    } else if (form == 1) {
      value =
          body.lines.add("arith.truncf " + body.lines.constant(number, "f64") +
                         " : f64 to " + type);
    } else {
      value = body.in[1];
    }
    std::vector<std::string> operands = {body.in[0], value};
    if (first)
      std::swap(operands[0], operands[1]);
    return body.lines.op(divides ? "arith.divf" : "arith.mulf", operands, type);
  });
}

/// Some of the labels of `axes`, one axis each, in an order of their own.
Axes Composer::subsetOf(const Axes &axes, bool withKeys) {
  Axes all = flatten(axes), subset;
  unsigned percent = random.pick<unsigned>({0, 40, 70, 100});
  bool withUnits = random.chance(30);
  for (const std::string &axis : all) {
    if ((withKeys && axis == "j") || random.chance(percent))
      subset.push_back(axis);
    else if (withUnits)
      subset.emplace_back();
  }
  if (random.chance(15))
    random.shuffle(subset);
  if (flatten(subset).empty())
    subset = {"j"};
  return subset;
}

Tensor Composer::addBias(const Tensor &scores) {
  Axes axes = subsetOf(scores.axes, random.chance(80));
  if (is(Miss::BiasTransposed) || is(Miss::BiasOfOtherHead) ||
      is(Miss::BiasMultiplied))
    axes = flatten(scores.axes);
  Tensor bias = writer.argument(axes, scores.element);
  if (is(Miss::BiasTransposed))
    bias = swapLabels(bias, 'i', 'j');
  if (is(Miss::BiasOfOtherHead))
    bias = swapLabels(bias, 'b', 'h');
  bias = writer.fit(maybeDisguise(bias), scores.axes);
  bool subtracts = random.chance(15), first = !subtracts && random.chance(30);
  if (subtracts && !subtractsMax) // looks like a maximum
    allow("softmax-max");
  note("bias", std::string(subtracts ? "subtracted" : "added") +
                   (flatten(axes).size() == flatten(scores.axes).size()
                        ? ", full"
                        : ", broadcast"));
  std::vector<Tensor> inputs = {scores, bias};
  if (first)
    std::swap(inputs[0], inputs[1]);
  return writer.apply(is(Miss::BiasMultiplied) ? "arith.mulf"
                      : subtracts              ? "arith.subf"
                                               : "arith.addf",
                      inputs, scores.axes);
}

/// An i1 tensor for `scores`. Unless it `fillsRow`, key 0 is always allowed.
Tensor Composer::makeCondition(const Tensor &scores, bool meansKeep,
                               bool fillsRow) {
  Axes axes = subsetOf(scores.axes, !fillsRow || random.chance(90));
  if (is(Miss::MaskOfOtherHead))
    axes = flatten(scores.axes);
  Tensor condition = writer.argument(axes, "i1");
  if (is(Miss::MaskOfOtherHead))
    condition = swapLabels(condition, 'b', 'h');
  if (!fillsRow)
    condition = writer.map(condition, axes, "i1", [&](BodyContext &body) {
      std::string zero = body.lines.add("arith.constant 0 : index");
      std::string isFirst =
          body.lines.op(meansKeep ? "arith.cmpi eq," : "arith.cmpi ne,",
                        {body.index("j"), zero}, "index");
      return body.lines.op(meansKeep ? "arith.ori" : "arith.andi",
                           {body.in[0], isFirst}, "i1");
    });
  return writer.fit(condition, scores.axes);
}

Tensor Composer::maskScores(const Tensor &scores) {
  const std::string &type = scores.element;
  bool isNarrow = type != "f32";
  double low = random.pick<double>(
      {-kInfinity, -kInfinity, lowest(), isNarrow ? lowest() : -1e9, -1e4});
  if (!subtractsMax || (isNarrow && hasFiniteMask))
    low = -kInfinity;
  if (is(Miss::MaskWithMinusOne))
    low = -1.0;
  bool isFinite = std::isfinite(low);
  hasFiniteMask |= isFinite;
  bool meansKeep = random.chance(50) != is(Miss::MaskInverted);
  bool adds = random.chance(30) && !is(Miss::MaskWithMinusOne);
  // Added to all of a row, a small number leaves as much of the scores as the
  // type has bits for, and in f16 a factor makes the lowest one infinite:
  // raising does not keep that.
  bool fillsRow = !isFinite || (low < -1e8 && !(adds && isNarrow));
  if (low > -1e30) // it may be too small beside a factor or a bias
    allow("mask-constant");
  bool multiplies = adds && isFinite && !isNarrow && random.chance(30);
  Tensor condition = makeCondition(scores, meansKeep, fillsRow);
  note("mask", std::string(multiplies ? "(1 - m) * "
                           : adds     ? "added "
                                      : "selected ") +
                   (!isFinite     ? "-inf"
                    : low < -1e30 ? "lowest"
                    : low == -1e9 ? "-1e9"
                                  : "-1e4"));
  auto choose = [&](BodyContext &body, const std::string &kept,
                    const std::string &condition) {
    std::string other = body.lines.constant(low, type);
    return body.lines.op(
        "arith.select",
        {condition, meansKeep ? kept : other, meansKeep ? other : kept}, type);
  };
  if (!adds) {
    std::vector<Tensor> inputs = {condition, scores};
    bool swapped = random.chance(30);
    if (swapped)
      std::swap(inputs[0], inputs[1]);
    return writer.map(inputs, scores.axes, type, [&](BodyContext &body) {
      return choose(body, body.in[!swapped], body.in[swapped]);
    });
  }
  Tensor bias =
      writer.map(condition, condition.axes, type, [&](BodyContext &body) {
        if (!multiplies)
          return choose(body, body.lines.constant(0.0, type), body.in[0]);
        std::string number =
            body.lines.add("arith.uitofp " + body.in[0] + " : i1 to " + type);
        if (meansKeep)
          number = body.lines.op(
              "arith.subf", {body.lines.constant(1.0, type), number}, type);
        return body.lines.op("arith.mulf",
                             {number, body.lines.constant(low, type)}, type);
      });
  return writer.apply("arith.addf", {scores, bias}, scores.axes);
}

Tensor Composer::maskCausally(const Tensor &scores) {
  const std::string &type = scores.element;
  bool meansKeep = random.chance(60), swapped = random.chance(40);
  bool asIntegers = random.chance(40);
  bool isFinite =
      subtractsMax && !(hasFiniteMask && type != "f32") && random.chance(40);
  double low = isFinite ? lowest() : -kInfinity;
  hasFiniteMask |= isFinite;
  if (low > -1e30)
    allow("mask-constant");
  note("mask", "causal");
  return writer.map(scores, scores.axes, type, [&](BodyContext &body) {
    std::string row = body.index("i"), key = body.index("j"), kind = "index";
    if (asIntegers) {
      kind = "i64";
      row = body.lines.add("arith.index_cast " + row + " : index to i64");
      key = body.lines.add("arith.index_cast " + key + " : index to i64");
    }
    // Kept where key <= row.
    const char *predicate =
        swapped ? (meansKeep ? "sge," : "slt,") : (meansKeep ? "sle," : "sgt,");
    std::string condition =
        body.lines.op(std::string("arith.cmpi ") + predicate,
                      {swapped ? row : key, swapped ? key : row}, kind);
    std::string other = body.lines.constant(low, type), kept = body.in[0];
    return body.lines.op(
        "arith.select",
        {condition, meansKeep ? kept : other, meansKeep ? other : kept}, type);
  });
}

/// What a near miss does to the scores.
Tensor Composer::missScores(Tensor scores) {
  const Axes axes = scores.axes;
  auto byTensor = [&](llvm::StringRef op, const Axes &which) {
    Tensor other = writer.argument(which, "f32");
    return writer.apply(op, {scores, writer.fit(other, axes)}, axes);
  };
  if (is(Miss::ScaleByRow))
    return byTensor("arith.mulf", {"b", "h", "i"});
  if (is(Miss::ScaleByKey))
    return byTensor("arith.mulf", {"j"});
  if (is(Miss::ScaleElementwise))
    return byTensor("arith.mulf", {"i", "j"});
  if (is(Miss::DividedByTensor))
    return byTensor("arith.divf", {"b", "i", "j"});
  if (is(Miss::ScoresSquared))
    return writer.apply("arith.mulf", {scores, scores}, axes);
  if (is(Miss::ScoresAbsolute))
    return writer.apply("math.absf", scores, axes);
  if (is(Miss::DividedByArgument)) {
    std::string divisor = writer.scalarArgument("f32");
    return writer.map(scores, axes, "f32", [&](BodyContext &body) {
      return body.lines.op("arith.divf", {body.in[0], divisor}, "f32");
    });
  }
  if (is(Miss::ScoresClamped))
    return writer.map(scores, axes, "f32", [&](BodyContext &body) {
      return body.lines.op("arith.maximumf",
                           {body.in[0], body.lines.constant(0.0, "f32")},
                           "f32");
    });
  if (is(Miss::Negated))
    return writer.apply("arith.negf", scores, axes);
  if (is(Miss::BiasMultiplied) || is(Miss::BiasTransposed) ||
      is(Miss::BiasOfOtherHead))
    return addBias(scores);
  if (is(Miss::MaskWithMinusOne) || is(Miss::MaskInverted) ||
      is(Miss::MaskOfOtherHead))
    return maskScores(scores);
  return scores;
}

Tensor Composer::changeScores(Tensor scores) {
  if (!is(Miss::None)) {
    if (random.chance(50))
      scores = scaleBy(scores, 0.7, "on scores");
    return maybeDisguise(missScores(scores));
  }
  std::string steps;
  if (random.chance(60))
    steps += 's';
  if (random.chance(35))
    steps += 'b';
  if (random.chance(35))
    steps += 'm';
  if (random.chance(20))
    steps += 'c';
  if (random.chance(4))
    steps += 't';
  std::vector<char> order(steps.begin(), steps.end());
  random.shuffle(order);
  std::string text;
  for (char step : order) {
    switch (step) {
    case 's':
      scores =
          scaleBy(scores, random.pick<double>({0.5, 0.7, 1.3}), "on scores");
      break;
    case 'b':
      scores = addBias(scores);
      break;
    case 'm':
      scores = maskScores(scores);
      break;
    case 'c':
      scores = maskCausally(scores);
      break;
    case 't':
      note("soft cap", "yes");
      allow("soft-cap");
      scores = writer.apply("math.tanh", scores, scores.axes);
      break;
    }
    scores = maybeDisguise(scores);
    text += step;
  }
  note("steps", text.empty() ? "none" : text);
  return scores;
}
