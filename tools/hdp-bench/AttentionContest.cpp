//===- AttentionContest.cpp - entrants, rounds, rows ----------------------===//

#include "AttentionContest.h"
#include "CompiledAttention.h"
#include "Importance.h"
#include "hdp/Execution/TensorCompare.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstdlib>

using namespace hdp;
using namespace hdp::bench;

namespace {
/// One implementation: its result and what is known of it before it runs.
struct Entrant {
  HostTensor out;
  llvm::json::Object row;
  /// Whether it may be called the best f32 implementation.
  bool isF32 = false;
  size_t index = 0;
};

class Contest {
public:
  Contest(const AttentionInputs &inputs, const ContestOptions &options,
          mlir::MLIRContext &context, Session &session)
      : inputs(inputs), options(options), context(context), session(session) {}

  llvm::Error addCompiled();
  void addDense();
  llvm::Error run();
  void report();

private:
  Entrant &add(std::string name,
               std::function<llvm::Error(HostTensor &out)> call);
  void addDense(std::string name, DenseKernel kernel, bool isF32);

  const AttentionInputs &inputs;
  const ContestOptions &options;
  mlir::MLIRContext &context;
  Session &session;
  /// Calls refer to them.
  std::vector<std::unique_ptr<Entrant>> entrants;
  std::vector<std::unique_ptr<CompiledAttention>> compiled;
  std::vector<std::unique_ptr<char, decltype(&std::free)>> workspaces;
  RoundRobin rounds;
};
} // namespace

Entrant &Contest::add(std::string name,
                      std::function<llvm::Error(HostTensor &out)> call) {
  entrants.push_back(std::make_unique<Entrant>());
  Entrant &entrant = *entrants.back();
  entrant.out = HostTensor(
      ElementType::F32, {inputs.heads(), inputs.queries(), inputs.valueDim()});
  entrant.row = llvm::json::Object{
      {"implementation", name},      {"inputs", inputs.source},
      {"heads", inputs.heads()},     {"length", inputs.keys()},
      {"queries", inputs.queries()}, {"head_dim", inputs.headDim()}};
  entrant.index =
      rounds.add(std::move(name), [&entrant, call = std::move(call)] {
        return call(entrant.out);
      });
  return entrant;
}

/// Ours: each wanted share pruned.
llvm::Error Contest::addCompiled() {
  ImportanceTable table(inputs, options.policy);
  for (double wanted : options.pruned) {
    numerics::Policy policy = table.tune(options.policy, wanted);
    auto attention = CompiledAttention::compile(inputs, policy, context);
    if (!attention)
      return attention.takeError();
    compiled.push_back(
        std::make_unique<CompiledAttention>(std::move(*attention)));
    const CompiledAttention &ours = *compiled.back();
    Entrant &entrant =
        add(llvm::formatv("hdp, {0:f0} % wanted", 100 * wanted),
            [&](HostTensor &out) { return ours.run(inputs, out); });
    entrant.row["pruned"] = table.getPrunedFraction(policy);
    entrant.row["rho"] = policy.threshold;
    entrant.row["compile_seconds"] = ours.getCompileSeconds();
  }
  return llvm::Error::success();
}

void Contest::addDense(std::string name, DenseKernel kernel, bool isF32) {
  size_t size = kernel.getWorkspace(inputs.getHead(0, nullptr));
  workspaces.emplace_back(
      static_cast<char *>(std::aligned_alloc(64, (size + 127) / 64 * 64)),
      &std::free);
  char *workspace = workspaces.back().get();
  Entrant &entrant = add(std::move(name), [=](HostTensor &out) -> llvm::Error {
    for (int64_t head = 0; head < inputs.heads(); ++head) {
      DenseCall call = inputs.getHead(head, out.as<float>());
      call.workspace = workspace;
      kernel.run(call);
    }
    return llvm::Error::success();
  });
  entrant.isF32 = isF32;
}

/// Ours without pruning, in the widest vectors of this processor.
void Contest::addDense() {
  const Host &host = session.getHost();
  bool hasAVX512 = getDenseF32AVX512().run && host.has("avx512f") &&
                   host.has("avx512bw") && host.has("avx512vl") &&
                   host.has("avx512dq");
  bool hasAVX2 = getDenseF32AVX2().run && host.has("avx2") && host.has("fma");
  if (hasAVX512)
    addDense("own dense f32", getDenseF32AVX512(), true);
  else if (hasAVX2)
    addDense("own dense f32", getDenseF32AVX2(), true);
  else
    addDense("own dense f32", getDenseF32Portable(), true);
}

llvm::Error Contest::run() { return rounds.run(session.getEffort()); }

void Contest::report() {
  const Entrant *best = nullptr;
  for (const auto &entrant : entrants)
    if (entrant->isF32 && (!best || rounds.getMedian(entrant->index) <
                                        rounds.getMedian(best->index)))
      best = entrant.get();
  for (auto &entrant : entrants) {
    llvm::json::Object &row = entrant->row;
    double seconds = rounds.getMedian(entrant->index);
    row["milliseconds"] = 1e3 * seconds;
    row["minimum_milliseconds"] = 1e3 * rounds.getMinimum(entrant->index);
    row["rounds"] = rounds.getRounds();
    row["dense_gflops"] = inputs.operations() / seconds * 1e-9;
    if (best)
      row["ratio_to_best_f32"] = rounds.getSpeedup(entrant->index, best->index);
    row["error_of_exact"] = computeErrorOfExact(inputs, entrant->out);
    session.addRow(std::move(row));
  }
  session.printTable(
      llvm::formatv("attention, {0} inputs, {1} heads, {2} x {3} scores, d {4}",
                    inputs.source, inputs.heads(), inputs.queries(),
                    inputs.keys(), inputs.headDim())
          .str(),
      {{"implementation", "implementation"},
       {"milliseconds", "ms", 3},
       {"ratio_to_best_f32", "x best f32", 2},
       {"pruned", "pruned", 3},
       {"dense_gflops", "dense GFLOP/s", 1},
       {"error_of_exact", "error", 6}});
}

llvm::Error hdp::bench::runAttentionContest(const AttentionInputs &inputs,
                                            const ContestOptions &options,
                                            mlir::MLIRContext &context,
                                            Session &session) {
  Contest contest(inputs, options, context, session);
  if (llvm::Error error = contest.addCompiled())
    return error;
  contest.addDense();
  if (llvm::Error error = contest.run())
    return error;
  contest.report();
  return llvm::Error::success();
}
