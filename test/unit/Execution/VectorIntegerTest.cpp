//===- VectorIntegerTest.cpp - products of integers as vector code --------===//
//
// Random sizes, layouts, widths and zero points; equal to the loops bit for
// bit.
//
//===----------------------------------------------------------------------===//

#include "VectorCode.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

using namespace hdp;
using namespace hdp::vectorcode;

/// out[m, n] += (lhs[m, k] - zero) * (rhs - zero), rhs in either order, of
/// codes that are computed from random floats.
static Case makeIntegerProduct(Random &random) {
  int64_t m = random.size(), n = random.size(), k = random.size();
  bool isTransposed = random.flip();
  Sizes lhs = {m, k}, rhs = {k, n}, out = {m, n};
  if (isTransposed)
    std::swap(rhs[0], rhs[1]);
  llvm::StringRef left = random.pick({"i8", "i8", "i8", "i16", "i32"});
  llvm::StringRef right = random.pick({"i8", "i8", "i8", "i16", "i32"});
  std::string body;
  auto addFactor = [&](const char *name, llvm::StringRef type) {
    std::string value = std::string("%") + name;
    if (type != "i32") {
      body += llvm::formatv("%{0}w = arith.{1} {2} : {3} to i32\n", name,
                            random.flip() ? "extsi" : "extui", value, type);
      value = std::string("%") + name + "w";
    }
    if (random.flip()) {
      body +=
          llvm::formatv("%{0}z = arith.subi {1}, %zero : i32\n", name, value);
      value = std::string("%") + name + "z";
    }
    return value;
  };
  std::string x = addFactor("x", left), y = addFactor("y", right);
  Case test;
  test.text =
      llvm::formatv(R"mlir(
    #id = affine_map<(i, j) -> (i, j)>
    func.func @f(%u: {0}, %v: {1}) -> {2} {{
      %zero = arith.constant -14 : i32
      %scale = arith.constant 25.0 : f32
      %ea = tensor.empty() : {3}
      %a = linalg.generic {{indexing_maps = [#id, #id],
                           iterator_types = ["parallel", "parallel"]}
          ins(%u : {0}) outs(%ea : {3}) {{
      ^bb0(%x: f32, %y: {7}):
        %s = arith.mulf %x, %scale : f32
        %r = arith.fptosi %s : f32 to {7}
        linalg.yield %r : {7}
      } -> {3}
      %eb = tensor.empty() : {4}
      %b = linalg.generic {{indexing_maps = [#id, #id],
                           iterator_types = ["parallel", "parallel"]}
          ins(%v : {1}) outs(%eb : {4}) {{
      ^bb0(%x: f32, %y: {8}):
        %s = arith.mulf %x, %scale : f32
        %r = arith.fptosi %s : f32 to {8}
        linalg.yield %r : {8}
      } -> {4}
      %e = tensor.empty() : {2}
      %begin = linalg.fill ins(%zero : i32) outs(%e : {2}) -> {2}
      %0 = linalg.generic {{indexing_maps = [
            affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> ({5})>,
            affine_map<(m, n, k) -> (m, n)>],
          iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%a, %b : {3}, {4}) outs(%begin : {2}) {{
      ^bb0(%x: {7}, %y: {8}, %z: i32):
        {6}
        %s = arith.addi %z, %p : i32
        linalg.yield %s : i32
      } -> {2}
      return %0 : {2}
    })mlir",
                    formatTensor(lhs, "f32"), formatTensor(rhs, "f32"),
                    formatTensor(out, "i32"), formatTensor(lhs, left),
                    formatTensor(rhs, right), isTransposed ? "n, k" : "k, n",
                    body + "%p = arith.muli " + x + ", " + y + " : i32", left,
                    right)
          .str();
  return test;
}

TEST_F(VectorCode, IntegerProducts) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Case test = makeIntegerProduct(random);
    auto expected = run(test, false, "host");
    ASSERT_EQ(expected.size(), 1u) << test.text;
    for (const std::string &target : getTargets()) {
      auto found = run(test, true, target);
      ASSERT_EQ(found.size(), 1u) << test.text;
      ASSERT_EQ(found[0].getShape(), expected[0].getShape());
      EXPECT_EQ(std::memcmp(found[0].getData(), expected[0].getData(),
                            expected[0].getNumBytes()),
                0)
          << target << "\n"
          << test.text;
    }
  }
}
