//===- TensorLayout.cpp - reshapes, transposes, broadcasts, disguises -----===//

#include "TensorWriter.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace hdp::check;

static std::string yieldInput(BodyContext &body) { return body.in[0]; }

/// One expand_shape or collapse_shape: the finer of the two shapes has its
/// axes grouped into the coarser one's.
Tensor FunctionWriter::reshape(const Tensor &tensor, const Axes &target,
                               bool expands) {
  const Axes &fine = expands ? target : tensor.axes;
  const Axes &coarse = expands ? tensor.axes : target;
  std::string groups;
  size_t at = 0;
  for (auto [i, axis] : llvm::enumerate(coarse)) {
    groups += i ? ", [" : "[";
    std::string labels;
    bool first = true;
    bool isLast = i + 1 == coarse.size();
    // At least one dimension each; what has size 1 goes where it can.
    while (at < fine.size() &&
           (first || labels.size() < axis.size() ||
            (fine[at].empty() && (isLast || !coarse[i + 1].empty())))) {
      groups += (first ? "" : ", ") + std::to_string(at);
      labels += fine[at++];
      first = false;
    }
    groups += "]";
  }
  std::string source = typeOf(tensor), type = typeOf(target, tensor.element);
  if (!expands)
    return {lines.add("tensor.collapse_shape " + tensor.name + " [" + groups +
                      "] : " + source + " into " + type),
            target, tensor.element};
  std::vector<std::string> shape;
  for (const std::string &axis : target)
    shape.push_back(sizeOf(axis));
  return {lines.add("tensor.expand_shape " + tensor.name + " [" + groups +
                    "] output_shape [" + llvm::join(shape, ", ") +
                    "] : " + source + " into " + type),
          target, tensor.element};
}

Tensor FunctionWriter::regroup(const Tensor &tensor, const Axes &target) {
  if (tensor.axes == target)
    return tensor;
  Tensor current = tensor;
  auto dropUnits = [](const Axes &axes) {
    Axes kept;
    for (const std::string &axis : axes)
      if (!axis.empty())
        kept.push_back(axis);
    return kept;
  };
  if (Axes kept = dropUnits(current.axes); kept != current.axes)
    current = reshape(current, kept, /*expands=*/false);
  Axes goal = dropUnits(target);
  // Split what the goal has apart.
  Axes split;
  for (const std::string &axis : current.axes) {
    if (hasAxis(goal, axis)) {
      split.push_back(axis);
      continue;
    }
    for (char label : axis)
      split.emplace_back(1, label);
  }
  if (split != current.axes)
    current = reshape(current, split, /*expands=*/true);
  if (goal != current.axes)
    current = reshape(current, goal, /*expands=*/false);
  if (target != goal)
    current = reshape(current, target, /*expands=*/true);
  return current;
}

Tensor FunctionWriter::transpose(const Tensor &tensor, const Axes &order) {
  if (tensor.axes == order)
    return tensor;
  std::vector<std::string> permutation;
  for (const std::string &axis : order)
    permutation.push_back(
        std::to_string(llvm::find(tensor.axes, axis) - tensor.axes.begin()));
  if (random.chance(50))
    return map(tensor, order, tensor.element, yieldInput);
  std::string init = empty(order, tensor.element);
  std::string name =
      lines.add("linalg.transpose ins(" + tensor.name + " : " + typeOf(tensor) +
                ") outs(" + init + " : " + typeOf(order, tensor.element) +
                ") permutation = [" + llvm::join(permutation, ", ") + "]");
  return {name, order, tensor.element};
}

Tensor FunctionWriter::bring(const Tensor &tensor, const Axes &target) {
  if (tensor.axes == target)
    return tensor;
  Axes from = flatten(tensor.axes), to = flatten(target);
  if (from == to)
    return regroup(tensor, target);
  // Axes that both have stay together.
  Axes pieces, goal;
  auto isKept = [&](const std::string &axis) {
    return axis.size() > 1 && hasAxis(tensor.axes, axis) &&
           hasAxis(target, axis);
  };
  auto cut = [&](const Axes &axes) {
    Axes result;
    for (const std::string &axis : axes) {
      if (isKept(axis)) {
        result.push_back(axis);
        continue;
      }
      for (char label : axis)
        result.emplace_back(1, label);
    }
    return result;
  };
  Tensor current = regroup(tensor, cut(tensor.axes));
  current = transpose(current, cut(target));
  return regroup(current, target);
}

