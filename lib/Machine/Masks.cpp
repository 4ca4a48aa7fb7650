//===- Masks.cpp - masks with less to load --------------------------------===//
//
// What a host sees of a mask before it launches a program.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/HostSide.h"
#include "hdp/Numerics/Mask.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::numerics;

/// Whether `count` pieces of `size` elements are all like the first one.
template <typename T>
static bool areAlike(const T *begin, size_t stride, size_t size, size_t count) {
  for (size_t x = 1; x < count; ++x)
    if (std::memcmp(begin, begin + x * stride, size * sizeof(T)) != 0)
      return false;
  return true;
}

/// [heads, rows, length] with heads and rows 1 where they are all alike.
template <typename T>
static llvm::ArrayRef<T> foldAlike(llvm::ArrayRef<T> mask, uint32_t &heads,
                                   uint32_t &rows, uint32_t length,
                                   std::vector<T> &storage) {
  if (mask.empty())
    return mask;
  size_t head = size_t(rows) * length;
  if (heads > 1 && areAlike(mask.data(), head, head, heads)) {
    mask = mask.take_front(head);
    heads = 1;
  }
  bool isFolded = rows > 1;
  for (uint32_t h = 0; isFolded && h < heads; ++h)
    isFolded = areAlike(mask.data() + h * head, length, length, rows);
  if (!isFolded)
    return mask;
  std::vector<T> folded;
  for (uint32_t h = 0; h < heads; ++h)
    folded.insert(folded.end(), mask.begin() + h * head,
                  mask.begin() + h * head + length);
  storage = std::move(folded);
  rows = 1;
  return storage;
}

AttentionOperands machine::simplifyMasks(const Site &site,
                                         AttentionOperands operands,
                                         MaskStorage &storage) {
  NativeOps ops;
  bool onlyAllows = llvm::all_of(operands.bias, [&](float entry) {
    return entry == 0.0f || !biasAllows(ops, double(entry));
  });
  if (!operands.bias.empty() && onlyAllows) {
    uint32_t heads = std::max(operands.maskHeads, operands.biasHeads),
             rows = std::max(operands.maskRows, operands.biasRows);
    std::vector<uint8_t> both;
    both.reserve(size_t(heads) * rows * site.Lk);
    for (uint32_t h = 0; h < heads; ++h)
      for (uint32_t i = 0; i < rows; ++i) {
        auto row = [&](uint32_t hasHeads, uint32_t hasRows) {
          return (size_t(hasHeads == 1 ? 0 : h) * hasRows +
                  (hasRows == 1 ? 0 : i)) *
                 site.Lk;
        };
        size_t mask = row(operands.maskHeads, operands.maskRows),
               bias = row(operands.biasHeads, operands.biasRows);
        for (uint32_t j = 0; j < site.Lk; ++j)
          both.push_back(
              (operands.mask.empty() || operands.mask[mask + j] != 0) &&
              biasAllows(ops, double(operands.bias[bias + j])));
      }
    storage.mask = std::move(both);
    operands.mask = storage.mask;
    operands.maskHeads = heads;
    operands.maskRows = rows;
    operands.bias = {};
    operands.biasHeads = operands.biasRows = 1;
    operands.hadBias = true;
  }
  operands.mask = foldAlike(operands.mask, operands.maskHeads,
                            operands.maskRows, site.Lk, storage.mask);
  operands.bias = foldAlike(operands.bias, operands.biasHeads,
                            operands.biasRows, site.Lk, storage.bias);
  // Nothing is forbidden: no mask.
  if (llvm::all_of(operands.mask, [](uint8_t entry) { return entry != 0; })) {
    operands.mask = {};
    operands.maskHeads = operands.maskRows = 1;
  }
  return operands;
}
