//===- FunctionalApply.cpp - weights times values -------------------------===//
//
// Weighted sums of V (N10), the mean of a gated head (N12), and output codes
// (N11).
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Normalise.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

namespace {
/// The part of a group that a command's columns hold.
struct GroupPart {
  uint32_t group, begin, end;
  /// Whether keys of full blocks share a weight, and it is that of a sum.
  bool isShared, isBySum;
};
} // namespace

/// What the block rows of a command share.
struct FunctionalModel::Weighing {
  const BlockView &view;
  CoreMemory &core;
  uint32_t firstRow, firstKey, firstGroup;
  bool isMean;
  /// The states of the block row in work; none in a dense site.
  const uint8_t *states = nullptr;
  llvm::SmallVector<GroupPart, 32> parts = {};
  /// Most sums that a query row of the block row has weighed; all together.
  uint32_t sums = 0;
  uint64_t sumProducts = 0;

  const int16_t *valueRow(const WeighCommand &c, uint32_t j) const {
    return core.values->codes.data() +
           2 * (c.value_address + (j - firstKey) * view.layout.valueRow);
  }
  const int32_t *sumRow(const WeighCommand &c, uint32_t group) const {
    return core.values->sum.data() + c.sum_address / 4 +
           uint64_t(group - firstGroup) * view.site.dv;
  }
  int64_t *accRow(const WeighCommand &c, uint32_t i) const {
    return core.acc.data() +
           (c.acc_address + (i - firstRow) * view.layout.accRow) / 8;
  }
  const int32_t *weightRow(const WeighCommand &c, uint32_t i) const {
    return core.score.data() +
           (c.score_address + (i - firstRow) * view.layout.scoreRow) / 4;
  }
  int32_t *terms(const WeighCommand &c, uint32_t i) const {
    return core.stat.data() +
           (c.term_address + (i - firstRow) * view.layout.termRow) / 4;
  }
  void split(const WeighCommand &c);
  void decide(GroupPart &part) const;
};

/// The parts of groups that a command has.
void FunctionalModel::Weighing::split(const WeighCommand &c) {
  uint32_t end = c.column + c.columns;
  for (uint32_t b = c.column; b < end;) {
    uint32_t group = view.groupOf[b],
             next = std::min(end, view.groupEnd(group));
    parts.push_back({group, b, next, false, false});
    b = next;
  }
}

/// What the array does follows from masks, not from whether a weight is zero,
/// and more pruning never takes more: pruned keys are weighed by their group's
/// sum where they have at least as many bits as that sum, else one by one.
void FunctionalModel::Weighing::decide(GroupPart &part) const {
  part.isShared = part.isBySum = false;
  if (!view.isCompensated)
    return;
  uint32_t begin = view.groupBegin(part.group), end = view.groupEnd(part.group);
  uint64_t here = countPruned(states + part.begin, part.end - part.begin),
           all = begin == part.begin && end == part.end
                     ? here
                     : countPruned(states + begin, end - begin);
  part.isShared = all > 0;
  part.isBySum =
      part.isShared && here * view.bk * view.valueBits >= view.sumBits;
}

/// The query rows of block row r where no mask tells them apart: they weigh the
/// same keys and sums, two rows at a time.
void FunctionalModel::weighOpenRows(const WeighCommand &c, uint32_t r,
                                    Weighing &weighing) {
  const BlockView &view = weighing.view;
  uint32_t dv = view.site.dv;
  auto count = uint32_t(scratch.keys.size());
  scratch.valueRows.resize(count);
  const int16_t *first = weighing.valueRow(c, weighing.firstKey);
  for (uint32_t x = 0; x < count; ++x)
    scratch.valueRows[x] = first + scratch.keys[x] * 2 * view.layout.valueRow;
  llvm::SmallVector<const int32_t *, 32> sumRows;
  for (const GroupPart &part : weighing.parts)
    if (part.isBySum)
      sumRows.push_back(weighing.sumRow(c, part.group));
  auto numSums = uint32_t(sumRows.size());
  scratch.weights.resize(2 * size_t(count + numSums));
  int32_t *keyWeights = scratch.weights.data(),
          *sumWeights = keyWeights + 2 * size_t(count);
  uint32_t end = view.rowEnd(r);
  for (uint32_t i = view.rowBegin(r); i < end; i += 2) {
    uint32_t n = std::min(2u, end - i);
    int64_t *acc[2] = {};
    for (uint32_t y = 0; y < n; ++y) {
      acc[y] = weighing.accRow(c, i + y);
      if (c.first)
        std::fill_n(acc[y], dv, 0);
      const int32_t *w = weighing.weightRow(c, i + y) + weighing.firstKey;
      int32_t *to = keyWeights + y * count;
      for (uint32_t x = 0; x < count; ++x)
        to[x] = w[scratch.keys[x]];
      const int32_t *wc = weighing.terms(c, i + y) + Layout::termWords;
      int32_t *toSums = sumWeights + y * numSums;
      for (const GroupPart &part : weighing.parts)
        if (part.isBySum)
          *toSums++ = wc[part.group];
    }
    addMultiples(acc, n, sumWeights, sumRows.data(), numSums, dv);
    addRows(acc, n, keyWeights, scratch.valueRows.data(), count, dv);
  }
  weighing.sums = numSums;
  weighing.sumProducts += uint64_t(numSums) * dv * (end - view.rowBegin(r));
}

