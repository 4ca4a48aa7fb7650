//===- FunctionalPruning.cpp - integer pass and sparsity engine -----------===//
//
// Theta and kinds of blocks (N3 to N5), END_R (N6, means of N9) and END_H (N7).
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/Pruning.h"
#include "hdp/Numerics/Softmax.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

/// A block row without masks: every position is valid, so every block but a
/// short last one is full.
static void openRow(const IntegerPassCommand &c, const BlockView &view,
                    uint32_t r, const int32_t *sums, int32_t *theta,
                    uint8_t *states) {
  NativeOps ops;
  auto rows = int32_t(view.rowEnd(r) - view.rowBegin(r));
  auto isFull = [&](uint32_t column) {
    auto keys = int32_t(view.keyEnd(column) - view.keyBegin(column));
    return blockKind(ops, rows * keys, rows, view.site.policy) ==
           int32_t(BlockKind::Full);
  };
  uint32_t end = c.column + c.columns;
  std::copy_n(sums, c.columns, theta + c.column);
  std::fill(states + c.column, states + end, uint8_t(BlockState::Pruned));
  if (!isFull(end - 1)) {
    theta[end - 1] = 0;
    states[end - 1] = uint8_t(BlockState::KeptPartial);
  }
}

/// Adds a row of codes up to sums that wrap.
static void addRow(int16_t *sum, const int16_t *row, uint32_t n) {
  for (uint32_t t = 0; t < n; ++t)
    sum[t] = int16_t(sum[t] + row[t]);
}

/// Pooled operands (N5, signed): sums of a block column's keys, as pooledDots
/// wants them.
void FunctionalModel::poolKeys(const IntegerPassCommand &c, KeyMemory &keys) {
  const BlockView &view = views[c.site];
  uint32_t d = view.site.d, pairs = (d + 1) / 2;
  uint64_t row = view.layout.integerRow,
           end = c.key_address + (view.keyEnd(c.column + c.columns - 1) -
                                  view.keyBegin(c.column)) *
                                     row;
  DerivedKeys &pooled = keys.pooled;
  if (pooled.end == end && pooled.begin == c.key_address &&
      pooled.site == c.site && pooled.column == c.column)
    return;
  pooled.begin = c.key_address;
  pooled.end = end;
  pooled.site = c.site;
  pooled.column = c.column;
  pooled.codes.assign(size_t(pairs) * 2 * c.columns, 0);
  std::vector<int16_t> sum(size_t(pairs) * 2);
  const int16_t *from = keys.codes.data() + 2 * c.key_address;
  for (uint32_t b = 0; b < c.columns; ++b) {
    std::fill(sum.begin(), sum.end(), 0);
    uint32_t rows = view.keyEnd(c.column + b) - view.keyBegin(c.column + b);
    for (uint32_t j = 0; j < rows; ++j, from += 2 * row)
      addRow(sum.data(), from, d);
    for (uint32_t t = 0; t < pairs; ++t)
      std::copy_n(sum.data() + 2 * t, 2,
                  pooled.codes.data() + 2 * (size_t(t) * c.columns + b));
  }
}

