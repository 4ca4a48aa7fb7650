//===- Allocation.cpp - live ranges to addresses --------------------------===//
//
// How many slots each buffer needs follows from its turns' live ranges; buffers
// are then placed one behind the other, or into the lowest bytes that nobody
// who is live at the same time has.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Allocation.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::machine;

namespace {

/// The commands from the first to the last use.
struct Range {
  uint32_t first = ~uint32_t(0), last = 0;
  bool overlaps(const Range &other) const {
    return first <= other.last && other.first <= last;
  }
  void add(uint32_t command) {
    first = std::min(first, command);
    last = std::max(last, command);
  }
};

/// The turns of a buffer on a core, by number.
using Turns = std::vector<std::pair<uint32_t, Range>>;

struct Liveness {
  /// By buffer, then by core.
  std::vector<std::vector<Turns>> turns;
  /// By buffer: from its first use on any core to the last.
  std::vector<Range> ranges;
};

Liveness findLiveness(const NamedProgram &named, const Config &config) {
  Liveness live;
  live.turns.resize(named.buffers.size(), std::vector<Turns>(config.cores));
  live.ranges.resize(named.buffers.size());
  AccessFinder finder(named.program);
  TurnNumbers numbers;
  std::vector<Reference> turns;
  std::vector<Range> ranges; // by turn, then by core
  NamedAccesses accesses;
  for (uint32_t i = 0; i < named.program.commands.size(); ++i) {
    getNamedAccesses(finder, named.program.commands[i], accesses);
    for (const NamedAccess &access : accesses) {
      if (access.what.buffer == Reference::maxBuffers)
        continue;
      uint32_t number = numbers.get(access.what);
      if (number == turns.size()) {
        turns.push_back(access.what);
        ranges.resize(turns.size() * config.cores);
      }
      ranges[number * config.cores + access.core].add(i);
      live.ranges[access.what.buffer].add(i);
    }
  }
  for (size_t t = 0; t < turns.size(); ++t)
    for (size_t core = 0; core < config.cores; ++core)
      if (const Range &range = ranges[t * config.cores + core];
          range.first <= range.last)
        live.turns[turns[t].buffer][core].push_back({turns[t].turn, range});
  for (std::vector<Turns> &cores : live.turns)
    for (Turns &turns : cores)
      llvm::sort(turns, [](const auto &a, const auto &b) {
        return a.first < b.first;
      });
  return live;
}

/// Whether turns t and t + slots, t + 2 slots, .. are never live together.
bool areEnough(const Turns &turns, uint32_t slots) {
  std::vector<std::vector<Range>> bySlot(slots);
  for (const auto &[turn, range] : turns)
    bySlot[turn % slots].push_back(range);
  for (std::vector<Range> &ranges : bySlot) {
    llvm::sort(ranges, [](const Range &a, const Range &b) {
      return a.first < b.first;
    });
    for (size_t i = 1; i < ranges.size(); ++i)
      if (ranges[i - 1].overlaps(ranges[i]))
        return false;
  }
  return true;
}

/// The most turns that are live at one command: no fewer slots can do.
uint32_t countLive(const Turns &turns) {
  std::vector<std::pair<uint32_t, int>> events;
  for (const auto &[turn, range] : turns) {
    events.push_back({range.first, 1});
    events.push_back({range.last + 1, -1});
  }
  llvm::sort(events);
  int live = 0, most = 0;
  for (const auto &[command, change] : events)
    most = std::max(most, live += change);
  return uint32_t(most);
}

/// The fewest slots, `least` at least, that hold every turn while it is live.
uint32_t findSlots(llvm::ArrayRef<Turns> cores, uint32_t least) {
  uint32_t slots = std::max(1u, least), most = 1;
  for (const Turns &turns : cores) {
    slots = std::max(slots, countLive(turns));
    if (!turns.empty())
      most = std::max(most, turns.back().first + 1);
  }
  while (
      slots < most &&
      !llvm::all_of(
          cores, [&](const Turns &turns) { return areEnough(turns, slots); }))
    ++slots;
  return slots;
}

} // namespace

llvm::Expected<Allocation> machine::allocate(const NamedProgram &named,
                                             const Config &config) {
  Liveness live = findLiveness(named, config);
  Allocation allocation;
  uint64_t used[numBuffers] = {};
  for (size_t b = 0; b < named.buffers.size(); ++b) {
    const NamedBuffer &buffer = named.buffers[b];
    uint64_t &next = used[unsigned(buffer.scratchpad)];
    Placement place;
    place.base = next;
    place.size = (buffer.bytes + 7) / 8 * 8;
    place.slots = findSlots(live.turns[b], buffer.slots);
    next += place.size * place.slots;
    allocation.push_back(place);
  }

  for (unsigned scratchpad = 0; scratchpad < numBuffers; ++scratchpad) {
    uint64_t size = getBufferBytes(config, Buffer(scratchpad));
    if (used[scratchpad] <= size)
      continue;
    // Too small for all: the lowest place that is free while it is needed.
    uint64_t needed = 0;
    std::vector<size_t> placed;
    for (size_t b = 0; b < named.buffers.size(); ++b) {
      if (unsigned(named.buffers[b].scratchpad) != scratchpad)
        continue;
      Placement &place = allocation[b];
      uint64_t length = place.size * place.slots;
      place.base = 0;
      for (bool isFree = false; !isFree;) {
        isFree = true;
        for (size_t other : placed) {
          const Placement &taken = allocation[other];
          if (live.ranges[b].overlaps(live.ranges[other]) &&
              place.base < taken.base + taken.size * taken.slots &&
              taken.base < place.base + length) {
            place.base = taken.base + taken.size * taken.slots;
            isFree = false;
          }
        }
      }
      placed.push_back(b);
      needed = std::max(needed, place.base + length);
    }
    if (needed > size)
      return makeError("the " + stringify(Buffer(scratchpad)) + " buffer has " +
                       llvm::Twine(size) + " bytes, " +
                       llvm::Twine(needed - size) +
                       " fewer than the program's buffers need");
  }
  return allocation;
}

Program machine::applyAllocation(const NamedProgram &named,
                                 llvm::ArrayRef<Placement> allocation) {
  Program program = named.program;
  for (Command &command : program.commands)
    visitAddresses(command, [&](Field, uint32_t &field) {
      Reference reference = Reference::unpack(field);
      field = reference.buffer == Reference::maxBuffers
                  ? 0
                  : uint32_t(allocation[reference.buffer].at(reference.turn));
    });
  return program;
}
