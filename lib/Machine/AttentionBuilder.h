//===- AttentionBuilder.h - commands of one attention -----------*- C++ -*-===//
//
// What ProgramBuilder.cpp (commands) and ProgramOrder.cpp (their order) share:
// one attention, its plan, and the program so far.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_ATTENTIONBUILDER_H
#define HDP_LIB_MACHINE_ATTENTIONBUILDER_H

#include "Plan.h"

namespace hdp::machine {

/// Writes the commands of one attention along a plan.
class AttentionBuilder {
public:
  AttentionBuilder(const AttentionRequest &request, const Config &config,
                   const Plan &plan, Program &program)
      : request(request), site(request.site), policy(site.policy), plan(plan),
        program(program), bq(uint32_t(policy.blockRows)),
        bk(uint32_t(policy.blockCols)), gated(policy.tau8() > 0 && !site.dense),
        needsAllValues(site.dense || !request.fetchUponMask ||
                       policy.pruned == numerics::Pruned::Compensated ||
                       (gated && policy.gated == numerics::Gated::Mean)),
        turns(config.cores) {}

  void addSymbols();
  /// All heads of one group of cores.
  void emitGroup(uint32_t group);
  /// No buffer has more turns than this.
  uint64_t getTurns() const {
    uint64_t most = std::max({keyTurn, valueTurn, mostKept});
    for (const Turns &turn : turns)
      most = std::max({most, turn.kept, turn.strip, turn.validInteger,
                       turn.valid, turn.bias});
    return most + 1;
  }

private:
  /// One head on its group of cores; `turn` counts the group's heads.
  struct Head {
    uint32_t index, kv, turn;
    uint8_t slot;
  };

  void emitAhead(llvm::ArrayRef<Head> heads);
  void emitInline(llvm::ArrayRef<Head> heads);
  void emitSetup(const Head &head);
  void emitKeys(const Head &head, uint32_t chunk, uint64_t turn);
  void emitValues(const Head &head, uint32_t chunk, uint64_t turn);
  void emitQueries(const Head &head, uint32_t strip, uint8_t core,
                   uint64_t turn);
  void emitQueryFractions(const Head &head, uint32_t strip, uint8_t core);
  void emitMasks(const Head &head, uint32_t strip, uint8_t core,
                 const Region &valid);
  void emitInteger(const Head &head, uint32_t strip, uint8_t core,
                   uint32_t chunk, uint64_t keyTurn, uint64_t keptTurn,
                   bool measure);
  void emitEndRows(const Head &head, uint32_t strip, uint8_t core,
                   uint64_t keptTurn, bool measure);
  enum class Plane { Integer, Fraction };
  void emitKeptKeys(const Head &head, uint32_t strip, uint8_t core, Plane plane,
                    uint32_t chunk, uint64_t keyTurn, uint64_t keptTurn,
                    bool fresh);
  /// Keys come in chunks, which the integer pass has to leave again: scores
  /// bring back the integer planes of what is kept.
  bool bringsKeptKeys() const {
    return !site.dense && request.fetchUponMask && plan.keyChunks(site) > 1;
  }
  void emitKeptValues(const Head &head, uint32_t strip, uint8_t core,
                      uint32_t chunk, uint64_t turn, uint64_t keptTurn,
                      bool fresh);
  void emitScore(const Head &head, uint32_t strip, uint8_t core, uint32_t chunk,
                 uint64_t keyTurn, uint64_t keptTurn, uint64_t queryTurn);
  void emitSoftmax(const Head &head, uint32_t strip, uint8_t core,
                   uint64_t keptTurn);
  void emitWeigh(const Head &head, uint32_t strip, uint8_t core, uint32_t chunk,
                 bool isFirst, uint64_t valueTurn, uint64_t keptTurn,
                 uint64_t stripTurn);
  void emitOutput(const Head &head, uint32_t strip, uint8_t core,
                  uint64_t stripTurn);
  void emitEndHead(const Head &head);

  /// Calls visit(strip, core) for the strips of a round. Every other round
  /// deals them out from the last core: where rows that follow each other keep
  /// more and more, no core gets the most each time.
  template <typename Visitor> void forEachStrip(uint32_t round, Visitor visit) {
    bool isBackward = round % 2;
    for (uint32_t x = 0; x < plan.coresPerHead; ++x)
      if (uint32_t strip = round * plan.coresPerHead + x; strip < plan.strips)
        visit(strip, uint8_t(firstCore +
                             (isBackward ? plan.coresPerHead - 1 - x : x)));
  }
  /// The turn of what the integer pass leaves of a strip, in plans with the
  /// integer pass ahead.
  uint64_t keptTurn(const Head &head, uint32_t round) const {
    return uint64_t(head.turn) * plan.rounds + round;
  }
  uint64_t coreSet() const {
    uint64_t all = plan.coresPerHead == 64
                       ? ~uint64_t(0)
                       : (uint64_t(1) << plan.coresPerHead) - 1;
    return all << firstCore;
  }
  /// A command that uses no buffer yet.
  template <typename T> static T start() {
    T c;
    visitKinds(c, [](auto kind, auto &value) {
      if constexpr (isAddress(kind))
        value = Reference::unused;
    });
    return c;
  }
  /// The fields that commands on a strip share.
  template <typename T> T make(const Head &head, uint32_t strip, uint8_t core) {
    T c = start<T>();
    c.core = core;
    c.slot = head.slot;
    c.block_row = strip * plan.stripRows;
    c.block_rows = std::min(plan.stripRows, site.blockRows() - c.block_row);
    return c;
  }
  template <typename T> void setChunk(T &c, uint32_t chunk, uint32_t columns) {
    c.column = chunk * columns;
    c.columns = std::min(columns, site.blockColumns() - c.column);
  }
  template <typename T> void setValid(T &c, const Region &valid, uint8_t core) {
    if (!site.hasMask)
      return;
    c.valid_rows = request.maskPerRow ? 2 : 1;
    bool isInteger = &valid == &plan.validInteger;
    c.valid_address =
        valid.at(isInteger ? turns[core].validInteger : turns[core].valid);
  }
  template <typename T> void setBias(T &c, uint8_t core) {
    if (!site.hasBias)
      return;
    c.bias_rows = request.biasPerRow ? 2 : 1;
    c.bias_address = plan.bias.at(turns[core].bias);
  }
  uint32_t firstRow(uint32_t strip) const {
    return strip * plan.stripRows * bq;
  }
  uint32_t rowsOf(uint32_t strip) const {
    return std::min(site.Lq - firstRow(strip), plan.stripRows * bq);
  }
  uint16_t symbol(llvm::StringRef name) const {
    return uint16_t(program.findSymbol(name));
  }
  uint8_t predicate(const Head &head) const {
    return gated ? head.slot : noPredicate;
  }
  void add(Command command) { program.commands.push_back(command); }

  const AttentionRequest &request;
  const Site &site;
  const numerics::Policy &policy;
  const Plan &plan;
  Program &program;
  uint32_t bq, bk;
  bool gated, needsAllValues;
  uint32_t firstCore = 0;
  /// The latest turns of a core's buffers.
  struct Turns {
    uint64_t kept = 0, strip = 0, validInteger = 0, valid = 0, bias = 0;
    /// Of `kept`: that of the strip whose values are weighed next.
    uint64_t weighed = 0;
  };
  std::vector<Turns> turns;
  /// Chunks of keys and values, in plans that have them.
  uint64_t keyTurn = 0, valueTurn = 0;
  uint64_t mostKept = 0;
};

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_ATTENTIONBUILDER_H
