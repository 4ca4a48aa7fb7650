//===- MachineEngine.cpp - site functions for the machine -----------------===//
//
// Reads what the attention of a site function says; everything else is
// MachineSite's.
//
//===----------------------------------------------------------------------===//

#include "hdp/Execution/MachineEngine.h"
#include "MachineSite.h"
#include "Reference/Frame.h"
#include "SiteInputs.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace mlir;

/// The attention of a site function; its policy stays the default one if it has
/// none.
static llvm::Expected<MachineAttention> readAttention(func::FuncOp site) {
  auto attributes = site->getAttrOfType<DictionaryAttr>(kSiteAttrName);
  auto scale = attributes ? attributes.getAs<FloatAttr>("scale") : FloatAttr();
  if (!scale)
    return makeError("expected a site function with '" + Twine(kSiteAttrName) +
                     "', found '" + site.getName() + "' without");
  MachineAttention attention;
  attention.scale = scale.getValueAsDouble();
  attention.causal = attributes.contains("causal");
  auto perm = [&](StringRef name, llvm::SmallVector<int64_t, 4> &order) {
    if (auto array = attributes.getAs<DenseI64ArrayAttr>(name))
      order.assign(array.asArrayRef().begin(), array.asArrayRef().end());
  };
  perm("query_perm", attention.queryPerm);
  perm("key_perm", attention.keyPerm);
  perm("value_perm", attention.valuePerm);
  perm("result_perm", attention.resultPerm);
  for (unsigned index = 3; index < site.getNumArguments(); ++index) {
    auto name = site.getArgAttrOfType<StringAttr>(index, kTensorNameAttr);
    (name && name == "mask" ? attention.hasMask : attention.hasBias) = true;
  }
  for (unsigned index = 0; index < site.getNumResults(); ++index) {
    auto name = site.getResultAttrOfType<StringAttr>(index, kTensorNameAttr);
    attention.names.push_back(name ? name.str() : "");
  }
  if (auto policy = attributes.getAs<PolicyAttr>("policy"))
    attention.policy = policy.getValue();
  else
    attention.isDense = true;

  // Streams have one spelling of every choice.
  numerics::Policy &policy = attention.policy;
  if (policy.exponents == numerics::Exponents::Dynamic)
    policy.sq = policy.sk = policy.sv = 0;
  for (double *value : {&policy.threshold, &policy.tau, &attention.scale})
    *value += 0.0; // -0 becomes 0
  return attention;
}

namespace {
/// Checks the inputs against the site function, as the other engines do.
class CheckedSite : public MachineSite {
public:
  CheckedSite(func::FuncOp function, MachineAttention attention,
              const MachineOptions &options)
      : MachineSite(std::move(attention), options), function(function) {}

  llvm::Expected<std::vector<NamedTensor>>
  run(llvm::ArrayRef<const HostTensor *> inputs) const override {
    if (llvm::Error error = checkSiteInputs(function, inputs))
      return error;
    return MachineSite::run(inputs);
  }
  llvm::Expected<std::vector<NamedTensor>>
  measure(llvm::ArrayRef<const HostTensor *> inputs,
          SiteCall &call) const override {
    if (llvm::Error error = checkSiteInputs(function, inputs))
      return error;
    return MachineSite::measure(inputs, call);
  }

private:
  func::FuncOp function;
};

class MachineEngine : public AttentionEngine {
public:
  MachineEngine(MachineOptions options, std::unique_ptr<AttentionEngine> cpu)
      : options(std::move(options)), cpu(std::move(cpu)) {}

  llvm::StringRef getName() const override { return "machine"; }

  llvm::Expected<std::unique_ptr<PreparedSite>>
  prepare(func::FuncOp site) const override {
    llvm::Expected<MachineAttention> attention = readAttention(site);
    if (!attention)
      return attention.takeError();
    if (attention->isDense) {
      if (options.denseBits == 0)
        return cpu->prepare(site);
      attention->policy =
          machine::makeDense(machine::Site(), options.denseBits).policy;
    }
    auto type = cast<RankedTensorType>(site.getResultTypes().front());
    attention->resultType =
        *reference::convertElementType(type.getElementType());
    return std::make_unique<CheckedSite>(site, std::move(*attention), options);
  }

private:
  MachineOptions options;
  std::unique_ptr<AttentionEngine> cpu;
};
} // namespace

std::unique_ptr<AttentionEngine>
hdp::makeMachineEngine(MachineOptions options,
                       std::unique_ptr<AttentionEngine> cpu) {
  return std::make_unique<MachineEngine>(std::move(options), std::move(cpu));
}
