//===- FunctionalScores.cpp - scores of kept blocks -----------------------===//
//
// Rule N8, and what the array had to do for it.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

DerivedKeys &FunctionalModel::joinKeys(const ScoreCommand &c, KeyMemory &keys) {
  const BlockView &view = views[c.site];
  uint64_t count =
               view.keyEnd(c.column + c.columns - 1) - view.keyBegin(c.column),
           end = c.key_address + count * view.layout.integerRow,
           fractionEnd = c.key_fraction + count * view.layout.fractionRow;
  DerivedKeys &joined = keys.joined;
  if (joined.begin == c.key_address && joined.end == end &&
      joined.fraction == c.key_fraction && joined.fractionEnd == fractionEnd &&
      joined.site == c.site && joined.column == c.column)
    return joined;
  joined.begin = c.key_address;
  joined.end = end;
  joined.fraction = c.key_fraction;
  joined.fractionEnd = fractionEnd;
  joined.site = c.site;
  joined.column = c.column;
  bool isCross = view.site.policy.products == Products::Cross;
  joined.codes.resize(count * view.site.d * (isCross ? 2 : 1));
  joined.isThere.assign(c.columns, 0);
  return joined;
}

void FunctionalModel::run(const ScoreCommand &c, Activity &activity) {
  if (isGated(c.core, c.predicate)) {
    activity.isDropped = true;
    return;
  }
  const Site &site = program.sites[c.site];
  const Policy &policy = site.policy;
  CoreMemory &core = cores[c.core];
  const HeadRegisters &registers = core.slots[c.slot];
  const BlockView &view = views[c.site];
  const Layout &layout = view.layout;
  auto F = int(policy.format.fractionBits);
  bool isCross = !site.dense && policy.products == Products::Cross;
  bool isWide = site.dense && policy.format.width() > 8;
  uint32_t d = site.d, firstRow = view.rowBegin(c.block_row),
           lastRow = view.rowEnd(c.block_row + c.block_rows - 1),
           firstKey = view.keyBegin(c.column),
           lastKey = view.keyEnd(c.column + c.columns - 1);
  uint64_t row = site.dense ? layout.codeRow : layout.integerRow;
  auto part = [&](const ZeroedArray<int16_t> &memory, uint32_t address,
                  uint64_t step, uint32_t index) {
    return memory.data() + 2 * (address + index * step);
  };

  // What is multiplied, row by row. Dense: codes as they lie. `full`: whole
  // codes. `cross`: (II << F) + QF KI is one product of whole codes of Q and
  // integer parts of K; with QI KF it is one sum over twice the elements.
  uint32_t width = isCross ? 2 * d : d;
  const int16_t *queries = part(core.query, c.query_address, row, 0),
                *keys = part(core.keys->codes, c.key_address, row, 0);
  uint64_t queryStep = 2 * row, keyStep = 2 * row;
  DerivedKeys *joined = nullptr;
  if (!site.dense) {
    queryStep = keyStep = width;
    scratch.queries.resize(size_t(lastRow - firstRow) * width);
    for (uint32_t i = firstRow; i < lastRow; ++i) {
      int16_t *to = scratch.queries.data() + size_t(i - firstRow) * width;
      const int16_t *integer =
          part(core.query, c.query_address, row, i - firstRow);
      join(to, integer,
           part(core.query, c.query_fraction, layout.fractionRow, i - firstRow),
           F, d);
      if (isCross)
        std::copy_n(integer, d, to + d);
    }
    queries = scratch.queries.data();
    joined = &joinKeys(c, *core.keys);
    keys = joined->codes.data();
  }
  auto joinColumn = [&](uint32_t column) {
    joined->isThere[column - c.column] = 1;
    for (uint32_t j = view.keyBegin(column) - firstKey,
                  end = view.keyEnd(column) - firstKey;
         j < end; ++j) {
      int16_t *to = joined->codes.data() + size_t(j) * width;
      const int16_t *integer = part(core.keys->codes, c.key_address, row, j),
                    *fraction = part(core.keys->codes, c.key_fraction,
                                     layout.fractionRow, j);
      if (isCross) {
        std::copy_n(integer, d, to);
        std::copy_n(fraction, d, to + d);
      } else {
        join(to, integer, fraction, F, d);
      }
    }
  };
  auto scoreOf = [&](uint32_t i, uint32_t j) -> int32_t {
    const int16_t *query = queries + (i - firstRow) * queryStep,
                  *key = keys + (j - firstKey) * keyStep;
    if (isWide) // N8 in a dense site of wide codes: fraction bits are F again
      return int32_t(dotWide(query, key, d) >> F);
    return dot(query, key, width);
  };

  // The common case: every position of a kept block is valid.
  bool isOpen = !isWide && !site.causal && c.valid_rows == 0 &&
                c.bias_rows == 0 && !recordsValues;
  std::vector<uint32_t> &openKeys =
      scratch.keys; // of a block row, from firstKey
  auto scoreOpenRows = [&](uint32_t begin, uint32_t end) {
    auto count = uint32_t(openKeys.size());
    scratch.values.resize(2 * size_t(count));
    for (uint32_t i = begin; i < end; i += 2) {
      uint32_t n = std::min(2u, end - i);
      dots(scratch.values.data(), openKeys.data(), count,
           queries + (i - firstRow) * queryStep, queryStep, n, keys, keyStep,
           width);
      for (uint32_t y = 0; y < n; ++y) {
        int32_t *S =
            core.score.data() +
            (c.score_address + (i + y - firstRow) * layout.scoreRow) / 4 +
            firstKey;
        const int32_t *sums = scratch.values.data() + size_t(y) * count;
        for (uint32_t x = 0; x < count; ++x)
          S[openKeys[x]] = sums[x];
      }
    }
  };
  std::vector<uint32_t> &columns = scratch.columns;
  columns.resize(c.columns);
  uint64_t computed = 0, positions = 0;
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const uint8_t *states = site.dense ? nullptr : statesOf(c, layout, r);
    RowWork work;
    uint32_t slots = (view.bq + 1) / 2 * ((view.bk + 1) / 2);
    uint32_t kept = c.columns;
    if (states)
      kept = listKept(columns.data(), states + c.column, c.columns);
    work.slots = kept * slots;
    if (joined)
      for (uint32_t x = 0; x < kept; ++x)
        if (!joined->isThere[columns[x]])
          joinColumn(c.column + columns[x]);
    if (isOpen) {
      view.listKeys(openKeys, c.column, states ? columns.data() : nullptr,
                    kept);
      scoreOpenRows(view.rowBegin(r), view.rowEnd(r));
      uint64_t rows = view.rowEnd(r) - view.rowBegin(r);
      computed += rows * openKeys.size();
      positions += rows * openKeys.size();
    }
    for (uint32_t x = 0; !isOpen && x < kept; ++x) {
      uint32_t column = c.column + (states ? columns[x] : x);
      uint32_t begin = view.keyBegin(column), end = view.keyEnd(column);
      computed += uint64_t(view.rowEnd(r) - view.rowBegin(r)) * (end - begin);
      for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i) {
        int32_t *S = core.score.data() +
                     (c.score_address + (i - firstRow) * layout.scoreRow) / 4;
        RowValidity valid = validityOf(view, c, i, firstRow);
        const int32_t *bias =
            c.bias_rows == 0
                ? nullptr
                : core.bias.data() +
                      (c.bias_address +
                       (c.bias_rows == 1 ? 0 : i - firstRow) * layout.biasRow) /
                          4;
        for (uint32_t j = begin; j < end; ++j) {
          if (!valid(j))
            continue;
          ++positions;
          S[j] = ops.add(scoreOf(i, j), bias ? bias[j] : 0);
          if (recordsValues)
            note("S", (uint64_t(registers.head) * site.Lq + i) * site.Lk + j,
                 S[j]);
        }
      }
    }
    activity.rows.push_back(work);
    activity.keptBlocks += kept;
  }

  auto I = uint8_t(policy.format.integerBits);
  auto W = uint8_t(policy.format.width());
  uint64_t products = computed * d;
  if (site.dense) {
    // A dense pass goes by tiles; those that causality voids are left out.
    uint32_t tileRows = uint32_t(config.pe_rows * peBlock),
             tileColumns = uint32_t(config.pe_columns * peBlock);
    for (uint32_t i = firstRow; i < lastRow; i += tileRows) {
      RowValidity valid(site, std::min(i + tileRows, lastRow) - 1, nullptr);
      uint32_t end = std::min(valid.end, lastKey);
      if (end > firstKey)
        activity.tiles += (end - firstKey + tileColumns - 1) / tileColumns;
    }
    activity.rows.clear();
    products = std::min<uint64_t>(products,
                                  activity.tiles * tileRows * tileColumns * d);
  }
  activity.depth = d;
  activity.operandBits =
      site.dense ? site.codeBits() : site.integerBits() + site.fractionBits();
  if (isCross)
    activity.products = {
        {W, I, false, products},
        {I, uint8_t(policy.format.fractionBits), false, products}};
  else
    activity.products = {{W, W, false, products}};
  uint64_t rowBytes = uint64_t(d) * activity.operandBits / 8;
  activity.touch(Buffer::Query, (lastRow - firstRow) * rowBytes, 0);
  activity.touch(Buffer::Key,
                 site.dense
                     ? activity.tiles * config.pe_columns * peBlock * rowBytes
                     : computed / view.bq * rowBytes,
                 0);
  activity.touch(Buffer::Score, 0, 4 * positions);
  activity.touch(Buffer::Mask, site.dense ? 0 : c.block_rows * layout.stateRow,
                 0);
  if (c.bias_rows != 0)
    activity.touch(Buffer::Bias, 4 * positions, 0);
}
