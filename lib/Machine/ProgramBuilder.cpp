//===- ProgramBuilder.cpp - commands of one attention ---------------------===//
//
// Emits commands head by head and strip by strip along a plan. Program order
// is a legal order of execution; the machine overlaps what does not conflict.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/ProgramBuilder.h"
#include "Plan.h"
#include "hdp/Numerics/Limits.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

bool machine::canPool(const Site &site) {
  const Policy &p = site.policy;
  return p.importance == Importance::Signed && !site.hasBias &&
         (p.measure == Measure::Spread || p.tau8() <= 0);
}

namespace {

class Builder {
public:
  Builder(const AttentionRequest &request, const Config &config,
          const Plan &plan, Program &program)
      : request(request), site(request.site), policy(site.policy), plan(plan),
        program(program), bq(uint32_t(policy.blockRows)),
        bk(uint32_t(policy.blockCols)), gated(policy.tau8() > 0 && !site.dense),
        needsAllValues(site.dense || !request.fetchUponMask ||
                       policy.pruned == Pruned::Compensated ||
                       (gated && policy.gated == Gated::Mean)),
        turns(config.cores) {}

  void addSymbols();
  /// All heads of one group of cores.
  void emitGroup(uint32_t group);

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
                 const Regions &valid);
  void emitInteger(const Head &head, uint32_t strip, uint8_t core,
                   uint32_t chunk, uint64_t keyTurn, uint64_t keptTurn,
                   bool measure);
  void emitEndRows(const Head &head, uint32_t strip, uint8_t core,
                   uint64_t keptTurn, bool measure);
  void emitFractions(const Head &head, uint32_t strip, uint8_t core,
                     uint32_t chunk, uint64_t keyTurn, uint64_t keptTurn,
                     bool fresh);
  void emitKeptValues(const Head &head, uint32_t strip, uint8_t core,
                      uint32_t chunk, uint64_t turn, uint64_t keptTurn,
                      bool fresh);
  void emitScore(const Head &head, uint32_t strip, uint8_t core, uint32_t chunk,
                 uint64_t keyTurn, uint64_t keptTurn, uint64_t queryTurn);
  void emitSoftmax(const Head &head, uint32_t strip, uint8_t core,
                   uint64_t keptTurn);
  void emitWeigh(const Head &head, uint32_t strip, uint8_t core, uint32_t chunk,
                 uint64_t valueTurn, uint64_t keptTurn, uint64_t stripTurn);
  void emitOutput(const Head &head, uint32_t strip, uint8_t core,
                  uint64_t stripTurn);
  void emitEndHead(const Head &head);

