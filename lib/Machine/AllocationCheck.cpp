//===- AllocationCheck.cpp - is an allocation legal? ----------------------===//
//
// Looks at the finished program alone: which bytes each turn really has, from
// the first command that uses it to the last, and whether anyone else has one
// of them meanwhile.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Allocation.h"
#include "hdp/Support/Error.h"

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
    visitAddresses(*command, [](Field, uint32_t &field) { field = 0; });
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
  std::vector<Life> lives;
  // Which of them is that of a turn on a core, and one more.
  std::vector<uint32_t> known;
  TurnNumbers numbers;
  AccessFinder ranged(addressed), finder(named.program);
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
            checkCommand(ranged, commands[i], config, ranges))
      return fail(*problem);
    getNamedAccesses(finder, named.program.commands[i], names);
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
      size_t at = numbers.get(name.what) * config.cores + range.core;
      if (known.size() <= at)
        known.resize(size_t(numbers.size()) * config.cores);
      if (known[at] == 0) {
        lives.push_back(
            {name.what, range.core, range.buffer, begin, end, i, i});
        known[at] = uint32_t(lives.size());
      }
      Life &life = lives[known[at] - 1];
      if (life.begin != begin)
        return fail("turn " + llvm::Twine(name.what.turn) + " of buffer @" +
                    named.buffers[name.what.buffer].name + " is at " +
                    llvm::Twine(begin) + ", but was at " +
                    llvm::Twine(life.begin));
      life.last = i;
    }
  }

  for (const Life &life : lives) {
    uint64_t size = getBufferBytes(config, life.scratchpad);
    if (life.end > size)
      return makeError("buffer @" + named.buffers[life.what.buffer].name +
                       " ends at " + llvm::Twine(life.end) + ", the " +
                       stringify(life.scratchpad) + " buffer at " +
                       llvm::Twine(size));
  }
  // They stand in the order in which they begin.
  std::vector<std::vector<Life>> live(config.cores * numBuffers);
  for (const Life &life : lives) {
    std::vector<Life> &others =
        live[life.core * numBuffers + unsigned(life.scratchpad)];
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
