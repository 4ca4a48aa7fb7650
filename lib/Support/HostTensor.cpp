//===- HostTensor.cpp - element types and tensor storage ------------------===//

#include "hdp/Support/HostTensor.h"
#include "llvm/ADT/StringSwitch.h"

using namespace hdp;

unsigned hdp::getByteWidth(ElementType type) {
  switch (type) {
  case ElementType::I1:
  case ElementType::U8:
  case ElementType::I8:
    return 1;
  case ElementType::I16:
  case ElementType::F16:
  case ElementType::BF16:
    return 2;
  case ElementType::I32:
  case ElementType::F32:
    return 4;
  case ElementType::I64:
  case ElementType::F64:
    return 8;
  }
  return 0;
}

llvm::StringRef hdp::stringify(ElementType type) {
  switch (type) {
  case ElementType::I1:
    return "i1";
  case ElementType::U8:
    return "ui8";
  case ElementType::I8:
    return "i8";
  case ElementType::I16:
    return "i16";
  case ElementType::I32:
    return "i32";
  case ElementType::I64:
    return "i64";
  case ElementType::F16:
    return "f16";
  case ElementType::BF16:
    return "bf16";
  case ElementType::F32:
    return "f32";
  case ElementType::F64:
    return "f64";
  }
  return "";
}

std::optional<ElementType> hdp::parseElementType(llvm::StringRef text) {
  return llvm::StringSwitch<std::optional<ElementType>>(text)
      .Case("i1", ElementType::I1)
      .Case("ui8", ElementType::U8)
      .Case("i8", ElementType::I8)
      .Case("i16", ElementType::I16)
      .Case("i32", ElementType::I32)
      .Case("i64", ElementType::I64)
      .Case("f16", ElementType::F16)
      .Case("bf16", ElementType::BF16)
      .Case("f32", ElementType::F32)
      .Case("f64", ElementType::F64)
      .Default(std::nullopt);
}

HostTensor::HostTensor(ElementType type, llvm::ArrayRef<int64_t> shape)
    : type(type), shape(shape.begin(), shape.end()), numElements(1) {
  for (int64_t size : shape)
    numElements *= size;
  bytes.resize(static_cast<size_t>(numElements) * getByteWidth(type));
}

std::string hdp::formatType(const HostTensor &tensor) {
  std::string text;
  for (int64_t size : tensor.getShape())
    text += std::to_string(size) + "x";
  return text + stringify(tensor.getElementType()).str();
}