  /// Calls visit(strip, core) for the strips of a round.
  template <typename Visitor> void forEachStrip(uint32_t round, Visitor visit) {
    for (uint32_t x = 0; x < plan.coresPerHead; ++x)
      if (uint32_t strip = round * plan.coresPerHead + x; strip < plan.strips)
        visit(strip, uint8_t(firstCore + x));
  }
  /// Where what the integer pass leaves of a strip is kept.
  uint64_t keptTurn(const Head &head, uint32_t round) const {
    return uint64_t(head.turn % plan.key.count) * plan.rounds + round;
  }
  uint64_t coreSet() const {
    uint64_t all = plan.coresPerHead == 64
                       ? ~uint64_t(0)
                       : (uint64_t(1) << plan.coresPerHead) - 1;
    return all << firstCore;
  }
  /// The fields that commands on a strip share.
  template <typename T> T make(const Head &head, uint32_t strip, uint8_t core) {
    T c;
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
  template <typename T>
  void setValid(T &c, const Regions &valid, uint8_t core) {
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
  const Policy &policy;
  const Plan &plan;
  Program &program;
  uint32_t bq, bk;
  bool gated, needsAllValues;
  uint32_t firstCore = 0;
  /// What a core's regions in turn have reached.
  struct Turns {
    uint64_t strip = 0, validInteger = 0, valid = 0, bias = 0;
  };
  std::vector<Turns> turns;
};

} // namespace

void Builder::addSymbols() {
  uint64_t address = 0;
  auto addSymbol = [&](const char *name, uint32_t bits, uint64_t rows,
                       uint32_t columns,
                       Symbol::Direction direction = Symbol::Input) {
    Symbol symbol{name, direction, uint8_t(bits), rows, columns, address};
    address += (symbol.bytes() + 4095) / 4096 * 4096;
    program.symbols.push_back(symbol);
  };
  uint64_t queries = uint64_t(site.Hq) * site.Lq,
           keys = uint64_t(site.Hkv) * site.Lk;
  addSymbol("sQ", 8, site.Hq, 1);
  addSymbol("sK", 8, site.Hkv, 1);
  if (site.dense) {
    addSymbol("q", site.codeBits(), queries, site.d);
    addSymbol("k", site.codeBits(), keys, site.d);
  } else {
    addSymbol("qI", site.integerBits(), queries, site.d);
    addSymbol("qF", site.fractionBits(), queries, site.d);
    addSymbol("kI", site.integerBits(), keys, site.d);
    addSymbol("kF", site.fractionBits(), keys, site.d);
  }
  addSymbol("V", site.valueBits(), keys, site.dv);
  if (site.hasMask)
    addSymbol("valid", 1,
              uint64_t(request.maskPerHead ? site.Hq : 1) *
                  (request.maskPerRow ? site.Lq : 1),
              site.Lk);
  if (site.hasBias)
    addSymbol("B", 32, uint64_t(site.Hq) * (request.biasPerRow ? site.Lq : 1),
              site.Lk);
  addSymbol("o", 16, queries, site.dv, Symbol::Output);
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

void Builder::emitSetup(const Head &head) {
  SetupCommand c;
  c.cores = coreSet();
  c.slot = head.slot;
  c.query_exponents = symbol("sQ");
  c.query_head = head.index;
  c.key_exponents = symbol("sK");
  c.key_head = head.kv;
  add(c);
}

void Builder::emitKeys(const Head &head, uint32_t chunk, uint64_t turn) {
  LoadCommand c;
  c.cores = coreSet();
  c.predicate = noPredicate;
  c.buffer = uint8_t(Buffer::Key);
  c.symbol = symbol(site.dense ? "k" : "kI");
  uint32_t first = chunk * plan.keyColumns * bk;
  c.row = uint64_t(head.kv) * site.Lk + first;
  c.rows = std::min(site.Lk - first, plan.keyColumns * bk);
  c.address = plan.key.at(turn);
  add(c);
}

void Builder::emitValues(const Head &head, uint32_t chunk, uint64_t turn) {
  if (!needsAllValues)
    return;
  LoadValuesCommand c;
  c.cores = coreSet();
  c.predicate = noPredicate;
  c.symbol = symbol("V");
  c.key = chunk * plan.valueColumns * bk;
  c.row = uint64_t(head.kv) * site.Lk + c.key;
  c.rows = std::min(site.Lk - c.key, plan.valueColumns * bk);
  c.address = plan.value.at(turn);
  c.sum_address = plan.sum.at(turn);
  add(c);
}

void Builder::emitQueries(const Head &head, uint32_t strip, uint8_t core,
                          uint64_t turn) {
  LoadCommand c;
  c.cores = uint64_t(1) << core;
  c.predicate = noPredicate;
  c.queue = site.dense || !plan.isAhead; // not behind the next head's keys
  c.buffer = uint8_t(Buffer::Query);
  c.symbol = symbol(site.dense ? "q" : "qI");
  c.row = uint64_t(head.index) * site.Lq + firstRow(strip);
  c.rows = rowsOf(strip);
  c.address = plan.query.at(turn);
  add(c);
}

void Builder::emitQueryFractions(const Head &head, uint32_t strip,
                                 uint8_t core) {
  LoadCommand c;
  c.cores = uint64_t(1) << core;
  c.queue = 1;
  c.predicate = predicate(head);
  c.buffer = uint8_t(Buffer::Query);
  c.symbol = symbol("qF");
  c.row = uint64_t(head.index) * site.Lq + firstRow(strip);
  c.rows = rowsOf(strip);
  c.address = plan.queryFraction.at(turns[core].strip);
  add(c);
}

/// Validity and additive mask of a strip; to the next regions of its core.
void Builder::emitMasks(const Head &head, uint32_t strip, uint8_t core,
                        const Regions &valid) {
  LoadCommand c;
  c.cores = uint64_t(1) << core;
  c.predicate = noPredicate;
  if (site.hasMask) {
    bool isInteger = &valid == &plan.validInteger;
    uint64_t turn =
        isInteger ? ++turns[core].validInteger : ++turns[core].valid;
    c.buffer = uint8_t(Buffer::Mask);
    c.symbol = symbol("valid");
    uint64_t rows = request.maskPerRow ? site.Lq : 1;
    c.row = (request.maskPerHead ? head.index : 0) * rows +
            (request.maskPerRow ? firstRow(strip) : 0);
    c.rows = request.maskPerRow ? rowsOf(strip) : 1;
    c.address = valid.at(turn);
    add(c);
  }
  if (site.hasBias) {
    c.buffer = uint8_t(Buffer::Bias);
    c.symbol = symbol("B");
    uint64_t rows = request.biasPerRow ? site.Lq : 1;
    c.row = head.index * rows + (request.biasPerRow ? firstRow(strip) : 0);
    c.rows = request.biasPerRow ? rowsOf(strip) : 1;
    c.address = plan.bias.at(++turns[core].bias);
    add(c);
  }
}

void Builder::emitInteger(const Head &head, uint32_t strip, uint8_t core,
                          uint32_t chunk, uint64_t keyTurn, uint64_t keptTurn,
                          bool measure) {
  auto c = make<IntegerPassCommand>(head, strip, core);
  setChunk(c, chunk, plan.keyColumns);
  c.pooled = canPool(site);
  c.measure = measure && policy.measure == Measure::Magnitude;
  c.query_address = plan.query.at(keptTurn);
  c.key_address = plan.key.at(keyTurn);
  setValid(c, plan.validInteger, core);
  setBias(c, core);
  c.theta_address = plan.theta.at(strip / plan.coresPerHead);
  c.mask_address = plan.states.at(keptTurn);
  add(c);
}

void Builder::emitEndRows(const Head &head, uint32_t strip, uint8_t core,
                          uint64_t keptTurn, bool measure) {
  auto c = make<EndRowsCommand>(head, strip, core);
  c.measure = measure;
  c.theta_address = plan.theta.at(strip / plan.coresPerHead);
  c.mask_address = plan.states.at(keptTurn);
  c.stat_address = plan.means.at(keptTurn);
  add(c);
}

void Builder::emitEndHead(const Head &head) {
  EndHeadCommand c;
  c.cores = coreSet();
  c.slot = head.slot;
  add(c);
}

/// The fraction planes of a strip's queries and of the keys it keeps.
void Builder::emitFractions(const Head &head, uint32_t strip, uint8_t core,
                            uint32_t chunk, uint64_t keyTurn, uint64_t keptTurn,
                            bool fresh) {
  if (site.dense)
    return;
  if (!request.fetchUponMask) {
    if (!fresh)
      return;
    LoadCommand c;
    c.cores = coreSet();
    c.queue = 1;
    c.predicate = predicate(head);
    c.buffer = uint8_t(Buffer::Key);
    c.symbol = symbol("kF");
    uint32_t first = chunk * plan.keyColumns * bk;
    c.row = uint64_t(head.kv) * site.Lk + first;
    c.rows = std::min(site.Lk - first, plan.keyColumns * bk);
    c.address = plan.keyFraction.at(keyTurn);
    add(c);
    return;
  }
  LoadKeptCommand c;
  c.cores = coreSet();
  c.core = core;
  c.predicate = predicate(head);
  c.buffer = uint8_t(Buffer::Key);
  c.fresh = fresh;
  c.slot = head.slot;
  c.symbol = symbol("kF");
  c.row = uint64_t(head.kv) * site.Lk;
  setChunk(c, chunk, plan.keyColumns);
  c.block_rows =
      std::min(plan.stripRows, site.blockRows() - strip * plan.stripRows);
  c.mask_address = plan.states.at(keptTurn);
  c.address = plan.keyFraction.at(keyTurn);
  add(c);
}

void Builder::emitKeptValues(const Head &head, uint32_t strip, uint8_t core,
                             uint32_t chunk, uint64_t turn, uint64_t keptTurn,
                             bool fresh) {
  if (needsAllValues)
    return;
  LoadKeptCommand c;
  c.cores = coreSet();
  c.core = core;
  c.predicate = predicate(head);
  c.buffer = uint8_t(Buffer::Value);
  c.fresh = fresh;
  c.slot = head.slot;
  c.symbol = symbol("V");
  c.row = uint64_t(head.kv) * site.Lk;
  setChunk(c, chunk, plan.valueColumns);
  c.block_rows =
      std::min(plan.stripRows, site.blockRows() - strip * plan.stripRows);
  c.mask_address = plan.states.at(keptTurn);
  c.address = plan.value.at(turn);
  add(c);
}

void Builder::emitScore(const Head &head, uint32_t strip, uint8_t core,
                        uint32_t chunk, uint64_t keyTurn, uint64_t keptTurn,
                        uint64_t queryTurn) {
  auto c = make<ScoreCommand>(head, strip, core);
  setChunk(c, chunk, plan.keyColumns);
  c.predicate = predicate(head);
  c.query_address = plan.query.at(queryTurn);
  c.key_address = plan.key.at(keyTurn);
  if (!site.dense) {
    c.query_fraction = plan.queryFraction.at(turns[core].strip);
    c.key_fraction = plan.keyFraction.at(keyTurn);
    c.mask_address = plan.states.at(keptTurn);
  }
  setValid(c, plan.valid, core);
  setBias(c, core);
  c.score_address = plan.score.at(turns[core].strip);
  add(c);
}

void Builder::emitSoftmax(const Head &head, uint32_t strip, uint8_t core,
                          uint64_t keptTurn) {
  auto c = make<SoftmaxCommand>(head, strip, core);
  c.predicate = predicate(head);
  if (!site.dense) {
    c.mask_address = plan.states.at(keptTurn);
    c.stat_address = plan.means.at(keptTurn);
  }
  setValid(c, plan.valid, core);
  c.score_address = plan.score.at(turns[core].strip);
  c.term_address = plan.terms.at(turns[core].strip);
  add(c);
}

void Builder::emitWeigh(const Head &head, uint32_t strip, uint8_t core,
                        uint32_t chunk, uint64_t valueTurn, uint64_t keptTurn,
                        uint64_t stripTurn) {
  auto c = make<WeighCommand>(head, strip, core);
  setChunk(c, chunk, plan.valueColumns);
  c.first = chunk == 0;
  if (!site.dense)
    c.mask_address = plan.states.at(keptTurn);
  if (site.hasMask) {
    c.valid_rows = request.maskPerRow ? 2 : 1;
    // The mask of this strip: its core has loaded those of later ones since.
    c.valid_address =
        plan.valid.at(turns[core].valid - (turns[core].strip - 1 - stripTurn));
  }
  c.score_address = plan.score.at(stripTurn);
  c.term_address = plan.terms.at(stripTurn);
  c.value_address = plan.value.at(valueTurn);
  c.sum_address = plan.sum.at(valueTurn);
  c.acc_address = plan.acc.at(stripTurn);
  add(c);
}

void Builder::emitOutput(const Head &head, uint32_t strip, uint8_t core,
                         uint64_t stripTurn) {
  auto c = make<NormaliseCommand>(head, strip, core);
  c.term_address = plan.terms.at(stripTurn);
  c.acc_address = plan.acc.at(stripTurn);
  c.out_address = plan.out.at(stripTurn);
  add(c);
  StoreCommand store;
  store.core = core;
  store.symbol = symbol("o");
  store.row = uint64_t(head.index) * site.Lq + firstRow(strip);
  store.rows = rowsOf(strip);
  store.address = plan.out.at(stripTurn);
  add(store);
}

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

/// The integer pass of a head runs ahead of its scores; that of the next head
/// among the later strips of this one, where the buffers hold two.
void Builder::emitAhead(llvm::ArrayRef<Head> heads) {
  bool isNextEarly = plan.key.count > 1;
  bool areValuesEarly = plan.value.count > 1;
  auto startHead = [&](const Head &head) {
    emitSetup(head);
    emitKeys(head, 0, head.turn);
    if (!site.dense)
      for (uint32_t i = 0; i < plan.rounds; ++i)
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitQueries(head, strip, core, keptTurn(head, i));
        });
  };
  auto emitIntegerRound = [&](const Head &head, uint32_t i) {
    forEachStrip(i, [&](uint32_t strip, uint8_t core) {
      emitMasks(head, strip, core, plan.validInteger);
      emitInteger(head, strip, core, 0, head.turn, keptTurn(head, i), gated);
      emitEndRows(head, strip, core, keptTurn(head, i), gated);
    });
    if (gated && i + 1 == plan.rounds)
      emitEndHead(head);
  };
  uint32_t integerRounds = site.dense ? 0 : plan.rounds;

