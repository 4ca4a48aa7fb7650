//===- Allocation.h - scratchpad addresses of named buffers -----*- C++ -*-===//
//
// From live ranges to addresses, and the check of the result, which knows
// nothing of how the addresses were found.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_ALLOCATION_H
#define HDP_MACHINE_ALLOCATION_H

#include "hdp/Machine/NamedProgram.h"

namespace hdp::machine {

/// Turn t of a buffer lies at `base + t % slots * size`.
struct Placement {
  uint64_t base = 0, size = 0;
  uint32_t slots = 1;

  uint64_t at(uint64_t turn) const { return base + turn % slots * size; }
};
using Allocation = std::vector<Placement>;

/// Places the buffers of a verified program. A buffer gets as many slots as it
/// asks for, more where more of its turns are live at once. Buffers lie one
/// behind the other; where a scratchpad is too small for that, buffers that are
/// never live together share bytes. An error says which scratchpad is too small
/// and by how much.
llvm::Expected<Allocation> allocate(const NamedProgram &named,
                                    const Config &config);

/// The program with addresses for references.
Program applyAllocation(const NamedProgram &named,
                        llvm::ArrayRef<Placement> allocation);

/// Whether `addressed` is `named` with legal addresses: every command within
/// its scratchpads and aligned, and no two turns in the same bytes of a core
/// while both are live (from the first command that uses a turn to the last).
llvm::Error checkAllocation(const NamedProgram &named, const Program &addressed,
                            const Config &config);

} // namespace hdp::machine

#endif // HDP_MACHINE_ALLOCATION_H
