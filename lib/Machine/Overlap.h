//===- Overlap.h - how many turns of a buffer have room ---------*- C++ -*-===//
//
// The steps of overlap that the planner reckons with and double buffering
// takes, and what each asks of every kind of buffer.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_OVERLAP_H
#define HDP_LIB_MACHINE_OVERLAP_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace hdp::machine {

/// How long a turn of a buffer lives, which is what its slots depend on.
enum class Role : uint8_t {
  Kept,     // what the integer pass reads and leaves of a strip
  Key,      // integer plane or codes of a head's keys
  Fraction, // their fraction plane
  Value,    // values and their sums
  Strip,    // a strip in work
  Theta,    // thetas until END_R
  Terms,    // row terms
};

/// Heads whose integer planes, fraction planes and values have room; strips in
/// work.
struct Overlap {
  uint32_t heads = 1, fractions = 1, values = 1, strips = 1;
};

/// Slots of a buffer. `isAhead`: the integer pass of a whole head, in `rounds`
/// strips a core, comes before its scores.
inline uint32_t slotsOf(Role role, const Overlap &overlap, uint32_t rounds,
                        bool isAhead) {
  switch (role) {
  case Role::Kept:
    return isAhead ? overlap.heads * rounds
                   : std::max(overlap.strips, overlap.heads);
  case Role::Key:
    return overlap.heads;
  case Role::Fraction:
    return overlap.fractions;
  case Role::Value:
    return overlap.values;
  case Role::Strip:
    return overlap.strips;
  case Role::Theta:
    return std::max(overlap.strips, isAhead ? 2u : 1u);
  case Role::Terms:
    return overlap.strips + 1;
  }
  return 1;
}

/// From most overlap to none.
inline std::vector<Overlap> getOverlaps(bool isAhead) {
  std::vector<Overlap> steps;
  if (!isAhead) {
    for (uint32_t strips : {2u, 1u})
      for (uint32_t slots : {2u, 1u})
        steps.push_back({slots, slots, slots, strips});
    return steps;
  }
  for (uint32_t heads : {2u, 1u})
    for (uint32_t fractions = heads; fractions > 0; --fractions)
      for (uint32_t values : {2u, 1u})
        for (uint32_t strips : {2u, 1u})
          steps.push_back({heads, fractions, values, strips});
  return steps;
}

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_OVERLAP_H
