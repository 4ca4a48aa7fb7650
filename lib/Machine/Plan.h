//===- Plan.h - how an attention is cut -------------------------*- C++ -*-===//
//
// Strips and chunks of an attention and the buffers of its parts, all chosen
// before the first command is written.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_PLAN_H
#define HDP_LIB_MACHINE_PLAN_H

#include "hdp/Machine/NamedProgram.h"
#include "hdp/Machine/ProgramBuilder.h"

namespace hdp::machine {

/// A buffer of the program.
struct Region {
  uint32_t buffer = Reference::maxBuffers;
  uint32_t at(uint64_t turn) const {
    return Reference{buffer, uint32_t(turn)}.pack();
  }
};

/// The choices of a program.
struct Plan {
  Layout layout;
  uint32_t coresPerHead = 1, groups = 1;
  /// Block rows of a strip; strips of a head, and most of them on one core.
  uint32_t stripRows = 1, strips = 1, rounds = 1;
  /// Block columns of a chunk of keys and of values.
  uint32_t keyColumns = 1, valueColumns = 1;
  /// The integer pass of a whole head comes before its scores; in other plans
  /// each strip's comes right before them.
  bool isAhead = false;
  /// In these, whether there is room for what the next strip's leaves.
  bool isPipelined = false;

  std::vector<NamedBuffer> buffers;
  Region query, queryFraction, key, keyFraction, value, sum;
  Region theta, states, validInteger, valid, score, bias, means, terms, acc,
      out;

  explicit Plan(const Site &site) : layout(site) {}
  uint32_t keyChunks(const Site &site) const {
    return (site.blockColumns() + keyColumns - 1) / keyColumns;
  }
  uint32_t valueChunks(const Site &site) const {
    return (site.blockColumns() + valueColumns - 1) / valueColumns;
  }
};

/// The best plan that fits; an error names the buffer that is too small for
/// the smallest one.
llvm::Expected<Plan> makePlan(const AttentionRequest &request,
                              const Config &config);

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_PLAN_H
