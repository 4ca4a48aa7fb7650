//===- RaiseIndex.cpp - exact index arithmetic of the reading -------------===//
//
// Indices are mixed-radix numbers whose digits are parts of loop variables.
// Collapsing dimensions concatenates digits, expanding splits them; nothing is
// ever rounded or guessed: what does not divide stays opaque.
//
//===----------------------------------------------------------------------===//

#include "RaiseExpr.h"

using namespace mlir;
using namespace hdp::raise;

int64_t hdp::raise::extentOf(const Index &index) {
  int64_t product = 1;
  for (const Digit &digit : index) {
    if (ShapedType::isDynamic(digit.ext))
      return ShapedType::kDynamic;
    product *= digit.ext;
  }
  return product;
}

void hdp::raise::append(Index &head, const Index &tail) {
  for (const Digit &digit : tail) {
    if (!head.empty()) {
      Digit &last = head.back();
      if (last.atom == digit.atom && !ShapedType::isDynamic(digit.ext) &&
          last.div == digit.div * digit.ext) {
        last.div = digit.div;
        if (!ShapedType::isDynamic(last.ext))
          last.ext *= digit.ext;
        continue;
      }
    }
    head.push_back(digit);
  }
}

/// Takes digits worth `extent` from the low end of `index`.
static std::optional<Index> takeLow(Index &index, int64_t extent) {
  Index taken;
  int64_t missing = extent;
  while (missing > 1) {
    if (index.empty())
      return std::nullopt;
    Digit digit = index.pop_back_val();
    if (!ShapedType::isDynamic(digit.ext) && missing % digit.ext == 0) {
      missing /= digit.ext;
      taken.insert(taken.begin(), digit);
      continue;
    }
    if (!ShapedType::isDynamic(digit.ext) && digit.ext % missing != 0)
      return std::nullopt;
    // The digit spans the boundary: its low part belongs here.
    Digit low{digit.atom, digit.div, missing};
    Digit high{digit.atom, digit.div * missing,
               ShapedType::isDynamic(digit.ext) ? digit.ext
                                                : digit.ext / missing};
    index.push_back(high);
    taken.insert(taken.begin(), low);
    missing = 1;
  }
  return taken;
}

std::optional<SmallVector<Index>> hdp::raise::split(const Index &index,
                                                    ArrayRef<int64_t> shape) {
  SmallVector<Index> parts(shape.size());
  Index rest = index;
  unsigned numDynamic = llvm::count_if(shape, ShapedType::isDynamic);
  if (numDynamic > 1)
    return std::nullopt;
  for (size_t dim = shape.size(); dim-- > 0;) {
    if (ShapedType::isDynamic(shape[dim])) {
      // One dynamic dimension takes what the static ones leave. The static
      // ones to its left have to be unit: their digits cannot be found from
      // the left without knowing the sizes.
      for (size_t left = 0; left < dim; ++left)
        if (shape[left] != 1)
          return std::nullopt;
      parts[dim] = rest;
      return parts;
    }
    std::optional<Index> part = takeLow(rest, shape[dim]);
    if (!part)
      return std::nullopt;
    // Normalise the joints that taking apart may have left.
    append(parts[dim], *part);
  }
  if (!rest.empty())
    return std::nullopt;
  return parts;
}
