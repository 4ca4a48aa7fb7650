//===- TensorWriter.cpp - structured ops from labels ----------------------===//
//
// Elementwise ops, reductions, contractions and softmax, in the spellings that
// front ends use; reshapes and layouts are in TensorLayout.cpp.
//
//===----------------------------------------------------------------------===//

#include "TensorWriter.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace hdp::check;
using llvm::StringRef;

Random::Random(uint64_t seed, uint64_t sequence) {
  std::seed_seq words{
      static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
      static_cast<uint32_t>(sequence), static_cast<uint32_t>(sequence >> 32)};
  engine.seed(words);
}

std::string hdp::check::floatText(double value, StringRef element) {
  if (std::isinf(value)) {
    bool isNegative = value < 0;
    if (element == "f64")
      return isNegative ? "0xFFF0000000000000" : "0x7FF0000000000000";
    if (element == "f32")
      return isNegative ? "0xFF800000" : "0x7F800000";
    if (element == "bf16")
      return isNegative ? "0xFF80" : "0x7F80";
    return isNegative ? "0xFC00" : "0x7C00";
  }
  char text[40];
  std::snprintf(text, sizeof(text), "%.9e", value);
  return text;
}

//===----------------------------------------------------------------------===//
// Lines and bodies
//===----------------------------------------------------------------------===//

std::string Lines::add(const std::string &line) {
  std::string name = fresh();
  text += indent + name + " = " + line + "\n";
  return name;
}

std::string Lines::op(StringRef name, llvm::ArrayRef<std::string> operands,
                      StringRef type) {
  return add((name + " " + llvm::join(operands, ", ") + " : " + type).str());
}

std::string Lines::constant(double value, StringRef element) {
  return add(
      ("arith.constant " + floatText(value, element) + " : " + element).str());
}

std::string Lines::index(unsigned loop) {
  return add("linalg.index " + std::to_string(loop) + " : index");
}

std::string BodyContext::index(const std::string &axis) const {
  auto found = llvm::find(loops, axis);
  return lines.index(found - loops.begin());
}

//===----------------------------------------------------------------------===//
// Labels and types
//===----------------------------------------------------------------------===//

Axes hdp::check::flatten(const Axes &axes) {
  Axes flat;
  for (const std::string &axis : axes)
    for (char label : axis)
      flat.emplace_back(1, label);
  return flat;
}

bool hdp::check::hasAxis(const Axes &axes, StringRef axis) {
  return llvm::is_contained(axes, axis);
}

bool hdp::check::hasLabel(const Axes &axes, char label) {
  return hasAxis(flatten(axes), StringRef(&label, 1));
}

void FunctionWriter::setLabel(char label, int64_t extent, bool isDynamic) {
  extents[label] = extent;
  dynamic[label] = isDynamic;
}

int64_t FunctionWriter::extentOf(StringRef axis) const {
  int64_t extent = 1;
  for (char label : axis)
    extent *= extents.at(label);
  return extent;
}

bool FunctionWriter::isDynamic(StringRef axis) const {
  return llvm::any_of(axis, [&](char label) { return dynamic.at(label); });
}

std::string FunctionWriter::typeOf(const Axes &axes, StringRef element) const {
  std::string text = "tensor<";
  for (const std::string &axis : axes)
    text += (isDynamic(axis) ? "?" : std::to_string(extentOf(axis))) + "x";
  return text + element.str() + ">";
}

std::string FunctionWriter::sizeOf(const std::string &axis) {
  if (!isDynamic(axis))
    return std::to_string(extentOf(axis));
  std::string &known = sizes[axis];
  if (!known.empty())
    return known;
  for (char label : axis) {
    std::string size;
    if (dynamic.at(label)) {
      const auto &[tensor, dim] = sources.at(label);
      std::string place =
          prologue.add("arith.constant " + std::to_string(dim) + " : index");
      size = prologue.add("tensor.dim " + tensor.name + ", " + place + " : " +
                          typeOf(tensor));
    } else {
      size = prologue.add("arith.constant " + std::to_string(extents[label]) +
                          " : index");
    }
    known = known.empty() ? size
                          : prologue.op("arith.muli", {known, size}, "index");
  }
  return known;
}

//===----------------------------------------------------------------------===//
// Arguments and initial tensors
//===----------------------------------------------------------------------===//

Tensor FunctionWriter::argument(Axes axes, const std::string &element) {
  unsigned number = numArguments++;
  Tensor tensor{"%arg" + std::to_string(number), std::move(axes), element};
  parameters +=
      (parameters.empty() ? "" : ", ") + tensor.name + ": " + typeOf(tensor);
  for (auto [dim, axis] : llvm::enumerate(tensor.axes)) {
    shapes[number].push_back(extentOf(axis));
    if (axis.size() == 1 && dynamic.at(axis[0]))
      sources.try_emplace(axis[0], tensor, dim);
  }
  return tensor;
}

