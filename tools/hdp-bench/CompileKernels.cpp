//===- CompileKernels.cpp - compile time of kernels of all kinds ----------===//

#include "CompileKernels.h"
#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Support/CPUTarget.h"
#include "hdp/Support/Error.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;

namespace {
/// One kind of kernel: what differs from compensated attention of 12 heads of
/// 64 dimensions in f32.
struct KernelKind {
  llvm::StringLiteral name;
  llvm::StringLiteral policy = "compensated"; ///< empty: exact attention
  int64_t headDim = 64;
  llvm::StringLiteral type = "f32";
  llvm::StringLiteral operand = ""; ///< `mask` or `bias`
  llvm::StringLiteral target = "host";
  bool isCausal = false;
  bool hasStatistics = false;
};
} // namespace

static const KernelKind kKinds[] = {
    {"compensated"},
    {"exact", ""},
    {"paper", "paper"},
    {"kept by number", "compensated, keep = 0.25"},
    {"with a gate", "compensated, tau = 0.5"},
    {"blocks 4x4", "compensated, block = 4x4"},
    {"one group", "compensated, group = 0"},
    {"masked", "compensated", 64, "f32", "mask"},
    {"biased", "compensated", 64, "f32", "bias"},
    {"causal", "compensated", 64, "f32", "", "host", /*isCausal=*/true},
    {"paper, masked", "paper", 64, "f32", "mask"},
    {"exact, masked", "", 64, "f32", "mask"},
    {"with statistics", "compensated", 64, "f32", "", "host", false,
     /*hasStatistics=*/true},
    {"32 dimensions", "compensated", 32},
    {"128 dimensions", "compensated", 128},
    {"f16", "compensated", 64, "f16"},
    {"bf16", "compensated", 64, "bf16"},
    {"avx-vnni", "compensated", 64, "f32", "", "avx-vnni"},
    {"avx2", "compensated", 64, "f32", "", "avx2"},
    {"avx2, paper", "paper", 64, "f32", "", "avx2"},
    {"avx2, exact", "", 64, "f32", "", "avx2"},
    {"portable", "compensated", 64, "f32", "", "portable"},
    {"portable, paper", "paper", 64, "f32", "", "portable"},
    {"portable, exact", "", 64, "f32", "", "portable"},
    {"four targets", "compensated", 64, "f32", "", "any"},
};

/// 0: length, 1: dimensions, 2: element type, 3 and 4: a further argument and
/// operand, 5: attributes, 6: statistics.
static const char kFunction[] = R"(
func.func @attention(%q: memref<12x{0}x{1}x{2}>, %k: memref<12x{0}x{1}x{2}>,
                     %v: memref<12x{0}x{1}x{2}>, %out: memref<12x{0}x{1}x{2}>,
                     %statistics: memref<12x12xi64>{3}) {{
  hdp.attention
      ins(%q, %k, %v : memref<12x{0}x{1}x{2}>, memref<12x{0}x{1}x{2}>,
                       memref<12x{0}x{1}x{2}>){4}
      outs(%out : memref<12x{0}x{1}x{2}>){6} {{scale = 0.125 : f64{5}}
  return
})";

static std::string writeKernel(const KernelKind &kind, int64_t length) {
  std::string argument, operand, attributes, statistics;
  if (!kind.operand.empty()) {
    bool isMask = kind.operand == "mask";
    std::string type =
        llvm::formatv("memref<1x1x{0}x{1}>", length, isMask ? "i1" : "f32");
    argument = ", %more: " + type;
    operand = (" " + kind.operand + "(%more : ").str() + type + ")";
  }
  if (!kind.policy.empty())
    attributes += (", policy = #hdp.policy<" + kind.policy + ">").str();
  if (kind.isCausal)
    attributes += ", causal";
  if (kind.hasStatistics)
    statistics = " statistics(%statistics : memref<12x12xi64>)";
  return llvm::formatv(kFunction, length, kind.headDim, kind.type, argument,
                       operand, attributes, statistics);
}

static llvm::Expected<double> compile(const KernelKind &kind, int64_t length,
                                      mlir::MLIRContext &context) {
  std::string text = writeKernel(kind, length);
  ErrorCollector errors(&context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return errors.take("the attention is not valid");
  CompileOptions options;
  options.target = kind.target.str();
  double start = processorSeconds();
  auto model = CompiledModel::compile(*module, options);
  if (!model)
    return model.takeError();
  return processorSeconds() - start;
}

static bool isThere(const KernelKind &kind) {
  std::optional<CPUTarget> target = getCPUTarget(kind.target);
  return !target || isSupportedByHost(target->kind);
}

llvm::Error hdp::bench::timeKernels(Session &session, int64_t length,
                                    mlir::MLIRContext &context) {
  RoundRobin rounds;
  for (const KernelKind &kind : kKinds)
    if (isThere(kind))
      rounds.addTimed(kind.name.str(),
                      [&] { return compile(kind, length, context); });
  // The first compilation of a process also sets LLVM up.
  auto first = compile(kKinds[0], length, context);
  if (!first)
    return first.takeError();
  Effort effort = session.getEffort();
  effort.isCold = true;
  if (llvm::Error error = rounds.run(effort))
    return error;
  for (size_t index = 0; index < rounds.size(); ++index)
    session.addRow(llvm::json::Object{
        {"implementation", rounds.getName(index)},
        {"length", length},
        {"milliseconds", 1e3 * rounds.getMedian(index)},
        {"minimum_milliseconds", 1e3 * rounds.getMinimum(index)},
        {"rounds", rounds.getRounds()}});
  session.printTable(
      llvm::formatv("one attention to machine code, {0} tokens", length).str(),
      {{"implementation", "what"},
       {"milliseconds", "ms", 1},
       {"minimum_milliseconds", "least", 1},
       {"rounds", "rounds"}});
  return llvm::Error::success();
}
