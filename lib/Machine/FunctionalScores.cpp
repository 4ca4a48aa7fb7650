//===- FunctionalScores.cpp - scores and weights --------------------------===//
//
// Scores of kept blocks (N8) and the softmax of whole rows (N9, N10).
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Softmax.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

static constexpr int32_t noMean = INT32_MIN;

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
  auto part = [&](const std::vector<int16_t> &memory, uint32_t address,
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

  bool isOpen = !site.dense && !isCross && !site.causal && c.valid_rows == 0 &&
                c.bias_rows == 0 && recorded == nullptr;
  uint64_t computed = 0, positions = 0;
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const uint8_t *states = site.dense ? nullptr : statesOf(c, layout, r);
    RowWork work;
    uint32_t slots = (view.bq + 1) / 2 * ((view.bk + 1) / 2);
    for (uint32_t column = c.column; column < c.column + c.columns; ++column) {
      if (states && states[column] < uint8_t(BlockState::KeptPartial))
        continue;
      uint32_t begin = view.keyBegin(column), end = view.keyEnd(column);
      if (!site.dense && !isCross && !isJoined[column - c.column]) {
        isJoined[column - c.column] = 1;
        for (uint32_t j = begin; j < end; ++j)
          join(scratchK.data() + size_t(j - firstKey) * d, keyInteger(j),
               keyFraction(j), F, d);
      }
      work.slots += slots;
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
        if (isOpen) { // every position of the block, with whole codes
          dots(S + begin, scratchQ.data() + size_t(i - firstRow) * d,
               scratchK.data() + size_t(begin - firstKey) * d, end - begin, d);
          positions += end - begin;
          continue;
        }
        for (uint32_t j = begin; j < end; ++j) {
          if (!valid(j))
            continue;
          ++positions;
          S[j] = ops.add(scoreOf(i, j), bias ? bias[j] : 0);
          if (recorded)
            note("S", (uint64_t(registers.head) * site.Lq + i) * site.Lk + j,
                 S[j]);
        }
      }
    }
    activity.rows.push_back(work);
    activity.keptBlocks += work.slots / slots;
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

void FunctionalModel::run(const SoftmaxCommand &c, Activity &activity) {
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
  ScaleConstants scale = getScaleConstants(site.scale);
  int32_t a = softmaxShift(ops, scale, policy, registers.sQ, registers.sK);
  uint32_t groups = site.groups(), firstRow = view.rowBegin(c.block_row);
  bool isCompensated = !site.dense && policy.pruned == Pruned::Compensated;
  activity.groups = isCompensated ? groups : 0;
  std::vector<uint32_t> kept;
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const uint8_t *states = site.dense ? nullptr : statesOf(c, layout, r);
    const int32_t *means =
        core.stat.data() +
        (c.stat_address + (r - c.block_row) * layout.meanRow) / 4;
    for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i) {
      int32_t *row = core.score.data() +
                     (c.score_address + (i - firstRow) * layout.scoreRow) / 4;
      int32_t *terms = core.stat.data() +
                       (c.term_address + (i - firstRow) * layout.termRow) / 4;
      int32_t *wc = terms + Layout::termWords;
      std::fill_n(terms, Layout::termWords + groups, 0);
      RowValidity valid = validityOf(site, c, i, firstRow);
      kept.clear();
      int32_t M = INT32_MIN;
      for (uint32_t column = 0; column < view.columns; ++column) {
        if (states && states[column] < uint8_t(BlockState::KeptPartial))
          continue;
        for (uint32_t j = view.keyBegin(column); j < view.keyEnd(column); ++j)
          if (valid(j)) {
            kept.push_back(j);
            M = std::max(M, row[j]);
          }
      }
      auto nk = uint32_t(kept.size());
      activity.keptPositions.push_back(nk);
      if (nk == 0)
        continue;

      // N9. e stands where S stood.
      int32_t sumE = 0, maxC = 0;
      for (uint32_t j : kept) {
        row[j] = expWeight(ops, int64_t(M) - row[j], a, scale.m);
        sumE += row[j];
      }
      if (isCompensated)
        for (uint32_t g = 0; g < groups; ++g) {
          bool isEmpty = means[g] == noMean;
          wc[g] = groupWeight(ops, M, int64_t(means[g]), int64_t(!isEmpty), a,
                              scale.m);
          maxC = std::max(maxC, wc[g]);
        }
      // N10. w stands where e stood, wc where c stood.
      int32_t k = weightShift(ops, weightSum(ops, sumE, maxC, int32_t(nk)));
      uint64_t at = uint64_t(registers.head) * site.Lq + i;
      if (recorded) {
        for (uint32_t g = 0; !site.dense && g < groups; ++g)
          note("c", at * groups + g, wc[g]);
        for (uint32_t j : kept)
          note("e", at * site.Lk + j, row[j]);
        note("M", at, M);
        note("k", at, k);
      }
      int32_t den = 0;
      for (uint32_t g = 0; g < groups; ++g)
        wc[g] = roundWeight(ops, wc[g], k);
      for (uint32_t j : kept) {
        uint32_t column = j / view.bk;
        bool inFullBlock =
            states && states[column] == uint8_t(BlockState::KeptFull);
        row[j] =
            keptWeight(ops, row[j], k, wc[site.groupOf(column)], inFullBlock);
        den += row[j];
      }
      if (isCompensated)
        for (uint32_t column = 0; column < view.columns; ++column)
          if (states[column] == uint8_t(BlockState::Pruned) ||
              states[column] == uint8_t(BlockState::KeptFull))
            den += wc[site.groupOf(column)] * int32_t(view.bk);
      terms[0] = M;
      terms[1] = k;
      terms[2] = den;
      terms[3] = int32_t(nk);
      if (recorded) {
        for (uint32_t j : kept)
          note("w", at * site.Lk + j, row[j]);
        for (uint32_t g = 0; !site.dense && g < groups; ++g)
          note("wc", at * groups + g, wc[g]);
      }
    }
  }
  uint64_t positions = 0;
  for (uint32_t nk : activity.keptPositions) {
    positions += nk;
    activity.exponentials += nk + (nk > 0 ? activity.groups : 0);
  }
  activity.touch(Buffer::Score, 3 * 4 * positions, 2 * 4 * positions);
  activity.touch(Buffer::Stat, site.dense ? 0 : c.block_rows * layout.meanRow,
                 activity.keptPositions.size() * layout.termRow);
  activity.touch(Buffer::Mask, site.dense ? 0 : c.block_rows * layout.stateRow,
                 0);
}
