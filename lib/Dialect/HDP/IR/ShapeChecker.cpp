//===- ShapeChecker.cpp - shapes with named sizes -------------------------===//

#include "ShapeChecker.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace hdp;

LogicalResult ShapeChecker::check(const ExpectedShape &expected,
                                  ArrayRef<int64_t> shape) {
  StringRef operand = expected.operand;
  int64_t rank = batchRank + expected.inner.size();
  if (static_cast<int64_t>(shape.size()) != rank)
    return op->emitOpError() << "expected '" << operand << "' of rank " << rank
                             << ", found rank " << shape.size();
  for (auto [index, size] : llvm::enumerate(shape)) {
    int64_t dim = index;
    if (ShapedType::isDynamic(size))
      continue;
    std::string name = dim >= batchRank ? expected.inner[dim - batchRank].str()
                       : dim + 1 == batchRank ? expected.head.str()
                                              : "B" + std::to_string(dim);
    if (size == 0)
      return op->emitOpError() << "expected dimension " << dim << " of '"
                               << operand << "' to be at least 1, found 0";
    std::string where =
        ("dimension " + Twine(dim) + " of '" + operand + "'").str();
    auto [it, isNew] = sizes.try_emplace(name, Size{size, where});
    if (!isNew && it->second.value != size)
      return op->emitOpError() << "expected " << where << " (" << name
                               << ") to be " << it->second.value << " as "
                               << it->second.where << ", found " << size;
  }
  return success();
}

LogicalResult ShapeChecker::check(ArrayRef<ExpectedShape> shapes) {
  for (const ExpectedShape &expected : shapes)
    if (expected.value &&
        failed(check(expected,
                     cast<ShapedType>(expected.value.getType()).getShape())))
      return failure();
  return checkHeads();
}

LogicalResult ShapeChecker::checkQuotient(StringRef name, StringRef of,
                                          int64_t divisor) {
  auto quotient = sizes.find(name), dividend = sizes.find(of);
  if (quotient == sizes.end() || dividend == sizes.end())
    return success();
  int64_t expected = (dividend->second.value + divisor - 1) / divisor;
  if (quotient->second.value == expected)
    return success();
  return op->emitOpError() << "expected " << quotient->second.where << " ("
                           << name << ") to be " << expected << ", ceil("
                           << dividend->second.value << " / " << divisor
                           << "), found " << quotient->second.value;
}

LogicalResult ShapeChecker::checkHeads() {
  int64_t hq = get("Hq"), hkv = get("Hkv");
  if (hq < 0 || hkv < 0 || hq % hkv == 0)
    return success();
  return op->emitOpError() << "expected query heads to be a multiple of key "
                              "and value heads, found "
                           << hq << " and " << hkv;
}

int64_t ShapeChecker::get(StringRef name) const {
  auto it = sizes.find(name);
  return it == sizes.end() ? -1 : it->second.value;
}
