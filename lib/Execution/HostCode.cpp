//===- HostCode.cpp - setting up MLIR's execution engine ------------------===//

#include "HostCode.h"
#include "JitRuntime.h"
#include "OptimizeCode.h"
#include "hdp/Support/Error.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/OptBisect.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace hdp;
using namespace mlir;

/// Code generation has a level of its own. Its first one schedules and
/// allocates registers as the others do; kernels and vector loops run as fast
/// and are made in a fifth less time.
static llvm::CodeGenOptLevel getCodeGenLevel(unsigned optLevel) {
  return optLevel == 0 ? llvm::CodeGenOptLevel::None
                       : llvm::CodeGenOptLevel::Less;
}

namespace {
/// Leaves loop strength reduction out of code generation. Vector loops advance
/// their addresses as they should; in a loop over rows that holds a whole
/// kernel it searches for as long as everything else takes, to gain nothing.
class CodeGenGate : public llvm::OptPassGate {
public:
  bool shouldRunPass(StringRef pass, StringRef) const override {
    return pass != "Loop Strength Reduction";
  }
  bool isEnabled() const override { return true; }
};
} // namespace

/// A target machine for the CPU that this process runs on.
static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createHostMachine(unsigned optLevel) {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser(); // kernels hold inline assembly
  });
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  // Only what the passes wrote as one operation, vector.fma, is one.
  builder->getOptions().AllowFPOpFusion = llvm::FPOpFusion::Standard;
  builder->setCodeGenOptLevel(getCodeGenLevel(optLevel));
  return builder->createTargetMachine();
}

/// The engine wraps every function for packed arguments. Only the wrappers of C
/// wrappers are called from here; without the others, and with everything else
/// internal, each function is compiled once.
static void keepCalledWrappers(llvm::Module &module) {
  for (llvm::Function &function : llvm::make_early_inc_range(module)) {
    StringRef name = function.getName();
    if (function.isDeclaration() || name.starts_with("_mlir__mlir_ciface_"))
      continue;
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    if (name.starts_with("_mlir_") && function.use_empty())
      function.eraseFromParent();
  }
}

/// Functions that the module declares and calls, but nobody defines.
static llvm::Error checkSymbols(ModuleOp module) {
  llvm::sys::DynamicLibrary::LoadLibraryPermanently(nullptr);
  auto known = getRuntimeSymbols();
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    StringRef name = function.getName();
    bool isKnown = llvm::any_of(
        known, [&](const auto &symbol) { return symbol.first == name; });
    if (!function.isExternal() || name.starts_with("llvm.") || isKnown ||
        SymbolTable::symbolKnownUseEmpty(function, module) ||
        llvm::sys::DynamicLibrary::SearchForAddressOfSymbol(name.str()))
      continue;
    return makeError("function '" + name + "' is called but not defined");
  }
  return llvm::Error::success();
}

HostCode::~HostCode() = default;

static llvm::orc::SymbolMap
bindRuntimeSymbols(llvm::orc::MangleAndInterner interner) {
  llvm::orc::SymbolMap symbols;
  for (auto [name, address] : getRuntimeSymbols())
    symbols[interner(name)] = {llvm::orc::ExecutorAddr::fromPtr(address),
                               llvm::JITSymbolFlags::Exported |
                                   llvm::JITSymbolFlags::Callable};
  return symbols;
}

/// The code of an object that the execution engine made before.
llvm::Expected<std::unique_ptr<HostCode>>
HostCode::load(std::unique_ptr<llvm::MemoryBuffer> object) {
  auto jit = llvm::orc::LLJITBuilder()
                 .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                 .create();
  if (!jit)
    return jit.takeError();
  llvm::orc::JITDylib &library = (*jit)->getMainJITDylib();
  llvm::orc::MangleAndInterner interner((*jit)->getExecutionSession(),
                                        (*jit)->getDataLayout());
  if (llvm::Error error = library.define(
          llvm::orc::absoluteSymbols(bindRuntimeSymbols(interner))))
    return error;
  auto process = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      (*jit)->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  library.addGenerator(std::move(*process));
  if (llvm::Error error = (*jit)->addObjectFile(std::move(object)))
    return error;
  auto code = std::make_unique<HostCode>();
  code->cached = std::move(*jit);
  return code;
}

llvm::Expected<std::unique_ptr<HostCode>>
HostCode::compile(ModuleOp module, unsigned optLevel,
                  llvm::StringRef cacheFolder) {
  if (optLevel > 3)
    return makeError("the optimization level must be 0 to 3, found " +
                     Twine(optLevel));
  if (llvm::Error error = checkSymbols(module))
    return error;
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());

  // One machine for the optimizer, one that the engine owns.
  auto optimizerMachine = createHostMachine(optLevel);
  if (!optimizerMachine)
    return optimizerMachine.takeError();
  auto machine = createHostMachine(optLevel);
  if (!machine)
    return machine.takeError();
  std::optional<ObjectCache> cache;
  if (!cacheFolder.empty()) {
    cache.emplace(cacheFolder, makeObjectKey(module, optLevel, **machine));
    if (std::unique_ptr<llvm::MemoryBuffer> object = cache->read()) {
      auto code = load(std::move(object));
      if (code)
        return code;
      llvm::consumeError(code.takeError()); // compiled again below
    }
  }
  auto transform = [&](llvm::Module *llvmModule) {
    static CodeGenGate gate;
    llvmModule->getContext().setOptPassGate(gate);
    keepCalledWrappers(*llvmModule);
    optimizeCode(*llvmModule, optLevel, **optimizerMachine);
    return llvm::Error::success();
  };

  ExecutionEngineOptions options;
  options.transformer = transform;
  options.jitCodeGenOptLevel = getCodeGenLevel(optLevel);
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  options.enableObjectDump = cache.has_value();
  auto engine = ExecutionEngine::create(module, options, std::move(*machine));
  if (!engine)
    return engine.takeError();
  (*engine)->registerSymbols(bindRuntimeSymbols);
  (*engine)->initialize();
  if (cache) {
    // Any wrapper gets the object compiled; asked for it, the engine would look
    // for wrappers that were erased, and give nothing.
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      if (!function.getName().starts_with("_mlir_ciface_"))
        continue;
      auto wrapper = (*engine)->lookupPacked(function.getName());
      if (wrapper)
        break;
      llvm::consumeError(wrapper.takeError()); // of a declaration
    }
    if (llvm::Error error = cache->write(
            [&](llvm::StringRef path) { (*engine)->dumpToObjectFile(path); }))
      return error;
  }
  auto code = std::make_unique<HostCode>();
  code->engine = std::move(*engine);
  return code;
}

llvm::Expected<PackedFunction> HostCode::lookup(StringRef name) const {
  std::string wrapper = ("_mlir_ciface_" + name).str();
  if (engine)
    return engine->lookupPacked(wrapper);
  auto address = cached->lookup("_mlir_" + wrapper);
  if (!address)
    return address.takeError();
  return address->toPtr<PackedFunction>();
}
