//===- VectorThreadsTest.cpp - parts of a kernel on threads ---------------===//
//
// What several threads share comes out as from one, and a part that fails
// fails the call.
//
//===----------------------------------------------------------------------===//

#include "VectorCode.h"

using namespace hdp;
using namespace hdp::vectorcode;

// Matrix products of which a panel is not whole, row-wise and elementwise work,
// attention over heads, over the queries of one head, and pruned: the same bits
// from one, two, five and seven threads.
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
      R"mlir((%q: tensor<3x300x40xf32>, %k: tensor<3x130x40xf32>,
              %v: tensor<3x130x24xf32>, %c: tensor<3x300x24xf32>)
              -> tensor<3x300x24xf32> {
        %0 = hdp.attention ins(%q, %k, %v : tensor<3x300x40xf32>,
                               tensor<3x130x40xf32>, tensor<3x130x24xf32>)
            outs(%c : tensor<3x300x24xf32>) {scale = 0.125, causal}
            -> tensor<3x300x24xf32>
        return %0 : tensor<3x300x24xf32>
      })mlir",
      R"mlir((%q: tensor<300x40xf32>, %k: tensor<700x40xf32>,
              %v: tensor<700x24xf32>, %c: tensor<300x24xf32>)
              -> tensor<300x24xf32> {
        %0 = hdp.attention ins(%q, %k, %v : tensor<300x40xf32>,
                               tensor<700x40xf32>, tensor<700x24xf32>)
            outs(%c : tensor<300x24xf32>) {scale = 0.125} -> tensor<300x24xf32>
        return %0 : tensor<300x24xf32>
      })mlir",
      // Threads begin and end within heads, of two batches and with two heads
      // of queries each.
      R"mlir((%q: tensor<2x6x70x40xf32>, %k: tensor<2x3x130x40xf32>,
              %v: tensor<2x3x130x24xf32>, %m: tensor<1x6x1x130xi1>,
              %c: tensor<2x6x70x24xf32>) -> tensor<2x6x70x24xf32> {
        %0 = hdp.attention ins(%q, %k, %v : tensor<2x6x70x40xf32>,
                               tensor<2x3x130x40xf32>, tensor<2x3x130x24xf32>)
            mask(%m : tensor<1x6x1x130xi1>)
            outs(%c : tensor<2x6x70x24xf32>) {scale = 0.125, causal}
            -> tensor<2x6x70x24xf32>
        return %0 : tensor<2x6x70x24xf32>
      })mlir",
      R"mlir((%q: tensor<2x333x6x64xf32>, %k: tensor<2x3x257x64xf32>,
              %v: tensor<2x3x257x64xf32>, %m: tensor<1x6x1x257xi1>,
              %c: tensor<2x333x6x64xf32>) -> tensor<2x333x6x64xf32> {
        %0 = hdp.attention ins(%q, %k, %v : tensor<2x333x6x64xf32>,
                               tensor<2x3x257x64xf32>, tensor<2x3x257x64xf32>)
            mask(%m : tensor<1x6x1x257xi1>)
            outs(%c : tensor<2x333x6x64xf32>)
            {scale = 0.125, policy = #hdp.policy<compensated>,
             query_perm = array<i64: 0, 2, 1, 3>,
             result_perm = array<i64: 0, 2, 1, 3>}
            -> tensor<2x333x6x64xf32>
        return %0 : tensor<2x333x6x64xf32>
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
    for (unsigned threads : {2u, 5u, 7u}) {
      auto found = run(test, true, "host", threads);
      ASSERT_EQ(found.size(), 1u) << test.text;
      EXPECT_EQ(describeDifference(expected[0], found[0]), std::nullopt)
          << threads << " threads\n"
          << test.text;
    }
  }
}

// Products with what goes with them are shared by columns, too.
TEST_F(VectorCode, ThreadsChangeNoBitOfWhatFollows) {
  for (int64_t terms : {300, 900}) {
    Case test = makeProduct(77, terms, 205,
                            "%t = arith.addf %s, %v : f32\n"
                            "%u = math.erf %t : f32\n"
                            "%h = arith.mulf %u, %t : f32\n"
                            "%k = arith.addf %h, %v : f32\n"
                            "%o = arith.addf %k, %r : f32");
    auto expected = run(test, true, "host");
    ASSERT_EQ(expected.size(), 1u);
    for (unsigned threads : {2u, 5u}) {
      auto found = run(test, true, "host", threads);
      ASSERT_EQ(found.size(), 1u);
      EXPECT_EQ(describeDifference(expected[0], found[0]), std::nullopt)
          << threads << " threads, " << terms << " terms";
    }
  }
}

// Kernels of several targets in one module: this machine takes its best, with
// threads too.
TEST_F(VectorCode, VariantsAreChosenAtRunTime) {
  const char *text = R"mlir(
    func.func @f(%a: tensor<4x128x64xf32>) -> tensor<4x128x64xf32> {
      %0 = hdp.attention ins(%a, %a, %a : tensor<4x128x64xf32>,
                             tensor<4x128x64xf32>, tensor<4x128x64xf32>)
          outs(%a : tensor<4x128x64xf32>)
          {scale = 0.125, policy = #hdp.policy<compensated>}
          -> tensor<4x128x64xf32>
      %1 = hdp.attention ins(%0, %a, %a : tensor<4x128x64xf32>,
                             tensor<4x128x64xf32>, tensor<4x128x64xf32>)
          outs(%0 : tensor<4x128x64xf32>) {scale = 0.125}
          -> tensor<4x128x64xf32>
      %2 = math.tanh %1 : tensor<4x128x64xf32>
      return %2 : tensor<4x128x64xf32>
    })mlir";
  llvm::StringRef best;
  for (const CPUTarget &target : getCPUTargets())
    if (best.empty() && isSupportedByHost(target.kind))
      best = target.name;
  auto expected = run({text, {}}, true, best);
  ASSERT_EQ(expected.size(), 1u);
  for (unsigned threads : {1u, 3u}) {
    auto found = run({text, {}}, true, "any", threads);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(describeDifference(expected[0], found[0]), std::nullopt)
        << best.str() << ", " << threads << " threads";
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