std::string FunctionWriter::scalarArgument(const std::string &type) {
  std::string name = "%arg" + std::to_string(numArguments++);
  parameters += (parameters.empty() ? "" : ", ") + name + ": " + type;
  return name;
}

std::string FunctionWriter::empty(const Axes &axes,
                                  const std::string &element) {
  std::vector<std::string> operands;
  for (const std::string &axis : axes)
    if (isDynamic(axis))
      operands.push_back(sizeOf(axis));
  return lines.add("tensor.empty(" + llvm::join(operands, ", ") +
                   ") : " + typeOf(axes, element));
}

Tensor FunctionWriter::fill(const Axes &axes, const std::string &element,
                            double value) {
  std::string type = typeOf(axes, element);
  bool isBool = element == "i1";
  std::string text =
      isBool ? (value != 0 ? "true" : "false") : floatText(value, element);
  bool isStatic = llvm::none_of(
      axes, [&](const std::string &axis) { return isDynamic(axis); });
  if (isStatic && random.chance(20))
    return {lines.add("arith.constant dense<" + text + "> : " + type), axes,
            element};
  std::string init = empty(axes, element);
  std::string scalar =
      isBool ? lines.add("arith.constant " + text)
             : lines.add("arith.constant " + text + " : " + element);
  return {lines.add("linalg.fill ins(" + scalar + " : " + element + ") outs(" +
                    init + " : " + type + ") -> " + type),
          axes, element};
}

//===----------------------------------------------------------------------===//
// Structured ops
//===----------------------------------------------------------------------===//

/// An operand's map: each of its axes is the loop of that name; one of size 1
/// is 0, or where it is the output's, the loop at `output`'s position.
std::string FunctionWriter::mapText(const Axes &loops, const Axes &operand,
                                    const Axes *output) const {
  std::string text = "affine_map<(", separator;
  for (size_t i = 0; i < loops.size(); ++i)
    text += (i ? ", d" : "d") + std::to_string(i);
  text += ") -> (";
  for (auto [dim, axis] : llvm::enumerate(operand)) {
    text += dim ? ", " : "";
    auto loop = llvm::find(loops, axis);
    if (axis.empty() || loop == loops.end())
      text += output ? "d" + (*output)[dim] : "0";
    else
      text += "d" + std::to_string(loop - loops.begin());
  }
  return text + ")>";
}

static std::string iteratorsText(size_t numLoops,
                                 llvm::function_ref<bool(size_t)> reduces) {
  std::string text;
  for (size_t i = 0; i < numLoops; ++i)
    text += std::string(i ? ", " : "") +
            (reduces(i) ? "\"reduction\"" : "\"parallel\"");
  return text;
}

Tensor FunctionWriter::map(llvm::ArrayRef<Tensor> inputs, const Axes &out,
                           const std::string &element, Body body) {
  // Loops in the output's order or in another; one for each unit dimension.
  std::vector<size_t> order(out.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  if (random.chance(10))
    random.shuffle(order);
  Axes loops, outLoops(out.size());
  for (auto [loop, dim] : llvm::enumerate(order)) {
    loops.push_back(out[dim].empty() ? "?" : out[dim]);
    outLoops[dim] = std::to_string(loop);
  }
  std::string maps, names, types, arguments;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    maps += mapText(loops, input.axes) + ", ";
    names += (i ? ", " : "") + input.name;
    types += (i ? ", " : "") + typeOf(input);
    arguments += "%in" + std::to_string(i) + ": " + input.element + ", ";
  }
  maps += mapText(loops, out, &outLoops);
  std::string init = empty(out, element), type = typeOf(out, element);
  Lines inner(next, "    ");
  BodyContext context{inner, {}, loops};
  for (size_t i = 0; i < inputs.size(); ++i)
    context.in.push_back("%in" + std::to_string(i));
  std::string result = body(context);
  std::string ins = inputs.empty() ? "" : " ins(" + names + " : " + types + ")";
  return {lines.add("linalg.generic {indexing_maps = [" + maps +
                    "], iterator_types = [" +
                    iteratorsText(loops.size(), [](size_t) { return false; }) +
                    "]}" + ins + " outs(" + init + " : " + type +
                    ") {\n  ^bb0(" + arguments + "%out: " + element + "):\n" +
                    inner.text + "    linalg.yield " + result + " : " +
                    element + "\n  } -> " + type),
          out, element};
}

