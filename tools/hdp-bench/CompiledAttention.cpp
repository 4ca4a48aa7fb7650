//===- CompiledAttention.cpp - a function around one attention ------------===//

#include "CompiledAttention.h"
#include "RoundRobin.h"
#include "hdp/Execution/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;

/// The result goes into the last argument, in place.
static const char kFunction[] = R"(
func.func @attention(%q: tensor<{0}>, %k: tensor<{1}>, %v: tensor<{2}>,
                     %out: memref<{3}>{6}) {{
  %init = bufferization.to_tensor %out restrict writable
      : memref<{3}> to tensor<{3}>
  %result = hdp.attention
      ins(%q, %k, %v : tensor<{0}>, tensor<{1}>, tensor<{2}>){7}
      outs(%init : tensor<{3}>) {{scale = {4} : f64{5}} -> tensor<{3}>
  bufferization.materialize_in_destination %result in restrict writable %out
      : (tensor<{3}>, memref<{3}>) -> ()
  return
})";

/// Hands out the ticks of the stages, which begin at 0 again.
static const char kTakeTicks[] = R"(
memref.global "private" @{0} : memref<{1}xi64> = dense<0>
func.func @take_ticks(%out: memref<{1}xi64>) {{
  %first = arith.constant 0 : index
  %step = arith.constant 1 : index
  %end = arith.constant {1} : index
  %zero = arith.constant 0 : i64
  %ticks = memref.get_global @{0} : memref<{1}xi64>
  scf.for %i = %first to %end step %step {{
    %x = memref.load %ticks[%i] : memref<{1}xi64>
    memref.store %x, %out[%i] : memref<{1}xi64>
    memref.store %zero, %ticks[%i] : memref<{1}xi64>
  }
  return
})";

static const HostTensor &getKeys(const AttentionInputs &inputs) {
  return inputs.isPadded() ? inputs.paddedK : inputs.k;
}
static const HostTensor &getValues(const AttentionInputs &inputs) {
  return inputs.isPadded() ? inputs.paddedV : inputs.v;
}

llvm::Expected<CompiledAttention>
CompiledAttention::compile(const AttentionInputs &inputs,
                           const std::optional<numerics::Policy> &policy,
                           const CompileOptions &options,
                           mlir::MLIRContext &context) {
  context.loadDialect<HDPDialect>();
  std::string attribute;
  if (policy)
    llvm::raw_string_ostream(attribute)
        << ", policy = " << PolicyAttr::get(&context, *policy);
  if (inputs.isCausal())
    attribute += ", causal";
  std::string argument, mask;
  if (inputs.isPadded()) {
    argument = ", %mask: tensor<" + formatType(inputs.mask) + ">";
    mask = " mask(%mask : tensor<" + formatType(inputs.mask) + ">)";
  }
  std::string result = llvm::formatv("{0}x{1}x{2}xf32", inputs.heads(),
                                     inputs.queries(), inputs.valueDim());
  std::string text = llvm::formatv(
      kFunction, formatType(inputs.q), formatType(getKeys(inputs)),
      formatType(getValues(inputs)), result,
      llvm::formatv("{0:e17}", inputs.scale).str(), attribute, argument, mask);
  if (options.stageCycles)
    text += llvm::formatv(kTakeTicks, kStageCyclesGlobal, kNumKernelStages);
  ErrorCollector errors(&context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return errors.take("the attention is not valid");
  CompiledAttention attention;
  double start = processorSeconds();
  auto model = CompiledModel::compile(*module, options);
  if (!model)
    return model.takeError();
  attention.compileSeconds = processorSeconds() - start;
  attention.model = std::move(*model);
  return attention;
}

llvm::Error CompiledAttention::run(const AttentionInputs &inputs,
                                   HostTensor &out) const {
  std::vector<const HostTensor *> arguments = {&inputs.q, &getKeys(inputs),
                                               &getValues(inputs), &out};
  if (inputs.isPadded())
    arguments.push_back(&inputs.mask);
  auto results = model->run("attention", arguments);
  return results ? llvm::Error::success() : results.takeError();
}

/// The counter that llvm.readcyclecounter reads.
static int64_t readTicks() {
#ifdef __x86_64__
  return static_cast<int64_t>(__builtin_ia32_rdtsc());
#else
  return 0;
#endif
}

llvm::Error CompiledAttention::runCounted(const AttentionInputs &inputs,
                                          HostTensor &out,
                                          StageShares &shares) const {
  HostTensor ticks(ElementType::I64, {kNumKernelStages});
  auto take = [&]() -> llvm::Error {
    auto results = model->run("take_ticks", {&ticks});
    return results ? llvm::Error::success() : results.takeError();
  };
  if (llvm::Error error = take())
    return error;
  int64_t start = readTicks();
  if (llvm::Error error = run(inputs, out))
    return error;
  auto total = static_cast<double>(std::max<int64_t>(1, readTicks() - start));
  if (llvm::Error error = take())
    return error;
  for (int64_t stage = 0; stage < kNumKernelStages; ++stage)
    shares[stage] = static_cast<double>(ticks.as<int64_t>()[stage]) / total;
  return llvm::Error::success();
}
