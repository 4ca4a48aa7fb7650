//===- TensorWriter.h - functions on labelled tensors, as text --*- C++ -*-===//
//
// A tensor here knows what each of its dimensions means: a dimension is a word
// of labels (`bh` is batch and head collapsed, the empty word a dimension of
// size 1). Maps, reshapes and transposes follow from the labels, so a generator
// can vary layouts freely and still mean the same function.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_RAISE_CHECK_TENSORWRITER_H
#define HDP_TOOLS_HDP_RAISE_CHECK_TENSORWRITER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <map>
#include <random>
#include <string>

namespace hdp::check {

using Axes = std::vector<std::string>;

struct Tensor {
  std::string name;
  Axes axes;
  std::string element;
};

/// Choices that are the same with every C++ library.
class Random {
public:
  Random(uint64_t seed, uint64_t sequence);
  uint64_t below(uint64_t count) { return engine() % count; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <typename T> T pick(std::initializer_list<T> values) {
    return *(values.begin() + below(values.size()));
  }
  template <typename T> T pick(const std::vector<T> &values) {
    return values[below(values.size())];
  }
  template <typename T> void shuffle(std::vector<T> &values) {
    for (size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[below(i)]);
  }

private:
  std::mt19937_64 engine;
};

/// The text of a float constant: decimal, or its bits when it is infinite.
std::string floatText(double value, llvm::StringRef element);

/// Lines of a function or of a structured op's body; makes names.
class Lines {
public:
  std::string text;
  /// Appends `%n = line` and returns `%n`.
  std::string add(const std::string &line);
  std::string op(llvm::StringRef name, llvm::ArrayRef<std::string> operands,
                 llvm::StringRef type);
  std::string constant(double value, llvm::StringRef element);
  std::string index(unsigned loop);
  std::string fresh() { return "%" + std::to_string(next++); }

  explicit Lines(unsigned &next, std::string indent)
      : next(next), indent(std::move(indent)) {}

private:
  unsigned &next;
  std::string indent;
};

/// What a body gets: the inputs' elements and where the loops are.
struct BodyContext {
  Lines &lines;
  std::vector<std::string> in;
  const Axes &loops;
  /// The index along an axis of the loops.
  std::string index(const std::string &axis) const;
};
using Body = llvm::function_ref<std::string(BodyContext &)>;

class FunctionWriter {
public:
  explicit FunctionWriter(Random &random)
      : random(random), lines(next, "  "), prologue(next, "  ") {}

  void setLabel(char label, int64_t extent, bool isDynamic);
  int64_t extentOf(llvm::StringRef axis) const;
  bool isDynamic(llvm::StringRef axis) const;

  Tensor argument(Axes axes, const std::string &element);
  std::string scalarArgument(const std::string &type);
  std::string empty(const Axes &axes, const std::string &element);
  Tensor fill(const Axes &axes, const std::string &element, double value);

  /// An elementwise op with a body of its own; broadcasts what lacks axes.
  Tensor map(llvm::ArrayRef<Tensor> inputs, const Axes &out,
             const std::string &element, Body body);
  /// One scalar op on one or two tensors.
  Tensor apply(llvm::StringRef op, llvm::ArrayRef<Tensor> inputs,
               const Axes &out);
  Tensor convert(const Tensor &tensor, const std::string &element);
  /// Reduces one axis; `keep` leaves a dimension of size 1. `form` is the
  /// combiner (`maximumf`, `maxnumf`, `select`, `indexed`, `addf`, `andi`);
  /// `named` makes it a linalg.reduce.
  Tensor reduce(const Tensor &input, const std::string &axis,
                const std::string &form, const Tensor &init, bool keep,
                bool named);
  /// A sum of products over what `a` and `b` share and `out` lacks.
  Tensor contract(const Tensor &a, const Tensor &b, const Axes &out,
                  const std::string &element, const Tensor *init = nullptr);
  Tensor softmax(const Tensor &input, const std::string &axis);

  Tensor transpose(const Tensor &tensor, const Axes &order);
  /// Reshapes; the labels keep their order.
  Tensor regroup(const Tensor &tensor, const Axes &target);
  /// Any layout of the same labels.
  Tensor bring(const Tensor &tensor, const Axes &target);
  /// What can be broadcast against a tensor with these axes.
  Tensor fit(const Tensor &tensor, const Axes &axes);
  /// The same tensor behind something that changes nothing.
  Tensor disguise(const Tensor &tensor);
  /// The first `size` elements along an axis of its own, called `label`.
  Tensor sliceFront(const Tensor &tensor, char axis, char label);

  std::string typeOf(const Axes &axes, llvm::StringRef element) const;
  std::string typeOf(const Tensor &t) const {
    return typeOf(t.axes, t.element);
  }
  std::string finish(const std::string &name,
                     llvm::ArrayRef<Tensor> results) const;
  /// The arguments' sizes.
  std::map<int64_t, llvm::SmallVector<int64_t, 4>> shapes;
  /// Structured ops that contractions were written as.
  std::vector<std::string> contractions;

private:
  std::string sizeOf(const std::string &axis);
  std::string mapText(const Axes &loops, const Axes &operand,
                      const Axes *output = nullptr) const;
  Tensor reshape(const Tensor &tensor, const Axes &target, bool expands);

  Random &random;
  unsigned next = 0, numArguments = 0;
  Lines lines, prologue;
  std::string parameters;
  std::map<char, int64_t> extents;
  std::map<char, bool> dynamic;
  /// A dynamic label's argument and dimension.
  std::map<char, std::pair<Tensor, unsigned>> sources;
  std::map<std::string, std::string> sizes;
};

/// `"parallel", "reduction"`: a linalg.generic's iterator types.
std::string iteratorsText(size_t numLoops,
                          llvm::function_ref<bool(size_t)> reduces);

/// The labels of all axes, one axis each.
Axes flatten(const Axes &axes);
bool hasAxis(const Axes &axes, llvm::StringRef axis);
bool hasLabel(const Axes &axes, char label);

} // namespace hdp::check

#endif // HDP_TOOLS_HDP_RAISE_CHECK_TENSORWRITER_H