Tensor FunctionWriter::apply(StringRef op, llvm::ArrayRef<Tensor> inputs,
                             const Axes &out) {
  const std::string &element = inputs[0].element;
  return map(inputs, out, element, [&](BodyContext &body) {
    return body.lines.op(op, body.in, element);
  });
}

Tensor FunctionWriter::convert(const Tensor &tensor,
                               const std::string &element) {
  if (tensor.element == element)
    return tensor;
  auto width = [](StringRef type) {
    return type == "f64" ? 64 : type == "f32" ? 32 : 16;
  };
  StringRef op =
      width(element) > width(tensor.element) ? "arith.extf " : "arith.truncf ";
  return map(tensor, tensor.axes, element, [&](BodyContext &body) {
    return body.lines.add(op.str() + body.in[0] + " : " + tensor.element +
                          " to " + element);
  });
}

Tensor FunctionWriter::reduce(const Tensor &input, const std::string &axis,
                              const std::string &form, const Tensor &init,
                              bool keep, bool named) {
  Axes out;
  for (const std::string &other : input.axes) {
    if (other != axis)
      out.push_back(other);
    else if (keep)
      out.emplace_back();
  }
  const std::string &element = input.element;
  std::string type = typeOf(input), outType = typeOf(out, element);
  size_t dim = llvm::find(input.axes, axis) - input.axes.begin();
  if (named && !keep && (form != "select" && form != "indexed"))
    return {lines.add("linalg.reduce {arith." + form + "} ins(" + input.name +
                      " : " + type + ") outs(" + init.name + " : " + outType +
                      ") dimensions = [" + std::to_string(dim) + "]"),
            out, element};
  Axes loops = input.axes;
  Axes operand(loops.size());
  for (auto [i, loop] : llvm::enumerate(loops)) {
    if (loop.empty())
      loop = "?";
    operand[i] = std::to_string(i);
  }
  // Unit dimensions of the input have a loop, the one that is kept is 0.
  std::string outMap = "affine_map<(";
  for (size_t i = 0; i < loops.size(); ++i)
    outMap += (i ? ", d" : "d") + std::to_string(i);
  outMap += ") -> (";
  bool first = true;
  for (size_t i = 0; i < loops.size(); ++i) {
    if (i == dim && !keep)
      continue;
    outMap += std::string(first ? "" : ", ") +
              (i == dim ? "0" : "d" + std::to_string(i));
    first = false;
  }
  outMap += ")>";
  std::string maps = mapText(loops, input.axes, &operand) + ", " + outMap;
  std::string iterators =
      iteratorsText(loops.size(), [&](size_t i) { return i == dim; });
  Lines inner(next, "    ");
  bool swap = random.chance(50);
  std::vector<std::string> operands = {swap ? "%out" : "%in",
                                       swap ? "%in" : "%out"};
  bool indexed = form == "indexed";
  std::string head = "linalg.generic {indexing_maps = [" + maps +
                     (indexed ? ", " + outMap : "") + "], iterator_types = [" +
                     iterators + "]} ins(" + input.name + " : " + type +
                     ") outs(" + init.name;
  if (indexed) {
    std::string positions = empty(out, "i64"),
                first = lines.add("arith.constant 0 : i64"),
                positionType = typeOf(out, "i64");
    positions =
        lines.add("linalg.fill ins(" + first + " : i64) outs(" + positions +
                  " : " + positionType + ") -> " + positionType);
    std::string at = inner.index(dim);
    at = inner.add("arith.index_cast " + at + " : index to i64");
    std::string max = inner.op("arith.maximumf", operands, element);
    std::string isNew = inner.op("arith.cmpf ogt,", {"%in", "%out"}, element);
    at = inner.op("arith.select", {isNew, at, "%at"}, "i64");
    std::string name = lines.fresh();
    lines.text += "  " + name + ":2 = " + head + ", " + positions + " : " +
                  outType + ", " + positionType +
                  ") {\n  ^bb0(%in: " + element + ", %out: " + element +
                  ", %at: i64):\n" + inner.text + "    linalg.yield " + max +
                  ", " + at + " : " + element + ", i64\n  } -> (" + outType +
                  ", " + positionType + ")\n";
    return {name + "#0", out, element};
  }
  std::string result;
  if (form == "select") {
    bool less = random.chance(50);
    std::string isNew =
        inner.op(less ? "arith.cmpf olt," : "arith.cmpf ogt,",
                 {less ? "%out" : "%in", less ? "%in" : "%out"}, element);
    result = inner.op("arith.select", {isNew, "%in", "%out"}, element);
  } else {
    result = inner.op("arith." + form, operands, element);
  }
  return {lines.add(head + " : " + outType + ") {\n  ^bb0(%in: " + element +
                    ", %out: " + element + "):\n" + inner.text +
                    "    linalg.yield " + result + " : " + element +
                    "\n  } -> " + outType),
          out, element};
}

