//===- TensorIntegers.h - tensors of any type as integers -------*- C++ -*-===//

#ifndef HDP_TEST_UNIT_NUMERICS_TENSORINTEGERS_H
#define HDP_TEST_UNIT_NUMERICS_TENSORINTEGERS_H

#include "hdp/Support/HostTensor.h"

namespace hdp {
namespace test {

template <typename T> std::vector<int64_t> widen(const HostTensor &tensor) {
  return std::vector<int64_t>(tensor.as<T>(),
                              tensor.as<T>() + tensor.getNumElements());
}

/// The elements widened to integers, floats as their bits.
inline std::vector<int64_t> toIntegers(const HostTensor &tensor) {
  switch (tensor.getElementType()) {
  case ElementType::I1:
  case ElementType::U8:
    return widen<uint8_t>(tensor);
  case ElementType::I8:
    return widen<int8_t>(tensor);
  case ElementType::I16:
    return widen<int16_t>(tensor);
  case ElementType::F16:
  case ElementType::BF16:
    return widen<uint16_t>(tensor);
  case ElementType::I32:
    return widen<int32_t>(tensor);
  case ElementType::F32:
    return widen<uint32_t>(tensor);
  case ElementType::I64:
  case ElementType::F64:
    return widen<int64_t>(tensor);
  }
  return {};
}

} // namespace test
} // namespace hdp

#endif // HDP_TEST_UNIT_NUMERICS_TENSORINTEGERS_H
