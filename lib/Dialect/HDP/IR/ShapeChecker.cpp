//===- ShapeChecker.cpp - shapes with named sizes -------------------------===//

#include "ShapeChecker.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace hdp;

SmallVector<std::string> hdp::getBatchNames(int64_t rank, StringRef head) {
  SmallVector<std::string> names;
  for (int64_t i = 0; i + 1 < rank; ++i)
    names.push_back("B" + std::to_string(i));
  if (rank > 0)
    names.push_back(head.str());
  return names;
}

LogicalResult ShapeChecker::check(StringRef operand, ArrayRef<int64_t> shape,
                                  ArrayRef<std::string> batch,
                                  ArrayRef<StringRef> inner) {
  if (shape.size() != batch.size() + inner.size())
    return op->emitOpError()
           << "expected '" << operand << "' of rank "
           << batch.size() + inner.size() << ", found rank " << shape.size();
  for (auto [index, size] : llvm::enumerate(shape)) {
    StringRef name = index < batch.size() ? StringRef(batch[index])
                                          : inner[index - batch.size()];
    if (ShapedType::isDynamic(size))
      continue;
    if (size == 0)
      return op->emitOpError() << "expected dimension " << index << " of '"
                               << operand << "' to be at least 1, found 0";
    std::string where =
        ("dimension " + Twine(index) + " of '" + operand + "'").str();
    auto [it, isNew] = sizes.try_emplace(name, Size{size, where});
    if (!isNew && it->second.value != size)
      return op->emitOpError() << "expected " << where << " (" << name
                               << ") to be " << it->second.value << " as "
                               << it->second.where << ", found " << size;
  }
  return success();
}

LogicalResult ShapeChecker::check(StringRef operand, Value value,
                                  ArrayRef<std::string> batch,
                                  ArrayRef<StringRef> inner) {
  if (!value)
    return success();
  return check(operand, cast<ShapedType>(value.getType()).getShape(), batch,
               inner);
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
