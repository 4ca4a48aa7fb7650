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

void FunctionalModel::run(const ScoreCommand &c, Activity &activity) {
  if (isGated(c.core, c.predicate)) {
    activity.isDropped = true;
    return;
  }
  const Site &site = program.sites[c.site];
  const Policy &policy = site.policy;
  CoreMemory &core = cores[c.core];
  const HeadRegisters &registers = core.slots[c.slot];
  BlockView view(site);
  Layout layout(site);
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
  auto queryInteger = [&](uint32_t i) {
    return part(core.query, c.query_address, row, i - firstRow);
  };
  auto keyInteger = [&](uint32_t j) {
    return part(core.key, c.key_address, row, j - firstKey);
  };
  auto keyFraction = [&](uint32_t j) {
    return part(core.key, c.key_fraction, layout.fractionRow, j - firstKey);
  };
  // Whole codes of the strip's queries, and of a block column's keys once a
  // block of it is kept.
  if (!site.dense) {
    scratchQ.resize(size_t(lastRow - firstRow) * d);
    for (uint32_t i = firstRow; i < lastRow; ++i)
      join(scratchQ.data() + size_t(i - firstRow) * d, queryInteger(i),
           part(core.query, c.query_fraction, layout.fractionRow, i - firstRow),
           F, d);
    scratchK.resize(size_t(lastKey - firstKey) * d);
  }
  std::vector<uint8_t> isJoined(site.dense ? 0 : c.columns);
  auto scoreOf = [&](uint32_t i, uint32_t j) -> int32_t {
    if (isWide) // N8 in a dense site of wide codes: fraction bits are F again
      return int32_t(dotWide(queryInteger(i), keyInteger(j), d) >> F);
    if (site.dense)
      return dot(queryInteger(i), keyInteger(j), d);
    const int16_t *codes = scratchQ.data() + size_t(i - firstRow) * d;
    if (isCross) // (II << F) + QF KI is one product of whole codes of Q
      return ops.add(dot(codes, keyInteger(j), d),
                     dot(queryInteger(i), keyFraction(j), d));
    return dot(codes, scratchK.data() + size_t(j - firstKey) * d, d);
  };

  // The common case: every position of a kept block is valid.
  bool isOpen = !isWide && !site.causal && c.valid_rows == 0 &&
                c.bias_rows == 0 && !recordsValues;
  std::vector<uint32_t> openKeys; // of a block row, from firstKey on
  std::vector<int32_t> sums, others;
  auto scoreOpenRow = [&](uint32_t i) {
    auto count = uint32_t(openKeys.size());
    sums.resize(count);
    auto multiply = [&](std::vector<int32_t> &out, const int16_t *query,
                        const int16_t *keys, uint64_t stride) {
      dots(out.data(), openKeys.data(), count, query, keys, stride, d);
    };
    const int16_t *codes = site.dense
                               ? queryInteger(i)
                               : scratchQ.data() + size_t(i - firstRow) * d;
    if (site.dense || isCross)
      multiply(sums, codes, keyInteger(firstKey), 2 * row);
    else
      multiply(sums, codes, scratchK.data(), d);
    if (isCross) {
      others.resize(count);
      multiply(others, queryInteger(i), keyFraction(firstKey),
               2 * layout.fractionRow);
      for (uint32_t x = 0; x < count; ++x)
        sums[x] = ops.add(sums[x], others[x]);
    }
    int32_t *S = core.score.data() +
                 (c.score_address + (i - firstRow) * layout.scoreRow) / 4 +
                 firstKey;
    for (uint32_t x = 0; x < count; ++x)
      S[openKeys[x]] = sums[x];
  };
  std::vector<uint32_t> columns(c.columns);
  uint64_t computed = 0, positions = 0;
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const uint8_t *states = site.dense ? nullptr : statesOf(c, layout, r);
    RowWork work;
    uint32_t slots = (view.bq + 1) / 2 * ((view.bk + 1) / 2);
    uint32_t kept = c.columns;
    if (states)
      kept = listKept(columns.data(), states + c.column, c.columns);
    work.slots = kept * slots;
    for (uint32_t x = 0; x < kept; ++x) {
      uint32_t column = c.column + (states ? columns[x] : x);
      uint32_t begin = view.keyBegin(column), end = view.keyEnd(column);
      if (!site.dense && !isCross && !isJoined[column - c.column]) {
        isJoined[column - c.column] = 1;
        for (uint32_t j = begin; j < end; ++j)
          join(scratchK.data() + size_t(j - firstKey) * d, keyInteger(j),
               keyFraction(j), F, d);
      }
      if (isOpen) {
        for (uint32_t j = begin; j < end; ++j)
          openKeys.push_back(j - firstKey);
        continue;
      }
      computed += uint64_t(view.rowEnd(r) - view.rowBegin(r)) * (end - begin);
      for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i) {
        int32_t *S = core.score.data() +
                     (c.score_address + (i - firstRow) * layout.scoreRow) / 4;
        RowValidity valid = validityOf(site, c, i, firstRow);
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
    if (isOpen) {
      for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i)
        scoreOpenRow(i);
      uint64_t rows = view.rowEnd(r) - view.rowBegin(r);
      computed += rows * openKeys.size();
      positions += rows * openKeys.size();
      openKeys.clear();
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