void FunctionalModel::run(const IntegerPassCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  const Policy &policy = site.policy;
  CoreMemory &core = cores[c.core];
  const BlockView &view = views[c.site];
  const Layout &layout = view.layout;
  uint32_t d = site.d, firstRow = view.rowBegin(c.block_row),
           lastRow = view.rowEnd(c.block_row + c.block_rows - 1),
           firstKey = view.keyBegin(c.column),
           lastKey = view.keyEnd(c.column + c.columns - 1);
  auto queryRow = [&](uint32_t i) {
    return core.query.data() +
           2 * (c.query_address + (i - firstRow) * layout.integerRow);
  };
  auto keyRow = [&](uint32_t j) {
    return core.keys->codes.data() +
           2 * (c.key_address + (j - firstKey) * layout.integerRow);
  };
  auto biasRow = [&](uint32_t i) {
    return core.bias.data() +
           (c.bias_address +
            (c.bias_rows == 1 ? 0 : i - firstRow) * layout.biasRow) /
               4;
  };
  if (c.pooled) {
    poolKeys(c, *core.keys);
    uint32_t width = (d + 1) / 2 * 2;
    scratch.queries.assign(size_t(c.block_rows) * width, 0);
    for (uint32_t i = firstRow; i < lastRow; ++i)
      addRow(scratch.queries.data() + size_t(i / view.bq - c.block_row) * width,
             queryRow(i), d);
    scratch.row.resize(size_t(c.block_rows) * c.columns);
    pooledDots(scratch.row.data(), scratch.queries.data(), c.block_rows,
               core.keys->pooled.codes.data(), c.columns, width / 2);
  }

  HeadRegisters &registers = core.slots[c.slot];
  bool isOpen = !site.causal && c.valid_rows == 0;
  if (!isOpen)
    scratch.wanted.assign(size_t(c.block_rows) * c.columns, 1);
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    int32_t *theta =
        core.theta.data() +
        (c.theta_address + (r - c.block_row) * layout.thetaRow) / 4;
    uint8_t *states = statesOf(c, layout, r);
    auto existingRows = int32_t(view.rowEnd(r) - view.rowBegin(r));
    const int32_t *sums =
        c.pooled ? scratch.row.data() + size_t(r - c.block_row) * c.columns
                 : nullptr;
    if (isOpen && c.pooled && !recorded) {
      openRow(c, view, r, sums, theta, states);
      continue;
    }
    for (uint32_t column = c.column; column < c.column + c.columns; ++column) {
      int32_t count = 0, sum = 0;
      uint32_t keyEnd = view.keyEnd(column);
      if (isOpen && c.pooled) {
        count = existingRows * int32_t(keyEnd - view.keyBegin(column));
      } else {
        for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i) {
          RowValidity valid = validityOf(view, c, i, firstRow);
          for (uint32_t j = view.keyBegin(column); j < keyEnd; ++j) {
            if (!valid(j))
              continue;
            ++count;
            if (c.pooled)
              continue;
            int32_t score = dot(queryRow(i), keyRow(j), d);
            if (c.bias_rows != 0)
              score = integerScore(ops, score, biasRow(i)[j], policy);
            sum = ops.add(sum, importanceTerm(ops, score, policy));
            if (c.measure) {
              registers.measure += magnitudeTerm(ops, score);
              ++registers.positions;
            }
          }
        }
      }
      auto kind = BlockKind(blockKind(ops, count, existingRows, policy));
      if (c.pooled && kind == BlockKind::Full)
        sum = sums[column - c.column];
      theta[column] = kind == BlockKind::Full ? sum : 0;
      states[column] =
          uint8_t(kind == BlockKind::Void   ? BlockState::Void
                  : kind == BlockKind::Full ? BlockState::Pruned
                                            : BlockState::KeptPartial);
      if (!isOpen)
        scratch
            .wanted[size_t(r - c.block_row) * c.columns + (column - c.column)] =
            kind != BlockKind::Void;
      if (recorded) {
        uint64_t at =
            (uint64_t(registers.head) * site.blockRows() + r) * view.columns +
            column;
        note("theta", at, theta[column]);
        note("kind", at, int64_t(kind));
      }
    }
  }

  // What the array did: tiles of blocks (pooled) or positions, void ones left
  // out.
  activity.isPooled = c.pooled;
  activity.depth = d;
  uint32_t tileRows = uint32_t(config.pe_rows * peBlock),
           tileColumns = uint32_t(config.pe_columns * peBlock);
  uint32_t rows = c.pooled ? c.block_rows : lastRow - firstRow,
           columns = c.pooled ? c.columns : lastKey - firstKey;
  uint32_t bq = c.pooled ? 1 : view.bq, bk = c.pooled ? 1 : view.bk;
  if (isOpen)
    activity.tiles = uint64_t((rows + tileRows - 1) / tileRows) *
                     ((columns + tileColumns - 1) / tileColumns);
  for (uint32_t i = 0; !isOpen && i < rows; i += tileRows)
    for (uint32_t j = 0; j < columns; j += tileColumns) {
      bool isWanted = false;
      for (uint32_t r = i / bq; r <= std::min(i + tileRows - 1, rows - 1) / bq;
           ++r)
        for (uint32_t b = j / bk;
             b <= std::min(j + tileColumns - 1, columns - 1) / bk; ++b)
          isWanted |= scratch.wanted[size_t(r) * c.columns + b] != 0;
      activity.tiles += isWanted;
    }
  auto I = uint8_t(policy.format.integerBits);
  uint64_t perTile = uint64_t(tileRows) * tileColumns;
  auto extra = [](uint32_t n) { return uint8_t(llvm::Log2_32_Ceil(n)); };
  activity.products = {
      {uint8_t(I + (c.pooled ? extra(view.bq) : 0)),
       uint8_t(I + (c.pooled ? extra(view.bk) : 0)), bool(c.pooled),
       std::min(activity.tiles * perTile, uint64_t(rows) * columns) * d}};
  activity.operandBits = activity.products[0].b;
  activity.thetas = uint64_t(c.block_rows) * c.columns;
  activity.touch(Buffer::Query, rows * uint64_t(d) * activity.operandBits / 8,
                 0);
  activity.touch(Buffer::Key,
                 activity.tiles * tileColumns * d * activity.operandBits / 8,
                 0);
  activity.touch(Buffer::Theta, 0, 4 * activity.thetas);
  activity.touch(Buffer::Mask, 0, (2 * activity.thetas + 7) / 8);
  if (c.bias_rows != 0)
    activity.touch(Buffer::Bias, uint64_t(rows) * columns * 4, 0);
}

