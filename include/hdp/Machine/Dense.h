//===- Dense.h - the same attention without pruning -------------*- C++ -*-===//
//
// What every ratio is taken against: the attention of a site on all positions,
// in whole codes of 16 or 8 bits, on the same machine.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_DENSE_H
#define HDP_MACHINE_DENSE_H

#include "hdp/Machine/HostSide.h"
#include "hdp/Machine/Report.h"

namespace hdp::machine {

/// `site` without pruning, Q, K and V in codes of `bits` (8 or 16). An additive
/// mask becomes the validity that it implies.
Site makeDense(Site site, unsigned bits);

/// The operands of a dense run: those of `operands`, with a bias turned into a
/// mask that `storage` holds.
AttentionOperands makeDenseOperands(const Site &site,
                                    const AttentionOperands &operands,
                                    std::vector<uint8_t> &storage);

/// Runs the attention dense, in codes of `bits`, on a machine. Cycles do not
/// depend on values, only on validity.
llvm::Expected<RunReport::Baseline>
measureDense(const Site &site, const AttentionOperands &operands, unsigned bits,
             const Config &config, const EnergyTable &table);

} // namespace hdp::machine

#endif // HDP_MACHINE_DENSE_H
