//===- VectorCodeTest.cpp - vector code against readable loops ------------===//
//
// Random contractions, elementwise work, reductions and exact attention,
// compiled for every target and as loops. A failure names the seed, which
// alone makes the case again.
//
//===----------------------------------------------------------------------===//

#include "ModuleTest.h"
#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/RandomInputs.h"
#include "hdp/Execution/TensorCompare.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <random>

using namespace hdp;

namespace {

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

std::string formatTensor(const Sizes &sizes, llvm::StringRef element,
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
    auto model = CompiledModel::compile(*module, options);
    if (!model) {
      ADD_FAILURE() << llvm::toString(model.takeError());
      return {};
    }
    auto arguments = makeRandomArguments((*model)->lookup("f")->arguments,
                                         test.shapes, 1, 1.0);
    if (!arguments) {
      ADD_FAILURE() << llvm::toString(arguments.takeError());
      return {};
    }
    std::vector<const HostTensor *> pointers;
    for (const HostTensor &argument : *arguments)
      pointers.push_back(&argument);
    auto results = (*model)->run("f", pointers);
    if (!results) {
      ADD_FAILURE() << llvm::toString(results.takeError());
      return {};
    }
    return std::move(*results);
  }

  /// 1e-5 of the largest magnitude, or one step of a 16-bit result.
  void compare(const Case &test) {
    auto expected = run(test, false, "host");
    ASSERT_EQ(expected.size(), 1u) << test.text;
    for (const char *target : {"host", "avx512", "avx2", "portable"}) {
      auto found = run(test, true, target);
      ASSERT_EQ(found.size(), 1u) << test.text;
      EXPECT_TRUE(isClose(expected[0], found[0]))
          << target << ": error " << computeMaxError(expected[0], found[0])
          << "\n"
          << test.text;
    }
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

// Matrix products of which a panel is not whole, row-wise and elementwise work,
// attention over heads, over the queries of one head, and pruned: the same bits
// from one, two and five threads.
TEST_F(VectorCode, ThreadsChangeNoBit) {
  const char *const bodies[] = {
      R"mlir((%a: tensor<77x300xf32>, %b: tensor<300x205xf32>,
              %c: tensor<77x205xf32>) -> tensor<77x205xf32> {
        %0 = linalg.matmul ins(%a, %b : tensor<77x300xf32>, tensor<300x205xf32>)
            outs(%c : tensor<77x205xf32>) -> tensor<77x205xf32>
        return %0 : tensor<77x205xf32>
      })mlir",
      R"mlir((%a: tensor<?x?xf32>, %b: tensor<?x?xf32>,
              %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
        %0 = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
            outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
        return %0 : tensor<?x?xf32>
      })mlir",
      R"mlir((%a: tensor<131x300xf32>) -> tensor<131x300xf32> {
        %0 = math.tanh %a : tensor<131x300xf32>
        return %0 : tensor<131x300xf32>
      })mlir",
      R"mlir((%a: tensor<70000xf32>) -> tensor<70000xf32> {
        %0 = math.exp %a : tensor<70000xf32>
        return %0 : tensor<70000xf32>
      })mlir",
      R"mlir((%a: tensor<131x300xf16>, %c: tensor<131x300xf16>)
              -> tensor<131x300xf16> {
        %0 = arith.addf %a, %c : tensor<131x300xf16>
        return %0 : tensor<131x300xf16>
      })mlir",
      R"mlir((%q: tensor<3x100x40xf32>, %k: tensor<3x130x40xf32>,
              %v: tensor<3x130x24xf32>, %c: tensor<3x100x24xf32>)
              -> tensor<3x100x24xf32> {
        %0 = hdp.attention ins(%q, %k, %v : tensor<3x100x40xf32>,
                               tensor<3x130x40xf32>, tensor<3x130x24xf32>)
            outs(%c : tensor<3x100x24xf32>) {scale = 0.125, causal}
            -> tensor<3x100x24xf32>
        return %0 : tensor<3x100x24xf32>
      })mlir",
      R"mlir((%q: tensor<300x40xf32>, %k: tensor<700x40xf32>,
              %v: tensor<700x24xf32>, %c: tensor<300x24xf32>)
              -> tensor<300x24xf32> {
        %0 = hdp.attention ins(%q, %k, %v : tensor<300x40xf32>,
                               tensor<700x40xf32>, tensor<700x24xf32>)
            outs(%c : tensor<300x24xf32>) {scale = 0.125} -> tensor<300x24xf32>
        return %0 : tensor<300x24xf32>
      })mlir",
      R"mlir((%q: tensor<5x128x64xf32>, %k: tensor<5x128x64xf32>,
              %v: tensor<5x128x64xf32>, %c: tensor<5x128x64xf32>)
              -> tensor<5x128x64xf32> {
        %0 = hdp.attention ins(%q, %k, %v : tensor<5x128x64xf32>,
                               tensor<5x128x64xf32>, tensor<5x128x64xf32>)
            outs(%c : tensor<5x128x64xf32>)
            {scale = 0.125, policy = #hdp.policy<compensated>}
            -> tensor<5x128x64xf32>
        return %0 : tensor<5x128x64xf32>
      })mlir"};
  for (const char *body : bodies) {
    Case test{std::string("func.func @f") + body,
              {{0, {150, 70}}, {1, {70, 333}}, {2, {150, 333}}}};
    if (!llvm::StringRef(body).contains("?x?"))
      test.shapes.clear();
    auto expected = run(test, true, "host");
    ASSERT_EQ(expected.size(), 1u) << test.text;
    for (unsigned threads : {2u, 5u}) {
      auto found = run(test, true, "host", threads);
      ASSERT_EQ(found.size(), 1u) << test.text;
      EXPECT_EQ(describeDifference(expected[0], found[0]), std::nullopt)
          << threads << " threads\n"
          << test.text;
    }
  }
}

