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
  const BlockView &view = views[c.site];
  const Layout &layout = view.layout;
  const ScaleConstants &scale = view.scale;
  int32_t a = softmaxShift(ops, scale, policy, registers.sQ, registers.sK);
  uint32_t groups = view.groups, firstRow = view.rowBegin(c.block_row);
  bool isCompensated = view.isCompensated;
  bool isMasked = site.causal || c.valid_rows != 0;
  activity.groups = isCompensated ? groups : 0;

  // What the query rows of a block row share: keys of kept blocks with the
  // group whose weight is taken off theirs (0: none, else one more), and the
  // full blocks of each group. Of a query row: those that are valid, scores.
  std::vector<uint32_t> &columns = scratch.columns, &keys = scratch.keys,
                        &group = scratch.group, &validKeys = scratch.validKeys,
                        &validGroup = scratch.validGroup,
                        &fullBlocks = scratch.fullBlocks;
  std::vector<int32_t> &values = scratch.values, &shared = scratch.shared;
  columns.resize(view.columns);
  fullBlocks.assign(groups, 0);
  shared.assign(groups + 1, 0);
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const uint8_t *states = site.dense ? nullptr : statesOf(c, layout, r);
    const int32_t *means =
        core.stat.data() +
        (c.stat_address + (r - c.block_row) * layout.meanRow) / 4;
    uint32_t keptColumns = view.columns;
    if (states)
      keptColumns = listKept(columns.data(), states, view.columns);
    view.listKeys(keys, 0, states ? columns.data() : nullptr, keptColumns);
    group.assign(keys.size(), 0);
    bool isPartial = !states;
    if (states)
      for (uint32_t x = 0; x < keptColumns; ++x) {
        bool isFull = isFullBlock(BlockState(states[columns[x]]));
        isPartial |= !isFull;
        if (isFull && isCompensated)
          std::fill_n(group.begin() + x * view.bk,
                      std::min<size_t>(view.bk, keys.size() - x * view.bk),
                      view.groupOf[columns[x]] + 1);
      }
    for (uint32_t g = 0; isCompensated && g < groups; ++g)
      fullBlocks[g] = countFull(states + view.groupBegin(g),
                                view.groupEnd(g) - view.groupBegin(g));
    for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i) {
      int32_t *row = core.score.data() +
                     (c.score_address + (i - firstRow) * layout.scoreRow) / 4;
      int32_t *terms = core.stat.data() +
                       (c.term_address + (i - firstRow) * layout.termRow) / 4;
      int32_t *wc = terms + Layout::termWords;
      std::fill_n(terms, Layout::termWords + groups, 0);
      llvm::ArrayRef<uint32_t> kept = keys, keptGroup = group;
      if (isPartial && isMasked) {
        RowValidity valid = validityOf(view, c, i, firstRow);
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
      // N9. Groups are weighed like keys: the mean of one is a score that is
      // the row's largest at most.
      values.resize(nk + activity.groups);
      int32_t M = gatherScores(values.data(), row, kept.data(), nk);
      if (isCompensated)
        for (uint32_t g = 0; g < groups; ++g)
          values[nk + g] = std::min(means[g], M);
      int32_t sumE =
          exponentials(values.data(), nk + activity.groups, M, a, scale.m);
      int32_t maxC = 0;
      if (isCompensated)
        for (uint32_t g = 0; g < groups; ++g) {
          int32_t e = values[nk + g];
          sumE = ops.sub(sumE, e);
          wc[g] = means[g] == noMean ? 0 : e;
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
      for (uint32_t g = 0; g < activity.groups; ++g) {
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
