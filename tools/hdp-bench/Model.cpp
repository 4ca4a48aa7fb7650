//===- Model.cpp - hdp-bench model ----------------------------------------===//
//
// Whole encoders: compiled, with exact and with pruned attention, against
// PyTorch in eager mode with the same weights.
//
//===----------------------------------------------------------------------===//

#include "Encoder.h"
#include "PythonPeers.h"
#include "Session.h"
#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Execution/ModelRunner.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/InitAll.h"
#include "hdp/Pipelines/RaisePipeline.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/TensorFile.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;
namespace cl = llvm::cl;

namespace {
struct ModelOptions {
  cl::SubCommand command{"model", "whole encoders"};
  ListOption<std::string> models{command, "model", "bert-base|kwt1",
                                 "the shapes (default: both)"};
  ListOption<unsigned> lengths{command, "length", "S",
                               "tokens (default: the model's own)"};
  cl::opt<unsigned> layers{"layers", cl::init(12), cl::sub(command),
                           cl::cat(getCategory()),
                           cl::desc("layers (default: 12)")};
  cl::list<std::string> policies{
      "policy", cl::value_desc("POLICY"), cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("how attention is pruned, several times for several rows "
               "(default: compensated)")};
  ThreadsOption threads{command};
  cl::opt<std::string> python{
      "python", cl::value_desc("FILE"), cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("a Python with PyTorch, to measure it too")};
};

/// One way to run the model.
struct Contender {
  std::string name;
  std::unique_ptr<CompiledModel> model;
  HostTensor out;
  double compileSeconds = 0;
  std::optional<double> pruned;
  size_t index = 0;
  /// With threads: how many, and the one with one.
  unsigned threads = 0;
  size_t oneThread = 0;
};
} // namespace

static llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
parseModel(llvm::StringRef text, mlir::MLIRContext &context) {
  ErrorCollector errors(&context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return errors.take("the encoder is not valid");
  return module;
}

/// The model as machine code, attention in place: no host in between.
static llvm::Expected<std::unique_ptr<CompiledModel>>
compileModel(llvm::StringRef text, llvm::StringRef policy, unsigned threads,
             mlir::MLIRContext &context) {
  auto module = parseModel(text, context);
  if (!module)
    return module.takeError();
  HDPSetPolicyOptions options;
  options.policy = policy.str();
  if (llvm::Error error =
          runPasses(**module, "raising failed", [&](mlir::OpPassManager &pm) {
            buildRaisePipeline(pm, {});
            pm.addNestedPass<mlir::func::FuncOp>(createHDPSetPolicy(options));
          }))
    return error;
  CompileOptions fused;
  fused.attention = AttentionLowering::Vector;
  fused.threads = threads;
  return CompiledModel::compile(**module, fused);
}

/// The share of blocks that the policy prunes, from a run that counts.
static llvm::Expected<double>
countPruned(llvm::StringRef text, llvm::StringRef policy,
            llvm::ArrayRef<const HostTensor *> arguments,
            mlir::MLIRContext &context) {
  auto module = parseModel(text, context);
  if (!module)
    return module.takeError();
  RunnerOptions options;
  options.policy = policy.str();
  auto runner = ModelRunner::create(std::move(*module), options);
  if (!runner)
    return runner.takeError();
  if (llvm::Error error = (*runner)->compile())
    return error;
  auto outcome = (*runner)->run(arguments);
  if (!outcome)
    return outcome.takeError();
  int64_t blocks = 0, pruned = 0;
  for (const LayerReport &layer : (*runner)->getReport().layers) {
    blocks += layer.fullBlocks;
    pruned += layer.prunedBlocks;
  }
  return blocks == 0 ? 0.0 : double(pruned) / double(blocks);
}

static llvm::Error runModel(const EncoderShape &shape,
                            const ModelOptions &options, PythonPeers *python,
                            mlir::MLIRContext &context, Session &session) {
  std::vector<NamedTensor> arguments = makeEncoderArguments(shape, 1);
  std::vector<const HostTensor *> pointers;
  for (const NamedTensor &argument : arguments)
    pointers.push_back(&argument.tensor);
  std::string text = writeEncoder(shape);

  std::vector<std::string> policies = {"exact"};
  policies.insert(policies.end(), options.policies.begin(),
                  options.policies.end());
  if (policies.size() == 1)
    policies.push_back("compensated");
  std::vector<unsigned> threadCounts;
  if (llvm::Error error = options.threads.read(threadCounts))
    return error;
  std::vector<std::unique_ptr<Contender>> contenders;
  RoundRobin rounds;
  for (const std::string &policy : policies) {
    auto add = [&](unsigned threads) -> llvm::Error {
      contenders.push_back(std::make_unique<Contender>());
      Contender &contender = *contenders.back();
      contender.name = "hdp, " + policy;
      double start = processorSeconds();
      auto model = compileModel(text, policy, std::max(threads, 1u), context);
      if (!model)
        return model.takeError();
      contender.compileSeconds = processorSeconds() - start;
      contender.model = std::move(*model);
      auto call = [&contender, pointers]() -> llvm::Error {
        auto results = contender.model->run("encoder", pointers);
        if (!results)
          return results.takeError();
        contender.out = std::move((*results)[0]);
        return llvm::Error::success();
      };
      contender.threads = threads;
      if (threads == 0) {
        contender.index = rounds.add(contender.name, call);
        return llvm::Error::success();
      }
      contender.name += ", threads: " + std::to_string(threads);
      contender.index = rounds.addThreaded(contender.name, call);
      contender.oneThread = threads == 1
                                ? contender.index
                                : contenders[contenders.size() - 2]->oneThread;
      return llvm::Error::success();
    };
    if (llvm::Error error = add(0))
      return error;
    Contender &contender = *contenders.back();
    if (policy != "exact") {
      auto pruned = countPruned(text, policy, pointers, context);
      if (!pruned)
        return pruned.takeError();
      contender.pruned = *pruned;
    }
    for (unsigned threads : threadCounts)
      if (llvm::Error error = add(threads))
        return error;
  }
  size_t numOurs = contenders.size();
  if (python) {
    if (llvm::Error error = writeNpz(python->getFile(), arguments))
      return error;
    auto answer =
        python->ask(llvm::formatv("load {0} {1} {2}", python->getFile(),
                                  shape.layers, shape.heads)
                        .str());
    if (!answer)
      return answer.takeError();
    const llvm::json::Array *names = answer->getArray("names");
    if (!names)
      return makeError("the Python process: expected 'names'");
    if (auto reason = answer->getString("absent"))
      session.addNote("PyTorch is absent: " + reason->str());
    for (size_t i = 0; i < names->size(); ++i) {
      contenders.push_back(std::make_unique<Contender>());
      Contender &contender = *contenders.back();
      contender.name = (*names)[i].getAsString().value_or("").str();
      contender.index = rounds.addTimed(
          contender.name, [python, i] { return python->run(int64_t(i)); });
    }
  }
  if (llvm::Error error = rounds.run(session.getEffort()))
    return error;

  const HostTensor &exact = contenders.front()->out;
  for (size_t i = 0; i < contenders.size(); ++i) {
    Contender &contender = *contenders[i];
    llvm::json::Object row{
        {"implementation", contender.name}, {"model", shape.name},
        {"layers", shape.layers},           {"length", shape.length},
        {"hidden", shape.hidden},           {"heads", shape.heads},
        {"rounds", rounds.getRounds()}};
    row["milliseconds"] = 1e3 * rounds.getMedian(contender.index);
    row["minimum_milliseconds"] = 1e3 * rounds.getMinimum(contender.index);
    if (contender.threads) {
      row["threads"] = contender.threads;
      row["ratio_to_one_thread"] =
          rounds.getSpeedup(contender.index, contender.oneThread);
    } else {
      row["ratio_to_exact"] =
          rounds.getSpeedup(contender.index, contenders.front()->index);
      if (contenders.size() > numOurs)
        row["ratio_to_pytorch"] =
            rounds.getSpeedup(contender.index, contenders[numOurs]->index);
    }
    if (contender.model) {
      row["compile_seconds"] = contender.compileSeconds;
      if (contender.pruned)
        row["pruned"] = *contender.pruned;
    } else {
      auto done = python->ask(
          llvm::formatv("result {0} {1}", i - numOurs, python->getFile())
              .str());
      if (!done)
        return done.takeError();
      auto file = TensorFile::open(python->getFile());
      if (!file)
        return file.takeError();
      auto tensor = file->load("out");
      if (!tensor)
        return tensor.takeError();
      contender.out = std::move(*tensor);
    }
    if (contender.out.getShape() != exact.getShape())
      return makeError("'" + contender.name + "' gave tensor<" +
                       formatType(contender.out) + ">, expected tensor<" +
                       formatType(exact) + ">");
    row["error_of_exact"] = computeMaxError(contender.out, exact);
    session.addRow(std::move(row));
  }
  std::vector<Column> columns = {{"implementation", "implementation"},
                                 {"milliseconds", "ms", 3},
                                 {"ratio_to_exact", "x exact", 2},
                                 {"ratio_to_pytorch", "x PyTorch", 2},
                                 {"pruned", "pruned", 3},
                                 {"compile_seconds", "compile s", 2}};
  if (!threadCounts.empty())
    columns.push_back({"ratio_to_one_thread", "x one thread", 2});
  columns.push_back({"error_of_exact", "error", 6});
  session.printTable(
      llvm::formatv("{0}, {1} layers, {2} tokens, {3} wide, {4} heads",
                    shape.name, shape.layers, shape.length, shape.hidden,
                    shape.heads)
          .str(),
      columns);
  return llvm::Error::success();
}

static llvm::Error run(const ModelOptions &options, Session &session) {
  std::vector<std::string> names(options.models.begin(), options.models.end());
  if (names.empty())
    names = {"kwt1", "bert-base"};
  std::vector<unsigned> lengths(options.lengths.begin(), options.lengths.end());
  if (lengths.empty())
    lengths.push_back(0);
  if (options.layers == 0)
    return makeError("--layers: expected at least 1, found 0");
  if (llvm::is_contained(options.lengths, 0u))
    return makeError("--length: expected at least 1 token, found 0");
  session.addNote("error: the largest difference from the first row's result");
  std::unique_ptr<PythonPeers> python;
  if (options.python.empty()) {
    session.addNote("PyTorch is left out: no --python");
  } else {
    auto started =
        PythonPeers::start(options.python, "hdp-bench-model-peers.py");
    if (!started)
      return started.takeError();
    python = std::move(*started);
  }
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hdp::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  for (const std::string &name : names)
    for (unsigned length : lengths) {
      llvm::Expected<EncoderShape> shape = getEncoderShape(name, length);
      if (!shape)
        return shape.takeError();
      shape->layers = options.layers;
      if (llvm::Error error =
              runModel(*shape, options, python.get(), context, session))
        return error;
    }
  return llvm::Error::success();
}

Subcommand hdp::bench::makeModelCommand() {
  static ModelOptions options;
  return {&options.command,
          [](Session &session) { return run(options, session); }};
}
