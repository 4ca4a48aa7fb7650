//===- Plan.cpp - strips, chunks and buffers ------------------------------===//
//
// Plans are tried from the one that overlaps most to the smallest one, each
// with the room that its overlap will ask for; the first that fits is taken.
//
//===----------------------------------------------------------------------===//

#include "Plan.h"
#include "Overlap.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::machine;

static uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

namespace {

/// Adds up what each scratchpad has to hold.
class Room {
public:
  explicit Room(const Config &config) : config(&config) {}

  void take(const NamedBuffer &buffer, uint32_t slots) {
    used[unsigned(buffer.scratchpad)] += ceilDiv(buffer.bytes, 8) * 8 * slots;
  }
  /// The first buffer that is too small.
  std::optional<Buffer> findFull() const {
    for (unsigned b = 0; b < unsigned(Buffer::Registers); ++b)
      if (used[b] > getBufferBytes(*config, Buffer(b)))
        return Buffer(b);
    return std::nullopt;
  }
  uint64_t needed(Buffer buffer) const { return used[unsigned(buffer)]; }

private:
  const Config *config;
  uint64_t used[numBuffers] = {};
};

/// What a try may use.
struct Try {
  bool isAhead;
  Overlap overlap;
  uint32_t stripRows; // block rows of a strip
  uint32_t keyColumns, valueColumns;
};

} // namespace

static Room layOut(Plan &plan, const AttentionRequest &request,
                   const Config &config, const Try &t) {
  const Site &site = request.site;
  const Layout &l = plan.layout;
  uint64_t bq = uint64_t(site.policy.blockRows),
           bk = uint64_t(site.policy.blockCols);
  plan.isAhead = t.isAhead;
  plan.isPipelined = !t.isAhead && slotsOf(Role::Kept, t.overlap, 1, false) > 1;
  plan.stripRows = t.stripRows;
  plan.strips = uint32_t(ceilDiv(site.blockRows(), t.stripRows));
  plan.rounds = uint32_t(ceilDiv(plan.strips, plan.coresPerHead));
  plan.keyColumns = t.keyColumns;
  plan.valueColumns = t.valueColumns;
  plan.buffers.clear();

  Room room(config);
  auto add = [&](const char *name, Buffer scratchpad, Role role,
                 uint64_t bytes) {
    NamedBuffer buffer{name, scratchpad, bytes, 1};
    room.take(buffer, slotsOf(role, t.overlap, plan.rounds, t.isAhead));
    plan.buffers.push_back(std::move(buffer));
    return Region{uint32_t(plan.buffers.size() - 1)};
  };
  uint64_t rows = std::min<uint64_t>(site.Lq, t.stripRows * bq);
  uint64_t keys = std::min<uint64_t>(site.Lk, t.keyColumns * bk);
  uint64_t valueKeys = std::min<uint64_t>(site.Lk, t.valueColumns * bk);
  uint64_t queryRow = site.dense ? l.codeRow : l.integerRow;
  plan.query = add("query", Buffer::Query, Role::Kept, rows * queryRow);
  plan.key = add("key", Buffer::Key, Role::Key, keys * queryRow);
  if (!site.dense) {
    plan.queryFraction =
        add("query_fraction", Buffer::Query, Role::Strip, rows * l.fractionRow);
    plan.keyFraction =
        add("key_fraction", Buffer::Key, Role::Fraction, keys * l.fractionRow);
    plan.theta =
        add("theta", Buffer::Theta, Role::Theta, t.stripRows * l.thetaRow);
    plan.states =
        add("states", Buffer::Mask, Role::Kept, t.stripRows * l.stateRow);
    plan.means =
        add("means", Buffer::Stat, Role::Kept, t.stripRows * l.meanRow);
  }
  plan.value = add("value", Buffer::Value, Role::Value, valueKeys * l.valueRow);
  uint64_t sums =
      site.policy.group == 0
          ? 1
          : std::min<uint64_t>(site.groups(),
                               ceilDiv(t.valueColumns, site.policy.group) + 1);
  plan.sum = add("sums", Buffer::Sum, Role::Value, sums * l.sumRow);
  // Validity and additive masks are loaded for the integer pass and again for
  // the scores.
  if (site.hasMask) {
    uint64_t size = (request.maskPerRow ? rows : 1) * l.validRow;
    if (!site.dense)
      plan.validInteger =
          add("integer_validity", Buffer::Mask, Role::Strip, size);
    plan.valid = add("validity", Buffer::Mask, Role::Strip, size);
  }
  if (site.hasBias)
    plan.bias = add("bias", Buffer::Bias, Role::Strip,
                    (request.biasPerRow ? rows : 1) * l.biasRow);
  plan.score = add("scores", Buffer::Score, Role::Strip, rows * l.scoreRow);
  plan.terms = add("terms", Buffer::Stat, Role::Terms, rows * l.termRow);
  plan.acc = add("sums_of_values", Buffer::Acc, Role::Strip, rows * l.accRow);
  plan.out = add("output", Buffer::Out, Role::Strip, rows * l.outRow);
  return room;
}

