//===- ProgramBuilder.h - the program of one attention ----------*- C++ -*-===//
//
// Writes the commands that execute one attention on a machine: heads over
// groups of cores, block rows over the cores of a group, the integer pass of
// the next head among the work of this one, and long keys in chunks.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_PROGRAMBUILDER_H
#define HDP_MACHINE_PROGRAMBUILDER_H

#include "hdp/Machine/NamedProgram.h"

namespace hdp::machine {

/// One attention and how it should be mapped.
struct AttentionRequest {
  Site site;
  /// Whether validity differs by head and by query row, and the additive mask
  /// by query row (it always differs by head: it is in units of the head).
  bool maskPerHead = false, maskPerRow = false, biasPerRow = false;
  /// Cores that share a head; 0: the machine's, more when heads are few.
  uint32_t coresPerHead = 0;
  /// Fetch fraction planes, and values where nothing needs all, by the block
  /// mask; else whole.
  bool fetchUponMask = true;
};

/// The program of an attention, for `config`, on named buffers and without
/// overlap: one head after the other, one strip after the other. It is cut so
/// that double buffering finds room. An error says which buffer is too small
/// and by how much.
///
/// Symbols: sQ, sK; planes qI, qF, kI, kF (dense: codes q, k); V; valid and B
/// where the site has them; o.
llvm::Expected<NamedProgram>
buildNamedAttention(const AttentionRequest &request, const Config &config);

/// The same double buffered (DoubleBuffer.h) and with addresses, which have
/// been checked (Allocation.h): what `--hdp-accel-pipeline` makes.
llvm::Expected<Program> buildAttention(const AttentionRequest &request,
                                       const Config &config);

/// Whether the integer pass may multiply sums of rows (N5): signed importance,
/// no additive mask, and no measure that wants single positions.
bool canPool(const Site &site);

} // namespace hdp::machine

#endif // HDP_MACHINE_PROGRAMBUILDER_H
