//===- KernelVariants.cpp - kernels for several targets -------------------===//
//
// A kernel gets the target that its code is emitted for, or a copy for each of
// several; then the kernel itself only calls one of the copies, whichever the
// processor at hand is best at.
//
//===----------------------------------------------------------------------===//

#include "TargetDetection.h"
#include "hdp/Conversion/FunctionTarget.h"
#include "hdp/Conversion/VectorEmitter.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace hdp {
#define GEN_PASS_DEF_KERNELVARIANTS
#define GEN_PASS_DEF_EMITVARIANTCALLS
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

/// On a kernel that stands for its variants: their symbols, the best first.
static constexpr llvm::StringLiteral kVariantsAttr = "hdp.variants";

/// A private function with work in it that has variants.
static bool isKernel(func::FuncOp function) {
  if (!function.isPrivate() || function.isExternal())
    return false;
  return function
      .walk([](Operation *op) {
        bool isWork = isa<linalg::LinalgOp>(op) ||
                      op->getName().getDialectNamespace() == "hdp";
        return isWork ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

static std::string getVariantName(StringRef kernel,
                                  const hdp::CPUTarget &target) {
  std::string name = (kernel + "_" + target.name).str();
  llvm::replace(name, '-', '_');
  return name;
}

namespace {
struct KernelVariantsPass
    : public hdp::impl::KernelVariantsBase<KernelVariantsPass> {
  using KernelVariantsBase::KernelVariantsBase;

  void runOnOperation() override {
    std::string wrong;
    std::optional<SmallVector<hdp::CPUTarget>> found =
        hdp::parseCPUTargets(targets, wrong);
    if (!found) {
      mlir::emitError(getOperation().getLoc(), "expected target any, ")
          << hdp::getExpectedTargets() << ", found '" << wrong << "'";
      return signalPassFailure();
    }
    if (found->size() == 1 && found->front().name == "host")
      return;
    SmallVector<func::FuncOp> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (isKernel(function))
        kernels.push_back(function);
    SymbolTable symbols(getOperation());
    for (func::FuncOp kernel : kernels) {
      if (found->size() == 1)
        hdp::setFunctionTarget(kernel, found->front());
      else
        makeVariants(kernel, *found, symbols);
    }
  }

  void makeVariants(func::FuncOp kernel, ArrayRef<hdp::CPUTarget> found,
                    SymbolTable &symbols) {
    SmallVector<Attribute> names;
    for (const hdp::CPUTarget &target : found) {
      func::FuncOp variant = kernel.clone();
      variant.setSymName(getVariantName(kernel.getName(), target));
      names.push_back(FlatSymbolRefAttr::get(symbols.insert(variant)));
      // Not what else the module is compiled for.
      hdp::CPUTarget exact = target;
      if (target.kind == hdp::TargetKind::Portable) {
        exact.features = "+sse2";
        exact.cpu = "x86-64";
      }
      hdp::setFunctionTarget(variant, exact);
      ++numVariants;
    }
    kernel.getBody().dropAllReferences();
    kernel.getBody().getBlocks().clear();
    kernel->removeAttr(hdp::kSplitAttr);
    kernel->removeAttr(hdp::kThreadsAttr);
    kernel->setAttr(kVariantsAttr, ArrayAttr::get(&getContext(), names));
  }
};

struct EmitVariantCallsPass
    : public hdp::impl::EmitVariantCallsBase<EmitVariantCallsPass> {
  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(
             getOperation().getOps<LLVM::LLVMFuncOp>())) {
      if (function->hasAttr(kVariantsAttr))
        emitBody(function);
      if (function.isPrivate() && !function.isExternal())
        function.setLinkage(LLVM::Linkage::Internal);
    }
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      function->removeAttr(kVariantsAttr);
      function->removeAttr(hdp::kTargetAttr);
    }
  }

  /// Whether a variant is for AMX.
  bool usesTiles() {
    return llvm::any_of(
        getOperation().getOps<LLVM::LLVMFuncOp>(),
        [](LLVM::LLVMFuncOp function) {
          auto name = function->getAttrOfType<StringAttr>(hdp::kTargetAttr);
          return name && hdp::getCPUTarget(name.getValue())->hasTiles();
        });
  }

  /// kernel(a, ..) { if (the first's target is there) return first(a, ..); .. }
  void emitBody(LLVM::LLVMFuncOp function) {
    auto variants = function->getAttrOfType<ArrayAttr>(kVariantsAttr);
    LLVM::LLVMFuncOp detection =
        hdp::getTargetDetection(getOperation(), usesTiles());
    ImplicitLocOpBuilder b(function.getLoc(), &getContext());
    b.setInsertionPointToStart(function.addEntryBlock(b));
    Value there = LLVM::CallOp::create(b, detection, ValueRange()).getResult();
    for (Attribute attribute : variants) {
      auto symbol = cast<FlatSymbolRefAttr>(attribute);
      auto variant =
          getOperation().lookupSymbol<LLVM::LLVMFuncOp>(symbol.getAttr());
      Block *next = nullptr;
      if (attribute != variants.getValue().back()) {
        auto name = variant->getAttrOfType<StringAttr>(hdp::kTargetAttr);
        int64_t bits =
            hdp::getTargetBit(hdp::getCPUTarget(name.getValue())->kind);
        Type i32 = b.getI32Type();
        auto constant = [&](int64_t value) -> Value {
          return LLVM::ConstantOp::create(b, i32, b.getI32IntegerAttr(value));
        };
        Value isThere = LLVM::ICmpOp::create(
            b, LLVM::ICmpPredicate::ne,
            LLVM::AndOp::create(b, there, constant(bits)), constant(0));
        Block *here = b.getInsertionBlock();
        Block *call = b.createBlock(&function.getBody(), function.end());
        next = b.createBlock(&function.getBody(), function.end());
        b.setInsertionPointToEnd(here);
        LLVM::CondBrOp::create(b, isThere, call, next);
        b.setInsertionPointToStart(call);
      }
      auto result = LLVM::CallOp::create(b, variant, function.getArguments());
      LLVM::ReturnOp::create(b, result.getResults());
      if (next)
        b.setInsertionPointToStart(next);
    }
  }
};
} // namespace