  for (size_t k = 0; k < heads.size(); ++k) {
    const Head &head = heads[k];
    const Head *next = k + 1 < heads.size() ? &heads[k + 1] : nullptr;
    if (k == 0 || !isNextEarly) {
      startHead(head);
      for (uint32_t i = 0; i < integerRounds; ++i)
        emitIntegerRound(head, i);
    }
    if (k == 0 || !areValuesEarly)
      emitValues(head, 0, head.turn);
    if (next && isNextEarly)
      startHead(*next);
    if (next && areValuesEarly)
      emitValues(*next, 0, next->turn);

    // The next head's integer pass: in the later half; with a gate, which has
    // to be known before its scores, in the middle.
    uint32_t begin = gated ? plan.rounds / 4 : plan.rounds / 2;
    uint32_t span =
        std::max(1u, (gated ? plan.rounds * 3 / 4 : plan.rounds) - begin);
    uint32_t done = next && isNextEarly ? 0 : integerRounds;
    std::vector<uint64_t> firstStrip;
    for (const Turns &turn : turns)
      firstStrip.push_back(turn.strip);
    for (uint32_t i = 0; i < plan.rounds + plan.lag; ++i) {
      if (i < plan.rounds) {
        if (site.dense)
          forEachStrip(i, [&](uint32_t strip, uint8_t core) {
            emitQueries(head, strip, core, keptTurn(head, i));
          });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitFractions(head, strip, core, 0, head.turn, keptTurn(head, i),
                        strip == 0);
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitKeptValues(head, strip, core, 0, head.turn, keptTurn(head, i),
                         strip == 0);
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitMasks(head, strip, core, plan.valid);
          if (!site.dense)
            emitQueryFractions(head, strip, core);
          emitScore(head, strip, core, 0, head.turn, keptTurn(head, i),
                    keptTurn(head, i));
          emitSoftmax(head, strip, core, keptTurn(head, i));
          ++turns[core].strip;
        });
      }
      if (i >= plan.lag)
        forEachStrip(i - plan.lag, [&](uint32_t strip, uint8_t core) {
          uint64_t stripTurn = firstStrip[core] + i - plan.lag;
          emitWeigh(head, strip, core, 0, head.turn,
                    keptTurn(head, i - plan.lag), stripTurn);
          emitOutput(head, strip, core, stripTurn);
        });
      if (i >= begin) {
        uint32_t upTo = std::min<uint64_t>(
            integerRounds,
            (uint64_t(integerRounds) * (i - begin + 1) + span - 1) / span);
        for (; done < upTo; ++done)
          emitIntegerRound(*next, done);
      }
    }
    for (; done < integerRounds; ++done)
      emitIntegerRound(*next, done);
  }
}

