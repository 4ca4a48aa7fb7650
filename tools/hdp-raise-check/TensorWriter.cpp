//===- TensorWriter.cpp - structured ops from labels ----------------------===//
//
// Text and elementwise ops. Sums and maxima are in TensorReductions.cpp,
// reshapes and layouts in TensorLayout.cpp.
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

std::string
hdp::check::iteratorsText(size_t numLoops,
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
