//===- Inputs.h - tensors of a file for a program ---------------*- C++ -*-===//
//
// Floats `q`, `k`, `v` (and `mask`, `bias`), as golden files have them, or
// every input symbol by its own name.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_SIM_INPUTS_H
#define HDP_TOOLS_HDP_SIM_INPUTS_H

#include "hdp/Machine/HostSide.h"
#include "hdp/Support/TensorFile.h"

namespace hdp {

/// The operands of a program's attention; they point into `tensors`.
struct SimInputs {
  machine::AttentionOperands operands;
  bool hasOperands = false;
  std::vector<HostTensor> tensors;
};

/// Reads the inputs of `program` from a file and writes them to `model`.
llvm::Expected<SimInputs> loadInputs(const machine::Program &program,
                                     const TensorFile &file,
                                     machine::FunctionalModel &model);

} // namespace hdp

#endif // HDP_TOOLS_HDP_SIM_INPUTS_H