void FunctionalModel::run(const EndRowsCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  const Policy &policy = site.policy;
  CoreMemory &core = cores[c.core];
  HeadRegisters &registers = core.slots[c.slot];
  const BlockView &view = views[c.site];
  const Layout &layout = view.layout;
  std::vector<std::pair<int32_t, uint32_t>> order;
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const int32_t *theta =
        core.theta.data() +
        (c.theta_address + (r - c.block_row) * layout.thetaRow) / 4;
    uint8_t *states = statesOf(c, layout, r);
    auto [n, sum, maximum, minimum] =
        rowStatistics(theta, states, view.columns);
    int64_t blockSize = int64_t(view.rowEnd(r) - view.rowBegin(r)) * view.bk;
    if (c.measure) {
      registers.fullBlocks += n;
      if (policy.measure == Measure::Spread) {
        registers.measure += spreadTerm(ops, n, int64_t(maximum), sum);
        registers.positions += n * blockSize;
      }
    }

    // N6.
    int32_t T = 0;
    if (policy.selection == Selection::Rho) {
      T = rowThreshold(ops, n,
                       thresholdNumerator(ops, n, sum, int64_t(maximum),
                                          int64_t(minimum), policy));
      applyThreshold(states, theta, T, view.columns);
    } else {
      order.clear();
      for (uint32_t b = 0; b < view.columns; ++b)
        if (isFullBlock(BlockState(states[b]))) {
          order.push_back({theta[b], b});
          states[b] = uint8_t(BlockState::Pruned);
        }
      size_t count = std::min<size_t>(
          order.size(), size_t(topkCount(ops, int32_t(n), policy)));
      std::partial_sort(order.begin(), order.begin() + count, order.end(),
                        [&](const auto &a, const auto &b) {
                          return precedes(ops, a.first, a.second, b.first,
                                          b.second);
                        });
      for (size_t x = 0; x < count; ++x)
        states[order[x].second] = uint8_t(BlockState::KeptFull);
    }

    // N9: the mean of each group's pruned blocks.
    int32_t *means = core.stat.data() +
                     (c.stat_address + (r - c.block_row) * layout.meanRow) / 4;
    scratch.groupSums.resize(view.groups);
    scratch.groupCounts.resize(view.groups);
    sumPruned(scratch.groupSums.data(), scratch.groupCounts.data(), theta,
              states, view.columns, view.groupColumns);
    for (uint32_t g = 0; g < view.groups; ++g) {
      int64_t positions = scratch.groupCounts[g] * blockSize;
      means[g] =
          positions > 0
              ? int32_t(groupMean(ops, scratch.groupSums[g], positions, policy))
              : noMean;
    }
    KeptCount kept = countKept(states, view.columns);
    activity.fullBlocks += uint64_t(n);
    activity.keptBlocks += kept.all;
    activity.keptFullBlocks += kept.full;
    if (recorded) {
      uint64_t row = uint64_t(registers.head) * site.blockRows() + r;
      note("T", row, T);
      for (uint32_t b = 0; b < view.columns; ++b)
        note("kept", row * view.columns + b,
             registers.gate && states[b] >= uint8_t(BlockState::KeptPartial));
    }
  }
  activity.sweptRows = c.block_rows;
  activity.sweptColumns = view.columns;
  uint64_t blocks = uint64_t(c.block_rows) * view.columns;
  activity.touch(Buffer::Theta, 4 * blocks, 0);
  activity.touch(Buffer::Mask, (2 * blocks + 7) / 8, (2 * blocks + 7) / 8);
  activity.touch(Buffer::Stat, 0, c.block_rows * layout.meanRow);
}

void FunctionalModel::run(const EndHeadCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  int64_t measure = 0, positions = 0, fullBlocks = 0;
  uint32_t head = 0;
  forEachCore(c.cores, [&](uint8_t core) {
    const HeadRegisters &registers = cores[core].slots[c.slot];
    measure = ops.add(measure, registers.measure);
    positions = ops.add(positions, registers.positions);
    fullBlocks = ops.add(fullBlocks, registers.fullBlocks);
    head = registers.head;
    ++activity.cores;
  });
  bool gate = headIsKept(ops, measure, positions, fullBlocks, site.policy);
  forEachCore(c.cores,
              [&](uint8_t core) { cores[core].slots[c.slot].gate = gate; });
  activity.isGated = !gate;
  if (!recorded)
    return;
  note("H", head, measure);
  note("hpos", head, positions);
  note("gate", head, gate);
  uint64_t blocks = uint64_t(site.blockRows()) * site.blockColumns();
  for (uint64_t b = 0; !gate && b < blocks; ++b)
    note("kept", head * blocks + b, 0);
}
