//===- Convert.cpp - widening, narrowing, range checks --------------------===//

#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <limits>

using namespace hdp;

float hdp::halfToFloat(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
  if (exponent == 0) {
    // Zero or subnormal: fraction * 2^-24 is exact in f32.
    float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return llvm::bit_cast<float>(sign | llvm::bit_cast<uint32_t>(magnitude));
  }
  uint32_t widened = exponent == 31 ? 255 : exponent + (127 - 15);
  return llvm::bit_cast<float>(sign | (widened << 23) | (fraction << 13));
}

float hdp::bfloatToFloat(uint16_t bits) {
  return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

/// `value >> shift`, to nearest even; 0 < shift < 32.
static uint32_t shiftRightToEven(uint32_t value, unsigned shift) {
  uint32_t half = 1u << (shift - 1), rest = value & ((half << 1) - 1);
  uint32_t result = value >> shift;
  if (rest > half || (rest == half && (result & 1)))
    ++result;
  return result;
}

uint16_t hdp::floatToHalf(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) // NaN: quiet, with what fits of the payload
    return sign | 0x7e00 | static_cast<uint16_t>((magnitude >> 13) & 0x1ff);
  uint32_t exponent = magnitude >> 23;
  if (exponent >= 127 + 16) // beyond the largest binade, or infinite
    return sign | 0x7c00;
  if (exponent < 127 - 14) {
    // A subnormal result; below 2^-25 it is zero.
    if (exponent < 127 - 25)
      return sign;
    uint32_t significand = (magnitude & 0x7fffff) | 0x800000;
    return sign |
           static_cast<uint16_t>(shiftRightToEven(significand, 126 - exponent));
  }
  // A carry out of the fraction moves on to the next exponent, or to infinity.
  return sign | static_cast<uint16_t>(
                    shiftRightToEven(magnitude - ((127u - 15u) << 23), 13));
}

uint16_t hdp::floatToBFloat(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>(shiftRightToEven(bits, 16));
}

bool hdp::isConvertible(ElementType from, ElementType to) {
  auto isSixteenBit = [](ElementType type) {
    return type == ElementType::F16 || type == ElementType::BF16;
  };
  return from == to || (isSixteenBit(from) && to == ElementType::F32) ||
         (from == ElementType::F32 && isSixteenBit(to)) ||
         (from == ElementType::I32 && to == ElementType::I64) ||
         (from == ElementType::I64 && to == ElementType::I32);
}

/// Applies `convert` to every element.
template <typename From, typename To, typename Fn>
static HostTensor mapElements(const HostTensor &tensor, ElementType type,
                              Fn convert) {
  HostTensor result(type, tensor.getShape());
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i)
    result.as<To>()[i] = convert(tensor.as<From>()[i]);
  return result;
}

llvm::Expected<HostTensor> hdp::convertTo(const HostTensor &tensor,
                                          ElementType type) {
  ElementType from = tensor.getElementType();
  if (!isConvertible(from, type))
    return makeError("cannot convert " + stringify(from) + " to " +
                     stringify(type));
  if (from == type)
    return tensor;
  if (from == ElementType::F16)
    return mapElements<uint16_t, float>(tensor, type, halfToFloat);
  if (from == ElementType::BF16)
    return mapElements<uint16_t, float>(tensor, type, bfloatToFloat);
  if (type == ElementType::F16)
    return mapElements<float, uint16_t>(tensor, type, floatToHalf);
  if (type == ElementType::BF16)
    return mapElements<float, uint16_t>(tensor, type, floatToBFloat);
  if (from == ElementType::I32)
    return mapElements<int32_t, int64_t>(tensor, type,
                                         [](int32_t x) { return int64_t(x); });
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    int64_t value = tensor.as<int64_t>()[i];
    if (value != static_cast<int32_t>(value))
      return makeError("element " + formatPosition(tensor.getShape(), i) +
                       " is " + llvm::Twine(value) +
                       ", which does not fit i32");
  }
  return mapElements<int64_t, int32_t>(
      tensor, type, [](int64_t x) { return static_cast<int32_t>(x); });
}

double hdp::getFloatElement(const HostTensor &tensor, int64_t index) {
  switch (tensor.getElementType()) {
  case ElementType::I1:
  case ElementType::U8:
    return tensor.as<uint8_t>()[index];
  case ElementType::I8:
    return tensor.as<int8_t>()[index];
  case ElementType::I16:
    return tensor.as<int16_t>()[index];
  case ElementType::I32:
    return tensor.as<int32_t>()[index];
  case ElementType::I64:
    return static_cast<double>(tensor.as<int64_t>()[index]);
  case ElementType::F16:
    return halfToFloat(tensor.as<uint16_t>()[index]);
  case ElementType::BF16:
    return bfloatToFloat(tensor.as<uint16_t>()[index]);
  case ElementType::F32:
    return tensor.as<float>()[index];
  case ElementType::F64:
    return tensor.as<double>()[index];
  }
  return 0;
}

std::optional<int64_t> hdp::findNaN(const HostTensor &tensor) {
  ElementType type = tensor.getElementType();
  if (type != ElementType::F16 && type != ElementType::BF16 &&
      type != ElementType::F32 && type != ElementType::F64)
    return std::nullopt;
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i)
    if (std::isnan(getFloatElement(tensor, i)))
      return i;
  return std::nullopt;
}

std::string hdp::formatPosition(llvm::ArrayRef<int64_t> shape, int64_t index) {
  llvm::SmallVector<int64_t, 4> position(shape.size(), 0);
  for (size_t d = shape.size(); d-- > 0;) {
    position[d] = index % shape[d];
    index /= shape[d];
  }
  std::string text = "[";
  for (size_t d = 0; d < position.size(); ++d)
    text += (d ? ", " : "") + std::to_string(position[d]);
  return text + "]";
}
