//===- Compile.cpp - hdp-bench compile ------------------------------------===//
//
// Time of the compiler itself: an encoder to the LLVM dialect and to machine
// code, against upstream's passes in the same run; its growth with layers; one
// attention kernel alone.
//
//===----------------------------------------------------------------------===//

#include "CompileKernels.h"
#include "CompiledAttention.h"
#include "Encoder.h"
#include "Session.h"
#include "StockLowering.h"
#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/InitAll.h"
#include "hdp/Support/Error.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;
namespace cl = llvm::cl;

namespace {
struct CompileBenchOptions {
  cl::SubCommand command{"compile", "the compiler's own time"};
  cl::opt<std::string> model{"model",
                             cl::init("bert-base"),
                             cl::value_desc("bert-base|kwt1"),
                             cl::sub(command),
                             cl::cat(getCategory()),
                             cl::desc("the encoder (default: bert-base)")};
  cl::opt<unsigned> layers{"layers", cl::init(12), cl::sub(command),
                           cl::cat(getCategory()),
                           cl::desc("layers (default: 12)")};
  cl::opt<unsigned> length{"length", cl::init(128), cl::sub(command),
                           cl::cat(getCategory()),
                           cl::desc("tokens (default: 128)")};
  cl::opt<std::string> policy{
      "policy",
      cl::init("compensated"),
      cl::value_desc("POLICY"),
      cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("the policy of attention (default: compensated)")};
  cl::opt<bool> noStockJit{
      "no-stock-jit", cl::sub(command), cl::cat(getCategory()),
      cl::desc("leave out upstream's machine code, which takes long")};
  cl::opt<bool> kernels{
      "kernels", cl::sub(command), cl::cat(getCategory()),
      cl::desc("no encoder, but one attention of every kind")};
};

/// Measures on one module text after the other.
class CompileBench {
public:
  CompileBench(const CompileBenchOptions &options, mlir::MLIRContext &context,
               Session &session)
      : options(options), context(context), session(session) {}

  llvm::Error run();

private:
  using Work = std::function<llvm::Error(mlir::ModuleOp)>;
  /// Seconds of `work` on a fresh module; parsing is not timed, and a module
  /// may be prepared first.
  RoundRobin::Call time(const std::string &text, Work work, Work prepare = {});
  llvm::Error lower(mlir::ModuleOp module, bool toLLVM);
  void addRow(const RoundRobin &rounds, size_t index, int64_t layers,
              std::optional<size_t> other);

  const CompileBenchOptions &options;
  mlir::MLIRContext &context;
  Session &session;
};
} // namespace

RoundRobin::Call CompileBench::time(const std::string &text, Work work,
                                    Work prepare) {
  return [this, &text, work = std::move(work),
          prepare = std::move(prepare)]() -> llvm::Expected<double> {
    ErrorCollector errors(&context);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      return errors.take("the encoder is not valid");
    if (prepare)
      if (llvm::Error error = prepare(*module))
        return error;
    double start = processorSeconds();
    if (llvm::Error error = work(*module))
      return error;
    return processorSeconds() - start;
  };
}

/// Raises, sets the policy and, if asked for, goes on to the LLVM dialect.
llvm::Error CompileBench::lower(mlir::ModuleOp module, bool toLLVM) {
  HDPSetPolicyOptions policy;
  policy.policy = options.policy;
  return runPasses(
      module, "lowering failed",
      [&](mlir::OpPassManager &pm) {
        buildRaisePipeline(pm, {});
        pm.addNestedPass<mlir::func::FuncOp>(createHDPSetPolicy(policy));
        CPUPipelineOptions pipeline;
        pipeline.attention = AttentionLowering::Vector;
        if (toLLVM)
          buildCPUPipeline(pm, pipeline);
      },
      Verify::AtTheEnd);
}

