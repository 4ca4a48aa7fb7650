//===- AllocationCheck.cpp - is an allocation legal? ----------------------===//
//
// Looks at the finished program alone: which bytes each turn really has, from
// the first command that uses it to the last, and whether anyone else has one
// of them meanwhile.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Allocation.h"
#include "hdp/Support/Error.h"
#include <map>
#include <tuple>

using namespace hdp;
using namespace hdp::machine;

namespace {
/// A turn of a buffer on a core: its bytes, and the commands of its life.
struct Life {
  Reference what;
  uint8_t core;
  Buffer scratchpad;
  uint64_t begin, end;
  size_t first, last;
};
} // namespace

static bool isSameButAddresses(Command a, Command b) {
  for (Command *command : {&a, &b})
    visitAddresses(*command,
                   [](llvm::StringRef, uint32_t &field) { field = 0; });
  return a == b;
}

llvm::Error machine::checkAllocation(const NamedProgram &named,
                                     const Program &addressed,
                                     const Config &config) {
  const std::vector<Command> &commands = addressed.commands;
  if (commands.size() != named.program.commands.size())
    return makeError("the allocation has " + llvm::Twine(commands.size()) +
                     " commands, the program " +
                     llvm::Twine(named.program.commands.size()));
  std::map<std::tuple<uint8_t, uint32_t, uint32_t>, Life> lives;
  Accesses ranges;
  NamedAccesses names;
  for (size_t i = 0; i < commands.size(); ++i) {
    auto fail = [&](const llvm::Twine &reason) {
      return makeError("command " + llvm::Twine(i) + " (" +
                       getInfo(commands[i]).mnemonic + "): " + reason);
    };
    if (!isSameButAddresses(commands[i], named.program.commands[i]))
      return fail("differs from the program in more than addresses");
    if (std::optional<std::string> problem =
            checkCommand(addressed, commands[i], config))
      return fail(*problem);
    getAccesses(addressed, commands[i], ranges);
    getNamedAccesses(named.program, named.program.commands[i], names);
    for (auto [range, name] : llvm::zip_equal(ranges, names)) {
      if (range.buffer == Buffer::Registers)
        continue;
      if (name.what.buffer >= named.buffers.size())
        return fail("uses bytes of no buffer");
      // The turn's first byte is where this access would be at offset 0.
      if (range.begin < name.begin)
        return fail("buffer @" + named.buffers[name.what.buffer].name +
                    " starts below address 0");
      uint64_t begin = range.begin - name.begin,
               end = begin + named.buffers[name.what.buffer].bytes;
      auto [entry, isNew] = lives.try_emplace(
          {range.core, name.what.buffer, name.what.turn},
          Life{name.what, range.core, range.buffer, begin, end, i, i});
      if (entry->second.begin != begin)
        return fail("turn " + llvm::Twine(name.what.turn) + " of buffer @" +
                    named.buffers[name.what.buffer].name + " is at " +
                    llvm::Twine(begin) + ", but was at " +
                    llvm::Twine(entry->second.begin));
      entry->second.last = i;
    }
  }

  std::vector<Life> inOrder;
  for (const auto &[key, life] : lives) {
    uint64_t size = getBufferBytes(config, life.scratchpad);
    if (life.end > size)
      return makeError("buffer @" + named.buffers[life.what.buffer].name +
                       " ends at " + llvm::Twine(life.end) + ", the " +
                       stringify(life.scratchpad) + " buffer at " +
                       llvm::Twine(size));
    inOrder.push_back(life);
  }
  llvm::sort(inOrder, [](const Life &a, const Life &b) {
    return std::make_tuple(a.first, a.core, a.what.pack()) <
           std::make_tuple(b.first, b.core, b.what.pack());
  });
  std::map<std::pair<uint8_t, Buffer>, std::vector<Life>> live;
  for (const Life &life : inOrder) {
    std::vector<Life> &others = live[{life.core, life.scratchpad}];
    llvm::erase_if(others,
                   [&](const Life &other) { return other.last < life.first; });
    for (const Life &other : others)
      if (life.begin < other.end && other.begin < life.end)
        return makeError(
            "turn " + llvm::Twine(life.what.turn) + " of buffer @" +
            named.buffers[life.what.buffer].name + " and turn " +
            llvm::Twine(other.what.turn) + " of buffer @" +
            named.buffers[other.what.buffer].name + " both have byte " +
            llvm::Twine(std::max(life.begin, other.begin)) + " of the " +
            stringify(life.scratchpad) + " buffer of core " +
            llvm::Twine(unsigned(life.core)) + " at command " +
            llvm::Twine(life.first));
    others.push_back(life);
  }
  return llvm::Error::success();
}
