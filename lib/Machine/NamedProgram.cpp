//===- NamedProgram.cpp - accesses and checks without addresses -----------===//
//
// A reference is read as an address in a scratchpad of its own, 2^24 bytes
// from buffer to buffer, so ranges come from the same functions as those of
// addressed programs.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/NamedProgram.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::machine;

static constexpr unsigned shift = 24;

bool machine::isAddress(llvm::StringRef field) {
  return field.ends_with("address") || field == "query_fraction" ||
         field == "key_fraction";
}

/// The command with buffers far apart, and the turn of each that it names. An
/// error if it names two turns of one.
static std::optional<std::string>
separate(Command &command, llvm::SmallVectorImpl<Reference> &turns) {
  bool isTwice = false;
  visitAddresses(command, [&](Field, uint32_t &field) {
    Reference reference = Reference::unpack(field);
    field = Reference{reference.buffer, 0}.pack();
    if (reference.buffer == Reference::maxBuffers)
      return;
    for (const Reference &other : turns)
      isTwice |=
          other.buffer == reference.buffer && other.turn != reference.turn;
    turns.push_back(reference);
  });
  if (isTwice)
    return std::string("expected one turn of a buffer in a command, found two");
  return std::nullopt;
}

static uint32_t turnOf(llvm::ArrayRef<Reference> turns, uint64_t buffer) {
  for (const Reference &reference : turns)
    if (reference.buffer == buffer)
      return reference.turn;
  return 0;
}

void machine::getNamedAccesses(const AccessFinder &finder,
                               const Command &command,
                               NamedAccesses &accesses) {
  accesses.clear();
  Command apart = command;
  llvm::SmallVector<Reference, 8> turns;
  separate(apart, turns);
  Accesses found;
  finder.find(apart, found);
  for (const Access &access : found) {
    if (access.buffer == Buffer::Registers) {
      accesses.push_back({access.core,
                          access.kind,
                          {Reference::maxBuffers, uint32_t(access.begin)},
                          access.begin,
                          access.end});
      continue;
    }
    auto buffer = uint32_t(access.begin >> shift);
    uint64_t base = uint64_t(buffer) << shift;
    accesses.push_back({access.core,
                        access.kind,
                        {buffer, turnOf(turns, buffer)},
                        access.begin - base,
                        access.end - base});
  }
}

uint32_t TurnNumbers::get(Reference turn) {
  if (turn.turn >= tabulated) {
    auto [entry, isNew] = large.try_emplace(turn.pack(), next);
    next += isNew;
    return entry->second;
  }
  if (small.size() <= turn.buffer)
    small.resize(turn.buffer + 1);
  std::vector<uint32_t> &numbers = small[turn.buffer];
  if (numbers.size() <= turn.turn)
    numbers.resize(std::max<size_t>(turn.turn + 1, 2 * numbers.size()));
  uint32_t &number = numbers[turn.turn];
  if (number == 0)
    number = ++next;
  return number - 1;
}

std::optional<std::string> machine::checkBuffer(const NamedBuffer &buffer,
                                                const Config &config) {
  if (buffer.scratchpad >= Buffer::Registers)
    return std::string("expected a scratchpad, found registers");
  uint64_t size = getBufferBytes(config, buffer.scratchpad);
  if (buffer.bytes == 0 || buffer.bytes > size)
    return ("expected 1 to " + llvm::Twine(size) + " bytes, what the " +
            stringify(buffer.scratchpad) + " buffer has, found " +
            llvm::Twine(buffer.bytes))
        .str();
  if (buffer.slots == 0 || buffer.slots > Reference::maxTurns)
    return ("expected 1 to " + llvm::Twine(Reference::maxTurns) +
            " slots, found " + llvm::Twine(buffer.slots))
        .str();
  return std::nullopt;
}

std::optional<std::string> machine::checkNamedCommand(const NamedProgram &named,
                                                      const Command &command,
                                                      const Config &config) {
  Command apart = command;
  llvm::SmallVector<Reference, 8> turns;
  if (std::optional<std::string> problem = separate(apart, turns))
    return problem;
  for (const Reference &reference : turns)
    if (reference.buffer >= named.buffers.size())
      return ("expected one of " + llvm::Twine(named.buffers.size()) +
              " buffers, found " + llvm::Twine(reference.buffer))
          .str();
  if (std::optional<std::string> problem =
          checkFields(named.program, apart, config))
    return problem;
  Accesses accesses;
  AccessFinder(named.program).find(apart, accesses);
  for (const Access &access : accesses) {
    if (access.buffer == Buffer::Registers)
      continue;
    uint64_t index = access.begin >> shift;
    if (index >= named.buffers.size())
      return ("expected a buffer for what the command does in the " +
              stringify(access.buffer) + " buffer, found none")
          .str();
    const NamedBuffer &buffer = named.buffers[index];
    if (buffer.scratchpad != access.buffer)
      return ("expected a buffer in the " + stringify(access.buffer) +
              " buffer, found @" + buffer.name + " in the " +
              stringify(buffer.scratchpad) + " buffer")
          .str();
    uint64_t end = access.end - (index << shift);
    if (end > buffer.bytes)
      return ("buffer @" + buffer.name + " has " + llvm::Twine(buffer.bytes) +
              " bytes, " + llvm::Twine(end - buffer.bytes) +
              " fewer than needed")
          .str();
  }
  return std::nullopt;
}

