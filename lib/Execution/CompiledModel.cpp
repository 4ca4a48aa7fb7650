//===- CompiledModel.cpp - from a module to machine code, and calls -------===//
//
// Runs the CPU pipeline, hands the result to MLIR's execution engine with the
// project's run-time symbols bound, and checks every call against the
// signature that the function had before it was lowered.
//
//===----------------------------------------------------------------------===//

#include "hdp/Execution/CompiledModel.h"
#include "HostCode.h"
#include "JitRuntime.h"
#include "PackedCall.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Pipelines/CPUPipeline.h"
#include "hdp/Pipelines/Passes.h"
#include "hdp/Support/CPUTarget.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/StringMap.h"

using namespace hdp;
using namespace mlir;

struct CompiledModel::Impl {
  std::unique_ptr<HostCode> code;
  std::vector<FunctionSignature> signatures;
  llvm::StringMap<std::pair<size_t, PackedFunction>> functions;
  OwningOpRef<ModuleOp> siteModule;
  std::vector<AttentionSite> sites;
  std::vector<std::vector<ValueType>> siteOperands;
  SiteCallback callback;
  unsigned threads = 1;

  llvm::Error collectSites(ModuleOp module, SiteResults results);
  llvm::Error dispatch(int64_t site, void **descriptors) const;
};

//===----------------------------------------------------------------------===//
// Signatures
//===----------------------------------------------------------------------===//

static std::optional<ElementType> convertElementType(Type type) {
  if (type.isIndex())
    return ElementType::I64;
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return parseElementType(text);
}

static std::optional<ValueType> convertType(Type type) {
  ValueType value;
  Type element = type;
  if (auto shaped = dyn_cast<ShapedType>(type)) {
    if (!isa<RankedTensorType, MemRefType>(type))
      return std::nullopt;
    if (auto memref = dyn_cast<MemRefType>(type);
        memref && !memref.getLayout().isIdentity())
      return std::nullopt;
    for (int64_t size : shaped.getShape())
      value.shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
    element = shaped.getElementType();
  } else {
    value.isScalar = true;
  }
  std::optional<ElementType> elementType = convertElementType(element);
  if (!elementType)
    return std::nullopt;
  value.elementType = *elementType;
  return value;
}