/// One query row, whatever its masks say.
void FunctionalModel::weighRow(const WeighCommand &c, uint32_t i,
                               Weighing &weighing) {
  const BlockView &view = weighing.view;
  const Site &site = view.site;
  const uint8_t *states = weighing.states;
  uint32_t dv = site.dv;
  bool isMean = weighing.isMean;
  int64_t *acc = weighing.accRow(c, i);
  if (c.first)
    std::fill_n(acc, dv, 0);
  const int32_t *w = weighing.weightRow(c, i);
  int32_t *terms = weighing.terms(c, i);
  RowValidity valid = validityOf(view, c, i, weighing.firstRow);
  if (isMean && c.first)
    terms[2] = 0;
  auto isFull = [&](uint32_t b) { return isFullBlock(BlockState(states[b])); };
  auto shares = [&](uint32_t b) {
    if (!isMean)
      return isFull(b);
    for (uint32_t j = view.keyBegin(b); j < view.keyEnd(b); ++j)
      if (!valid(j))
        return false;
    return view.isWhole(b);
  };
  uint32_t rowSums = 0;
  scratch.weights.clear();
  scratch.valueRows.clear();
  for (const GroupPart &part : weighing.parts) {
    // The weight that whole blocks of this group share, and whether all
    // whole columns of the group are among them.
    int32_t shared = isMean          ? 1
                     : part.isShared ? terms[Layout::termWords + part.group]
                                     : 0;
    bool isAll = part.isBySum || isMean;
    for (uint32_t b = part.begin; isAll && b < part.end; ++b)
      isAll = shares(b) || !view.isWhole(b);
    if (isAll) {
      const int32_t *sums = weighing.sumRow(c, part.group);
      addMultiples(&acc, 1, &shared, &sums, 1, dv);
      ++rowSums;
      uint32_t whole = part.end - part.begin - !view.isWhole(part.end - 1);
      if (isMean)
        terms[2] += int32_t(whole * view.bk);
    }
    for (uint32_t b = part.begin; b < part.end; ++b) {
      bool isKept = !isMean && (site.dense ||
                                states[b] >= uint8_t(BlockState::KeptPartial));
      bool isInSum = isAll && view.isWhole(b);
      bool adds = !isInSum && (isMean || (part.isShared && isFull(b)));
      if (!isKept && !adds)
        continue;
      for (uint32_t j = view.keyBegin(b); j < view.keyEnd(b); ++j) {
        int32_t weight = 0;
        if (isMean) {
          weight = valid(j);
          terms[2] += weight;
        } else {
          if (isKept && valid(j))
            weight = w[j];
          if (adds)
            weight += shared;
        }
        if (weight == 0 && isMean)
          continue;
        scratch.wanted[b - c.column] = 1;
        scratch.weights.push_back(weight);
        scratch.valueRows.push_back(weighing.valueRow(c, j));
      }
    }
  }
  addRows(&acc, 1, scratch.weights.data(), scratch.valueRows.data(),
          uint32_t(scratch.valueRows.size()), dv);
  weighing.sums = std::max(weighing.sums, rowSums);
  weighing.sumProducts += uint64_t(rowSums) * dv;
}

