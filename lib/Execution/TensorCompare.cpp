//===- TensorCompare.cpp - on bits, and within a bound --------------------===//

#include "hdp/Execution/TensorCompare.h"
#include "hdp/Support/Convert.h"
#include <cmath>
#include <cstring>

using namespace hdp;

static std::string formatFloat(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.*g", digits, value);
  return text;
}

std::string hdp::formatElement(const HostTensor &tensor, int64_t index) {
  switch (tensor.getElementType()) {
  case ElementType::I1:
  case ElementType::U8:
    return std::to_string(tensor.as<uint8_t>()[index]);
  case ElementType::I8:
    return std::to_string(tensor.as<int8_t>()[index]);
  case ElementType::I16:
    return std::to_string(tensor.as<int16_t>()[index]);
  case ElementType::I32:
    return std::to_string(tensor.as<int32_t>()[index]);
  case ElementType::I64:
    return std::to_string(tensor.as<int64_t>()[index]);
  case ElementType::F16:
  case ElementType::BF16:
    return formatFloat(getFloatElement(tensor, index), 5);
  case ElementType::F32:
    return formatFloat(getFloatElement(tensor, index), 9);
  case ElementType::F64:
    return formatFloat(getFloatElement(tensor, index), 17);
  }
  return "";
}

std::optional<std::string> hdp::describeDifference(const HostTensor &a,
                                                   const HostTensor &b) {
  if (a.getElementType() != b.getElementType() || a.getShape() != b.getShape())
    return formatType(a) + " and " + formatType(b);
  size_t width = getByteWidth(a.getElementType());
  for (int64_t i = 0, e = a.getNumElements(); i < e; ++i)
    if (std::memcmp(a.getData() + i * width, b.getData() + i * width, width))
      return formatPosition(a.getShape(), i) + ": " + formatElement(a, i) +
             " and " + formatElement(b, i);
  return std::nullopt;
}

const HostTensor *hdp::findTensor(llvm::ArrayRef<NamedTensor> tensors,
                                  llvm::StringRef name) {
  for (const NamedTensor &named : tensors)
    if (named.name == name)
      return &named.tensor;
  return nullptr;
}

std::optional<std::string>
hdp::describeDifferences(llvm::ArrayRef<NamedTensor> a,
                         llvm::ArrayRef<NamedTensor> b) {
  std::string text;
  for (const NamedTensor &named : a) {
    const HostTensor *other = findTensor(b, named.name);
    if (!other)
      continue;
    if (std::optional<std::string> difference =
            describeDifference(named.tensor, *other))
      text += (text.empty() ? "" : "; ") + named.name + " at " + *difference;
  }
  if (text.empty())
    return std::nullopt;
  return text;
}

double hdp::computeMaxError(const HostTensor &a, const HostTensor &b) {
  double largest = 0;
  for (int64_t i = 0, e = a.getNumElements(); i < e; ++i) {
    double x = getFloatElement(a, i), y = getFloatElement(b, i);
    if (x == y || (std::isnan(x) && std::isnan(y)))
      continue;
    double error = std::fabs(x - y);
    largest = std::max(largest, std::isnan(error) ? INFINITY : error);
  }
  return largest;
}

double hdp::computeMaxMagnitude(const HostTensor &tensor) {
  double largest = 0;
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    double magnitude = std::fabs(getFloatElement(tensor, i));
    if (std::isfinite(magnitude))
      largest = std::max(largest, magnitude);
  }
  return largest;
}

bool hdp::isClose(const HostTensor &a, const HostTensor &b) {
  if (a.getElementType() != b.getElementType() || a.getShape() != b.getShape())
    return false;
  // Two roundings to 16 bits of nearly the same number may be neighbours, which
  // in f16 are at least a subnormal apart.
  double relative = 1e-5, step = 0.0;
  if (a.getElementType() == ElementType::F16) {
    relative = 0x1p-10;
    step = 0x1p-24;
  } else if (a.getElementType() == ElementType::BF16) {
    relative = 0x1p-7;
  }
  return computeMaxError(a, b) <=
         std::max(step, relative * computeMaxMagnitude(a));
}
