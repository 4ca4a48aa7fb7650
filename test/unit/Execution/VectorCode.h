//===- VectorCode.h - vector code against readable loops --------*- C++ -*-===//
//
// A function compiled for every target and as loops, called with the same
// random arguments. A failure names the seed, which alone makes the case again.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_EXECUTION_VECTORCODE_H
#define HDP_TEST_UNIT_EXECUTION_VECTORCODE_H

#include "CompileAndRun.h"
#include "ModuleTest.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Support/CPUTarget.h"
#include "llvm/ADT/ArrayRef.h"
#include <random>

namespace hdp::vectorcode {

class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() % (high - low + 1));
  }
  template <typename T> T pick(std::initializer_list<T> values) {
    return values.begin()[engine() % values.size()];
  }
  bool flip() { return engine() % 2; }
  /// 1, around the widths of vectors and tiles, or anything small.
  int64_t size() {
    return flip() ? pick<int64_t>({1, 2, 3, 4, 7, 8, 12, 13, 16, 17, 24, 31, 32,
                                   33, 64, 65})
                  : between(1, 70);
  }

private:
  std::mt19937_64 engine;
};

using Sizes = std::vector<int64_t>;

inline std::string formatTensor(const Sizes &sizes, llvm::StringRef element,
                                bool isDynamic = false) {
  std::string text = "tensor<";
  for (int64_t size : sizes)
    text += (isDynamic ? "?" : std::to_string(size)) + "x";
  return text + element.str() + ">";
}

/// A function's text and the arguments to call it with.
struct Case {
  std::string text;
  ArgumentShapes shapes;
};

/// A product whose sums begin as 0, then `body` of sum, bias and another
/// operand of the product's shape: values %s, %v and %r, its result %o.
inline Case makeProduct(int64_t rows, int64_t terms, int64_t columns,
                        llvm::StringRef body, llvm::StringRef result = "f32",
                        bool isDynamic = false) {
  Case test;
  Sizes x = {rows, terms}, w = {terms, columns}, y = {rows, columns};
  if (isDynamic)
    test.shapes = {{0, {rows, terms}},
                   {1, {terms, columns}},
                   {2, {columns}},
                   {3, {rows, columns}}};
  std::string a = formatTensor(x, "f32", isDynamic),
              b = formatTensor(w, "f32", isDynamic),
              v = formatTensor({columns}, "f32", isDynamic),
              c = formatTensor(y, "f32", isDynamic),
              o = formatTensor(y, result, isDynamic), sizes;
  test.text = "#id = affine_map<(i, j) -> (i, j)>\n"
              "func.func @f(%a: " +
              a + ", %b: " + b + ", %bias: " + v + ", %other: " + c + ") -> " +
              o + " {\n";
  if (isDynamic) {
    test.text += "%c0 = arith.constant 0 : index\n"
                 "%c1 = arith.constant 1 : index\n"
                 "%m = tensor.dim %other, %c0 : " +
                 c + "\n%n = tensor.dim %other, %c1 : " + c + "\n";
    sizes = "%m, %n";
  }
  test.text += "%zero = arith.constant 0.0 : f32\n%e = tensor.empty(" + sizes +
               ") : " + c +
               "\n%z = linalg.fill ins(%zero : f32) outs(%e : " + c + ") -> " +
               c + "\n%p = linalg.matmul ins(%a, %b : " + a + ", " + b +
               ") outs(%z : " + c + ") -> " + c + "\n%g = tensor.empty(" +
               sizes + ") : " + o +
               "\n%q = linalg.generic {indexing_maps = [#id, "
               "affine_map<(i, j) -> (j)>, #id, #id], iterator_types = "
               "[\"parallel\", \"parallel\"]} ins(%p, %bias, %other : " +
               c + ", " + v + ", " + c + ") outs(%g : " + o +
               ") {\n^bb0(%s: f32, %v: f32, %r: f32, %w: " + result.str() +
               "):\n" + body.str() + "\nlinalg.yield %o : " + result.str() +
               "\n} -> " + o + "\nreturn %q : " + o + "\n}";
  return test;
}

class VectorCode : public ModuleTest {
protected:
  std::vector<HostTensor> run(const Case &test, bool vectorize,
                              llvm::StringRef target, unsigned threads = 1) {
    CompileOptions options;
    options.threads = threads;
    options.attention = AttentionLowering::Vector;
    options.optLevel = 1;
    options.vectorize = vectorize;
    options.target = target.str();
    auto module = parse(test.text);
    return compileAndRun(*module, options, test.shapes);
  }

  /// Those of this machine.
  static std::vector<std::string> getTargets() {
    std::vector<std::string> names = {"host"};
    for (const CPUTarget &target : getCPUTargets())
      if (isSupportedByHost(target.kind))
        names.push_back(target.name.str());
    return names;
  }

  /// 1e-5 of the largest magnitude, or one step of a 16-bit result.
  void compare(const Case &test) {
    auto expected = run(test, false, "host");
    ASSERT_EQ(expected.size(), 1u) << test.text;
    for (const std::string &target : getTargets()) {
      auto found = run(test, true, target);
      ASSERT_EQ(found.size(), 1u) << test.text;
      EXPECT_TRUE(isClose(expected[0], found[0]))
          << target << ": error " << computeMaxError(expected[0], found[0])
          << "\n"
          << test.text;
    }
  }
};

} // namespace hdp::vectorcode

#endif // HDP_TEST_UNIT_EXECUTION_VECTORCODE_H
