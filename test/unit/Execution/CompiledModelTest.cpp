//===- CompiledModelTest.cpp - compile, call, fail ------------------------===//

#include "hdp/Execution/CompiledModel.h"
#include "ModuleTest.h"
#include <malloc.h>
#include <thread>

using namespace hdp;

namespace {

class CompiledModelTest : public ModuleTest {
protected:
  /// Compiles `text`, which must be right.
  std::unique_ptr<CompiledModel> compile(llvm::StringRef text,
                                         const CompileOptions &options = {}) {
    module = parse(text);
    auto model = CompiledModel::compile(*module, options);
    if (!model) {
      ADD_FAILURE() << llvm::toString(model.takeError());
      return nullptr;
    }
    return std::move(*model);
  }

  std::string compileError(llvm::StringRef text) {
    module = parse(text);
    auto model = CompiledModel::compile(*module);
    EXPECT_FALSE(bool(model));
    return model ? "" : llvm::toString(model.takeError());
  }

  static std::vector<HostTensor>
  run(const CompiledModel &model,
      std::initializer_list<const HostTensor *> arguments,
      llvm::StringRef function = "main") {
    auto results = model.run(function, arguments);
    if (!results) {
      ADD_FAILURE() << llvm::toString(results.takeError());
      return {};
    }
    return std::move(*results);
  }

  static std::string
  runError(const CompiledModel &model,
           std::initializer_list<const HostTensor *> arguments,
           llvm::StringRef function = "main") {
    auto results = model.run(function, arguments);
    EXPECT_FALSE(bool(results));
    return results ? "" : llvm::toString(results.takeError());
  }

  mlir::OwningOpRef<mlir::ModuleOp> module;
};

HostTensor f32(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> elements) {
  return makeTensor<float>(ElementType::F32, shape, elements);
}

TEST_F(CompiledModelTest, TensorsAndScalarsInAndOut) {
  auto model = compile(R"(
    func.func @main(%a: tensor<2x2xf32>, %s: f32, %n: index, %b: i1)
        -> (tensor<2x2xf32>, f32, index, i1, tensor<f32>) {
      %e = tensor.empty() : tensor<2x2xf32>
      %m = linalg.generic {
          indexing_maps = [affine_map<(i, j) -> (i, j)>,
                           affine_map<(i, j) -> (i, j)>],
          iterator_types = ["parallel", "parallel"]}
          ins(%a : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) {
      ^bb0(%x: f32, %y: f32):
        %p = arith.mulf %x, %s : f32
        linalg.yield %p : f32
      } -> tensor<2x2xf32>
      %t = arith.addf %s, %s : f32
      %o = index.add %n, %n
      %c = arith.constant true
      %f = arith.xori %b, %c : i1
      %r = tensor.from_elements %t : tensor<f32>
      return %m, %t, %o, %f, %r
          : tensor<2x2xf32>, f32, index, i1, tensor<f32>
    })");
  ASSERT_TRUE(model);
  HostTensor a = f32({2, 2}, {1, 2, 3, 4}), s = f32({}, {3});
  HostTensor n = makeTensor<int64_t>(ElementType::I64, {}, {21});
  HostTensor b = makeTensor<uint8_t>(ElementType::I1, {}, {1});
  auto results = run(*model, {&a, &s, &n, &b});
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(toVector<float>(results[0]), (std::vector<float>{3, 6, 9, 12}));
  EXPECT_EQ(*results[1].as<float>(), 6);
  EXPECT_EQ(*results[2].as<int64_t>(), 42);
  EXPECT_EQ(*results[3].as<uint8_t>(), 0);
  EXPECT_EQ(*results[4].as<float>(), 6);
  EXPECT_EQ(formatType(model->lookup("main")->results[0]), "tensor<2x2xf32>");
}

TEST_F(CompiledModelTest, OneScalarResultIsReturnedByValue) {
  auto model = compile(R"(
    func.func @main(%a: f64) -> f64 {
      %0 = arith.addf %a, %a : f64
      return %0 : f64
    }
    func.func @nothing() { return })");
  ASSERT_TRUE(model);
  HostTensor a = makeTensor<double>(ElementType::F64, {}, {1.5});
  EXPECT_EQ(*run(*model, {&a})[0].as<double>(), 3.0);
  EXPECT_TRUE(run(*model, {}, "nothing").empty());
}

TEST_F(CompiledModelTest, ReturnedArgumentIsACopyAndArgumentsAreNotWritten) {
  auto model = compile(R"(
    func.func @main(%a: tensor<2xf32>)
        -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
      %0 = linalg.exp ins(%a : tensor<2xf32>) outs(%a : tensor<2xf32>)
          -> tensor<2xf32>
      return %a, %0, %0 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
    })");
  ASSERT_TRUE(model);
  HostTensor a = f32({2}, {0, 0});
  auto results = run(*model, {&a});
  EXPECT_EQ(toVector<float>(a), (std::vector<float>{0, 0}));
  EXPECT_EQ(toVector<float>(results[0]), (std::vector<float>{0, 0}));
  EXPECT_EQ(toVector<float>(results[1]), (std::vector<float>{1, 1}));
  EXPECT_EQ(toVector<float>(results[2]), (std::vector<float>{1, 1}));
}

