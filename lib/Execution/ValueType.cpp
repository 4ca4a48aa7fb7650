//===- ValueType.cpp - printing and matching ------------------------------===//

#include "hdp/Execution/ValueType.h"

using namespace hdp;

std::string hdp::formatType(const ValueType &type) {
  if (type.isScalar)
    return stringify(type.elementType).str();
  std::string text = "tensor<";
  for (int64_t size : type.shape)
    text += (size < 0 ? "?" : std::to_string(size)) + "x";
  return text + stringify(type.elementType).str() + ">";
}

bool hdp::accepts(const ValueType &type, ElementType elementType,
                  llvm::ArrayRef<int64_t> shape) {
  if (type.elementType != elementType || type.shape.size() != shape.size())
    return false;
  for (size_t d = 0; d < shape.size(); ++d)
    if (type.shape[d] >= 0 && type.shape[d] != shape[d])
      return false;
  return true;
}
