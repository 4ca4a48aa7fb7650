//===- VectorCodeTest.cpp - random products, loops and exact attention ----===//
//
// Random contractions, elementwise work, reductions and exact attention.
//
//===----------------------------------------------------------------------===//

#include "VectorCode.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::vectorcode;

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// out[b, m, n] += lhs * rhs, operands with their dimensions in random order.
static Case makeContraction(Random &random) {
  llvm::StringRef element = random.pick({"f32", "f32", "f32", "f64", "f16"});
  // Factors of a sum in f32 may have 16 bits.
  llvm::StringRef left = element, right = element;
  if (element == "f32" && random.flip()) {
    left = random.pick({"bf16", "bf16", "f16", "f32"});
    right = random.flip() ? left : random.pick({"bf16", "f16", "f32"});
  }
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
    sizes["k"] = random.between(700, 1700); // several blocks

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
  std::string a = formatTensor(getSizes(lhs), left, isDynamic);
  std::string b = formatTensor(getSizes(rhs), right, isDynamic);
  std::string c = formatTensor(getSizes(out), element, isDynamic);
  std::string widened, x = "%x", y = "%y";
  auto widen = [&](std::string &value, llvm::StringRef type) {
    if (type == element)
      return;
    widened += "        " + value + "w = arith.extf " + value + " : " +
               type.str() + " to f32\n";
    value += "w";
  };
  widen(x, left);
  widen(y, right);
  test.text = llvm::formatv(R"mlir(
    func.func @f(%a: {0}, %b: {1}, %c: {2}) -> {2} {{
      %0 = linalg.generic {{indexing_maps = [{3}, {4}, {5}], iterator_types = [{6}]}
          ins(%a, %b : {0}, {1}) outs(%c : {2}) {{
      ^bb0(%x: {8}, %y: {9}, %z: {7}):
{10}        %p = arith.mulf {11}, {12} : {7}
        %s = arith.addf %z, %p : {7}
        linalg.yield %s : {7}
      } -> {2}
      return %0 : {2}
    })mlir",
                            a, b, c, getMap(lhs), getMap(rhs), getMap(out),
                            iterators, element, left, right, widened, x, y)
                  .str();
  return test;
}

TEST_F(VectorCode, ContractionsInAnyLayout) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    compare(makeContraction(random));
  }
}

// One block and several, whole tiles and rests, a few operations and many.
TEST_F(VectorCode, ProductsWithWhatFollows) {
  const char *const bias = "%o = arith.addf %s, %v : f32";
  const char *const narrow = "%t = arith.addf %s, %v : f32\n"
                             "%o = arith.truncf %t : f32 to bf16";
  const char *const many = "%t = arith.addf %s, %v : f32\n"
                           "%u = math.erf %t : f32\n"
                           "%h = arith.mulf %u, %t : f32\n"
                           "%k = arith.addf %h, %v : f32\n"
                           "%o = arith.addf %k, %r : f32";
  compare(makeProduct(24, 40, 64, bias));
  compare(makeProduct(37, 1700, 45, bias));
  compare(makeProduct(37, 1700, 45, many));
  compare(makeProduct(1, 90, 33, many));
  compare(makeProduct(13, 33, 40, narrow, "bf16"));
  compare(makeProduct(29, 1600, 70, many, "f32", /*isDynamic=*/true));
  compare(makeProduct(29, 0, 70, many, "f32", /*isDynamic=*/true));
  compare(makeProduct(29, 0, 70, bias));
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