Tensor FunctionWriter::softmax(const Tensor &input, const std::string &axis) {
  size_t dim = llvm::find(input.axes, axis) - input.axes.begin();
  std::string type = typeOf(input), init = empty(input.axes, input.element);
  return {lines.add("linalg.softmax dimension(" + std::to_string(dim) +
                    ") ins(" + input.name + " : " + type + ") outs(" + init +
                    " : " + type + ") -> " + type),
          input.axes, input.element};
}

Tensor FunctionWriter::contract(const Tensor &a, const Tensor &b,
                                const Axes &out, const std::string &element,
                                const Tensor *init) {
  Axes loops, outLoops, reduced;
  for (auto [i, axis] : llvm::enumerate(out)) {
    loops.push_back(axis.empty() ? "?" : axis);
    outLoops.push_back(std::to_string(i));
  }
  for (const std::string &axis : a.axes)
    if (!axis.empty() && !hasAxis(out, axis))
      reduced.push_back(axis);
  llvm::append_range(loops, reduced);
  bool hasUnits =
      hasAxis(a.axes, "") || hasAxis(b.axes, "") || hasAxis(out, "");
  std::string maps = mapText(loops, a.axes) + ", " + mapText(loops, b.axes) +
                     ", " + mapText(loops, out, &outLoops);
  Tensor start = init ? *init : fill(out, element, 0.0);
  std::string type = typeOf(out, element);
  std::string tail = " ins(" + a.name + ", " + b.name + " : " + typeOf(a) +
                     ", " + typeOf(b) + ") outs(" + start.name + " : " + type +
                     ")";

  // Which named op it is, if any: batch dimensions first, then one of each.
  std::string name;
  bool plain = false;
  size_t rank = out.size();
  if (!hasUnits && reduced.size() == 1 && (rank == 2 || rank == 3) &&
      a.axes.size() == rank && b.axes.size() == rank) {
    const std::string &m = out[rank - 2], &n = out[rank - 1], &k = reduced[0];
    auto is = [&](const Tensor &t, const std::string &x, const std::string &y) {
      return t.axes[rank - 2] == x && t.axes[rank - 1] == y &&
             (rank == 2 || t.axes[0] == out[0]);
    };
    if ((is(a, m, k) || is(a, k, m)) && (is(b, k, n) || is(b, n, k)) &&
        (is(a, m, k) || is(b, k, n))) {
      name = rank == 2 ? "linalg.matmul" : "linalg.batch_matmul";
      plain = is(a, m, k) && is(b, k, n);
    }
  }
  unsigned form = random.below(10);
  if (!name.empty() && form < 6) {
    contractions.push_back(plain ? name : name + " with maps");
    return {lines.add(name + (plain ? "" : " indexing_maps = [" + maps + "]") +
                      tail + " -> " + type),
            out, element};
  }
  if (!hasUnits && form < 8) {
    contractions.push_back("linalg.contract");
    return {lines.add("linalg.contract indexing_maps = [" + maps + "]" + tail +
                      " -> " + type),
            out, element};
  }
  contractions.push_back("linalg.generic");
  Lines inner(next, "    ");
  std::string x = "%a", y = "%b";
  if (a.element != element)
    x = inner.add("arith.extf %a : " + a.element + " to " + element);
  if (b.element != element)
    y = inner.add("arith.extf %b : " + b.element + " to " + element);
  std::string product = random.chance(50)
                            ? inner.op("arith.mulf", {x, y}, element)
                            : inner.op("arith.mulf", {y, x}, element);
  std::string sum = random.chance(50)
                        ? inner.op("arith.addf", {product, "%out"}, element)
                        : inner.op("arith.addf", {"%out", product}, element);
  return {lines.add("linalg.generic {indexing_maps = [" + maps +
                    "], iterator_types = [" +
                    iteratorsText(loops.size(),
                                  [&](size_t i) { return i >= out.size(); }) +
                    "]}" + tail + " {\n  ^bb0(%a: " + a.element +
                    ", %b: " + b.element + ", %out: " + element + "):\n" +
                    inner.text + "    linalg.yield " + sum + " : " + element +
                    "\n  } -> " + type),
          out, element};
}

std::string FunctionWriter::finish(const std::string &name,
                                   llvm::ArrayRef<Tensor> results) const {
  std::string names, types;
  for (auto [i, result] : llvm::enumerate(results)) {
    names += (i ? ", " : "") + result.name;
    types += (i ? ", " : "") + typeOf(result);
  }
  return "func.func @" + name + "(" + parameters + ") -> (" + types + ") {\n" +
         prologue.text + lines.text + "  return " + names + " : " + types +
         "\n}\n";
}