/// Strip by strip: integer pass, scores and weights one after the other, keys
/// and values in chunks.
void Builder::emitInline(llvm::ArrayRef<Head> heads) {
  uint64_t keyTurn = 0, valueTurn = 0;
  for (const Head &head : heads) {
    emitSetup(head);
    // A chunk that is the whole head is loaded once.
    uint32_t keyChunks = plan.keyChunks(site),
             valueChunks = plan.valueChunks(site);
    bool areKeysThere = false, areValuesThere = false;
    auto bringKeys = [&](uint32_t chunk) {
      if (areKeysThere && keyChunks == 1)
        return;
      emitKeys(head, chunk, ++keyTurn);
      areKeysThere = true;
    };
    auto emitPass = [&](uint32_t round, bool measure) {
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitQueries(head, strip, core, round);
        emitMasks(head, strip, core, plan.validInteger);
      });
      for (uint32_t chunk = 0; chunk < keyChunks; ++chunk) {
        bringKeys(chunk);
        forEachStrip(round, [&](uint32_t strip, uint8_t core) {
          emitInteger(head, strip, core, chunk, keyTurn, round, measure);
        });
      }
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitEndRows(head, strip, core, round, measure);
      });
    };
    if (gated) {
      // The gate is decided by a pass of its own: masks of the whole head do
      // not fit.
      for (uint32_t i = 0; i < plan.rounds; ++i)
        emitPass(i, true);
      emitEndHead(head);
    }
    bool areFractionsFresh = true;
    for (uint32_t i = 0; i < plan.rounds; ++i) {
      if (!site.dense)
        emitPass(i, false);
      forEachStrip(i, [&](uint32_t strip, uint8_t core) {
        if (site.dense)
          emitQueries(head, strip, core, i);
        emitMasks(head, strip, core, plan.valid);
        if (!site.dense)
          emitQueryFractions(head, strip, core);
      });
      for (uint32_t chunk = 0; chunk < keyChunks; ++chunk) {
        bringKeys(chunk);
        bool isFresh = keyChunks > 1 || areFractionsFresh;
        areFractionsFresh = false;
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitFractions(head, strip, core, chunk, keyTurn, i, isFresh);
          isFresh = false;
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitScore(head, strip, core, chunk, keyTurn, i, i);
        });
      }
      forEachStrip(i, [&](uint32_t strip, uint8_t core) {
        emitSoftmax(head, strip, core, i);
      });
      for (uint32_t chunk = 0; chunk < valueChunks; ++chunk) {
        bool isFresh = !areValuesThere || valueChunks > 1;
        if (isFresh)
          emitValues(head, chunk, ++valueTurn);
        areValuesThere = true;
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitKeptValues(head, strip, core, chunk, valueTurn, i, isFresh);
          isFresh = false;
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          uint64_t stripTurn = turns[core].strip++;
          emitWeigh(head, strip, core, chunk, valueTurn, i, stripTurn);
          if (chunk + 1 < valueChunks)
            --turns[core].strip;
          else
            emitOutput(head, strip, core, stripTurn);
        });
      }
    }
  }
}

