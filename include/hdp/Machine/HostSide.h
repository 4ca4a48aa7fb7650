//===- HostSide.h - tensors to and from a machine's DRAM --------*- C++ -*-===//
//
// What the host does around a program: quantises and splits the operands (N1,
// N2), works out validity and additive masks (N4), and turns codes into floats
// again (N11).
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_HOSTSIDE_H
#define HDP_MACHINE_HOSTSIDE_H

#include "hdp/Machine/Functional.h"
#include "hdp/Machine/ProgramBuilder.h"

namespace hdp::machine {

/// The operands of an attention in row-major order; a mask or bias has 1 or Hq
/// times 1 or Lq rows of Lk entries, or none at all.
struct AttentionOperands {
  llvm::ArrayRef<float> q, k, v;
  llvm::ArrayRef<uint8_t> mask;
  uint32_t maskHeads = 1, maskRows = 1;
  llvm::ArrayRef<float> bias;
  uint32_t biasHeads = 1, biasRows = 1;
  /// The attention has a bias, though none is left here: it bounds exponents
  /// (N1).
  bool hadBias = false;
};

/// Masks and biases that `simplifyMasks` made.
struct MaskStorage {
  std::vector<uint8_t> mask;
  std::vector<float> bias;
};

/// Operands that mean the same with less to load: a bias that only allows or
/// forbids becomes a mask (a padded batch's usually does), and rows or heads
/// that are all alike become one.
AttentionOperands simplifyMasks(const Site &site, AttentionOperands operands,
                                MaskStorage &storage);

/// The request for these operands; sizes, policy and scale are those of `site`.
AttentionRequest makeRequest(const Site &site,
                             const AttentionOperands &operands);

/// Writes the inputs of a program of buildAttention.
void writeInputs(const Program &program, const AttentionOperands &operands,
                 FunctionalModel &model);

/// sV of each K/V head, which the machine does not need.
std::vector<int32_t> getValueExponents(const Site &site,
                                       llvm::ArrayRef<float> v);

/// The output as floats.
std::vector<float> readOutput(const Program &program,
                              const AttentionOperands &operands,
                              FunctionalModel &model);

} // namespace hdp::machine

#endif // HDP_MACHINE_HOSTSIDE_H
