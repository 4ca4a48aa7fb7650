//===- OptimizeCode.cpp - LLVM's passes over a compiled module ------------===//
//
// Vector kernels are emitted as they are to be: unrolled, with loops in order
// and loads where they belong. What looks for loops to vectorize, for scalar
// idioms and for branches to thread finds nothing in them, and InstCombine,
// which the pipeline comes to eight times, has its work done after two.
//
//===----------------------------------------------------------------------===//

#include "OptimizeCode.h"
#include "hdp/Conversion/FunctionTarget.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"

using namespace hdp;

/// The function that a pass is about to run on, or in.
static const llvm::Function *getFunction(const llvm::Any &unit) {
  if (auto *const *function = llvm::any_cast<const llvm::Function *>(&unit))
    return *function;
  if (auto *const *loop = llvm::any_cast<const llvm::Loop *>(&unit))
    return (*loop)->getHeader()->getParent();
  return nullptr;
}

namespace {
/// Says which passes run on kernels.
class KernelPasses {
public:
  bool isNeeded(llvm::StringRef pass, const llvm::Any &unit) {
    const llvm::Function *function = getFunction(unit);
    if (!function || !function->hasFnAttribute(kVectorCode))
      return true;
    if (pass == "InstCombinePass")
      return numCombined[function]++ % 4 == 0;
    static const llvm::StringSet<> idle = {"AggressiveInstCombinePass",
                                           "ConstraintEliminationPass",
                                           "CorrelatedValuePropagationPass",
                                           "JumpThreadingPass",
                                           "LoopIdiomRecognizePass",
                                           "LoopLoadEliminationPass",
                                           "LoopVectorizePass",
                                           "MemCpyOptPass",
                                           "SCCPPass",
                                           "SLPVectorizerPass",
                                           "SimpleLoopUnswitchPass",
                                           "VectorCombinePass"};
    return !idle.contains(pass);
  }

private:
  llvm::DenseMap<const llvm::Function *, unsigned> numCombined;
};
} // namespace

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
  KernelPasses kernels;
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(
      [&](llvm::StringRef pass, llvm::Any unit) {
        return kernels.isNeeded(pass, unit);
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
}