// A part that fails ends the call with its message, whichever thread ran it.
TEST_F(VectorCode, PartsMayFail) {
  const char *text = R"mlir(
    func.func @f(%a: tensor<40000xi32>) -> tensor<40000xi32> {
      %init = tensor.empty() : tensor<40000xi32>
      %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                            affine_map<(i) -> (i)>],
                           iterator_types = ["parallel"]}
          ins(%a : tensor<40000xi32>) outs(%init : tensor<40000xi32>) {
      ^bb0(%x: i32, %out: i32):
        %c7 = arith.constant 7 : i32
        %isLarge = arith.cmpi sge, %x, %c7 : i32
        cf.assert %isLarge, "expected at least 7"
        linalg.yield %x : i32
      } -> tensor<40000xi32>
      return %0 : tensor<40000xi32>
    })mlir";
  CompileOptions options;
  options.threads = 2;
  auto module = parse(text);
  auto model = CompiledModel::compile(*module, options);
  ASSERT_TRUE(static_cast<bool>(model)) << llvm::toString(model.takeError());
  HostTensor zeros(ElementType::I32, {40000});
  auto results = (*model)->run("f", {&zeros});
  ASSERT_FALSE(static_cast<bool>(results));
  EXPECT_EQ(llvm::toString(results.takeError()), "expected at least 7");
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// out[b, m, n] += lhs * rhs, operands with their dimensions in random order.
static Case makeContraction(Random &random) {
  llvm::StringRef element = random.pick({"f32", "f32", "f32", "f64", "f16"});
  bool isDynamic = random.between(0, 3) == 0;
  // b, m, n, k, and a second of each kind now and then.
  std::vector<std::string> lhs = {"m", "k"}, rhs = {"n", "k"}, out = {"m", "n"};
  std::vector<std::string> dims = {"m", "n", "k"};
  auto addDim = [&](const char *name, bool inLhs, bool inRhs, bool inOut) {
    dims.push_back(name);
    if (inLhs)
      lhs.insert(lhs.begin(), name);
    if (inRhs)
      rhs.insert(rhs.begin(), name);
    if (inOut)
      out.insert(out.begin(), name);
  };
  if (random.flip())
    addDim("b", true, true, true);
  if (random.between(0, 3) == 0)
    addDim("h", true, false, true);
  if (random.between(0, 3) == 0)
    addDim("c", true, true, false);
  std::map<std::string, int64_t> sizes;
  for (const std::string &dim : dims)
    sizes[dim] = dim.size() == 1 && (dim == "m" || dim == "n" || dim == "k")
                     ? random.size()
                     : random.between(1, 3);
  if (random.between(0, 5) == 0)
    sizes["k"] = random.between(380, 900); // several blocks

  for (auto *operand : {&lhs, &rhs, &out})
    for (size_t i = operand->size(); i > 1; --i)
      std::swap((*operand)[i - 1], (*operand)[random.between(0, i - 1)]);
  auto getSizes = [&](const std::vector<std::string> &operand) {
    Sizes all;
    for (const std::string &dim : operand)
      all.push_back(sizes[dim]);
    return all;
  };
  auto getMap = [&](const std::vector<std::string> &operand) {
    return "affine_map<(" + llvm::join(dims, ", ") + ") -> (" +
           llvm::join(operand, ", ") + ")>";
  };
  std::string iterators;
  for (const std::string &dim : dims)
    iterators += (iterators.empty() ? "" : ", ") +
                 std::string(dim == "k" || dim == "c" ? "\"reduction\""
                                                      : "\"parallel\"");
  using Operands = std::vector<std::vector<std::string>>;
  Case test;
  for (auto [i, operand] : llvm::enumerate(Operands{lhs, rhs, out})) {
    Sizes all = getSizes(operand);
    test.shapes[i].assign(all.begin(), all.end());
  }
  if (!isDynamic)
    test.shapes.clear();
  std::string a = formatTensor(getSizes(lhs), element, isDynamic);
  std::string b = formatTensor(getSizes(rhs), element, isDynamic);
  std::string c = formatTensor(getSizes(out), element, isDynamic);
  test.text = llvm::formatv(R"mlir(
    func.func @f(%a: {0}, %b: {1}, %c: {2}) -> {2} {{
      %0 = linalg.generic {{indexing_maps = [{3}, {4}, {5}], iterator_types = [{6}]}
          ins(%a, %b : {0}, {1}) outs(%c : {2}) {{
      ^bb0(%x: {7}, %y: {7}, %z: {7}):
        %p = arith.mulf %x, %y : {7}
        %s = arith.addf %z, %p : {7}
        linalg.yield %s : {7}
      } -> {2}
      return %0 : {2}
    })mlir",
                            a, b, c, getMap(lhs), getMap(rhs), getMap(out),
                            iterators, element)
                  .str();
  return test;
}

TEST_F(VectorCode, ContractionsInAnyLayout) {
  for (uint64_t seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    compare(makeContraction(random));
  }
}

//===----------------------------------------------------------------------===//
// Other loops
//===----------------------------------------------------------------------===//

/// out = body(x, y): x of all loops, y of some, out of the parallel ones, every
/// operand's dimensions in order; a reduction adds, multiplies or compares.
static Case makeLoops(Random &random) {
  bool isFloat = random.between(0, 3) != 0;
  llvm::StringRef element =
      isFloat ? random.pick({"f32", "f32", "f64", "f16", "bf16"})
              : random.pick({"i8", "i32", "i64"});
  bool isDynamic = random.between(0, 3) == 0;
  int64_t rank = random.between(1, 3);
  Sizes sizes, ySizes, outSizes;
  std::string dims, yDims, outDims, iterators;
  auto append = [](std::string &list, const std::string &item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  bool reduces = random.flip();
  for (int64_t dim = 0; dim < rank; ++dim) {
    std::string name = "d" + std::to_string(dim);
    sizes.push_back(dim == rank - 1 ? random.size() : random.between(1, 5));
    if (dim == 0 && random.flip())
      sizes.back() = random.size();
    bool isReduction = reduces && random.flip();
    append(dims, name);
    append(iterators, isReduction ? "\"reduction\"" : "\"parallel\"");
    if (random.flip()) {
      append(yDims, name);
      ySizes.push_back(sizes.back());
    }
    if (!isReduction) {
      append(outDims, name);
      outSizes.push_back(sizes.back());
    }
  }
  std::string function =
      random.pick({"exp", "tanh", "erf", "sqrt", "absf", "rsqrt", "sin"});
  std::string combine =
      isFloat ? random.pick({"addf", "maximumf", "minimumf", "mulf"})
              : random.pick({"addi", "maxsi", "muli", "xori"});
  std::string body;
  if (isFloat) {
    bool isRoot = function == "sqrt" || function == "rsqrt";
    body = "%u = math.absf %x : T\n%v = math." + function + " %" +
           (isRoot ? "u" : "x") + " : T\n%w = arith.mulf %v, %y : T\n";
  } else {
    body = "%v = arith.addi %x, %x : T\n%w = arith.subi %v, %y : T\n";
  }
  body += "%s = arith." + combine + " %w, %z : T\n";
  for (size_t at; (at = body.find(" T\n")) != std::string::npos;)
    body.replace(at, 2, " " + element.str());

  Case test;
  if (isDynamic)
    for (auto [i, list] :
         llvm::enumerate(std::vector<Sizes>{sizes, ySizes, outSizes}))
      test.shapes[i].assign(list.begin(), list.end());
  auto map = [&](const std::string &results) {
    return "affine_map<(" + dims + ") -> (" + results + ")>";
  };
  test.text = llvm::formatv(
                  R"mlir(
    func.func @f(%a: {0}, %b: {1}, %c: {2}) -> {2} {{
      %0 = linalg.generic {{indexing_maps = [{3}, {4}, {5}], iterator_types = [{6}]}
          ins(%a, %b : {0}, {1}) outs(%c : {2}) {{
      ^bb0(%x: {7}, %y: {7}, %z: {7}):
        {8}
        linalg.yield %s : {7}
      } -> {2}
      return %0 : {2}
    })mlir",
                  formatTensor(sizes, element, isDynamic),
                  formatTensor(ySizes, element, isDynamic),
                  formatTensor(outSizes, element, isDynamic), map(dims),
                  map(yDims), map(outDims), iterators, element, body)
                  .str();
  return test;
}

TEST_F(VectorCode, ElementwiseWorkAndReductions) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    compare(makeLoops(random));
  }
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Leading dimensions, grouped heads, masks and biases with broadcast
/// dimensions, causal or not, permuted operands.
static Case makeAttention(Random &random) {
  llvm::StringRef element = random.pick({"f32", "f32", "f16", "bf16"});
  bool isDynamic = random.between(0, 3) == 0;
  int64_t rank = random.between(2, 4);
  int64_t group = random.between(1, 2), lq = random.size(), lk = random.size();
  if (random.between(0, 5) == 0)
    lk = random.between(600, 1100); // several blocks
  Sizes batch, keyBatch;
  for (int64_t dim = 0; dim < rank - 2; ++dim) {
    batch.push_back(random.between(1, 2));
    keyBatch.push_back(batch.back());
  }
  if (rank > 2)
    batch.back() *= group;
  auto with = [](Sizes sizes, int64_t x, int64_t y) {
    sizes.push_back(x);
    sizes.push_back(y);
    return sizes;
  };
  int64_t d = random.size(), dv = random.size();
  Sizes q = with(batch, lq, d), k = with(keyBatch, lk, d),
        v = with(keyBatch, lk, dv), out = with(batch, lq, dv);
  Case test;
  std::string attributes = llvm::formatv("scale = {0} : f64", 0.125).str();
  // The permuted operand has dimension i of the form at perm[i].
  auto permute = [&](const char *name, Sizes sizes) {
    if (rank < 2 || random.flip())
      return sizes;
    int64_t x = random.between(0, rank - 1), y = random.between(0, rank - 1);
    Sizes perm(rank);
    std::iota(perm.begin(), perm.end(), 0);
    std::swap(perm[x], perm[y]);
    std::swap(sizes[x], sizes[y]);
    std::string list;
    for (int64_t dim : perm)
      list += (list.empty() ? "" : ", ") + std::to_string(dim);
    attributes += llvm::formatv(", {0} = array<i64: {1}>", name, list).str();
    return sizes;
  };
  q = permute("query_perm", q);
  k = permute("key_perm", k);
  v = permute("value_perm", v);
  out = permute("result_perm", out);
  if (random.between(0, 2) == 0)
    attributes += ", causal";
  std::string extraArguments, clauses;
  int64_t next = 3;
  auto addOperand = [&](const char *name, llvm::StringRef type) {
    Sizes sizes = batch;
    for (int64_t &size : sizes)
      if (random.flip())
        size = 1;
    sizes = with(sizes, random.flip() ? 1 : lq, lk);
    std::string text = formatTensor(sizes, type, isDynamic);
    extraArguments += llvm::formatv(", %{0}: {1}", name, text).str();
    clauses += llvm::formatv(" {0}(%{0} : {1})", name, text).str();
    test.shapes[next++].assign(sizes.begin(), sizes.end());
  };
  if (random.between(0, 2) == 0)
    addOperand("mask", "i1");
  if (random.between(0, 2) == 0)
    addOperand("bias", "f32");
  for (auto [i, list] : llvm::enumerate(std::vector<Sizes>{q, k, v}))
    test.shapes[i].assign(list.begin(), list.end());
  test.shapes[next].assign(out.begin(), out.end());
  if (!isDynamic)
    test.shapes.clear();
  test.text = llvm::formatv(
                  R"mlir(
    func.func @f(%q: {0}, %k: {1}, %v: {2}{4}, %init: {3}) -> {3} {{
      %0 = hdp.attention ins(%q, %k, %v : {0}, {1}, {2}){5}
          outs(%init : {3}) {{{6}} -> {3}
      return %0 : {3}
    })mlir",
                  formatTensor(q, element, isDynamic),
                  formatTensor(k, element, isDynamic),
                  formatTensor(v, element, isDynamic),
                  formatTensor(out, element, isDynamic), extraArguments,
                  clauses, attributes)
                  .str();
  return test;
}

TEST_F(VectorCode, ExactAttention) {
  for (uint64_t seed = 0; seed < 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    compare(makeAttention(random));
  }
}

// A row that may attend to nothing is 0; a bias of -inf forbids; any finite
// one, however small, is added.
TEST_F(VectorCode, AttentionWithoutAValidKey) {
  const char *text = R"mlir(
    func.func @f(%q: tensor<3x8xf32>, %k: tensor<5x8xf32>,
                 %v: tensor<5x4xf32>) -> tensor<3x4xf32> {
      %bias = arith.constant dense<[
        [0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000],
        [-3.0e38, -3.0e38, -3.0e38, -3.0e38, -3.0e38],
        [0xFF800000, 0.0, 0xFF800000, 0xFF800000, 0xFF800000]]> : tensor<3x5xf32>
      %init = tensor.empty() : tensor<3x4xf32>
      %0 = hdp.attention ins(%q, %k, %v : tensor<3x8xf32>, tensor<5x8xf32>,
                                          tensor<5x4xf32>)
          bias(%bias : tensor<3x5xf32>) outs(%init : tensor<3x4xf32>)
          {scale = 0.125} -> tensor<3x4xf32>
      return %0 : tensor<3x4xf32>
    })mlir";
  std::vector<HostTensor> results = run({text, {}}, true, "host");
  ASSERT_EQ(results.size(), 1u);
  auto arguments = makeRandomArguments({{ElementType::F32, {3, 8}},
                                        {ElementType::F32, {5, 8}},
                                        {ElementType::F32, {5, 4}}},
                                       {}, 1, 1.0);
  ASSERT_TRUE(static_cast<bool>(arguments));
  const float *value = (*arguments)[2].as<float>();
  for (int64_t t = 0; t < 4; ++t) {
    EXPECT_EQ(results[0].as<float>()[t], 0.0f);
    float mean = 0;
    for (int64_t j = 0; j < 5; ++j)
      mean += value[j * 4 + t] / 5;
    EXPECT_NEAR(results[0].as<float>()[4 + t], mean, 1e-6f);
    EXPECT_EQ(results[0].as<float>()[8 + t], value[4 + t]);
  }
}
