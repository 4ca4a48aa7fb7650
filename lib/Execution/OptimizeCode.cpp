//===- OptimizeCode.cpp - LLVM's passes over a compiled module ------------===//
//
// Vector kernels are emitted as they are to be: unrolled, with loops in order
// and loads where they belong. LLVM's pipeline would try everything it knows on
// them, much of it several times. They get a short one of their own, behind the
// passes over the whole module: these put known sizes in the place of
// arguments.
//
//===----------------------------------------------------------------------===//

#include "OptimizeCode.h"
#include "hdp/Conversion/FunctionTarget.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/IndVarSimplify.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/LoopUnrollPass.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace hdp;

/// The function that a pass is about to run on, or in.
static const llvm::Function *getFunction(const llvm::Any &unit) {
  if (auto *const *function = llvm::any_cast<const llvm::Function *>(&unit))
    return *function;
  if (auto *const *loop = llvm::any_cast<const llvm::Loop *>(&unit))
    return (*loop)->getHeader()->getParent();
  return nullptr;
}

static bool isKernel(const llvm::Function *function) {
  return function && function->hasFnAttribute(kVectorCode);
}

/// What kernels need: loops whose condition stands at their end, with what does
/// not change in front of them; short loops over known numbers unrolled, as
/// arrays of vectors are registers only then; and each value computed once. One
/// InstCombine does as much as several, if it comes behind these.
static llvm::FunctionPassManager buildKernelPasses() {
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::EarlyCSEPass());
  llvm::LoopPassManager invariants;
  invariants.addPass(llvm::LoopRotatePass());
  invariants.addPass(llvm::LICMPass(llvm::LICMOptions()));
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(invariants),
                                                       /*UseMemorySSA=*/true));
  llvm::LoopPassManager loops;
  loops.addPass(llvm::IndVarSimplifyPass());
  loops.addPass(llvm::LoopFullUnrollPass());
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(loops)));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(
      llvm::SimplifyCFGPass(llvm::SimplifyCFGOptions()
                                .convertSwitchRangeToICmp(true)
                                .hoistCommonInsts(true)
                                .hoistLoadsStoresWithCondFaulting(true)
                                .sinkCommonInsts(true)));
  return passes;
}

static llvm::OptimizationLevel getLevel(unsigned optLevel) {
  switch (optLevel) {
  case 0:
    return llvm::OptimizationLevel::O0;
  case 1:
    return llvm::OptimizationLevel::O1;
  case 2:
    return llvm::OptimizationLevel::O2;
  default:
    return llvm::OptimizationLevel::O3;
  }
}

void hdp::optimizeCode(llvm::Module &module, unsigned optLevel,
                       llvm::TargetMachine &machine) {
  bool isForKernels = false;
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(
      [&](llvm::StringRef, llvm::Any unit) {
        return isForKernels || !isKernel(getFunction(unit));
      });
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = true;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::OptimizationLevel level = getLevel(optLevel);
  llvm::ModulePassManager passes =
      level == llvm::OptimizationLevel::O0
          ? builder.buildO0DefaultPipeline(level)
          : builder.buildPerModuleDefaultPipeline(level);
  passes.run(module, modules);
  if (level == llvm::OptimizationLevel::O0)
    return;
  isForKernels = true;
  llvm::FunctionPassManager kernelPasses = buildKernelPasses();
  for (llvm::Function &function : module)
    if (!function.isDeclaration() && isKernel(&function))
      kernelPasses.run(function, functions);
}
