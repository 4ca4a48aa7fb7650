//===- TimingRules.cpp - rules T4 to T14 ----------------------------------===//
//
// Formulas only; docs/Machine.md says why they are what they are.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/TimingRules.h"

using namespace hdp;
using namespace hdp::machine;

static uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

uint64_t machine::productCost(const ProductCount &product,
                              const Config &config) {
  if (!config.brick_macs)
    return 16 * ceilDiv(product.a, 16) * ceilDiv(product.b, 16);
  // A pooled operand has one bit more than its bricks: the top brick is signed
  // and the others unsigned, so a 4-bit brick multiplies 5-bit signed numbers.
  uint64_t spare = product.isPooled ? 1 : 0;
  return ceilDiv(product.a - spare, 4) * ceilDiv(product.b - spare, 4);
}

uint64_t machine::totalCost(const Activity &activity, const Config &config) {
  uint64_t cost = 0;
  for (const ProductCount &product : activity.products)
    cost += product.count * productCost(product, config);
  return cost;
}

/// The cost of one position of the head dimension: one product of each kind.
static uint64_t depthCost(const Activity &activity, const Config &config) {
  uint64_t cost = 0;
  for (const ProductCount &product : activity.products)
    cost += productCost(product, config);
  return cost;
}

/// Cycles in which every PE makes its 2 x 2 results, `keyRows` rows of keys
/// come through the port and the results leave.
static uint64_t passCycles(const Activity &activity, const Config &config,
                           uint64_t keyRows) {
  uint64_t compute = ceilDiv(activity.depth * depthCost(activity, config), 16);
  uint64_t bits = keyRows * activity.depth * activity.operandBits;
  uint64_t port = ceilDiv(bits, 8 * config.k_port_bytes);
  uint64_t drain =
      ceilDiv(config.pes() * peBlock * peBlock, config.drain_per_cycle);
  return std::max({compute, port, drain});
}

uint64_t machine::tileCycles(const Activity &activity, const Config &config) {
  return passCycles(activity, config, config.pe_columns * peBlock);
}

uint64_t machine::roundCycles(const Activity &activity, const Config &config) {
  return passCycles(activity, config, config.pes() * peBlock);
}

uint64_t machine::packRounds(llvm::ArrayRef<RowWork> rows,
                             const Config &config) {
  uint64_t rounds = 0, left = 0;
  size_t next = 0; // the first row that is not begun
  for (;;) {
    uint64_t room = config.pes();
    for (uint64_t live = 0; live < config.pe_rows && room > 0; ++live) {
      while (left == 0 && next < rows.size())
        left = rows[next++].slots;
      uint64_t taken = std::min(room, left);
      room -= taken;
      left -= taken;
    }
    if (room == config.pes())
      return rounds;
    ++rounds;
  }
}

uint64_t machine::fillCycles(const Config &config) {
  // PE (r, c) is r + c cycles behind the first one; its 4 results leave behind
  // all that were complete before. After the last one leaves, it is registered.
  uint64_t last = 0;
  for (uint64_t skew = 0; skew < config.pe_rows + config.pe_columns - 1;
       ++skew) {
    uint64_t pes = 0; // PEs that are at least this much behind
    for (uint64_t r = 0; r < config.pe_rows; ++r)
      for (uint64_t c = 0; c < config.pe_columns; ++c)
        pes += r + c >= skew;
    last = std::max(
        last, skew + ceilDiv(pes * peBlock * peBlock, config.drain_per_cycle));
  }
  return last + 1;
}

static Duration arrayCommand(uint64_t work, const Config &config,
                             uint64_t fill) {
  return {config.issue_cycles + work + (work > 0 ? fill : 0), 0};
}

Duration machine::arrayCommand(uint64_t work, const Config &config) {
  return ::arrayCommand(work, config, fillCycles(config));
}

uint64_t machine::weighCycles(const Activity &activity, const Config &config) {
  uint64_t lanes = config.pes() * peBlock; // columns of V at once
  uint64_t passes = ceilDiv(activity.valueColumns, lanes);
  uint64_t keyCost = productCost(activity.products[0], config),
           sumCost = productCost(activity.products[1], config);
  uint64_t drain = ceilDiv(lanes * peBlock, config.drain_per_cycle);
  uint64_t cycles = 0;
  for (const RowWork &row : activity.rows) {
    if (row.keys + row.sums == 0)
      continue;
    uint64_t compute = ceilDiv(row.keys * keyCost + row.sums * sumCost, 16);
    uint64_t port = ceilDiv(row.keys * lanes * activity.operandBits,
                            8 * config.v_port_bytes);
    cycles += passes * std::max({compute, port, drain});
  }
  return cycles;
}

Duration machine::endRows(const Activity &activity, const Config &config) {
  return {activity.sweptRows *
              ceilDiv(activity.sweptColumns, config.sweep_per_cycle),
          config.row_end_cycles};
}

Duration machine::endHead(const Activity &activity, const Config &config) {
  return {config.head_end_cycles,
          activity.cores > 1 ? config.sync_cycles : uint64_t(0)};
}

Duration machine::softmax(const Activity &activity, const Config &config) {
  uint64_t latency = config.exp_cycles + config.row_sum_cycles;
  uint64_t exponentials = 0, weights = 0; // when each pipe is through
  for (uint64_t nk : activity.keptPositions) {
    if (nk == 0)
      continue;
    exponentials += ceilDiv(nk + activity.groups, config.exp_per_cycle);
    weights = std::max(weights, exponentials + latency) +
              ceilDiv(nk, config.rescale_per_cycle);
  }
  if (weights == 0)
    return {config.drop_cycles, 0}; // no row has a kept position
  uint64_t occupancy = std::max(exponentials, weights - latency);
  return {occupancy, weights - occupancy};
}

Duration machine::normalise(const Activity &activity, const Config &config) {
  return {ceilDiv(activity.codes, config.normalise_per_cycle),
          activity.isExact ? config.exact_reciprocal_cycles
                           : config.linear_reciprocal_cycles};
}

Duration machine::durationOf(const Command &command, const Activity &activity,
                             const Config &config,
                             const RuleConstants &constants) {
  if (activity.isDropped)
    return {config.drop_cycles, 0};
  if (std::holds_alternative<IntegerPassCommand>(command))
    return ::arrayCommand(activity.tiles * tileCycles(activity, config), config,
                          constants.fill);
  if (std::holds_alternative<ScoreCommand>(command))
    return ::arrayCommand(activity.rows.empty()
                              ? activity.tiles * tileCycles(activity, config)
                              : packRounds(activity.rows, config) *
                                    roundCycles(activity, config),
                          config, constants.fill);
  if (std::holds_alternative<WeighCommand>(command))
    return ::arrayCommand(weighCycles(activity, config), config,
                          constants.fill);
  if (std::holds_alternative<EndRowsCommand>(command))
    return endRows(activity, config);
  if (std::holds_alternative<EndHeadCommand>(command))
    return endHead(activity, config);
  if (std::holds_alternative<SoftmaxCommand>(command))
    return softmax(activity, config);
  if (std::holds_alternative<NormaliseCommand>(command))
    return normalise(activity, config);
  return {};
}

Duration machine::durationOf(const Command &command, const Activity &activity,
                             const Config &config) {
  return durationOf(command, activity, config, RuleConstants(config));
}
