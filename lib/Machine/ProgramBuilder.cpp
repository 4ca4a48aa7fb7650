//===- ProgramBuilder.cpp - commands of one attention ---------------------===//
//
// Symbols, and each command's fields from its head, strip and chunk. In which
// order they come stands in ProgramOrder.cpp.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/ProgramBuilder.h"
#include "AttentionBuilder.h"
#include "hdp/Machine/Allocation.h"
#include "hdp/Machine/DoubleBuffer.h"
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

void AttentionBuilder::addSymbols() {
  uint64_t address = 0;
  auto addSymbol = [&](const char *name, uint32_t bits, uint64_t rows,
                       uint32_t columns,
                       Symbol::Direction direction = Symbol::Input) {
    Symbol symbol{name, direction, uint8_t(bits), rows, columns, address, {}};
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

void AttentionBuilder::emitSetup(const Head &head) {
  auto c = start<SetupCommand>();
  c.cores = coreSet();
  c.slot = head.slot;
  c.query_exponents = symbol("sQ");
  c.query_head = head.index;
  c.key_exponents = symbol("sK");
  c.key_head = head.kv;
  add(c);
}

void AttentionBuilder::emitKeys(const Head &head, uint32_t chunk,
                                uint64_t turn) {
  auto c = start<LoadCommand>();
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

void AttentionBuilder::emitValues(const Head &head, uint32_t chunk,
                                  uint64_t turn) {
  if (!needsAllValues)
    return;
  auto c = start<LoadValuesCommand>();
  c.cores = coreSet();
  c.queue = plan.valueChunks(site) > 1;
  c.predicate = noPredicate;
  c.symbol = symbol("V");
  c.key = chunk * plan.valueColumns * bk;
  c.row = uint64_t(head.kv) * site.Lk + c.key;
  c.rows = std::min(site.Lk - c.key, plan.valueColumns * bk);
  c.address = plan.value.at(turn);
  c.sum_address = plan.sum.at(turn);
  add(c);
}

void AttentionBuilder::emitQueries(const Head &head, uint32_t strip,
                                   uint8_t core, uint64_t turn) {
  auto c = start<LoadCommand>();
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

void AttentionBuilder::emitQueryFractions(const Head &head, uint32_t strip,
                                          uint8_t core) {
  auto c = start<LoadCommand>();
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
void AttentionBuilder::emitMasks(const Head &head, uint32_t strip, uint8_t core,
                                 const Region &valid) {
  auto c = start<LoadCommand>();
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

void AttentionBuilder::emitInteger(const Head &head, uint32_t strip,
                                   uint8_t core, uint32_t chunk,
                                   uint64_t keyTurn, uint64_t keptTurn,
                                   bool measure) {
  auto c = make<IntegerPassCommand>(head, strip, core);
  setChunk(c, chunk, plan.keyColumns);
  c.pooled = canPool(site);
  c.measure = measure && policy.measure == Measure::Magnitude;
  c.query_address = plan.query.at(keptTurn);
  c.key_address = plan.key.at(keyTurn);
  setValid(c, plan.validInteger, core);
  setBias(c, core);
  c.theta_address = plan.theta.at(keptTurn);
  c.mask_address = plan.states.at(keptTurn);
  add(c);
}

void AttentionBuilder::emitEndRows(const Head &head, uint32_t strip,
                                   uint8_t core, uint64_t keptTurn,
                                   bool measure) {
  auto c = make<EndRowsCommand>(head, strip, core);
  c.measure = measure;
  c.theta_address = plan.theta.at(keptTurn);
  c.mask_address = plan.states.at(keptTurn);
  c.stat_address = plan.means.at(keptTurn);
  add(c);
}

void AttentionBuilder::emitEndHead(const Head &head) {
  auto c = start<EndHeadCommand>();
  c.cores = coreSet();
  c.slot = head.slot;
  add(c);
}

/// A plane of the keys that a strip keeps, or (fractions) of all of a chunk.
void AttentionBuilder::emitKeptKeys(const Head &head, uint32_t strip,
                                    uint8_t core, Plane plane, uint32_t chunk,
                                    uint64_t keyTurn, uint64_t keptTurn,
                                    bool fresh) {
  if (site.dense)
    return;
  if (!request.fetchUponMask) {
    if (!fresh)
      return;
    auto c = start<LoadCommand>();
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
  bool isInteger = plane == Plane::Integer;
  auto c = start<LoadKeptCommand>();
  c.cores = coreSet();
  c.core = core;
  c.predicate = predicate(head);
  c.buffer = uint8_t(Buffer::Key);
  c.fresh = fresh;
  c.slot = head.slot;
  c.symbol = symbol(isInteger ? "kI" : "kF");
  c.row = uint64_t(head.kv) * site.Lk;
  setChunk(c, chunk, plan.keyColumns);
  c.block_rows =
      std::min(plan.stripRows, site.blockRows() - strip * plan.stripRows);
  c.mask_address = plan.states.at(keptTurn);
  c.address = (isInteger ? plan.key : plan.keyFraction).at(keyTurn);
  add(c);
}

void AttentionBuilder::emitKeptValues(const Head &head, uint32_t strip,
                                      uint8_t core, uint32_t chunk,
                                      uint64_t turn, uint64_t keptTurn,
                                      bool fresh) {
  if (needsAllValues)
    return;
  auto c = start<LoadKeptCommand>();
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

void AttentionBuilder::emitScore(const Head &head, uint32_t strip, uint8_t core,
                                 uint32_t chunk, uint64_t keyTurn,
                                 uint64_t keptTurn, uint64_t queryTurn) {
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

void AttentionBuilder::emitSoftmax(const Head &head, uint32_t strip,
                                   uint8_t core, uint64_t keptTurn) {
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

void AttentionBuilder::emitWeigh(const Head &head, uint32_t strip, uint8_t core,
                                 uint32_t chunk, bool isFirst,
                                 uint64_t valueTurn, uint64_t keptTurn,
                                 uint64_t stripTurn) {
  auto c = make<WeighCommand>(head, strip, core);
  setChunk(c, chunk, plan.valueColumns);
  c.first = isFirst;
  if (!site.dense)
    c.mask_address = plan.states.at(keptTurn);
  if (site.hasMask) {
    c.valid_rows = request.maskPerRow ? 2 : 1;
    c.valid_address = plan.valid.at(turns[core].valid);
  }
  c.score_address = plan.score.at(stripTurn);
  c.term_address = plan.terms.at(stripTurn);
  c.value_address = plan.value.at(valueTurn);
  c.sum_address = plan.sum.at(valueTurn);
  c.acc_address = plan.acc.at(stripTurn);
  add(c);
}

void AttentionBuilder::emitOutput(const Head &head, uint32_t strip,
                                  uint8_t core, uint64_t stripTurn) {
  auto c = make<NormaliseCommand>(head, strip, core);
  c.term_address = plan.terms.at(stripTurn);
  c.acc_address = plan.acc.at(stripTurn);
  c.out_address = plan.out.at(stripTurn);
  add(c);
  auto store = start<StoreCommand>();
  store.core = core;
  store.symbol = symbol("o");
  store.row = uint64_t(head.index) * site.Lq + firstRow(strip);
  store.rows = rowsOf(strip);
  store.address = plan.out.at(stripTurn);
  add(store);
}

llvm::Expected<NamedProgram>
machine::buildNamedAttention(const AttentionRequest &request,
                             const Config &config) {
  AttentionRequest wanted = request;
  Site &site = wanted.site;
  // More than all columns in a group are all columns.
  if (site.policy.group >= site.blockColumns())
    site.policy.group = 0;
  if (std::optional<std::string> problem = checkSite(site))
    return makeError(*problem);
  llvm::Expected<Plan> plan = makePlan(wanted, config);
  if (!plan)
    return plan.takeError();
  NamedProgram named;
  named.buffers = plan->buffers;
  named.program.name = "attention";
  named.program.arch = getArch(config);
  named.program.sites = {site};
  AttentionBuilder builder(wanted, config, *plan, named.program);
  builder.addSymbols();
  for (uint32_t group = 0; group < plan->groups && group < site.Hq; ++group)
    builder.emitGroup(group);
  if (builder.getTurns() > Reference::maxTurns)
    return makeError("the attention has " + llvm::Twine(builder.getTurns()) +
                     " turns of a buffer, a program at most " +
                     llvm::Twine(Reference::maxTurns));
  return named;
}

llvm::Expected<Program> machine::buildAttention(const AttentionRequest &request,
                                                const Config &config) {
  llvm::Expected<NamedProgram> named = buildNamedAttention(request, config);
  if (!named)
    return named.takeError();
  if (llvm::Expected<Overlapped> done = doubleBuffer(*named, config); !done)
    return done.takeError();
  llvm::Expected<Allocation> allocation = allocate(*named, config);
  if (!allocation)
    return allocation.takeError();
  Program program = applyAllocation(*named, *allocation);
  if (llvm::Error error = checkAllocation(*named, program, config))
    return error;
  return program;
}