/// A row of `index`, with its ratio to `other`: above 1, `index` is faster.
void CompileBench::addRow(const RoundRobin &rounds, size_t index,
                          int64_t layers, std::optional<size_t> other) {
  llvm::json::Object row{{"implementation", rounds.getName(index)},
                         {"model", options.model.getValue()},
                         {"layers", layers},
                         {"length", int64_t(options.length)},
                         {"rounds", rounds.getRounds()}};
  row["milliseconds"] = 1e3 * rounds.getMedian(index);
  if (other)
    row["ratio_to_stock"] = rounds.getSpeedup(index, *other);
  session.addRow(std::move(row));
}

llvm::Error CompileBench::run() {
  llvm::Expected<EncoderShape> shape =
      getEncoderShape(options.model, options.length);
  if (!shape)
    return shape.takeError();
  shape->layers = 1;
  const std::string single = writeEncoder(*shape);
  shape->layers = options.layers;
  const std::string whole = writeEncoder(*shape);

  RoundRobin passes;
  size_t ours = passes.addTimed("hdp, to the LLVM dialect",
                                time(whole, [&](mlir::ModuleOp module) {
                                  return lower(module, /*toLLVM=*/true);
                                }));
  size_t stock =
      passes.addTimed("stock, to the LLVM dialect", time(whole, lowerStock));
  if (llvm::Error error = passes.run(session.getEffort()))
    return error;
  addRow(passes, ours, options.layers, stock);
  addRow(passes, stock, options.layers, stock);

  // From the model to code that can be called; ours includes all passes.
  Effort cold = session.getEffort();
  cold.isCold = true;
  RoundRobin code;
  auto compileOurs = [&](mlir::ModuleOp module) -> llvm::Error {
    if (llvm::Error error = lower(module, /*toLLVM=*/false))
      return error;
    CompileOptions fused;
    fused.attention = AttentionLowering::Vector;
    auto model = CompiledModel::compile(module, fused);
    return model ? llvm::Error::success() : model.takeError();
  };
  size_t ourCode =
      code.addTimed("hdp, to machine code", time(whole, compileOurs));
  size_t oneLayer =
      code.addTimed("hdp, to machine code", time(single, compileOurs));
  std::optional<size_t> stockCode;
  if (!options.noStockJit)
    stockCode = code.addTimed("stock, to machine code",
                              time(whole, [](mlir::ModuleOp module) {
                                if (llvm::Error error = lowerStock(module))
                                  return error;
                                return compileStock(module, "encoder");
                              }));
  if (llvm::Error error = code.run(cold))
    return error;
  addRow(code, ourCode, options.layers, stockCode);
  addRow(code, oneLayer, 1, std::nullopt);
  if (stockCode)
    addRow(code, *stockCode, options.layers, stockCode);

  AttentionInputs inputs = makeRandomInputs(shape->heads, shape->length,
                                            shape->headDim(), Masking::None, 1);
  CompileOptions kernels;
  kernels.attention = AttentionLowering::Vector;
  RoundRobin attentions;
  size_t kernel = attentions.addTimed(
      "hdp, one attention to machine code", [&]() -> llvm::Expected<double> {
        auto attention = CompiledAttention::compile(
            inputs, numerics::compensatedPolicy(), kernels, context);
        if (!attention)
          return attention.takeError();
        return attention->getCompileSeconds();
      });
  if (llvm::Error error = attentions.run(session.getEffort()))
    return error;
  addRow(attentions, kernel, 1, std::nullopt);
  session.printTable(
      llvm::formatv("compiling {0}, {1} tokens", shape->name, shape->length)
          .str(),
      {{"implementation", "what"},
       {"layers", "layers"},
       {"milliseconds", "ms", 1},
       {"ratio_to_stock", "x stock", 2},
       {"rounds", "rounds"}});
  return llvm::Error::success();
}

static llvm::Error run(const CompileBenchOptions &options, Session &session) {
  if (options.layers == 0 || options.length == 0)
    return makeError("expected at least one layer and one token, found " +
                     llvm::Twine(options.layers) + " and " +
                     llvm::Twine(options.length));
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hdp::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  context.disableMultithreading();
  if (options.kernels)
    return timeKernels(session, options.length, context);
  return CompileBench(options, context, session).run();
}

Subcommand hdp::bench::makeCompileCommand() {
  static CompileBenchOptions options;
  return {&options.command,
          [](Session &session) { return run(options, session); }};
}
