//===- SiteStatistics.cpp - blocks, heads, saturated elements -------------===//

#include "SiteStatistics.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Machine/Report.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Support/Convert.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace hdp;

namespace {
/// An argument of a site function as it is quantised: dimension i of
/// [heads.., rows, columns] is dimension perm[i] of the tensor.
struct QuantizedArgument {
  const HostTensor *tensor;
  llvm::SmallVector<int64_t> perm;
};
} // namespace

/// The argument that `value` is, perhaps transposed.
static std::optional<QuantizedArgument>
traceArgument(mlir::Value value, llvm::ArrayRef<const HostTensor *> inputs) {
  llvm::SmallVector<int64_t> perm;
  if (auto transpose = value.getDefiningOp<mlir::linalg::TransposeOp>()) {
    perm.assign(transpose.getPermutation().begin(),
                transpose.getPermutation().end());
    value = transpose.getInput();
  }
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(value);
  if (!argument || argument.getArgNumber() >= inputs.size())
    return std::nullopt;
  const HostTensor *tensor = inputs[argument.getArgNumber()];
  if (perm.empty())
    for (int64_t d = 0; d < tensor->getRank(); ++d)
      perm.push_back(d);
  return QuantizedArgument{tensor, perm};
}

/// How many of `heads` belong to the samples that count.
static int64_t countValidHeads(int64_t heads, int64_t numValid,
                               int64_t batchSize) {
  return heads % batchSize == 0 ? heads / batchSize * numValid : heads;
}

/// N1 on every element, with the exponents that the engine used.
static void countCodes(const QuantizedArgument &argument,
                       const HostTensor &exponents,
                       const numerics::CodeFormat &format, int64_t numHeads,
                       LayerReport &layer) {
  const HostTensor &tensor = *argument.tensor;
  int64_t rank = tensor.getRank();
  llvm::SmallVector<int64_t> strides(rank, 1), sizes, steps;
  for (int64_t d = rank - 1; d-- > 0;)
    strides[d] = strides[d + 1] * tensor.getShape()[d + 1];
  for (int64_t d : argument.perm) {
    sizes.push_back(tensor.getShape()[d]);
    steps.push_back(strides[d]);
  }
  numerics::NativeOps ops;
  for (int64_t head = 0; head < numHeads; ++head) {
    int64_t offset = 0, rest = head;
    for (int64_t d = rank - 2; d-- > 0;) {
      offset += rest % sizes[d] * steps[d];
      rest /= sizes[d];
    }
    double factor =
        numerics::quantizeFactor(ops, exponents.as<int32_t>()[head], format);
    for (int64_t i = 0; i < sizes[rank - 2]; ++i)
      for (int64_t j = 0; j < sizes[rank - 1]; ++j) {
        double x = getFloatElement(tensor, offset + i * steps[rank - 2] +
                                               j * steps[rank - 1]);
        layer.nan += ops.isNaN(x);
        layer.saturated += numerics::saturates(ops, x, factor, format);
      }
  }
}

/// From the tensors, or what a machine counted that does not give them.
static void countBlocks(llvm::ArrayRef<NamedTensor> results, int64_t numValid,
                        int64_t batchSize, LayerReport &layer) {
  const HostTensor *gate = findTensor(results, "gate");
  const HostTensor *kind = findTensor(results, "kind");
  const HostTensor *kept = findTensor(results, "kept");
  if (!gate || !kind || !kept) {
    if (!layer.cost)
      return;
    const machine::Counters &total = layer.cost->counters.total;
    layer.heads += int64_t(total.heads);
    layer.gatedHeads += int64_t(total.gatedHeads);
    layer.fullBlocks += int64_t(total.fullBlocks);
    layer.prunedBlocks += int64_t(total.prunedBlocks);
    return;
  }
  int64_t heads = gate->getNumElements();
  int64_t valid = countValidHeads(heads, numValid, batchSize);
  layer.heads += valid;
  for (int64_t h = 0; h < valid; ++h)
    layer.gatedHeads += gate->as<uint8_t>()[h] == 0;
  constexpr int8_t kFull = 2; // N4
  int64_t blocks = heads == 0 ? 0 : kind->getNumElements() / heads * valid;
  for (int64_t b = 0; b < blocks; ++b) {
    if (kind->as<int8_t>()[b] != kFull)
      continue;
    ++layer.fullBlocks;
    layer.prunedBlocks += kept->as<uint8_t>()[b] == 0;
  }
}

/// From the rows that a kernel counted, a query head each.
static void addStatistics(const HostTensor &statistics, int64_t numValid,
                          int64_t batchSize, LayerReport &layer) {
  int64_t heads =
      countValidHeads(statistics.getShape()[0], numValid, batchSize);
  layer.heads += heads;
  for (int64_t head = 0; head < heads; ++head) {
    auto get = [&](HeadStatistic which) {
      return statistics.as<int64_t>()[head * kNumHeadStatistics +
                                      static_cast<int64_t>(which)];
    };
    layer.gatedHeads += get(HeadStatistic::Gated);
    int64_t full = get(HeadStatistic::FullBlocks);
    layer.fullBlocks += full;
    layer.prunedBlocks += full - get(HeadStatistic::KeptBlocks);
    for (HeadStatistic which :
         {HeadStatistic::SaturatedQ, HeadStatistic::SaturatedK,
          HeadStatistic::SaturatedV})
      layer.saturated += get(which);
    for (HeadStatistic which :
         {HeadStatistic::NaNQ, HeadStatistic::NaNK, HeadStatistic::NaNV})
      layer.nan += get(which);
  }
}

void hdp::countSite(const AttentionSite &site,
                    llvm::ArrayRef<const HostTensor *> inputs,
                    llvm::ArrayRef<NamedTensor> results, int64_t numValid,
                    int64_t batchSize, LayerReport &layer) {
  if (!site.policy)
    return;
  if (const HostTensor *statistics = findTensor(results, "statistics")) {
    addStatistics(*statistics, numValid, batchSize, layer);
    return;
  }
  countBlocks(results, numValid, batchSize, layer);
  const numerics::Policy &policy = site.policy.getValue();
  auto count = [&](mlir::Value input, llvm::StringRef exponentName,
                   const numerics::CodeFormat &format) {
    std::optional<QuantizedArgument> argument = traceArgument(input, inputs);
    const HostTensor *exponents = findTensor(results, exponentName);
    if (argument && exponents)
      countCodes(
          *argument, *exponents, format,
          countValidHeads(exponents->getNumElements(), numValid, batchSize),
          layer);
  };
  mlir::func::FuncOp function = site.function;
  function.walk([&](SplitOp op) {
    bool isQuery = op.getSide() == Side::Query;
    count(op.getInput(), isQuery ? "sQ" : "sK",
          numerics::getQueryKeyFormat(policy));
  });
  function.walk([&](QuantizeOp op) {
    count(op.getInput(), "sV", numerics::getValueFormat(policy));
  });
}