void Builder::emitGroup(uint32_t group) {
  firstCore = group * plan.coresPerHead;
  std::vector<Head> heads;
  for (uint32_t h = group; h < site.Hq; h += plan.groups) {
    auto turn = uint32_t(heads.size());
    heads.push_back(
        {h, h / (site.Hq / site.Hkv), turn, uint8_t(turn % numSlots)});
  }
  if (plan.isAhead)
    emitAhead(heads);
  else
    emitInline(heads);
}

llvm::Expected<Program> machine::buildAttention(const AttentionRequest &request,
                                                const Config &config) {
  AttentionRequest wanted = request;
  Site &site = wanted.site;
  // More than all columns in a group are all columns.
  if (site.policy.group >= site.blockColumns())
    site.policy.group = 0;
  if (std::optional<std::string> problem = checkPolicy(site.policy))
    return makeError(*problem);
  if (site.dense && site.hasBias)
    return makeError("a dense program has no additive mask");
  llvm::Expected<Plan> plan = makePlan(wanted, config);
  if (!plan)
    return plan.takeError();
  Program program;
  program.arch = getArch(config);
  program.sites = {site};
  Builder builder(wanted, config, *plan, program);
  builder.addSymbols();
  for (uint32_t group = 0; group < plan->groups && group < site.Hq; ++group)
    builder.emitGroup(group);
  return program;
}
