//===- HeadParts.cpp - commands to parts, parts to an order ---------------===//
//
// A load belongs to the command of its core that comes next and computes; what
// else a command is for, its kind says.
//
//===----------------------------------------------------------------------===//

#include "HeadParts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <map>

using namespace hdp;
using namespace hdp::machine;

std::optional<uint8_t> machine::getOnlyCore(const Command &command) {
  return std::visit(
      [](const auto &c) -> std::optional<uint8_t> {
        using T = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<T, LoadKeptCommand>) {
          return c.core;
        } else if constexpr (std::is_same_v<T, SetupCommand> ||
                             std::is_same_v<T, LoadCommand> ||
                             std::is_same_v<T, LoadValuesCommand> ||
                             std::is_same_v<T, EndHeadCommand>) {
          if (llvm::popcount(c.cores) != 1)
            return std::nullopt;
          return uint8_t(llvm::countr_zero(c.cores));
        } else {
          return c.core;
        }
      },
      command);
}

namespace {

/// Sorts commands into the head that was set up last.
class Sorter {
public:
  explicit Sorter(llvm::ArrayRef<Site> sites) : sites(sites) {}

  /// False where a program is not of the form.
  bool add(uint32_t index, const Command &command) {
    if (auto *c = std::get_if<SetupCommand>(&command)) {
      if (!finishHead())
        return false;
      if (groups.empty() || cores != c->cores)
        groups.emplace_back();
      cores = c->cores;
      isDense = sites[c->site].dense;
      groups.back().emplace_back();
      head().start.push_back(index);
      return true;
    }
    if (groups.empty())
      return false;
    at = index;
    return std::visit([&](const auto &c) { return visit(c); }, command);
  }
  /// No load may be left without a command that wants it.
  bool finishHead() {
    for (auto &[core, state] : states)
      if (!state.pending.empty() || state.weighs != state.scores ||
          (!isDense && state.integers != state.scores))
        return false;
    if (!groups.empty() &&
        (head().weighs.size() != head().scores.size() ||
         (!isDense && head().integer.size() != head().scores.size())))
      return false;
    states.clear();
    return true;
  }
  std::vector<GroupParts> groups;

private:
  struct CoreState {
    std::vector<uint32_t> pending;
    size_t integers = 0, scores = 0, weighs = 0;
  };
  HeadParts &head() { return groups.back().back(); }
  static HeadParts::Part &round(std::vector<HeadParts::Part> &parts,
                                size_t index) {
    if (parts.size() <= index)
      parts.resize(index + 1);
    return parts[index];
  }
  template <typename T> bool isWhole(const T &c) const {
    return c.column == 0 && c.columns == sites[c.site].blockColumns();
  }
  /// The loads of a core go where its next command goes.
  void put(HeadParts::Part &part, CoreState &state) {
    part.insert(part.end(), state.pending.begin(), state.pending.end());
    state.pending.clear();
    part.push_back(at);
  }

  bool visit(const SetupCommand &) { return false; }
  bool visit(const LoadCommand &c) {
    if (Buffer(c.buffer) == Buffer::Key && c.predicate == noPredicate &&
        states.empty()) {
      head().start.push_back(at);
      return true;
    }
    if (Buffer(c.buffer) == Buffer::Query && !isDense &&
        head().integer.empty()) {
      head().start.push_back(at);
      return true;
    }
    states[uint8_t(llvm::countr_zero(c.cores))].pending.push_back(at);
    return true;
  }
  bool visit(const LoadValuesCommand &) {
    head().values.push_back(at);
    return head().values.size() == 1 && head().scores.empty();
  }
  bool visit(const LoadKeptCommand &c) {
    states[c.core].pending.push_back(at);
    return isWhole(c);
  }
  bool visit(const IntegerPassCommand &c) {
    CoreState &state = states[c.core];
    put(round(head().integer, state.integers++), state);
    return isWhole(c) && head().scores.empty();
  }
  bool visit(const EndRowsCommand &c) {
    CoreState &state = states[c.core];
    if (state.integers == 0 || !state.pending.empty())
      return false;
    head().integer[state.integers - 1].push_back(at);
    return true;
  }
  bool visit(const EndHeadCommand &) {
    head().endHead.push_back(at);
    return head().scores.empty();
  }
  bool visit(const ScoreCommand &c) {
    CoreState &state = states[c.core];
    put(round(head().scores, state.scores++), state);
    return isWhole(c) && state.weighs + 1 == state.scores;
  }
  bool visit(const SoftmaxCommand &c) {
    CoreState &state = states[c.core];
    if (state.scores == 0)
      return false;
    head().scores[state.scores - 1].push_back(at);
    return state.weighs + 1 == state.scores;
  }
  bool visit(const WeighCommand &c) {
    CoreState &state = states[c.core];
    put(round(head().weighs, state.weighs++), state);
    return isWhole(c) && state.weighs == state.scores;
  }
  bool visit(const NormaliseCommand &c) { return addToWeighs(c.core); }
  bool visit(const StoreCommand &c) { return addToWeighs(c.core); }
  bool addToWeighs(uint8_t core) {
    CoreState &state = states[core];
    if (state.weighs == 0 || state.weighs != state.scores)
      return false;
    put(head().weighs[state.weighs - 1], state);
    return true;
  }