TEST_F(CompiledModelTest, DynamicAndEmptyShapes) {
  auto model = compile(R"(
    func.func @main(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>)
        -> tensor<?x?xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %zero = arith.constant 0.0 : f32
      %m = tensor.dim %a, %c0 : tensor<?x?xf32>
      %n = tensor.dim %b, %c1 : tensor<?x?xf32>
      %e = tensor.empty(%m, %n) : tensor<?x?xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?xf32>)
          -> tensor<?x?xf32>
      %p = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
          outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
      return %p : tensor<?x?xf32>
    })");
  ASSERT_TRUE(model);
  // Five steps of the sum: one pass of four, one left over.
  HostTensor a = f32({1, 5}, {1, 2, 3, 4, 5});
  HostTensor b = f32({5, 2}, {1, 10, 1, 10, 1, 10, 1, 10, 1, 10});
  EXPECT_EQ(toVector<float>(run(*model, {&a, &b})[0]),
            (std::vector<float>{15, 150}));
  HostTensor none(ElementType::F32, {0, 5});
  auto results = run(*model, {&none, &b});
  EXPECT_EQ(formatType(results[0]), "0x2xf32");
  HostTensor thin(ElementType::F32, {1, 0}), flat(ElementType::F32, {0, 2});
  EXPECT_EQ(toVector<float>(run(*model, {&thin, &flat})[0]),
            (std::vector<float>{0, 0}));
}

TEST_F(CompiledModelTest, WrongArgumentsAreRefused) {
  auto model = compile(R"(
    func.func @main(%a: tensor<2x?xf32>, %s: f32) -> tensor<2x?xf32> {
      return %a : tensor<2x?xf32>
    }
    func.func private @hidden() { return })");
  ASSERT_TRUE(model);
  HostTensor a(ElementType::F32, {2, 3}), s(ElementType::F32, {});
  HostTensor wide(ElementType::F64, {2, 3}), tall(ElementType::F32, {3, 3});
  EXPECT_EQ(run(*model, {&a, &s}).size(), 1u);
  EXPECT_EQ(runError(*model, {&a}),
            "function 'main' takes 2 arguments, found 1");
  EXPECT_EQ(runError(*model, {&wide, &s}),
            "argument 0 of 'main' must be tensor<2x?xf32>, found "
            "tensor<2x3xf64>");
  EXPECT_EQ(runError(*model, {&tall, &s}),
            "argument 0 of 'main' must be tensor<2x?xf32>, found "
            "tensor<3x3xf32>");
  EXPECT_EQ(runError(*model, {&a, &a}),
            "argument 1 of 'main' must be f32, found tensor<2x3xf32>");
  EXPECT_EQ(runError(*model, {}, "hidden"),
            "the module has no public function 'hidden' that can be called");
  EXPECT_EQ(model->lookup("hidden"), nullptr);
}

TEST_F(CompiledModelTest, FailedAssertionIsAnErrorAndTheModelGoesOn) {
  auto model = compile(R"(
    func.func @main(%n: index) -> index {
      %c9 = arith.constant 9 : index
      %ok = arith.cmpi ult, %n, %c9 : index
      cf.assert %ok, "token id beyond the table, 100%s"
      return %n : index
    })");
  ASSERT_TRUE(model);
  HostTensor good = makeTensor<int64_t>(ElementType::I64, {}, {8});
  HostTensor bad = makeTensor<int64_t>(ElementType::I64, {}, {9});
  EXPECT_EQ(runError(*model, {&bad}), "token id beyond the table, 100%s");
  EXPECT_EQ(*run(*model, {&good})[0].as<int64_t>(), 8);
  EXPECT_EQ(runError(*model, {&bad}), "token id beyond the table, 100%s");
}

