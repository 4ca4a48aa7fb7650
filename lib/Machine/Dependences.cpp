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

/// Sorts by command, data before space, and leaves one entry a command.
static void keepFirsts(llvm::SmallVectorImpl<Dependence> &found) {
  auto rank = [](const Dependence &x) {
    return uint64_t(x.before) << 8 | uint64_t(x.cause);
  };
  auto isBefore = [&](const Dependence &a, const Dependence &b) {
    return rank(a) < rank(b);
  };
  if (found.size() > 16)
    std::sort(found.begin(), found.end(), isBefore);
  else // a few, and mostly in order
    for (size_t i = 1; i < found.size(); ++i)
      for (size_t j = i; j > 0 && isBefore(found[j], found[j - 1]); --j)
        std::swap(found[j], found[j - 1]);
  auto isSame = [](const Dependence &a, const Dependence &b) {
    return a.before == b.before;
  };
  found.erase(std::unique(found.begin(), found.end(), isSame), found.end());
}

void Dependences::addSuccessors() {
  afterBegin.assign(size() + 1, 0);
  for (const Dependence &dependence : before)
    ++afterBegin[dependence.before + 1];
  for (size_t i = 0; i < size(); ++i)
    afterBegin[i + 1] += afterBegin[i];
  after.resize(before.size());
  std::vector<uint32_t> next(afterBegin.begin(), afterBegin.end() - 1);
  for (uint32_t i = 0; i < size(); ++i)
    for (const Dependence &dependence : (*this)[i])
      after[next[dependence.before]++] = {i, dependence.cause};
}

Dependences machine::findDependences(const Program &program,
                                     const Config &config) {
  struct Entry {
    Access access;
    uint32_t command;
  };
  // By core and buffer, then by kind: an access meets only kinds that it can
  // conflict with.
  using Entries = std::vector<Entry>;
  std::vector<Entries> live(config.cores * numBuffers * 3);
  Dependences result;
  result.beforeBegin.push_back(0);
  AccessFinder finder(program);
  Accesses accesses;
  llvm::SmallVector<Dependence, 64> found;
  for (uint32_t i = 0; i < program.commands.size(); ++i) {
    const Command &command = program.commands[i];
    finder.find(command, accesses);
    found.clear();
    auto visit = [&](Entries &entries, const Access &access) {
      size_t kept = 0;
      for (Entry &entry : entries) {
        bool isCovered = false;
        if (entry.command != i && entry.access.conflictsWith(access)) {
          bool isData =
              entry.access.kind != Access::Read &&
              (access.kind == Access::Read || updates(command, access));
          found.push_back(
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
    };
    for (const Access &access : accesses) {
      Entries *byKind =
          &live[(access.core * numBuffers + unsigned(access.buffer)) * 3];
      for (Access::Kind kind : {Access::Read, Access::Write, Access::Add})
        if (!byKind[kind].empty() && Access::canConflict(kind, access))
          visit(byKind[kind], access);
      byKind[access.kind].push_back({access, i});
    }
    keepFirsts(found);
    result.before.insert(result.before.end(), found.begin(), found.end());
    result.beforeBegin.push_back(uint32_t(result.before.size()));
    result.queues.push_back(uint32_t(queueOf(command, config)));
  }
  result.addSuccessors();
  return result;
}