  llvm::ArrayRef<Site> sites;
  std::map<uint8_t, CoreState> states;
  uint64_t cores = 0;
  bool isDense = false;
  uint32_t at = 0;
};

} // namespace

std::optional<std::vector<GroupParts>>
machine::findParts(llvm::ArrayRef<Command> commands,
                   llvm::ArrayRef<Site> sites) {
  Sorter sorter(sites);
  for (uint32_t i = 0; i < commands.size(); ++i)
    if (!sorter.add(i, commands[i]))
      return std::nullopt;
  if (!sorter.finishHead() || sorter.groups.empty())
    return std::nullopt;
  for (GroupParts &group : sorter.groups)
    for (HeadParts &head : group)
      for (auto *parts : {&head.integer, &head.scores, &head.weighs})
        for (HeadParts::Part &part : *parts)
          llvm::sort(part);
  return std::move(sorter.groups);
}

void machine::interleave(const GroupParts &group, const Overlap &overlap,
                         std::vector<uint32_t> &order) {
  auto emit = [&](const HeadParts::Part &part) {
    order.insert(order.end(), part.begin(), part.end());
  };
  bool isNextEarly = overlap.heads > 1, areValuesEarly = overlap.values > 1;
  uint32_t lag = overlap.strips > 1 ? 1 : 0;
  for (size_t k = 0; k < group.size(); ++k) {
    const HeadParts &head = group[k];
    const HeadParts *next = k + 1 < group.size() ? &group[k + 1] : nullptr;
    if (k == 0 || !isNextEarly) {
      emit(head.start);
      llvm::for_each(head.integer, emit);
      emit(head.endHead);
    }
    if (k == 0 || !areValuesEarly)
      emit(head.values);
    if (next && isNextEarly)
      emit(next->start);
    if (next && areValuesEarly)
      emit(next->values);

    // The next head's integer pass: in the later half; with a gate, which has
    // to be known before its scores, in the middle.
    auto rounds = uint32_t(head.scores.size());
    bool isGated = !head.endHead.empty();
    uint32_t begin = isGated ? rounds / 4 : rounds / 2;
    uint32_t span = std::max(1u, (isGated ? rounds * 3 / 4 : rounds) - begin);
    uint32_t integers =
        next && isNextEarly ? uint32_t(next->integer.size()) : 0;
    uint32_t done = 0;
    auto emitInteger = [&](uint32_t upTo) {
      for (; done < upTo; ++done) {
        emit(next->integer[done]);
        if (done + 1 == integers)
          emit(next->endHead);
      }
    };
    for (uint32_t i = 0; i < rounds + lag; ++i) {
      if (i < rounds)
        emit(head.scores[i]);
      if (i >= lag)
        emit(head.weighs[i - lag]);
      if (i >= begin)
        emitInteger(uint32_t(std::min<uint64_t>(
            integers,
            (uint64_t(integers) * (i - begin + 1) + span - 1) / span)));
    }
    emitInteger(integers);
  }
}
