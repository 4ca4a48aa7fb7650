//===- Dependences.cpp - who waits for whom -------------------------------===//
//
// A scoreboard over scratchpad ranges: for each buffer of each core the
// accesses that a later command could still conflict with.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Access.h"
#include "hdp/Machine/Timing.h"

using namespace hdp;
using namespace hdp::machine;

/// What a reader gets from the unit that wrote.
static Cause causeOf(const Command &command) {
  switch (getInfo(command).unit) {
  case Unit::Load:
    return Cause::Loads;
  case Unit::Array:
    return Cause::Scores;
  case Unit::Sparsity:
    return Cause::Mask;
  case Unit::Gate:
    return Cause::Gate;
  case Unit::Softmax:
    return Cause::Weights;
  case Unit::Normaliser:
  case Unit::Store:
    return Cause::Output;
  }
  return Cause::Loads;
}

/// Whether a command's writes go on from what its unit's range held before.
static bool updates(const Command &command, const Access &access) {
  return std::holds_alternative<SoftmaxCommand>(command)
             ? access.buffer == Buffer::Score
         : std::holds_alternative<EndRowsCommand>(command)
             ? access.buffer == Buffer::Mask
             : std::holds_alternative<EndHeadCommand>(command) ||
                   std::holds_alternative<WeighCommand>(command);
}

Dependences machine::findDependences(const Program &program,
                                     const Config &config) {
  struct Entry {
    Access access;
    uint32_t command;
  };
  std::vector<std::vector<Entry>> live(config.cores * numBuffers);
  Dependences result(program.commands.size());
  Accesses accesses;
  for (uint32_t i = 0; i < program.commands.size(); ++i) {
    const Command &command = program.commands[i];
    getAccesses(program, command, accesses);
    auto &dependences = result[i];
    for (const Access &access : accesses) {
      auto &entries = live[access.core * numBuffers + unsigned(access.buffer)];
      size_t kept = 0;
      for (Entry &entry : entries) {
        bool isCovered = false;
        if (entry.command != i && entry.access.conflictsWith(access)) {
          bool isData =
              entry.access.kind != Access::Read &&
              (access.kind == Access::Read || updates(command, access));
          dependences.push_back(
              {entry.command, isData ? causeOf(program.commands[entry.command])
                                     : Cause::Space});
          // What is overwritten needs no further waiting: the writer waits.
          isCovered = access.kind == Access::Write &&
                      access.begin <= entry.access.begin &&
                      entry.access.end <= access.end;
        }
        if (!isCovered)
          entries[kept++] = entry;
      }
      entries.resize(kept);
      entries.push_back({access, i});
    }
    // One entry a command; data counts before space.
    llvm::sort(dependences, [](const Dependence &a, const Dependence &b) {
      return std::make_pair(a.before, a.cause) <
             std::make_pair(b.before, b.cause);
    });
    dependences.erase(std::unique(dependences.begin(), dependences.end(),
                                  [](const Dependence &a, const Dependence &b) {
                                    return a.before == b.before;
                                  }),
                      dependences.end());
  }
  return result;
}
