//===- Composer.cpp - sizes, operands, contractions, output ---------------===//

#include "Composer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace hdp::check;
using llvm::StringRef;

Composer::Composer(Random &random, Miss miss)
    : random(random), miss(miss), writer(random) {}

//===----------------------------------------------------------------------===//
// Sizes and types
//===----------------------------------------------------------------------===//

void Composer::chooseSizes() {
  bool isMiss = !is(Miss::None);
  labels =
      isMiss ? "bh" : random.pick<const char *>({"", "b", "bh", "bh", "bhg"});
  int64_t same = random.pick<int64_t>({3, 4});
  bool isSquare = isMiss || random.chance(40);
  // Batch, heads, heads that share keys, rows, keys, depths.
  std::map<char, std::vector<int64_t>> sizes = {
      {'b', {2, 3}},    {'h', {2, 3}}, {'g', {2, 3}},   {'i', {3, 4, 5}},
      {'j', {3, 6, 7}}, {'c', {2, 4}}, {'e', {2, 3, 5}}};
  char single = !isMiss && random.chance(12) ? "bhgijce"[random.below(7)] : 0;
  bool someDynamic = !isMiss && random.chance(15);
  std::string dynamicLabels;
  for (auto &[label, choices] : sizes) {
    int64_t extent = isSquare ? same : random.pick(choices);
    if (label == single)
      extent = 1;
    bool isDynamic = someDynamic && StringRef("bij").contains(label) &&
                     extent != 1 && random.chance(60);
    if (isDynamic)
      dynamicLabels += label;
    writer.setLabel(label, extent, isDynamic);
  }
  writer.setLabel('J', writer.extentOf("j") + 2, false);
  writer.setLabel('y', writer.extentOf("j") - 1, false);
  note("batch", labels.empty() ? "none" : labels);
  note("sizes", isSquare ? "equal" : "different");
  note("dynamic", dynamicLabels.empty() ? "no" : dynamicLabels);
  if (single && (StringRef("ijce").contains(single) ||
                 StringRef(labels).contains(single)))
    note("size 1", std::string(1, single));
  // With one key the softmax is 1, with depth 1 the product is no sum.
  if (single == 'j' || single == 'c')
    result.expectation = Expectation::Either;

  element =
      isMiss ? "f32"
             : random.pick<const char *>({"f32", "f32", "f32", "f32", "f32",
                                          "f32", "f16", "f16", "bf16", "bf16"});
  bool wide = element == "f32";
  scoreElement = wide || random.chance(50) ? "f32" : element;
  softmaxElement = wide || random.chance(70) ? "f32" : scoreElement;
  note("type", element);
  // Without it f16 overflows at 12.
  subtractsMax = random.chance(90) || softmaxElement == "f16";
  noise = random.pick<unsigned>({0, 0, 10, 30});
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// How the batch dimensions are held while something is computed.
Axes Composer::chooseGrouping(const std::string &stage) {
  std::vector<Axes> all;
  if (labels.empty())
    all = {{}, {}, {""}, {"", ""}};
  else if (labels == "b")
    all = {{"b"}, {"b"}, {"b", ""}, {"", "b"}};
  else if (labels == "bh")
    all = {{"b", "h"}, {"b", "h"}, {"bh"}, {"bh"}, {"hb"}, {"h", "b"}};
  else
    all = {{"b", "h", "g"}, {"bh", "g"},     {"b", "hg"}, {"bhg"},
           {"b", "gh"},     {"g", "b", "h"}, {"bgh"}};
  Axes grouping = random.pick(all);
  std::string text;
  for (const std::string &axis : grouping)
    text += (text.empty() ? "" : " ") + (axis.empty() ? "1" : axis);
  note(stage, text.empty() ? "none" : text);
  // Indices cannot be split by a size that only run time knows.
  for (const std::string &axis : grouping)
    if (axis.size() > 1 && writer.isDynamic(axis.substr(1)) &&
        result.expectation == Expectation::Raised)
      result.expectation = Expectation::Either;
  return grouping;
}

/// The dimensions in which an operand arrives.
Axes Composer::argumentAxes(const std::string &batch, const std::string &row,
                            const std::string &depth) {
  Axes heads, axes;
  std::string joined;
  switch (random.below(4)) {
  case 0: // batch and heads first
    for (char label : batch)
      axes.emplace_back(1, label);
    axes.push_back(row);
    axes.push_back(depth);
    note("layout", "heads first");
    return axes;
  case 1: // heads and depth in one dimension, sequence or batch first
    for (char label : batch)
      if (label == 'b')
        axes.emplace_back(1, label);
      else
        joined += label;
    axes.insert(axes.begin() + random.below(axes.size() + 1), row);
    axes.push_back(joined + depth);
    note("layout", axes[0] == row ? "sequence first" : "heads in depth");
    return axes;
  case 2: // batch, sequence, heads
    for (char label : batch)
      if (label == 'b')
        axes.emplace_back(1, label);
      else
        heads.emplace_back(1, label);
    axes.push_back(row);
    llvm::append_range(axes, heads);
    axes.push_back(depth);
    note("layout", "heads after rows");
    return axes;
  default:
    for (char label : batch)
      axes.emplace_back(1, label);
    axes.push_back(row);
    axes.push_back(depth);
    random.shuffle(axes);
    note("layout", "any order");
    return axes;
  }
}

Tensor Composer::swapLabels(Tensor tensor, char a, char b) const {
  for (std::string &axis : tensor.axes)
    for (char &label : axis)
      label = label == a ? b : label == b ? a : label;
  return tensor;
}

Tensor Composer::maybeDisguise(const Tensor &tensor) {
  return random.chance(noise) ? writer.disguise(tensor) : tensor;
}

Axes Composer::rowAxes(const Tensor &tensor, const std::string &without) const {
  Axes axes;
  for (const std::string &axis : tensor.axes)
    if (axis != without)
      axes.push_back(axis);
  return axes;
}

//===----------------------------------------------------------------------===//
// Operands and the two contractions
//===----------------------------------------------------------------------===//

void Composer::makeOperands() {
  std::string shared; // of keys and values: without the heads that share them
  for (char label : labels)
    if (label != 'g')
      shared += label;
  query = writer.argument(argumentAxes(labels, "i", "c"), element);
  key = writer.argument(
      argumentAxes(shared, is(Miss::ScoresSliced) ? "J" : "j", "c"), element);
  value = writer.argument(
      argumentAxes(shared, is(Miss::ValuesOverRows) ? "i" : "j", "e"), element);
  if (is(Miss::KeysTransposed))
    key = swapLabels(key, 'j', 'c');
  if (is(Miss::QueriesTransposed))
    query = swapLabels(query, 'i', 'c');
  if (is(Miss::KeyHeadsAreRows))
    key = swapLabels(key, 'h', 'j');
  if (is(Miss::KeyHeadsAreBatches))
    key = swapLabels(key, 'h', 'b');
  if (is(Miss::ValuesTransposed))
    value = swapLabels(value, 'j', 'e');
  if (is(Miss::ValueHeadsAreBatches))
    value = swapLabels(value, 'h', 'b');
}

/// A factor of a contraction in some order; what it lacks of the batch it
/// lacks, or has repeated.
Tensor Composer::makeFactor(const Tensor &tensor, const std::string &row,
                            const std::string &depth, const Axes &grouping) {
  Axes target = grouping;
  bool depthFirst = random.chance(40);
  target.push_back(depthFirst ? depth : row);
  target.push_back(depthFirst ? row : depth);
  return maybeDisguise(writer.fit(maybeDisguise(tensor), target));
}

Tensor Composer::makeScores() {
  Axes grouping = chooseGrouping("QK batch");
  std::string keys = is(Miss::ScoresSliced) ? "J" : "j";
  Tensor q = makeFactor(query, "i", "c", grouping);
  Tensor k = makeFactor(key, keys, "c", grouping);
  unsigned scaled = is(Miss::None) ? random.below(10) : 9;
  if (scaled < 3 && scaled != 1)
    q = scaleBy(q, scaled == 0 ? 0.5 : 0.84089642, "on queries");
  if (scaled < 3 && scaled != 0)
    k = scaleBy(k, scaled == 1 ? 0.5 : 0.84089642, "on keys");
  Axes out = grouping;
  unsigned form = random.below(10);
  bool transposed = form >= 7;
  out.push_back(transposed ? keys : "i");
  out.push_back(transposed ? "i" : keys);
  bool shuffled = form == 9 && !hasAxis(out, "");
  if (shuffled)
    random.shuffle(out);
  note("scores", shuffled ? "any order" : transposed ? "K Q^T" : "Q K^T");
  if (random.chance(transposed ? 85 : 15))
    std::swap(q, k);
  Tensor init;
  if (is(Miss::ProductAccumulates))
    init = writer.argument(out, scoreElement);
  Tensor scores = writer.contract(
      q, k, out, scoreElement, is(Miss::ProductAccumulates) ? &init : nullptr);
  note("first contraction", writer.contractions.back());
  if (is(Miss::SecondProduct)) {
    Tensor other = writer.argument(key.axes, element);
    Tensor second = writer.contract(makeFactor(query, "i", "c", grouping),
                                    makeFactor(other, "j", "c", grouping), out,
                                    scoreElement);
    scores = writer.apply("arith.addf", {scores, second}, out);
  }
  if (is(Miss::ScoresReturned))
    results.push_back(scores);
  if (is(Miss::ScoresSliced))
    scores = writer.sliceFront(scores, 'J', 'j');
  if (is(Miss::ScoresTransposed))
    scores = swapLabels(scores, 'i', 'j');
  if (scoreElement != element && random.chance(50))
    scores = writer.convert(scores, element);
  if (random.chance(transposed ? 50 : 10)) {
    Axes straight = chooseGrouping("softmax batch");
    straight.push_back("i");
    straight.push_back("j");
    scores = writer.bring(scores, straight);
  }
  return maybeDisguise(scores);
}

Tensor Composer::makeOutput(const Tensor &scores) {
  bool deferred = !is(Miss::None) ? is(Miss::NumeratorOnly) : random.chance(8);
  Tensor weights, sum;
  if (deferred) {
    Tensor wide = writer.convert(scores, softmaxElement), max;
    if (subtractsMax)
      max = reduceMax(wide);
    weights = exponentials(wide, subtractsMax ? &max : nullptr);
    sum =
        writer.reduce(weights, "j", "addf",
                      writer.fill(rowAxes(weights, "j"), weights.element, 0.0),
                      false, random.chance(30));
    note("division", "after the values");
  } else {
    weights = makeProbabilities(scores);
  }

  Axes grouping = chooseGrouping("PV batch");
  bool overRows = is(Miss::ValuesOverRows);
  std::string summed = overRows ? "i" : "j", kept = overRows ? "j" : "i";
  Axes target = grouping;
  target.push_back(kept);
  target.push_back(summed);
  if (random.chance(10))
    std::swap(target[target.size() - 1], target[target.size() - 2]);
  Tensor p = random.chance(70) ? writer.fit(weights, target) : weights;
  Axes out = grouping;
  if (!hasAxis(p.axes, kept) || llvm::any_of(p.axes, [&](const auto &axis) {
        return !axis.empty() && !hasAxis(target, axis);
      }))
    p = writer.bring(weights, target);
  Tensor v = makeFactor(value, summed, "e", grouping);
  bool valuesFirst = random.chance(25);
  out.push_back(valuesFirst ? "e" : kept);
  out.push_back(valuesFirst ? kept : "e");
  note("values", valuesFirst ? "left operand" : "right operand");
  if (random.chance(10) && !hasAxis(out, ""))
    random.shuffle(out);
  std::string outElement =
      p.element == "f32" || v.element == "f32" || random.chance(50) ? "f32"
                                                                    : element;
  Tensor init;
  if (is(Miss::OutputAccumulates))
    init = writer.argument(out, outElement);
  Tensor output =
      writer.contract(valuesFirst ? v : p, valuesFirst ? p : v, out, outElement,
                      is(Miss::OutputAccumulates) ? &init : nullptr);
  note("second contraction", writer.contractions.back());
  if (deferred && !is(Miss::NumeratorOnly)) {
    output = writer.convert(output, sum.element);
    output = writer.apply("arith.divf", {output, writer.fit(sum, out)}, out);
  }
  if (random.chance(80))
    output = writer.convert(output, element);
  output = maybeDisguise(output);
  if (overRows || random.chance(50))
    return output;
  return writer.bring(output, argumentAxes(labels, "i", "e"));
}

Case Composer::compose(const std::string &name) {
  result.name = name;
  chooseSizes();
  makeOperands();
  Tensor scores = changeScores(makeScores());
  results.push_back(makeOutput(scores));
  result.text = writer.finish(name, results);
  for (auto &[index, shape] : writer.shapes)
    result.shapes[index] = shape;
  return std::move(result);
}
