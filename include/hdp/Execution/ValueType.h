//===- ValueType.h - types of arguments and results -------------*- C++ -*-===//
//
// What a function takes and gives, without MLIR: the compiled model has it, a
// manifest is checked against it.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_VALUETYPE_H
#define HDP_EXECUTION_VALUETYPE_H

#include "hdp/Support/HostTensor.h"

namespace hdp {

/// What a value of a signature is to the caller. A scalar is passed as a
/// tensor of rank 0, `index` as i64.
struct ValueType {
  ElementType elementType = ElementType::F32;
  /// Negative sizes are dynamic.
  llvm::SmallVector<int64_t, 4> shape;
  bool isScalar = false;
};

/// `tensor<2x?xf32>`, or `f32` for a scalar.
std::string formatType(const ValueType &type);

/// Whether a tensor of this type and shape can be passed as `type`.
bool accepts(const ValueType &type, ElementType elementType,
             llvm::ArrayRef<int64_t> shape);

} // namespace hdp

#endif // HDP_EXECUTION_VALUETYPE_H