void FunctionalModel::run(const WeighCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  CoreMemory &core = cores[c.core];
  const BlockView &view = views[c.site];
  const Layout &layout = view.layout;
  bool isMean = !core.slots[c.slot].gate;
  if (isMean && site.policy.gated == Gated::Zero) {
    activity.isDropped = true;
    return;
  }
  Weighing weighing{view,
                    core,
                    view.rowBegin(c.block_row),
                    view.keyBegin(c.column),
                    view.groupOf[c.column],
                    isMean};
  weighing.split(c);
  scratch.columns.resize(c.columns);
  uint32_t dv = site.dv, passes = (view.bq + 1) / 2;
  uint64_t keyProducts = 0;
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    weighing.states = site.dense ? nullptr : statesOf(c, layout, r);
    weighing.sums = 0;
    // The common case: no masks, so that whole blocks are full and a block
    // row's query rows weigh the same keys.
    bool isOpen = !isMean && !site.causal && c.valid_rows == 0;
    for (GroupPart &part : weighing.parts) {
      weighing.decide(part);
      isOpen &= part.isShared == part.isBySum;
    }
    uint32_t keys = 0; // that any row weighs one by one
    if (isOpen) {
      uint32_t kept = c.columns;
      if (weighing.states)
        kept = listKept(scratch.columns.data(), weighing.states + c.column,
                        c.columns);
      view.listKeys(scratch.keys, c.column,
                    weighing.states ? scratch.columns.data() : nullptr, kept);
      keys = uint32_t(scratch.keys.size());
      weighOpenRows(c, r, weighing);
    } else {
      scratch.wanted.assign(c.columns, 0);
      for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i)
        weighRow(c, i, weighing);
      for (uint32_t b = 0; b < c.columns; ++b)
        if (scratch.wanted[b])
          keys += view.keyEnd(c.column + b) - view.keyBegin(c.column + b);
    }
    // Of a dense site's last tile, rows that causality voids still count.
    activity.rows.push_back({0, keys * passes, weighing.sums * passes});
    keyProducts += uint64_t(keys) * (view.rowEnd(r) - view.rowBegin(r)) * dv;
  }
  activity.valueColumns = dv;
  activity.operandBits = site.valueBits();
  activity.products = {
      {16, uint8_t(view.valueBits), false, keyProducts},
      {16, uint8_t(view.sumBits), false, weighing.sumProducts}};
  uint64_t queryRows =
      view.rowEnd(c.block_row + c.block_rows - 1) - weighing.firstRow;
  activity.touch(Buffer::Value, keyProducts / view.bq * site.valueBits() / 8,
                 0);
  activity.touch(Buffer::Sum, weighing.sumProducts / view.bq * 4, 0);
  activity.touch(Buffer::Score, dv == 0 ? 0 : keyProducts / dv * 4, 0);
  activity.touch(Buffer::Acc, c.first ? 0 : queryRows * layout.accRow,
                 queryRows * layout.accRow);
}

void FunctionalModel::run(const NormaliseCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  CoreMemory &core = cores[c.core];
  const HeadRegisters &registers = core.slots[c.slot];
  const BlockView &view = views[c.site];
  const Layout &layout = view.layout;
  uint32_t dv = site.dv, firstRow = view.rowBegin(c.block_row),
           lastRow = view.rowEnd(c.block_row + c.block_rows - 1);
  bool isZero = !registers.gate && site.policy.gated == Gated::Zero;
  for (uint32_t i = firstRow; i < lastRow; ++i) {
    const int64_t *num =
        core.acc.data() + (c.acc_address + (i - firstRow) * layout.accRow) / 8;
    int32_t den =
        isZero
            ? 0
            : core.stat[(c.term_address + (i - firstRow) * layout.termRow) / 4 +
                        2];
    int16_t *o =
        core.out.data() + (c.out_address + (i - firstRow) * layout.outRow) / 2;
    int32_t bits = bitLength(ops, den);
    int32_t R = reciprocal(ops, den, bits, site.policy);
    uint64_t at = uint64_t(registers.head) * site.Lq + i;
    if (recordsValues) {
      note("den", at, den);
      note("R", at, R);
    }
    for (uint32_t t = 0; t < dv; ++t) {
      int64_t sum = isZero ? 0 : num[t];
      o[t] = int16_t(outputCode(ops, sum, R, bits));
      if (recordsValues) {
        note("num", at * dv + t, sum);
        note("o", at * dv + t, o[t]);
      }
    }
  }
  activity.isDropped = isZero;
  activity.isExact = site.policy.reciprocal == Reciprocal::Exact;
  uint64_t rows = lastRow - firstRow;
  activity.codes = rows * dv;
  activity.touch(Buffer::Acc, rows * layout.accRow, 0);
  activity.touch(Buffer::Stat, rows * 4, 0);
  activity.touch(Buffer::Out, 0, rows * layout.outRow);
}
