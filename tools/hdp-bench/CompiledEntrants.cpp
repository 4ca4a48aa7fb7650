//===- CompiledEntrants.cpp - attention from our compiler -----------------===//

#include "AttentionContest.h"
#include "Importance.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Support/CPUTarget.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;

/// The output of the readable loops, which kernels equal bit for bit, and the
/// time of their one run.
static llvm::Expected<HostTensor> runLoops(const AttentionInputs &inputs,
                                           const numerics::Policy &policy,
                                           mlir::MLIRContext &context,
                                           double &seconds) {
  CompileOptions options;
  options.attention = AttentionLowering::Loops;
  auto loops = CompiledAttention::compile(inputs, policy, options, context);
  if (!loops)
    return loops.takeError();
  HostTensor out(ElementType::F32,
                 {inputs.heads(), inputs.queries(), inputs.valueDim()});
  double start = processorSeconds();
  if (llvm::Error error = loops->run(inputs, out))
    return error;
  seconds = processorSeconds() - start;
  return out;
}

void Contest::addCounted(Entrant &entrant, CompiledAttention attention) {
  compiled.push_back(std::make_unique<CompiledAttention>(std::move(attention)));
  const CompiledAttention &ours = *compiled.back();
  auto call = [this, &entrant, &ours]() -> llvm::Expected<double> {
    StageShares shares;
    double start = processorSeconds();
    if (llvm::Error error = ours.runCounted(inputs, entrant.out, shares))
      return error;
    entrant.shares.push_back(shares);
    return processorSeconds() - start;
  };
  entrant.countedIndex = rounds.addTimed("", call);
}

/// Cycles a score of each stage, from the median of its shares and the time of
/// the kernel that does not count.
void Contest::reportStages(Entrant &entrant) {
  if (entrant.shares.empty())
    return;
  double cycles =
      rounds.getMedian(entrant.index) * options.peaks.clock / inputs.scores();
  for (int64_t stage = 0; stage < kNumKernelStages; ++stage) {
    std::vector<double> shares;
    for (const StageShares &each : entrant.shares)
      shares.push_back(each[stage]);
    entrant.row[getStageKey(KernelStage(stage))] =
        cycles * getMedian(std::move(shares));
  }
}

llvm::Expected<const CompiledAttention *>
Contest::compile(const std::optional<numerics::Policy> &policy,
                 const CompileOptions &kernels, mlir::MLIRContext &context) {
  auto attention = CompiledAttention::compile(inputs, policy, kernels, context);
  if (!attention)
    return attention.takeError();
  compiled.push_back(
      std::make_unique<CompiledAttention>(std::move(*attention)));
  return compiled.back().get();
}

llvm::Error Contest::addThreaded(llvm::StringRef name,
                                 const std::optional<numerics::Policy> &policy,
                                 mlir::MLIRContext &context) {
  std::optional<size_t> one;
  for (unsigned threads : options.threads) {
    CompileOptions kernels;
    kernels.target = options.target;
    kernels.threads = threads;
    auto attention = compile(policy, kernels, context);
    if (!attention)
      return attention.takeError();
    const CompiledAttention &ours = **attention;
    std::string text = llvm::formatv("{0}, threads: {1}", name, threads).str();
    Entrant &entrant = addEntrant(text);
    entrant.index =
        rounds.addThreaded(text, [&] { return ours.run(inputs, entrant.out); });
    one = one.value_or(entrant.index);
    entrant.oneThread = one;
    entrant.row["threads"] = threads;
  }
  return llvm::Error::success();
}

llvm::Error Contest::addCompiled(mlir::MLIRContext &context) {
  CompileOptions kernels;
  kernels.attention = AttentionLowering::Vector;
  kernels.target = options.target;
  auto add = [&](llvm::StringRef name,
                 const std::optional<numerics::Policy> &policy)
      -> llvm::Expected<Entrant *> {
    auto attention = compile(policy, kernels, context);
    if (!attention)
      return attention.takeError();
    const CompiledAttention &ours = **attention;
    Entrant &entrant =
        this->add(name, [&](HostTensor &out) { return ours.run(inputs, out); });
    entrant.row["compile_seconds"] = ours.getCompileSeconds();
    if (!policy || !options.countsStages)
      return &entrant;
    CompileOptions counting = kernels;
    counting.stageCycles = true;
    auto counted =
        CompiledAttention::compile(inputs, policy, counting, context);
    if (!counted)
      return counted.takeError();
    addCounted(entrant, std::move(*counted));
    return &entrant;
  };
  ImportanceTable table(inputs, options.policy);
  std::vector<std::pair<std::string, numerics::Policy>> policies;
  if (options.usesPolicyAsGiven)
    policies.push_back({"hdp, policy as given", options.policy});
  for (double wanted : options.pruned)
    policies.push_back(
        {llvm::formatv("hdp, {0:f0} % wanted", 100 * wanted).str(),
         table.tune(options.policy, wanted)});
  for (const auto &[name, policy] : policies) {
    auto entrant = add(name, policy);
    if (!entrant)
      return entrant.takeError();
    (*entrant)->row["pruned"] = table.getPrunedFraction(policy);
    (*entrant)->row["rho"] = policy.threshold;
    double seconds = 0;
    auto expected = runLoops(inputs, policy, context, seconds);
    if (!expected)
      return expected.takeError();
    (*entrant)->row["loops_milliseconds"] = 1e3 * seconds;
    auto check = [expected = std::move(*expected)](const HostTensor &out) {
      return !describeDifference(expected, out).has_value();
    };
    (*entrant)->check = check;
    size_t first = entrants.size();
    if (llvm::Error error = addThreaded(name, policy, context))
      return error;
    for (auto &threaded : llvm::drop_begin(entrants, first))
      threaded->check = check;
  }
  auto exact = add("hdp, exact", std::nullopt);
  if (!exact)
    return exact.takeError();
  std::optional<CPUTarget> target = getCPUTarget(options.target);
  if (target && target->hasBF16()) {
    kernels.exact = ExactProducts::BF16;
    auto rounded = add("hdp, exact bf16", std::nullopt);
    if (!rounded)
      return rounded.takeError();
  }
  return addThreaded("hdp, exact", std::nullopt, context);
}
