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
  std::vector<GroupPart> parts;
  for (uint32_t b = c.column; b < c.column + c.columns; ++b) {
    if (parts.empty() || parts.back().group != site.groupOf(b))
      parts.push_back({site.groupOf(b), b, b});
    parts.back().end = b + 1;
  }
  auto valueRow = [&](uint32_t j) {
    return core.value.data() +
           2 * (c.value_address + (j - firstKey) * layout.valueRow);
  };
  auto isFull = [](uint8_t state) {
    return state == uint8_t(BlockState::Pruned) ||
           state == uint8_t(BlockState::KeptFull);
  };
  std::vector<uint8_t> isWeighed;
  std::vector<WeightedRow> weighted;
  weighted.reserve(size_t(c.columns) * view.bk);
  uint32_t passes = (view.bq + 1) / 2;
  uint64_t keyProducts = 0, sumProducts = 0;
  for (uint32_t r = c.block_row; r < c.block_row + c.block_rows; ++r) {
    const uint8_t *states = site.dense ? nullptr : statesOf(c, layout, r);
    // Block columns whose keys are weighed one by one, by any row.
    isWeighed.assign(c.columns, 0);
    uint32_t sums = 0;
    for (uint32_t i = view.rowBegin(r); i < view.rowEnd(r); ++i) {
      int64_t *acc = core.acc.data() +
                     (c.acc_address + (i - firstRow) * layout.accRow) / 8;
      if (c.first)
        std::fill_n(acc, dv, 0);
      weighted.clear();
      const int32_t *w =
          core.score.data() +
          (c.score_address + (i - firstRow) * layout.scoreRow) / 4;
      int32_t *terms = core.stat.data() +
                       (c.term_address + (i - firstRow) * layout.termRow) / 4;
      RowValidity valid = validityOf(site, c, i, firstRow);
      if (isMean && c.first)
        terms[2] = 0;
      uint32_t rowSums = 0;
      for (const GroupPart &part : parts) {
        // The weight that whole blocks of this group share, and whether all
        // whole columns of the group are among them.
        int32_t shared = isMean          ? 1
                         : isCompensated ? terms[Layout::termWords + part.group]
                                         : 0;
        bool isAll = shared != 0 || isMean;
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
          const int32_t *SV = core.sum.data() + c.sum_address / 4 +
                              uint64_t(part.group - parts[0].group) * dv;
          addMultiple(acc, shared, SV, dv);
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
              !isInSum && (isMean || (shared != 0 && isFull(states[b])));
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
            weighted.push_back({weight, valueRow(j)});
          }
        }
      }
      addRows(acc, weighted.data(), uint32_t(weighted.size()), dv);
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
  uint64_t rows = lastRow - firstRow;
  activity.touch(Buffer::Value, keyProducts / view.bq * site.valueBits() / 8,
                 0);
  activity.touch(Buffer::Sum, sumProducts / view.bq * 4, 0);
  activity.touch(Buffer::Score, dv == 0 ? 0 : keyProducts / dv * 4, 0);
  activity.touch(Buffer::Acc, c.first ? 0 : rows * layout.accRow,
                 rows * layout.accRow);
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
    if (recorded) {
      note("den", at, den);
      note("R", at, R);
    }
    for (uint32_t t = 0; t < dv; ++t) {
      int64_t sum = isZero ? 0 : num[t];
      o[t] = int16_t(outputCode(ops, sum, R, bits));
      if (recorded) {
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