Tensor FunctionWriter::fit(const Tensor &tensor, const Axes &axes) {
  Axes covered, missing;
  for (const std::string &axis : axes) {
    bool some = false;
    for (char label : axis)
      some |= hasLabel(tensor.axes, label);
    if (!some) {
      if (random.chance(30))
        covered.emplace_back();
      continue;
    }
    covered.push_back(axis);
    for (char label : axis)
      if (!hasLabel(tensor.axes, label))
        missing.emplace_back(1, label);
  }
  Tensor current = tensor;
  if (!missing.empty()) {
    current = regroup(current, flatten(current.axes));
    Axes full = current.axes;
    for (const std::string &axis : missing)
      full.insert(full.begin() + random.below(full.size() + 1), axis);
    current = map(current, full, current.element, yieldInput);
  }
  bool fits = llvm::all_of(current.axes, [&](const std::string &axis) {
    return axis.empty() || hasAxis(axes, axis);
  });
  return fits && random.chance(50) ? current : bring(current, covered);
}

Tensor FunctionWriter::sliceFront(const Tensor &tensor, char axis, char label) {
  Axes target = tensor.axes;
  std::string offsets, sizes, strides;
  for (auto [i, name] : llvm::enumerate(target)) {
    if (name == std::string(1, axis))
      name = std::string(1, label);
    offsets += i ? ", 0" : "0";
    sizes += (i ? ", " : "") + sizeOf(name);
    strides += i ? ", 1" : "1";
  }
  return {lines.add("tensor.extract_slice " + tensor.name + "[" + offsets +
                    "] [" + sizes + "] [" + strides + "] : " + typeOf(tensor) +
                    " to " + typeOf(target, tensor.element)),
          target, tensor.element};
}

Tensor FunctionWriter::disguise(const Tensor &tensor) {
  const Axes &axes = tensor.axes;
  const std::string &element = tensor.element;
  bool isStatic = llvm::none_of(
      axes, [&](const std::string &axis) { return isDynamic(axis); });
  switch (random.below(8)) {
  case 0:
    return map(tensor, axes, element, yieldInput);
  case 1:
  case 2: {
    bool isSum = random.chance(50), first = random.chance(30);
    return map(tensor, axes, element, [&](BodyContext &body) {
      std::string value = body.lines.constant(isSum ? 0.0 : 1.0, element);
      std::vector<std::string> operands = {body.in[0], value};
      if (first)
        std::swap(operands[0], operands[1]);
      return body.lines.op(isSum ? "arith.addf" : "arith.mulf", operands,
                           element);
    });
  }
  case 3:
    if (element == "f64")
      return tensor;
    return convert(convert(tensor, element == "f32" ? "f64" : "f32"), element);
  case 4: { // the last two dimensions as one, and back
    if (axes.size() < 2 || !isStatic || axes.back().empty() ||
        axes[axes.size() - 2].empty())
      return tensor;
    Axes joined(axes.begin(), axes.end() - 1);
    joined.back() += axes.back();
    return reshape(reshape(tensor, joined, false), axes, true);
  }
  case 5: {
    if (!isStatic)
      return tensor;
    std::string type = typeOf(tensor), open = "tensor<";
    for (size_t i = 0; i < axes.size(); ++i)
      open += "?x";
    open += element + ">";
    std::string name =
        lines.add("tensor.cast " + tensor.name + " : " + type + " to " + open);
    return {lines.add("tensor.cast " + name + " : " + open + " to " + type),
            axes, element};
  }
  case 6: {
    Axes order = axes;
    if (hasAxis(order, ""))
      return tensor;
    random.shuffle(order);
    return transpose(transpose(tensor, order), axes);
  }
  default: {
    if (!isStatic)
      return tensor;
    std::string offsets, sizes, strides, type = typeOf(tensor);
    for (auto [i, axis] : llvm::enumerate(axes)) {
      offsets += i ? ", 0" : "0";
      sizes += (i ? ", " : "") + std::to_string(extentOf(axis));
      strides += i ? ", 1" : "1";
    }
    return {lines.add("tensor.extract_slice " + tensor.name + "[" + offsets +
                      "] [" + sizes + "] [" + strides + "] : " + type + " to " +
                      type),
            axes, element};
  }
  }
}
