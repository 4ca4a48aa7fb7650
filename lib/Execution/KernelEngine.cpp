//===- KernelEngine.cpp - attention sites as fused kernels ----------------===//
//
// The fast reading of a site function: its attention as a whole where there is
// a kernel for it, its parts where there is none.
//
//===----------------------------------------------------------------------===//

#include "KernelSite.h"
#include "hdp/Conversion/HDPToVector.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace mlir;

namespace {
class KernelEngine : public AttentionEngine {
public:
  explicit KernelEngine(const JitOptions &options) : options(options) {}

  llvm::StringRef getName() const override { return "cpu"; }

  llvm::Expected<std::unique_ptr<PreparedSite>>
  prepare(func::FuncOp site) const override {
    OwningOpRef<ModuleOp> module = ModuleOp::create(site.getLoc());
    FailureOr<AttentionOp> op = buildKernelFunction(site, *module);
    if (failed(op) || (op->getPolicy() && !isFusable(*op)))
      return makeJitEngine(options)->prepare(site);
    return KernelSite::create(site, *op, *module, options);
  }

private:
  JitOptions options;
};
} // namespace

std::unique_ptr<AttentionEngine>
hdp::makeKernelEngine(const JitOptions &options) {
  return std::make_unique<KernelEngine>(options);
}
