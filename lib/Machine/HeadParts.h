//===- HeadParts.h - what the commands of a head are for --------*- C++ -*-===//
//
// A program's commands sorted into the parts of its heads, and the order in
// which parts of neighbouring heads and strips overlap.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_HEADPARTS_H
#define HDP_LIB_MACHINE_HEADPARTS_H

#include "Overlap.h"
#include "hdp/Machine/Program.h"
#include <optional>

namespace hdp::machine {

/// Positions of a head's commands. A round is a strip on each of the cores.
struct HeadParts {
  using Part = std::vector<uint32_t>;
  /// Set-up, integer planes; END_H; values.
  Part start, endHead, values;
  /// By round: integer pass and END_R; scores and softmax with the loads that
  /// they wait for; weighing, output.
  std::vector<Part> integer, scores, weighs;
};

/// The heads of a group of cores, in order.
using GroupParts = std::vector<HeadParts>;

/// The parts of a program that does the integer pass of a whole head before its
/// scores, all keys at once; nothing for another one.
std::optional<std::vector<GroupParts>>
findParts(llvm::ArrayRef<Command> commands, llvm::ArrayRef<Site> sites);

/// Appends the commands of a group: the next head's start and integer pass
/// among the strips of this one, and the scores of a strip before the weights
/// of the one before, where `overlap` has room for both.
void interleave(const GroupParts &group, const Overlap &overlap,
                std::vector<uint32_t> &order);

/// The core of a command that is about one alone.
std::optional<uint8_t> getOnlyCore(const Command &command);

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_HEADPARTS_H
