//===- VectorHalfTest.cpp - 16-bit floats in vectors ----------------------===//
//
// Elementwise work on f16 and bf16 is rounded where its source rounds, so it
// has the loops' bits; functions are those of f32, rounded.
//
//===----------------------------------------------------------------------===//

#include "VectorCode.h"
#include <cstring>

using namespace hdp;
using namespace hdp::vectorcode;

static bool haveSameBits(const HostTensor &a, const HostTensor &b) {
  return a.getShape() == b.getShape() && a.getNumBytes() == b.getNumBytes() &&
         std::memcmp(a.getData(), b.getData(), a.getNumBytes()) == 0;
}

// A length that is no multiple of any vector, both types in one body.
static const char *const kElementwise = R"mlir(
#id = affine_map<(i, j) -> (i, j)>
func.func @f(%a: tensor<7x101xf16>, %b: tensor<7x101xbf16>,
             %c: tensor<7x101xf16>) -> tensor<7x101xf16> {
  %0 = linalg.generic {indexing_maps = [#id, #id, #id],
      iterator_types = ["parallel", "parallel"]}
      ins(%a, %b : tensor<7x101xf16>, tensor<7x101xbf16>)
      outs(%c : tensor<7x101xf16>) {
  ^bb0(%x: f16, %y: bf16, %z: f16):
    %1 = arith.extf %x : f16 to f32
    %2 = arith.truncf %1 : f32 to bf16
    %3 = arith.mulf %2, %y : bf16
    %4 = arith.addf %3, %2 : bf16
    %5 = arith.extf %4 : bf16 to f32
    %6 = arith.truncf %5 : f32 to f16
    %7 = arith.divf %6, %x : f16
    %8 = arith.maximumf %7, %z : f16
    linalg.yield %8 : f16
  } -> tensor<7x101xf16>
  return %0 : tensor<7x101xf16>
})mlir";

TEST_F(VectorCode, HalvesAreRoundedAsInLoops) {
  Case test{kElementwise, {}};
  auto expected = run(test, false, "host");
  ASSERT_EQ(expected.size(), 1u);
  for (const std::string &target : getTargets()) {
    auto found = run(test, true, target);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(haveSameBits(expected[0], found[0])) << target;
  }
}

TEST_F(VectorCode, FunctionsOfHalvesAreThoseOfFloats) {
  for (const char *type : {"f16", "bf16"})
    for (const char *function : {"tanh", "exp", "erf", "sqrt", "absf"}) {
      std::string tensor = std::string("tensor<3x45x") + type + ">";
      compare({"func.func @f(%a: " + tensor + ") -> " + tensor + " {\n  %0 = " +
                   "math.absf %a : " + tensor + "\n  %1 = math." + function +
                   " %0 : " + tensor + "\n  return %1 : " + tensor + "\n}",
               {}});
    }
}

// A sum in f32 of 16-bit terms, and one in 16 bits, whose order has to stay.
TEST_F(VectorCode, SumsOfHalves) {
  for (const char *type : {"f32", "f16"}) {
    std::string sum = std::string("tensor<5x") + type + ">",
                widened = llvm::StringRef(type) == "f32"
                              ? "%w = arith.extf %x : f16 to f32\n"
                              : "";
    compare({"func.func @f(%a: tensor<5x333xf16>, %s: " + sum + ") -> " + sum +
                 " {\n  %0 = linalg.generic {indexing_maps = ["
                 "affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], "
                 "iterator_types = [\"parallel\", \"reduction\"]} "
                 "ins(%a : tensor<5x333xf16>) outs(%s : " +
                 sum + ") {\n^bb0(%x: f16, %y: " + type + "):\n" + widened +
                 "%q = arith.addf %y, " + (widened.empty() ? "%x" : "%w") +
                 " : " + type + "\nlinalg.yield %q : " + type + "\n} -> " +
                 sum + "\n  return %0 : " + sum + "\n}",
             {}});
  }
}