/// Cores that share a head.
static llvm::Expected<uint32_t> chooseCores(const AttentionRequest &request,
                                            const Config &config) {
  auto cores = uint32_t(config.cores);
  if (request.coresPerHead != 0) {
    if (cores % request.coresPerHead != 0)
      return makeError("expected a number of cores a head that divides " +
                       llvm::Twine(cores) + ", found " +
                       llvm::Twine(request.coresPerHead));
    return request.coresPerHead;
  }
  auto shared = uint32_t(config.cores_per_head);
  // Fewer heads than groups: more cores a head, as far as strips go round.
  for (uint32_t more = shared * 2; more <= cores; more *= 2)
    if (cores % more == 0 && request.site.Hq < cores / shared &&
        request.site.blockRows() >= more)
      shared = more;
  // Long heads: as many cores as get two whole strips each. Rows that keep more
  // than others are then dealt out finer, over more heads a core.
  for (uint32_t more = shared * 2; more <= cores; more *= 2)
    if (cores % more == 0 &&
        request.site.blockRows() >= 2 * config.strip_rows * more)
      shared = more;
  return shared;
}

llvm::Expected<Plan> machine::makePlan(const AttentionRequest &request,
                                       const Config &config) {
  const Site &site = request.site;
  Plan plan(site);
  llvm::Expected<uint32_t> cores = chooseCores(request, config);
  if (!cores)
    return cores.takeError();
  plan.coresPerHead = *cores;
  plan.groups = uint32_t(config.cores) / plan.coresPerHead;

  uint32_t columns = site.blockColumns();
  // Strips short enough for every core to have two, if they can.
  auto most = uint32_t(std::max<uint64_t>(
      1, std::min(config.strip_rows,
                  ceilDiv(site.blockRows(), 2 * plan.coresPerHead))));
  for (const Overlap &overlap : getOverlaps(/*isAhead=*/true))
    if (!layOut(plan, request, config, {true, overlap, most, columns, columns})
             .findFull())
      return plan;

  // Inline: shorter strips, then keys and values in chunks.
  auto largestChunk = [&](uint64_t bytes, uint64_t perColumn) {
    uint64_t n =
        std::min<uint64_t>(columns, bytes / std::max<uint64_t>(1, perColumn));
    if (n < columns && n > 8)
      n = n / 8 * 8;
    return uint32_t(std::max<uint64_t>(n, 1));
  };
  auto bk = uint64_t(site.policy.blockCols);
  const Layout &l = plan.layout;
  uint64_t keyColumn =
      bk * (site.dense ? l.codeRow : l.integerRow + l.fractionRow);
  Room last(config);
  for (uint32_t strips : {2u, 1u})
    for (uint32_t rows = most; rows > 0; rows = rows == 1 ? 0 : (rows + 1) / 2)
      for (uint32_t slots : {2u, 1u}) {
        uint32_t keys = largestChunk(config.k_bytes / slots - 16, keyColumn);
        uint32_t values =
            largestChunk(config.v_bytes / slots - 8, bk * l.valueRow);
        // The sums of a chunk's groups have to fit as well.
        uint64_t sumRows = config.sum_bytes / slots / l.sumRow;
        if (site.policy.group > 0 && site.groups() > sumRows && sumRows > 1)
          values = std::min<uint32_t>(
              values, uint32_t((sumRows - 1) *
                               std::min<uint64_t>(columns, site.policy.group)));
        last =
            layOut(plan, request, config,
                   {false, {slots, slots, slots, strips}, rows, keys, values});
        if (!last.findFull())
          return plan;
      }
  Buffer full = *last.findFull();
  uint64_t has = getBufferBytes(config, full), needs = last.needed(full);
  // Callers tell this error by its code: another machine may do.
  return llvm::make_error<llvm::StringError>(
      "the attention does not fit the machine: the " + stringify(full) +
          " buffer has " + llvm::Twine(has) + " bytes, " +
          llvm::Twine(needs - has) + " fewer than the smallest program needs",
      std::make_error_code(std::errc::no_buffer_space));
}
