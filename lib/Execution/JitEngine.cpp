//===- JitEngine.cpp - attention sites as machine code --------------------===//
//
// The CPU's reading of a site function: the same pipeline that a whole model
// goes through.
//
//===----------------------------------------------------------------------===//

#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Support/Error.h"
#include "mlir/IR/OwningOpRef.h"

using namespace hdp;
using namespace mlir;

namespace {
class JitSite : public PreparedSite {
public:
  JitSite(std::unique_ptr<CompiledModel> model, StringRef function,
          std::vector<std::string> names)
      : model(std::move(model)), function(function), names(std::move(names)) {}

  llvm::Expected<std::vector<NamedTensor>>
  run(llvm::ArrayRef<const HostTensor *> inputs) const override {
    auto results = model->run(function, inputs);
    if (!results)
      return results.takeError();
    std::vector<NamedTensor> named;
    for (auto [name, tensor] : llvm::zip(names, *results))
      named.push_back({name, std::move(tensor)});
    return named;
  }

private:
  std::unique_ptr<CompiledModel> model;
  std::string function;
  std::vector<std::string> names;
};

class JitEngine : public AttentionEngine {
public:
  explicit JitEngine(const JitOptions &options) : options(options) {}

  llvm::StringRef getName() const override { return "cpu"; }

  llvm::Expected<std::unique_ptr<PreparedSite>>
  prepare(func::FuncOp site) const override {
    std::vector<std::string> names;
    for (unsigned index = 0; index < site.getNumResults(); ++index) {
      auto name = site.getResultAttrOfType<StringAttr>(index, kTensorNameAttr);
      if (!name)
        return makeError("result " + Twine(index) + " of site function '" +
                         site.getName() + "' has no name");
      names.push_back(name.str());
    }
    OwningOpRef<ModuleOp> module = ModuleOp::create(site.getLoc());
    func::FuncOp function = site.clone();
    function.setPublic();
    module->push_back(function);
    std::string name = function.getName().str();
    CompileOptions compileOptions;
    compileOptions.objectCache = options.objectCache;
    compileOptions.threads = options.threads;
    auto model = CompiledModel::compile(*module, compileOptions);
    if (!model)
      return model.takeError();
    return std::make_unique<JitSite>(std::move(*model), name, std::move(names));
  }

private:
  JitOptions options;
};
} // namespace

std::unique_ptr<AttentionEngine> hdp::makeJitEngine(const JitOptions &options) {
  return std::make_unique<JitEngine>(options);
}
