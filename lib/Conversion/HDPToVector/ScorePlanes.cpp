//===- ScorePlanes.cpp - the bytes that scores are products of ------------===//
//
// N8. A cross score is xq(Q) KI + QI KF. Q's code is cut at 8 bits into a high
// byte and a low one with a sign; a fraction of K longer than 8 bits is cut
// into two bytes as well. The largest codes of 16 bits round up to a high byte
// of 128, whose last one is a plane of its own.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "hdp/Numerics/Mask.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::numerics;

ScorePlanes::ScorePlanes(const Policy &policy) {
  if (policy.products == Products::Full) {
    products = {{0, 0, /*isHigh=*/false, /*isSmall=*/false}};
    queries = keys = 1;
    // With the rounding of N2, so that integer parts are upper bits.
    codeOffset = int64_t(1) << (policy.format.width() - 1);
    if (policy.split == Split::Nearest)
      codeOffset += int64_t(1) << (policy.format.fractionBits - 1);
    return;
  }
  int64_t I = policy.format.integerBits, F = policy.format.fractionBits;
  codeOffset = int64_t(1) << (I - 1);
  if (policy.split == Split::Nearest)
    fractionOffset = int64_t(1) << (F - 1);
  // Of Q: low byte, integer part, high byte. Of K: integer part, low byte of
  // the fraction, high byte of the fraction.
  auto isSmall = [](int64_t key, int64_t query) {
    return 2 * key * query <= 32767;
  };
  int64_t P = codeOffset;
  products.push_back({0, 0, false, isSmall(2 * P - 1, 128)});
  products.push_back(
      {1, 1, false, isSmall((int64_t(1) << std::min<int64_t>(F, 8)) - 1, P)});
  queries = keys = 2;
  hasHighByte = policy.format.width() > 8;
  if (hasHighByte) {
    products.push_back({queries++, 0, true, isSmall(2 * P - 1, 128)});
    hasHigh = true;
    hasOverflow = policy.format.width() == 16 && policy.split == Split::Floor;
    if (hasOverflow)
      products.push_back({queries++, 0, true, isSmall(2 * P - 1, 1)});
  }
  if (F > 8) {
    products.push_back({1, keys++, true, isSmall(15, P)});
    hasHigh = true;
  }
}

bool hdp::isPoolable(const Policy &policy, int64_t d) {
  bool isMeasured = policy.tau8() > 0 && policy.measure == Measure::Magnitude;
  int64_t I = policy.format.integerBits;
  return policy.importance == Importance::Signed && !isMeasured && I <= 6 &&
         d << (2 * I + 1) <= int64_t(1) << 17;
}

bool hdp::scoresFit(const Policy &policy, int64_t d, bool hasBias) {
  int64_t F = policy.format.fractionBits;
  int64_t perScore = int64_t(1) << (2 * policy.format.width() - 2);
  if (policy.products == Products::Cross) {
    int64_t P = int64_t(1) << (policy.format.integerBits - 1);
    perScore = P * ((P << F) + (2 << F));
  }
  int64_t limit = (int64_t(1) << 30) - (hasBias ? biasLimit : 0);
  return d <= limit / (2 * perScore);
}

bool hdp::sumsFit(const Policy &policy, int64_t d, bool hasBias) {
  if (policy.pruned != Pruned::Compensated)
    return true;
  int64_t blocks =
      policy.group ? std::min<int64_t>(policy.group, 16384) : 16384;
  int64_t perScore = d << (2 * policy.format.integerBits - 1);
  if (hasBias)
    perScore += biasLimit >> policy.scoreFractionBits();
  return blocks * 4 <= (int64_t(1) << 31) / perScore;
}

/// The planes of a chunk of a block's two keys.
Vals KernelEmitter::keyPlanes(Val first, Val second) {
  if (policy.products == Products::Full)
    return {target->narrowToU8(first + planes.codeOffset,
                               second + planes.codeOffset)};
  int64_t F = policy.format.fractionBits;
  Val integers[2], fractions[2];
  for (auto [n, code] : {std::pair(0, first), {1, second}}) {
    Val integer = integerParts(code);
    integers[n] = integer + planes.codeOffset;
    fractions[n] = code - integer.shl(F) + planes.fractionOffset;
  }
  Vals bytes = {target->narrowToU8(integers[0], integers[1]),
                target->narrowToU8(fractions[0] & 255, fractions[1] & 255)};
  if (planes.keys > 2)
    bytes.push_back(
        target->narrowToU8(fractions[0].srl(8), fractions[1].srl(8)));
  return bytes;
}

/// The planes of a chunk of two query rows, every byte twice: of each plane the
/// first half of the first row's dimensions and the second half of the second
/// row's, then the other two.
Vals KernelEmitter::queryPlanes(Val first, Val second) {
  constexpr int64_t orders[2][8] = {{0, 1, 2, 3, 12, 13, 14, 15},
                                    {4, 5, 6, 7, 8, 9, 10, 11}};
  Vals planes[2] = {queryPlanes(first), queryPlanes(second)}, both;
  for (auto [x, y] : llvm::zip(planes[0], planes[1]))
    for (const auto &order : orders)
      both.push_back(x.as(t.i64x8).shuffle(y.as(t.i64x8), order).as(t.i8x64));
  return both;
}

/// The planes of a chunk of a query, every byte twice.
Vals KernelEmitter::queryPlanes(Val codes) {
  auto twice = [&](Val words) { return target->narrowToI8(words, words); };
  if (policy.products == Products::Full)
    return {twice(codes)};
  // With more than 8 bits the high byte is rounded, so that the low one has a
  // sign.
  Val high = codes.sra(8) + (codes.sra(7) & 1);
  Val low = planes.hasHighByte ? codes - high.shl(8) : codes;
  Vals bytes = {twice(low), twice(integerParts(codes))};
  if (planes.hasHighByte)
    bytes.push_back(twice(high.min(127)));
  if (planes.hasOverflow)
    bytes.push_back(twice(high - high.min(127)));
  return bytes;
}

/// What a chunk of a query adds to its scores by K's offsets.
Val KernelEmitter::addScoreOffset(Val sums, Val codes) {
  sums = target->dotS16(sums, codes, vec(t.i16x32, planes.codeOffset));
  if (planes.fractionOffset)
    sums = target->dotS16(sums, integerParts(codes),
                          vec(t.i16x32, planes.fractionOffset));
  return sums;
}
