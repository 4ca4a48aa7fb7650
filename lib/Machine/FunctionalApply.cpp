//===- FunctionalApply.cpp - weights times values -------------------------===//
//
// Weighted sums of V (N10), the mean of a gated head (N12), and output codes
// (N11).
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "hdp/Machine/Functional.h"
#include "hdp/Numerics/Normalise.h"
#include "llvm/Support/MathExtras.h"

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

/// Bits of a sum of the values of a group.
static uint8_t getSumBits(const Site &site) {
  const Policy &policy = site.policy;
  uint64_t columns =
      policy.group == 0
          ? site.blockColumns()
          : std::min<uint64_t>(uint64_t(policy.group), site.blockColumns());
  return uint8_t(site.valueBits() +
                 llvm::Log2_64_Ceil(columns * uint64_t(policy.blockCols)));
}

namespace {
/// The part of a group that a command's columns hold.
struct GroupPart {
  uint32_t group, begin, end;
  /// Whether keys of full blocks share a weight, and it is that of a sum.
  bool isShared = false, isBySum = false;
};
} // namespace

void FunctionalModel::run(const WeighCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  const Policy &policy = site.policy;
  CoreMemory &core = cores[c.core];
  HeadRegisters &registers = core.slots[c.slot];
  BlockView view(site);
  Layout layout(site);
  uint32_t dv = site.dv, firstRow = view.rowBegin(c.block_row),
           firstKey = view.keyBegin(c.column);
  bool isMean = !registers.gate;
  bool isCompensated = !site.dense && policy.pruned == Pruned::Compensated;
  uint32_t lastRow = view.rowEnd(c.block_row + c.block_rows - 1);
  if (isMean && policy.gated == Gated::Zero) {
    activity.isDropped = true;
    return;
  }
  const uint32_t *groupOf = groupsOf(c.site);
  // What the array does follows from masks, not from whether a weight is zero,
  // and more pruning never takes more: pruned keys are weighed by their group's
  // sum where they have at least as many bits as that sum, else one by one.
  auto decide = [&](GroupPart &part, const uint8_t *states) {
    part.isShared = part.isBySum = false;
    if (!isCompensated)
      return;
    uint32_t begin = part.begin, end = part.end;
    while (begin > 0 && groupOf[begin - 1] == part.group)
      --begin;
    while (end < view.columns && groupOf[end] == part.group)
      ++end;
    auto pruned = uint8_t(BlockState::Pruned);
    part.isShared =
        std::find(states + begin, states + end, pruned) != states + end;
    auto here =
        uint64_t(std::count(states + part.begin, states + part.end, pruned));
    part.isBySum =
        part.isShared && here * view.bk * site.valueBits() >= getSumBits(site);
  };
  std::vector<GroupPart> parts;
  for (uint32_t b = c.column; b < c.column + c.columns; ++b) {
    if (parts.empty() || parts.back().group != groupOf[b])
      parts.push_back({groupOf[b], b, b, false, false});
    parts.back().end = b + 1;
  }
  auto valueRow = [&](uint32_t j) {
    return core.value.data() +
           2 * (c.value_address + (j - firstKey) * layout.valueRow);
  };
  auto sumRow = [&](const GroupPart &part) {
    return core.sum.data() + c.sum_address / 4 +
           uint64_t(part.group - parts[0].group) * dv;
  };
  auto isFull = [](uint8_t state) { return isFullBlock(BlockState(state)); };
  std::vector<uint8_t> isWeighed;
  // What a query row weighs.
  std::vector<int32_t> weights;
  std::vector<const int16_t *> rows;
  std::vector<uint32_t> columns(c.columns), openKeys;
  uint32_t passes = (view.bq + 1) / 2;
  uint64_t keyProducts = 0, sumProducts = 0;
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const uint8_t *states = site.dense ? nullptr : statesOf(c, layout, r);
    // Block columns whose keys are weighed one by one, by any row.
    isWeighed.assign(c.columns, 0);
    uint32_t sums = 0;
    // The common case: no masks, so that whole blocks are full and a block
    // row's query rows weigh the same keys.
    bool isOpen = !isMean && !site.causal && c.valid_rows == 0;
    for (GroupPart &part : parts) {
      decide(part, states);
      isOpen &= part.isShared == part.isBySum;
    }
    if (isOpen) {
      rows.clear();
      openKeys.clear();
      uint32_t kept = c.columns;
      if (states)
        kept = listKept(columns.data(), states + c.column, c.columns);
      for (uint32_t x = 0; x < kept; ++x) {
        uint32_t b = c.column + (states ? columns[x] : x);
        isWeighed[b - c.column] = 1;
        for (uint32_t j = view.keyBegin(b); j < view.keyEnd(b); ++j) {
          openKeys.push_back(j);
          rows.push_back(valueRow(j));
        }
      }
    }
    for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i) {
      int64_t *acc = core.acc.data() +
                     (c.acc_address + (i - firstRow) * layout.accRow) / 8;
      if (c.first)
        std::fill_n(acc, dv, 0);
      const int32_t *w =
          core.score.data() +
          (c.score_address + (i - firstRow) * layout.scoreRow) / 4;
      int32_t *terms = core.stat.data() +
                       (c.term_address + (i - firstRow) * layout.termRow) / 4;
      RowValidity valid = validityOf(site, c, i, firstRow);
      if (isMean && c.first)
        terms[2] = 0;
      uint32_t rowSums = 0;
      weights.resize(isOpen ? openKeys.size() : 0);
      for (size_t x = 0; x < weights.size(); ++x)
        weights[x] = w[openKeys[x]];
      if (!isOpen)
        rows.clear();
      for (const GroupPart &part : parts) {
        // The weight that whole blocks of this group share, and whether all
        // whole columns of the group are among them.
        int32_t shared = isMean          ? 1
                         : part.isShared ? terms[Layout::termWords + part.group]
                                         : 0;
        bool isAll = part.isBySum || isMean;
        if (isOpen) {
          if (isAll) {
            addMultiple(acc, shared, sumRow(part), dv);
            ++rowSums;
          }
          continue;
        }
        auto shares = [&](uint32_t b) {
          if (!isMean)
            return isFull(states[b]);
          for (uint32_t j = view.keyBegin(b); j < view.keyEnd(b); ++j)
            if (!valid(j))
              return false;
          return view.isWhole(b);
        };
        for (uint32_t b = part.begin; isAll && b < part.end; ++b)
          isAll = shares(b) || !view.isWhole(b);
        if (isAll) {
          addMultiple(acc, shared, sumRow(part), dv);
          ++rowSums;
          uint32_t whole = part.end - part.begin - !view.isWhole(part.end - 1);
          if (isMean)
            terms[2] += int32_t(whole * view.bk);
        }
        for (uint32_t b = part.begin; b < part.end; ++b) {
          bool isKept =
              !isMean &&
              (site.dense || states[b] >= uint8_t(BlockState::KeptPartial));
          bool isInSum = isAll && view.isWhole(b);
          bool adds =
              !isInSum && (isMean || (part.isShared && isFull(states[b])));
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
            isWeighed[b - c.column] = 1;
            weights.push_back(weight);
            rows.push_back(valueRow(j));
          }
        }
      }
      addRows(acc, weights.data(), rows.data(), uint32_t(rows.size()), dv);
      sums = std::max(sums, rowSums);
      sumProducts += uint64_t(rowSums) * dv;
    }
    uint32_t keys = 0;
    for (uint32_t b = 0; b < c.columns; ++b)
      if (isWeighed[b])
        keys += view.keyEnd(c.column + b) - view.keyBegin(c.column + b);
    // Of a dense site's last tile, rows that causality voids still count.
    activity.rows.push_back({0, keys * passes, sums * passes});
    keyProducts += uint64_t(keys) * (view.rowEnd(r) - view.rowBegin(r)) * dv;
  }
  activity.valueColumns = dv;
  activity.operandBits = site.valueBits();
  activity.products = {{16, uint8_t(site.valueBits()), false, keyProducts},
                       {16, getSumBits(site), false, sumProducts}};
  uint64_t queryRows = lastRow - firstRow;
  activity.touch(Buffer::Value, keyProducts / view.bq * site.valueBits() / 8,
                 0);
  activity.touch(Buffer::Sum, sumProducts / view.bq * 4, 0);
  activity.touch(Buffer::Score, dv == 0 ? 0 : keyProducts / dv * 4, 0);
  activity.touch(Buffer::Acc, c.first ? 0 : queryRows * layout.accRow,
                 queryRows * layout.accRow);
}

void FunctionalModel::run(const NormaliseCommand &c, Activity &activity) {
  const Site &site = program.sites[c.site];
  CoreMemory &core = cores[c.core];
  const HeadRegisters &registers = core.slots[c.slot];
  BlockView view(site);
  Layout layout(site);
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
