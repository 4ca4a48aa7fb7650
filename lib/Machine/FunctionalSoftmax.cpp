//===- FunctionalSoftmax.cpp - scores to weights --------------------------===//
//
// The softmax of whole rows, N9 and N10.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Softmax.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

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
  bool isMasked = site.causal || c.valid_rows != 0;
  activity.groups = isCompensated ? groups : 0;
  const uint32_t *groupOf = groupsOf(c.site);

  // What the query rows of a block row share: keys of kept blocks with the
  // group whose weight is taken off theirs (0: none, else one more), and the
  // full blocks of each group. Of a query row: those that are valid, scores.
  std::vector<uint32_t> columns(view.columns), keys, group, validKeys,
      validGroup;
  std::vector<uint32_t> fullBlocks(groups);
  std::vector<int32_t> values, shared(groups + 1);
  keys.reserve(site.Lk);
  group.reserve(site.Lk);
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const uint8_t *states = site.dense ? nullptr : statesOf(c, layout, r);
    const int32_t *means =
        core.stat.data() +
        (c.stat_address + (r - c.block_row) * layout.meanRow) / 4;
    uint32_t keptColumns = view.columns;
    if (states)
      keptColumns = listKept(columns.data(), states, view.columns);
    keys.clear();
    group.clear();
    bool isPartial = false;
    for (uint32_t x = 0; x < keptColumns; ++x) {
      uint32_t column = states ? columns[x] : x;
      bool isFull = states && isFullBlock(BlockState(states[column]));
      isPartial |= !isFull;
      for (uint32_t j = view.keyBegin(column); j < view.keyEnd(column); ++j) {
        keys.push_back(j);
        group.push_back(isFull ? groupOf[column] + 1 : 0);
      }
    }
    std::fill(fullBlocks.begin(), fullBlocks.end(), 0);
    for (uint32_t b = 0; isCompensated && b < view.columns; ++b)
      fullBlocks[groupOf[b]] += isFullBlock(BlockState(states[b]));
    for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i) {
      int32_t *row = core.score.data() +
                     (c.score_address + (i - firstRow) * layout.scoreRow) / 4;
      int32_t *terms = core.stat.data() +
                       (c.term_address + (i - firstRow) * layout.termRow) / 4;
      int32_t *wc = terms + Layout::termWords;
      std::fill_n(terms, Layout::termWords + groups, 0);
      llvm::ArrayRef<uint32_t> kept = keys, keptGroup = group;
      if (isPartial && isMasked) {
        RowValidity valid = validityOf(site, c, i, firstRow);
        validKeys.clear();
        validGroup.clear();
        for (size_t x = 0; x < keys.size(); ++x)
          if (valid(keys[x])) {
            validKeys.push_back(keys[x]);
            validGroup.push_back(group[x]);
          }
        kept = validKeys;
        keptGroup = validGroup;
      }
      auto nk = uint32_t(kept.size());
      activity.keptPositions.push_back(nk);
      if (nk == 0)
        continue;
      values.resize(nk);
      int32_t M = INT32_MIN;
      for (uint32_t x = 0; x < nk; ++x) {
        values[x] = row[kept[x]];
        M = std::max(M, values[x]);
      }

      // N9.
      int32_t sumE = exponentials(values.data(), nk, M, a, scale.m), maxC = 0;
      if (isCompensated)
        for (uint32_t g = 0; g < groups; ++g) {
          bool isEmpty = means[g] == noMean;
          wc[g] = groupWeight(ops, M, int64_t(means[g]), int64_t(!isEmpty), a,
                              scale.m);
          maxC = std::max(maxC, wc[g]);
        }
      int32_t k = weightShift(ops, weightSum(ops, sumE, maxC, int32_t(nk)));
      uint64_t at = uint64_t(registers.head) * site.Lq + i;
      if (recordsValues) {
        for (uint32_t g = 0; !site.dense && g < groups; ++g)
          note("c", at * groups + g, wc[g]);
        for (uint32_t x = 0; x < nk; ++x)
          note("e", at * site.Lk + kept[x], values[x]);
        note("M", at, M);
        note("k", at, k);
      }

      // N10. w stands where S stood, wc among the row's terms.
      int32_t den = 0;
      for (uint32_t g = 0; g < groups; ++g) {
        wc[g] = shared[g + 1] = roundWeight(ops, wc[g], k);
        den = ops.add(den, ops.mul(wc[g], int32_t(fullBlocks[g] * view.bk)));
      }
      den = ops.add(den, finishWeights(values.data(), nk, k, shared.data(),
                                       keptGroup.data()));
      for (uint32_t x = 0; x < nk; ++x)
        row[kept[x]] = values[x];
      terms[0] = M;
      terms[1] = k;
      terms[2] = den;
      terms[3] = int32_t(nk);
      if (recordsValues) {
        for (uint32_t x = 0; x < nk; ++x)
          note("w", at * site.Lk + kept[x], values[x]);
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
