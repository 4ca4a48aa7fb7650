//===- DoubleBuffer.cpp - slots for overlap, and the order that uses them -===//
//
// What a buffer is for is read off the fields that name it. Slots are taken
// step by step from the most overlap down, until they fit; then the commands of
// each head are sorted into parts, and the parts interleaved.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/DoubleBuffer.h"
#include "HeadParts.h"
#include "Overlap.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::machine;

/// What a field says of the buffer that it names; loads say nothing.
static std::optional<Role> roleOf(Field field) {
  switch (field) {
  case Field::query_address:
  case Field::stat_address:
  case Field::mask_address:
    return Role::Kept;
  case Field::key_address:
    return Role::Key;
  case Field::key_fraction:
    return Role::Fraction;
  case Field::value_address:
  case Field::sum_address:
    return Role::Value;
  case Field::theta_address:
    return Role::Theta;
  case Field::term_address:
    return Role::Terms;
  case Field::address:
    return std::nullopt;
  default:
    return Role::Strip;
  }
}

/// By buffer; none if two fields disagree or none names it.
static std::optional<std::vector<Role>> findRoles(const NamedProgram &named) {
  std::vector<std::optional<Role>> roles(named.buffers.size());
  bool agree = true;
  for (const Command &command : named.program.commands)
    visitAddresses(command, [&](Field field, uint32_t value) {
      uint32_t buffer = Reference::unpack(value).buffer;
      std::optional<Role> role = roleOf(field);
      if (buffer == Reference::maxBuffers || !role)
        return;
      agree &= !roles[buffer] || *roles[buffer] == *role;
      roles[buffer] = role;
    });
  std::vector<Role> found;
  for (const std::optional<Role> &role : roles) {
    if (!role)
      return std::nullopt;
    found.push_back(*role);
  }
  if (!agree)
    return std::nullopt;
  return found;
}

/// Numbers the turns of a strip's buffers in the order of their first use, so
/// that the slots of a core go round.
static void renumber(NamedProgram &named, llvm::ArrayRef<Role> roles) {
  constexpr size_t cores = 64;
  TurnNumbers numbers;
  std::vector<uint32_t> renamed;                    // by turn and core, and 1
  std::vector<uint32_t> next(roles.size() * cores); // by buffer and core
  for (Command &command : named.program.commands) {
    std::optional<uint8_t> core = getOnlyCore(command);
    if (!core)
      continue; // what all cores share is numbered by heads
    visitAddresses(command, [&](Field, uint32_t &field) {
      Reference reference = Reference::unpack(field);
      if (reference.buffer == Reference::maxBuffers ||
          (roles[reference.buffer] != Role::Strip &&
           roles[reference.buffer] != Role::Terms))
        return;
      size_t at = numbers.get(reference) * cores + *core;
      if (renamed.size() <= at)
        renamed.resize(numbers.size() * cores);
      if (renamed[at] == 0)
        renamed[at] = ++next[reference.buffer * cores + *core];
      reference.turn = renamed[at] - 1;
      field = reference.pack();
    });
  }
}

/// Whether the slots that buffers ask for have room.
static bool fits(llvm::ArrayRef<NamedBuffer> buffers,
                 llvm::ArrayRef<uint32_t> slots, const Config &config) {
  uint64_t used[numBuffers] = {};
  for (auto [buffer, count] : llvm::zip_equal(buffers, slots))
    used[unsigned(buffer.scratchpad)] += (buffer.bytes + 7) / 8 * 8 * count;
  for (unsigned b = 0; b < unsigned(Buffer::Registers); ++b)
    if (used[b] > getBufferBytes(config, Buffer(b)))
      return false;
  return true;
}

llvm::Expected<Overlapped> machine::doubleBuffer(NamedProgram &named,
                                                 const Config &config) {
  Overlapped done;
  std::optional<std::vector<Role>> roles = findRoles(named);
  if (!roles)
    return done;
  std::optional<std::vector<GroupParts>> groups =
      findParts(named.program.commands, named.program.sites);
  bool isAhead = groups.has_value();
  uint32_t rounds = 1;
  if (isAhead)
    for (const GroupParts &group : *groups)
      for (const HeadParts &head : group)
        rounds = std::max(rounds, uint32_t(head.scores.size()));

  std::vector<uint32_t> slots(named.buffers.size());
  auto choose = [&]() -> std::optional<Overlap> {
    for (const Overlap &step : getOverlaps(isAhead)) {
      for (size_t b = 0; b < slots.size(); ++b)
        slots[b] = std::max(named.buffers[b].slots,
                            slotsOf((*roles)[b], step, rounds, isAhead));
      if (fits(named.buffers, slots, config))
        return step;
    }
    return std::nullopt;
  };
  std::optional<Overlap> chosen = choose();
  if (!chosen && isAhead) { // no room for another order: slots alone
    isAhead = false;
    chosen = choose();
  }
  if (!chosen)
    return done;

  NamedProgram result = named;
  for (size_t b = 0; b < slots.size(); ++b) {
    done.buffers += slots[b] > named.buffers[b].slots;
    result.buffers[b].slots = slots[b];
  }
  if (isAhead) {
    std::vector<uint32_t> order;
    for (const GroupParts &group : *groups)
      interleave(group, *chosen, order);
    for (uint32_t i = 0; i < order.size(); ++i) {
      done.moved += order[i] != i;
      result.program.commands[i] = named.program.commands[order[i]];
    }
    renumber(result, *roles);
    if (llvm::Error error = checkOrder(named, result, order))
      return error;
    done.order = std::move(order);
  }
  named = std::move(result);
  return done;
}
