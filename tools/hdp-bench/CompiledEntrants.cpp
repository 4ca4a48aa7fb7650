//===- CompiledEntrants.cpp - attention from our compiler -----------------===//

#include "AttentionContest.h"
#include "Importance.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;

llvm::Error Contest::addCompiled(mlir::MLIRContext &context) {
  auto add = [&](llvm::StringRef name,
                 const std::optional<numerics::Policy> &policy)
      -> llvm::Expected<Entrant *> {
    auto attention = CompiledAttention::compile(inputs, policy, context);
    if (!attention)
      return attention.takeError();
    compiled.push_back(
        std::make_unique<CompiledAttention>(std::move(*attention)));
    const CompiledAttention &ours = *compiled.back();
    Entrant &entrant =
        this->add(name, [&](HostTensor &out) { return ours.run(inputs, out); });
    entrant.row["compile_seconds"] = ours.getCompileSeconds();
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
  }
  auto exact = add("hdp, exact", std::nullopt);
  return exact ? llvm::Error::success() : exact.takeError();
}