TEST_F(CompiledModelTest, MemoryThatThereIsNotIsAnError) {
  auto model = compile(R"(
    func.func @main(%n: index) -> tensor<?xf64> {
      %c1 = arith.constant 1.0 : f64
      %e = tensor.empty(%n) : tensor<?xf64>
      %0 = linalg.fill ins(%c1 : f64) outs(%e : tensor<?xf64>)
          -> tensor<?xf64>
      return %0 : tensor<?xf64>
    })");
  ASSERT_TRUE(model);
  HostTensor few = makeTensor<int64_t>(ElementType::I64, {}, {3});
  HostTensor many = makeTensor<int64_t>(ElementType::I64, {}, {1LL << 58});
  EXPECT_EQ(runError(*model, {&many}), "out of memory");
  EXPECT_EQ(toVector<double>(run(*model, {&few})[0]),
            (std::vector<double>{1, 1, 1}));
}

/// Bytes that malloc has handed out and not got back.
size_t countAllocated() {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_F(CompiledModelTest, AFailedCallFreesItsBuffers) {
  auto model = compile(R"(
    func.func @main(%n: index) -> tensor<?xf32> {
      %c1 = arith.constant 1.0 : f32
      %c9 = arith.constant 9 : index
      %e = tensor.empty(%n) : tensor<?xf32>
      %0 = linalg.fill ins(%c1 : f32) outs(%e : tensor<?xf32>)
          -> tensor<?xf32>
      %ok = arith.cmpi ult, %n, %c9 : index
      cf.assert %ok, "too many"
      %1 = linalg.exp ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>)
          -> tensor<?xf32>
      return %1 : tensor<?xf32>
    })");
  ASSERT_TRUE(model);
  HostTensor many = makeTensor<int64_t>(ElementType::I64, {}, {1 << 20});
  size_t before = countAllocated();
  for (int call = 0; call < 20; ++call)
    EXPECT_EQ(runError(*model, {&many}), "too many");
  size_t after = countAllocated();
  EXPECT_LT(after - std::min(before, after), size_t(4) << 20); // one buffer
}

TEST_F(CompiledModelTest, ThreadsFailAndSucceedIndependently) {
  auto model = compile(R"(
    func.func @main(%n: i64, %a: tensor<64xf32>) -> tensor<64xf32> {
      %c0 = arith.constant 0 : i64
      %ok = arith.cmpi eq, %n, %c0 : i64
      cf.assert %ok, "not zero"
      %e = tensor.empty() : tensor<64xf32>
      %0 = linalg.exp ins(%a : tensor<64xf32>) outs(%e : tensor<64xf32>)
          -> tensor<64xf32>
      return %0 : tensor<64xf32>
    })");
  ASSERT_TRUE(model);
  std::vector<int> failures(4, 0), successes(4, 0);
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id)
    threads.emplace_back([&, id] {
      HostTensor input(ElementType::F32, {64});
      for (int64_t call = 0; call < 200; ++call) {
        HostTensor n(ElementType::I64, {});
        *n.as<int64_t>() = (call + id) % 2;
        auto results = model->run("main", {&n, &input});
        if (!results)
          failures[id] += llvm::toString(results.takeError()) == "not zero";
        else
          successes[id] += results->front().as<float>()[63] == 1.0f;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, (std::vector<int>{100, 100, 100, 100}));
  EXPECT_EQ(successes, (std::vector<int>{100, 100, 100, 100}));
}

TEST_F(CompiledModelTest, UnknownSymbolIsAnError) {
  EXPECT_EQ(compileError(R"(
    func.func private @nobody_defines_this(f32) -> f32
    func.func @main(%a: f32) -> f32 {
      %0 = call @nobody_defines_this(%a) : (f32) -> f32
      return %0 : f32
    })"),
            "function 'nobody_defines_this' is called but not defined");
}

TEST_F(CompiledModelTest, LoweringErrorsHaveALocation) {
  std::string message = compileError(R"(
    func.func @main(%a: tensor<4xf32>, %i: tensor<2x1xindex>)
        -> tensor<2x1xf32> {
      %0 = tensor.gather %a[%i] gather_dims([0])
          : (tensor<4xf32>, tensor<2x1xindex>) -> tensor<2x1xf32>
      return %0 : tensor<2x1xf32>
    })");
  EXPECT_NE(message.find(":4:"), std::string::npos) << message;
  EXPECT_NE(message.find("'tensor.gather' op has no lowering to the CPU"),
            std::string::npos)
      << message;
}

TEST_F(CompiledModelTest, EveryOptimizationLevelGivesTheSame) {
  for (unsigned level = 0; level <= 3; ++level) {
    CompileOptions options;
    options.optLevel = level;
    auto model = compile(R"(
      func.func @main(%a: tensor<3xf32>, %b: tensor<3xf32>,
                      %c: tensor<3xf32>) -> tensor<3xf32> {
        %e = tensor.empty() : tensor<3xf32>
        %0 = linalg.mul ins(%a, %b : tensor<3xf32>, tensor<3xf32>)
            outs(%e : tensor<3xf32>) -> tensor<3xf32>
        %1 = linalg.add ins(%0, %c : tensor<3xf32>, tensor<3xf32>)
            outs(%e : tensor<3xf32>) -> tensor<3xf32>
        return %1 : tensor<3xf32>
      })",
                         options);
    ASSERT_TRUE(model);
    // Contracted, the first would be 2^-46, not 0.
    float x = 1 + 0x1p-23f;
    HostTensor a = f32({3}, {x, 1, 2}), c = f32({3}, {-(1 + 0x1p-22f), 1, 2});
    EXPECT_EQ(toVector<float>(run(*model, {&a, &a, &c})[0]),
              (std::vector<float>{0, 2, 6}));
  }
  module = parse("func.func @main() { return }");
  CompileOptions options;
  options.optLevel = 4;
  auto model = CompiledModel::compile(*module, options);
  EXPECT_EQ(llvm::toString(model.takeError()),
            "the optimization level must be 0 to 3, found 4");
}

