//===- DoubleBuffer.h - overlap of loads and work ---------------*- C++ -*-===//
//
// Gives buffers a second slot and moves commands forward, as far as memory
// allows: what loads and computes the next head or strip then runs beside this
// one's.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_DOUBLEBUFFER_H
#define HDP_MACHINE_DOUBLEBUFFER_H

#include "hdp/Machine/NamedProgram.h"

namespace hdp::machine {

/// What was done to a program.
struct Overlapped {
  /// Buffers that have more slots than before; commands that stand elsewhere.
  uint32_t buffers = 0, moved = 0;
  /// Where each command stood before; empty if the order is as it was.
  std::vector<uint32_t> order;
};

/// Overlaps a verified program. Conflicting commands keep their order, so
/// results do not change; one that has no room for more is left as it is.
llvm::Expected<Overlapped> doubleBuffer(NamedProgram &named,
                                        const Config &config);

} // namespace hdp::machine

#endif // HDP_MACHINE_DOUBLEBUFFER_H
