//===- TensorReductions.cpp - reductions, contractions, softmax -----------===//
//
// In the spellings that front ends use.
//
//===----------------------------------------------------------------------===//

#include "TensorWriter.h"
#include "llvm/ADT/STLExtras.h"

using namespace hdp::check;

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