TEST_F(CompiledModelTest, SixteenBitFloats) {
  auto model = compile(R"(
    #id = affine_map<(i) -> (i)>
    func.func @main(%a: tensor<4xf64>, %h: tensor<4xf16>, %b: tensor<4xbf16>)
        -> (tensor<4xf16>, tensor<4xbf16>, tensor<4xf32>, tensor<4xf32>) {
      %e0 = tensor.empty() : tensor<4xf16>
      %e1 = tensor.empty() : tensor<4xbf16>
      %e2 = tensor.empty() : tensor<4xf32>
      %e3 = tensor.empty() : tensor<4xf32>
      %0:4 = linalg.generic {indexing_maps = [#id, #id, #id, #id, #id, #id, #id],
                             iterator_types = ["parallel"]}
          ins(%a, %h, %b : tensor<4xf64>, tensor<4xf16>, tensor<4xbf16>)
          outs(%e0, %e1, %e2, %e3 : tensor<4xf16>, tensor<4xbf16>,
                                    tensor<4xf32>, tensor<4xf32>) {
      ^bb0(%x: f64, %y: f16, %z: bf16, %o0: f16, %o1: bf16, %o2: f32,
           %o3: f32):
        %p = arith.truncf %x : f64 to f16
        %q = arith.truncf %x : f64 to bf16
        %r = arith.extf %y : f16 to f32
        %s = arith.extf %z : bf16 to f32
        linalg.yield %p, %q, %r, %s : f16, bf16, f32, f32
      } -> (tensor<4xf16>, tensor<4xbf16>, tensor<4xf32>, tensor<4xf32>)
      return %0#0, %0#1, %0#2, %0#3
          : tensor<4xf16>, tensor<4xbf16>, tensor<4xf32>, tensor<4xf32>
    })");
  ASSERT_TRUE(model);
  HostTensor a = makeTensor<double>(ElementType::F64, {4},
                                    {1.0, -65520.0, 0x1p-25, 1.00390625001});
  HostTensor h = makeTensor<uint16_t>(ElementType::F16, {4},
                                      {0x3c00, 0x0001, 0xfc00, 0xc000});
  HostTensor b = makeTensor<uint16_t>(ElementType::BF16, {4},
                                      {0x3f80, 0x0001, 0xff80, 0xc000});
  auto results = run(*model, {&a, &h, &b});
  ASSERT_EQ(results.size(), 4u);
  float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(toVector<uint16_t>(results[0]),
            (std::vector<uint16_t>{0x3c00, 0xfc00, 0x0000, 0x3c04}));
  EXPECT_EQ(toVector<uint16_t>(results[1]),
            (std::vector<uint16_t>{0x3f80, 0xc780, 0x3300, 0x3f81}));
  EXPECT_EQ(toVector<float>(results[2]),
            (std::vector<float>{1, 0x1p-24f, -inf, -2}));
  EXPECT_EQ(toVector<float>(results[3]),
            (std::vector<float>{1, 0x1p-133f, -inf, -2}));
}

} // namespace
