//===- Dense.cpp - sites and operands without pruning ---------------------===//
//
// A dense site has its policy's formats and reciprocal and nothing else of it.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Dense.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/NativeOps.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

Site machine::makeDense(Site site, unsigned bits) {
  Policy policy;
  policy.format = {4, int64_t(bits) - 4};
  policy.valueFractionBits = int64_t(bits) - 4;
  // Fraction bits of a score: F of wide codes, else all.
  policy.products = bits > 8 ? Products::Cross : Products::Full;
  policy.pruned = Pruned::Dropped;
  policy.group = 0;
  policy.reciprocal = site.policy.reciprocal;
  site.policy = policy;
  site.dense = true;
  site.hasMask |= site.hasBias;
  site.hasBias = false;
  return site;
}

AttentionOperands machine::makeDenseOperands(const Site &site,
                                             const AttentionOperands &operands,
                                             std::vector<uint8_t> &storage) {
  AttentionOperands dense = operands;
  if (operands.bias.empty())
    return dense;
  NativeOps ops;
  dense.bias = {};
  dense.hadBias = false;
  dense.maskHeads = std::max(operands.maskHeads, operands.biasHeads);
  dense.maskRows = std::max(operands.maskRows, operands.biasRows);
  storage.clear();
  for (uint32_t h = 0; h < dense.maskHeads; ++h)
    for (uint32_t i = 0; i < dense.maskRows; ++i)
      for (uint32_t j = 0; j < site.Lk; ++j) {
        auto at = [&](uint32_t heads, uint32_t rows) {
          return (uint64_t(heads == 1 ? 0 : h) * rows + (rows == 1 ? 0 : i)) *
                     site.Lk +
                 j;
        };
        bool allowed =
            (operands.mask.empty() ||
             operands.mask[at(operands.maskHeads, operands.maskRows)] != 0) &&
            biasAllows(
                ops,
                double(
                    operands.bias[at(operands.biasHeads, operands.biasRows)]));
        storage.push_back(allowed);
      }
  dense.mask = storage;
  return dense;
}

llvm::Expected<RunReport::Baseline>
machine::measureDense(const Site &site, const AttentionOperands &operands,
                      unsigned bits, const Config &config,
                      const EnergyTable &table) {
  std::vector<uint8_t> storage;
  AttentionOperands dense = makeDenseOperands(site, operands, storage);
  llvm::Expected<Program> program =
      buildAttention(makeRequest(makeDense(site, bits), dense), config);
  if (!program)
    return program.takeError();
  if (llvm::Error error = verifyProgram(*program, config))
    return error;
  FunctionalModel model(*program, config);
  writeInputs(*program, dense, model);
  Run run = runProgram(*program, model, config);
  return makeBaseline(*program, run, table, bits);
}
