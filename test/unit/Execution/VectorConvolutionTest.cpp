//===- VectorConvolutionTest.cpp - convolutions as vector code ------------===//
//
// Random windows, strides, dilations, groups and layouts.
//
//===----------------------------------------------------------------------===//

#include "VectorCode.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::vectorcode;

/// Two dimensions of places, channels first or last, with groups now and then.
static Case makeConvolution(Random &random) {
  bool isLast = random.flip(), isGrouped = random.between(0, 3) == 0;
  bool isDynamic = random.between(0, 3) == 0;
  int64_t n = random.between(1, 2), g = random.between(1, 3);
  int64_t c = random.between(1, 9), f = random.between(4, 20);
  int64_t h = random.between(1, 9), w = random.between(1, 20);
  int64_t i = random.between(1, 3), j = random.between(1, 4);
  int64_t stride = random.between(1, 3), dilation = random.between(1, 2);
  int64_t rows = (h - 1) * stride + (i - 1) * dilation + 1;
  int64_t columns = (w - 1) * stride + (j - 1) * dilation + 1;

  std::string y = llvm::formatv("y * {0} + i * {1}", stride, dilation);
  std::string x = llvm::formatv("x * {0} + j * {1}", stride, dilation);
  std::string group = isGrouped ? "g, " : "";
  Sizes image = {n}, filter, out = {n};
  if (isGrouped)
    for (Sizes *sizes : {&image, &filter, &out})
      sizes->push_back(g);
  std::string in, weights, result;
  if (isLast) {
    image.insert(image.end(), {rows, columns, c});
    filter.insert(filter.end(), {f, i, j, c});
    out.insert(out.end(), {h, w, f});
    in = "n, " + group + y + ", " + x + ", c";
    weights = group + "f, i, j, c";
    result = "n, " + group + "y, x, f";
  } else {
    image.insert(image.end(), {c, rows, columns});
    filter.insert(filter.end(), {f, c, i, j});
    out.insert(out.end(), {f, h, w});
    in = "n, " + group + "c, " + y + ", " + x;
    weights = group + "f, c, i, j";
    result = "n, " + group + "f, y, x";
  }
  std::string loops = "(n, " + group + "f, y, x, c, i, j)";
  std::string types = isGrouped ? "\"parallel\", " : "";
  Case test;
  if (isDynamic) {
    test.shapes[0].assign(image.begin(), image.end());
    test.shapes[1].assign(filter.begin(), filter.end());
    test.shapes[2].assign(out.begin(), out.end());
  }
  test.text = llvm::formatv(R"mlir(
    func.func @f(%a: {0}, %b: {1}, %c: {2}) -> {2} {{
      %0 = linalg.generic {{indexing_maps = [affine_map<{3} -> ({4})>,
             affine_map<{3} -> ({5})>, affine_map<{3} -> ({6})>],
           iterator_types = [{7}"parallel", "parallel", "parallel", "parallel",
                             "reduction", "reduction", "reduction"]}
          ins(%a, %b : {0}, {1}) outs(%c : {2}) {{
      ^bb0(%x: f32, %y: f32, %z: f32):
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        linalg.yield %s : f32
      } -> {2}
      return %0 : {2}
    })mlir",
                            formatTensor(image, "f32", isDynamic),
                            formatTensor(filter, "f32", isDynamic),
                            formatTensor(out, "f32", isDynamic), loops, in,
                            weights, result, types)
                  .str();
  return test;
}

TEST_F(VectorCode, Convolutions) {
  for (uint64_t seed = 0; seed < 16; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    compare(makeConvolution(random));
  }
}
