//===- CompiledEntrants.cpp - attention from our compiler -----------------===//

#include "AttentionContest.h"
#include "Importance.h"
#include "hdp/Execution/TensorCompare.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;

/// The output of the readable loops, which kernels equal bit for bit.
static llvm::Expected<HostTensor> runLoops(const AttentionInputs &inputs,
                                           const numerics::Policy &policy,
                                           mlir::MLIRContext &context) {
  CompileOptions options;
  options.attention = AttentionLowering::Loops;
  auto loops = CompiledAttention::compile(inputs, policy, options, context);
  if (!loops)
    return loops.takeError();
  HostTensor out(ElementType::F32,
                 {inputs.heads(), inputs.queries(), inputs.valueDim()});
  if (llvm::Error error = loops->run(inputs, out))
    return error;
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

llvm::Error Contest::addCompiled(mlir::MLIRContext &context) {
  CompileOptions kernels;
  kernels.attention = AttentionLowering::Vector;
  kernels.target = options.target;
  auto add = [&](llvm::StringRef name,
                 const std::optional<numerics::Policy> &policy)
      -> llvm::Expected<Entrant *> {
    auto attention =
        CompiledAttention::compile(inputs, policy, kernels, context);
    if (!attention)
      return attention.takeError();
    compiled.push_back(
        std::make_unique<CompiledAttention>(std::move(*attention)));
    const CompiledAttention &ours = *compiled.back();
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
  for (double wanted : options.pruned) {
    numerics::Policy policy = table.tune(options.policy, wanted);
    auto entrant =
        add(llvm::formatv("hdp, {0:f0} % wanted", 100 * wanted).str(), policy);
    if (!entrant)
      return entrant.takeError();
    (*entrant)->row["pruned"] = table.getPrunedFraction(policy);
    (*entrant)->row["rho"] = policy.threshold;
    auto expected = runLoops(inputs, policy, context);
    if (!expected)
      return expected.takeError();
    (*entrant)->check = [expected =
                             std::move(*expected)](const HostTensor &out) {
      return !describeDifference(expected, out).has_value();
    };
  }
  auto exact = add("hdp, exact", std::nullopt);
  return exact ? llvm::Error::success() : exact.takeError();
}
