//===- Plan.cpp - strips, chunks and addresses ----------------------------===//
//
// Plans are tried from the one that overlaps most to the smallest one, each
// by laying its regions out; the first that fits is taken.
//
//===----------------------------------------------------------------------===//

#include "Plan.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::machine;

static uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

namespace {

/// Lays regions out one behind the other in each scratchpad.
class Layouter {
public:
  explicit Layouter(const Config &config) : config(&config) {}

  Regions take(Buffer buffer, uint64_t size, uint32_t count) {
    uint64_t &used = next[unsigned(buffer)];
    Regions regions{used, ceilDiv(size, 8) * 8, count};
    used += regions.size * count;
    return regions;
  }
  /// The first buffer that is too small.
  std::optional<Buffer> findFull() const {
    for (unsigned b = 0; b < numBuffers; ++b)
      if (next[b] > getBufferBytes(*config, Buffer(b)) &&
          Buffer(b) != Buffer::Registers)
        return Buffer(b);
    return std::nullopt;
  }
  uint64_t needed(Buffer buffer) const { return next[unsigned(buffer)]; }

private:
  const Config *config;
  uint64_t next[numBuffers] = {};
};

/// What a try may use.
struct Try {
  bool isAhead;
  uint32_t heads;     // heads whose integer plane is held
  uint32_t fractions; // heads whose fraction plane is held
  uint32_t values;    // heads whose values are held
  uint32_t strips;    // strips in work
  uint32_t stripRows; // block rows of a strip
  uint32_t keyColumns, valueColumns;
};

} // namespace

static Layouter layOut(Plan &plan, const AttentionRequest &request,
                       const Config &config, const Try &t) {
  const Site &site = request.site;
  const Layout &l = plan.layout;
  Layouter space(config);
  uint64_t bq = uint64_t(site.policy.blockRows),
           bk = uint64_t(site.policy.blockCols);
  plan.isAhead = t.isAhead;
  plan.stripRows = t.stripRows;
  plan.strips = uint32_t(ceilDiv(site.blockRows(), t.stripRows));
  plan.rounds = uint32_t(ceilDiv(plan.strips, plan.coresPerHead));
  plan.keyColumns = t.keyColumns;
  plan.valueColumns = t.valueColumns;
  plan.lag = t.strips > 1 ? 1 : 0;

  uint64_t rows = std::min<uint64_t>(site.Lq, t.stripRows * bq);
  uint64_t keys = std::min<uint64_t>(site.Lk, t.keyColumns * bk);
  uint64_t valueKeys = std::min<uint64_t>(site.Lk, t.valueColumns * bk);
  uint64_t queryRow = site.dense ? l.codeRow : l.integerRow;
  // Ahead: what the integer pass leaves is kept for all strips of a core.
  uint32_t keptStrips = t.isAhead ? t.heads * plan.rounds : t.strips;
  plan.query = space.take(Buffer::Query, rows * queryRow, keptStrips);
  plan.key = space.take(Buffer::Key, keys * queryRow, t.heads);
  if (!site.dense) {
    plan.queryFraction =
        space.take(Buffer::Query, rows * l.fractionRow, t.strips);
    plan.keyFraction =
        space.take(Buffer::Key, keys * l.fractionRow, t.fractions);
    plan.theta = space.take(Buffer::Theta, t.stripRows * l.thetaRow,
                            std::max(t.strips, t.isAhead ? 2u : 1u));
    plan.states =
        space.take(Buffer::Mask, t.stripRows * l.stateRow, keptStrips);
    plan.means = space.take(Buffer::Stat, t.stripRows * l.meanRow, keptStrips);
  }
  plan.value = space.take(Buffer::Value, valueKeys * l.valueRow, t.values);
  uint64_t sums =
      site.policy.group == 0
          ? 1
          : std::min<uint64_t>(site.groups(),
                               ceilDiv(t.valueColumns, site.policy.group) + 1);
  plan.sum = space.take(Buffer::Sum, sums * l.sumRow, t.values);
  // Validity and additive masks are loaded for the integer pass and again for
  // the scores.
  if (site.hasMask) {
    uint64_t size = (request.maskPerRow ? rows : 1) * l.validRow;
    if (!site.dense)
      plan.validInteger = space.take(Buffer::Mask, size, t.strips);
    plan.valid = space.take(Buffer::Mask, size, t.strips);
  }
  if (site.hasBias)
    plan.bias = space.take(
        Buffer::Bias, (request.biasPerRow ? rows : 1) * l.biasRow, t.strips);
  plan.score = space.take(Buffer::Score, rows * l.scoreRow, t.strips);
  plan.terms = space.take(Buffer::Stat, rows * l.termRow, t.strips + 1);
  plan.acc = space.take(Buffer::Acc, rows * l.accRow, t.strips);
  plan.out = space.take(Buffer::Out, rows * l.outRow, t.strips);
  return space;
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
  for (uint32_t heads : {2u, 1u})
    for (uint32_t fractions = heads; fractions > 0; --fractions)
      for (uint32_t values : {2u, 1u})
        for (uint32_t strips : {2u, 1u})
          if (!layOut(plan, request, config,
                      {true, heads, fractions, values, strips, most, columns,
                       columns})
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
  Layouter last(config);
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
        last = layOut(plan, request, config,
                      {false, slots, slots, slots, strips, rows, keys, values});
        if (!last.findFull())
          return plan;
      }
  Buffer full = *last.findFull();
  uint64_t has = getBufferBytes(config, full), needs = last.needed(full);
  return makeError("the attention does not fit the machine: the " +
                   stringify(full) + " buffer has " + llvm::Twine(has) +
                   " bytes, " + llvm::Twine(needs - has) +
                   " fewer than the smallest program needs");
}