llvm::Expected<FunctionSignature> hdp::getSignature(func::FuncOp function) {
  FunctionSignature signature;
  signature.name = function.getName().str();
  auto convert = [&](StringRef kind, ArrayRef<Type> types,
                     std::vector<ValueType> &values) -> llvm::Error {
    for (auto [index, type] : llvm::enumerate(types)) {
      std::optional<ValueType> value = convertType(type);
      if (!value) {
        std::string text;
        llvm::raw_string_ostream(text) << type;
        return makeError(formatLocation(function.getLoc()) + ": " + kind + " " +
                         Twine(index) + " of '" + signature.name +
                         "' has type '" + text +
                         "', which the host has no tensors for");
      }
      values.push_back(*value);
    }
    return llvm::Error::success();
  };
  if (llvm::Error error =
          convert("argument", function.getArgumentTypes(), signature.arguments))
    return error;
  if (llvm::Error error =
          convert("result", function.getResultTypes(), signature.results))
    return error;
  return signature;
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

static constexpr StringRef kLoweringFailed = "lowering to the CPU failed";

/// The function of `op` in `module`; equal ones are one. `known` has them by
/// text.
static llvm::Expected<func::FuncOp>
getSiteFunction(ModuleOp module, AttentionOp op, SiteResults results,
                llvm::StringMap<func::FuncOp> &known) {
  ErrorCollector errors(module.getContext());
  FailureOr<func::FuncOp> function =
      buildSiteFunction(module, op, "site", results);
  if (failed(function))
    return errors.take("an attention cannot be decomposed");
  std::string text;
  llvm::raw_string_ostream stream(text);
  function->print(stream, OpPrintingFlags().printGenericOpForm());
  auto [entry, isNew] = known.try_emplace(text, *function);
  if (isNew)
    function->setName("site_" + std::to_string(known.size() - 1));
  else
    function->erase();
  return entry->second;
}

llvm::Error CompiledModel::Impl::collectSites(ModuleOp module,
                                              SiteResults results) {
  siteModule = ModuleOp::create(module.getLoc());
  llvm::StringMap<func::FuncOp> known;
  for (AttentionOp op : getAttentionSites(module)) {
    int64_t id = static_cast<int64_t>(sites.size());
    PolicyAttr policy = op.getPolicyAttr();
    auto function = getSiteFunction(*siteModule, op, results, known);
    if (!function)
      return function.takeError();
    op.removePolicyAttr();
    auto exact = getSiteFunction(*siteModule, op, results, known);
    if (policy)
      op.setPolicyAttr(policy);
    if (!exact)
      return exact.takeError();
    sites.push_back({id, op.getLoc(), policy, *function, *exact});

    std::vector<ValueType> operands;
    for (Type type : op->getOperandTypes()) {
      auto shaped = cast<ShapedType>(type);
      ValueType value;
      value.elementType = *convertElementType(shaped.getElementType());
      value.shape.assign(shaped.getShape());
      operands.push_back(value);
    }
    siteOperands.push_back(std::move(operands));
  }
  return llvm::Error::success();
}

CompiledModel::CompiledModel() : impl(std::make_unique<Impl>()) {}
CompiledModel::~CompiledModel() = default;

llvm::Expected<std::unique_ptr<CompiledModel>>
CompiledModel::compile(ModuleOp module, const CompileOptions &options) {
  std::unique_ptr<CompiledModel> model(new CompiledModel());
  Impl &impl = *model->impl;
  impl.threads = options.threads;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    // One without a signature is compiled, but cannot be called from here.
    if (auto signature = getSignature(function))
      impl.signatures.push_back(std::move(*signature));
    else
      llvm::consumeError(signature.takeError());
  }

  std::string wrong; // the pipeline says so
  auto targets = parseCPUTargets(options.target, wrong);
  if (targets && targets->size() == 1 &&
      !isSupportedByHost(targets->front().kind))
    return makeError("this machine has not the instructions of target " +
                     options.target);
  CPUPipelineOptions pipeline;
  pipeline.dispatchAttention = options.dispatchAttention;
  pipeline.vectorize = options.vectorize;
  pipeline.threads = options.threads > 1;
  pipeline.attention = options.attention;
  pipeline.target = options.target;
  pipeline.exact = options.exact;
  pipeline.stageCycles = options.stageCycles;
  if (llvm::Error error =
          runPasses(module, kLoweringFailed, [&](OpPassManager &pm) {
            pm.addPass(createLowerTosa());
            buildTensorStage(pm, pipeline);
            buildBufferStage(pm, pipeline);
          }))
    return error;
  if (options.dispatchAttention)
    if (llvm::Error error = impl.collectSites(module, options.siteResults))
      return error;
  if (llvm::Error error = runPasses(
          module, kLoweringFailed,
          [&](OpPassManager &pm) {
            buildKernelStage(pm, pipeline);
            buildLLVMStage(pm, pipeline);
          },
          Verify::AtTheEnd))
    return error;

  auto code = HostCode::compile(module, options.optLevel, options.objectCache);
  if (!code)
    return code.takeError();
  impl.code = std::move(*code);
  for (auto [index, signature] : llvm::enumerate(impl.signatures)) {
    auto function = impl.code->lookup(signature.name);
    if (!function)
      return function.takeError();
    impl.functions[signature.name] = {index, *function};
  }
  return model;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

llvm::ArrayRef<FunctionSignature> CompiledModel::getSignatures() const {
  return impl->signatures;
}

const FunctionSignature *CompiledModel::lookup(StringRef function) const {
  auto entry = impl->functions.find(function);
  return entry == impl->functions.end()
             ? nullptr
             : &impl->signatures[entry->second.first];
}

llvm::ArrayRef<AttentionSite> CompiledModel::getSites() const {
  return impl->sites;
}

void CompiledModel::setSiteCallback(SiteCallback callback) {
  impl->callback = std::move(callback);
}

llvm::Error CompiledModel::Impl::dispatch(int64_t site,
                                          void **descriptors) const {
  if (!callback)
    return makeError("nothing executes attention site " + Twine(site));
  std::vector<TensorView> views;
  for (auto [index, type] : llvm::enumerate(siteOperands[site]))
    views.push_back(readDescriptor(type, descriptors[index]));
  return callback(site, views);
}

llvm::Error hdp::checkArguments(const FunctionSignature &signature,
                                ArrayRef<const HostTensor *> arguments) {
  if (arguments.size() != signature.arguments.size())
    return makeError("function '" + signature.name + "' takes " +
                     Twine(signature.arguments.size()) + " arguments, found " +
                     Twine(arguments.size()));
  for (auto [index, type, tensor] :
       llvm::enumerate(signature.arguments, arguments))
    if (!accepts(type, tensor->getElementType(), tensor->getShape()))
      return makeError("argument " + Twine(index) + " of '" + signature.name +
                       "' must be " + formatType(type) + ", found tensor<" +
                       formatType(*tensor) + ">");
  return llvm::Error::success();
}

llvm::Expected<std::vector<HostTensor>>
CompiledModel::run(StringRef function,
                   ArrayRef<const HostTensor *> arguments) const {
  auto entry = impl->functions.find(function);
  if (entry == impl->functions.end())
    return makeError("the module has no public function '" + function +
                     "' that can be called");
  const FunctionSignature &signature = impl->signatures[entry->second.first];
  if (llvm::Error error = checkArguments(signature, arguments))
    return error;
  PackedCall call(signature, arguments);
  auto dispatch = [this](int64_t site, void **descriptors) {
    return impl->dispatch(site, descriptors);
  };
  if (llvm::Error error = invokeGuarded(
          entry->second.second, call.getArguments(), dispatch, impl->threads))
    return error;
  return call.takeResults();
}

bool CompiledModel::isCached() const { return impl->code->isCached(); }

llvm::Error CompiledModel::runInPlace(StringRef function,
                                      ArrayRef<TensorView> arguments) const {
  auto code = impl->code->lookup(function);
  if (!code)
    return code.takeError();
  std::vector<std::vector<int64_t>> descriptors;
  std::vector<void *> pointers, slots;
  for (const TensorView &view : arguments) {
    std::vector<int64_t> words = {reinterpret_cast<int64_t>(view.data),
                                  reinterpret_cast<int64_t>(view.data), 0};
    llvm::append_range(words, view.shape);
    llvm::append_range(words, view.strides);
    descriptors.push_back(std::move(words));
  }
  for (std::vector<int64_t> &words : descriptors)
    pointers.push_back(words.data());
  for (void *&pointer : pointers)
    slots.push_back(&pointer);
  return invokeGuarded(*code, slots.data(),
                       [this](int64_t site, void **operands) {
                         return impl->dispatch(site, operands);
                       });
}
