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
                     %out: memref<{3}>) {{
  %init = bufferization.to_tensor %out restrict writable
      : memref<{3}> to tensor<{3}>
  %result = hdp.attention
      ins(%q, %k, %v : tensor<{0}>, tensor<{1}>, tensor<{2}>)
      outs(%init : tensor<{3}>) {{scale = {4} : f64{5}} -> tensor<{3}>
  bufferization.materialize_in_destination %result in restrict writable %out
      : (tensor<{3}>, memref<{3}>) -> ()
  return
})";

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
  std::string result = llvm::formatv("{0}x{1}x{2}xf32", inputs.heads(),
                                     inputs.queries(), inputs.valueDim());
  std::string text =
      llvm::formatv(kFunction, formatType(inputs.q), formatType(inputs.k),
                    formatType(inputs.v), result,
                    llvm::formatv("{0:e17}", inputs.scale).str(), attribute);
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
  auto results =
      model->run("attention", {&inputs.q, &inputs.k, &inputs.v, &out});
  return results ? llvm::Error::success() : results.takeError();
}