llvm::Error machine::verifyNamedProgram(const NamedProgram &named,
                                        const Config &config) {
  if (llvm::Error error = checkMachine(named.program, config))
    return error;
  if (named.buffers.size() > Reference::maxBuffers)
    return makeError("expected at most " + llvm::Twine(Reference::maxBuffers) +
                     " buffers, found " + llvm::Twine(named.buffers.size()));
  for (const NamedBuffer &buffer : named.buffers)
    if (std::optional<std::string> problem = checkBuffer(buffer, config))
      return makeError("buffer @" + buffer.name + ": " + *problem);
  for (size_t i = 0; i < named.program.commands.size(); ++i)
    if (std::optional<std::string> problem =
            checkNamedCommand(named, named.program.commands[i], config))
      return makeError("command " + llvm::Twine(i) + " (" +
                       getInfo(named.program.commands[i]).mnemonic +
                       "): " + *problem);
  return llvm::Error::success();
}

/// Whether an access may not come behind one of `kind` that it preceded. What
/// is added to a scratchpad are rows that nobody before has read (load_kept).
static bool conflicts(const NamedAccess &access, int kind) {
  if (access.kind == Access::Read && kind == Access::Add)
    return access.what.buffer == Reference::maxBuffers;
  return access.kind != kind || kind == Access::Write;
}

llvm::Error machine::checkOrder(const NamedProgram &before,
                                const NamedProgram &after,
                                llvm::ArrayRef<uint32_t> order) {
  const std::vector<Command> &commands = before.program.commands;
  if (order.size() != commands.size() ||
      after.program.commands.size() != commands.size())
    return makeError("the order has another number of commands");
  // Of a turn on a core as the program before had it: the latest of the
  // commands so far that read, wrote and added, and which turn it is now. Two
  // turns of before may not be one of after, nor the other way round.
  constexpr uint32_t none = ~uint32_t(0);
  struct Known {
    int64_t latest[3] = {-1, -1, -1};
    uint32_t renamed = none;
  };
  TurnNumbers turnsBefore, turnsAfter;
  std::vector<Known> known;
  std::vector<uint32_t> original;
  std::vector<bool> seen(commands.size());
  AccessFinder finderBefore(before.program), finderAfter(after.program);
  NamedAccesses accesses, now;
  constexpr size_t cores = 64;
  auto at = [](auto &table, uint32_t number, uint8_t core,
               auto initial) -> auto & {
    if (table.size() <= number * cores + core)
      table.resize((number + 1) * cores, initial);
    return table[number * cores + core];
  };
  for (size_t i = 0; i < order.size(); ++i) {
    uint32_t index = order[i];
    if (index >= commands.size() || seen[index])
      return makeError("the order has command " + llvm::Twine(index) +
                       " twice or not at all");
    seen[index] = true;
    getNamedAccesses(finderBefore, commands[index], accesses);
    getNamedAccesses(finderAfter, after.program.commands[i], now);
    if (accesses.size() != now.size())
      return makeError("command " + llvm::Twine(index) + " has changed");
    for (auto [access, moved] : llvm::zip(accesses, now)) {
      if (access.core != moved.core || access.kind != moved.kind ||
          access.what.buffer != moved.what.buffer ||
          access.begin != moved.begin || access.end != moved.end)
        return makeError("command " + llvm::Twine(index) + " has changed");
      uint32_t was = turnsBefore.get(access.what),
               is = turnsAfter.get(moved.what);
      Known &entry = at(known, was, access.core, Known());
      uint32_t &from = at(original, is, access.core, none);
      if (entry.renamed == none)
        entry.renamed = is;
      if (from == none)
        from = was;
      if (entry.renamed != is || from != was)
        return makeError("command " + llvm::Twine(index) +
                         " has another turn than its fellows");
      for (int kind : {Access::Read, Access::Write, Access::Add})
        if (conflicts(access, kind) && entry.latest[kind] > int64_t(index))
          return makeError(
              "command " + llvm::Twine(index) + " stands behind command " +
              llvm::Twine(entry.latest[kind]) + ", which depends on it");
      int64_t &last = entry.latest[access.kind];
      last = std::max(last, int64_t(index));
    }
  }
  return llvm::Error::success();
}
