//===- Convert.h - between element types ------------------------*- C++ -*-===//
//
// The conversions that binding a file to a model may do, and no others.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_CONVERT_H
#define HDP_SUPPORT_CONVERT_H

#include "hdp/Support/HostTensor.h"
#include "llvm/Support/Error.h"

namespace hdp {

/// Exact widening of the bits of an f16 or bf16 value. A NaN stays a NaN.
float halfToFloat(uint16_t bits);
float bfloatToFloat(uint16_t bits);

/// Narrowing, to nearest even; too large becomes infinite, NaN a quiet NaN.
uint16_t floatToHalf(float value);
uint16_t floatToBFloat(float value);

/// The tensor with elements of `type`: f16 or bf16 <-> f32 (narrowing to
/// nearest even) and i32 <-> i64 (a value beyond i32 is an error). The same
/// type is a copy; anything else is an error. The text says what is wrong
/// without saying where: "cannot convert f64 to f32".
llvm::Expected<HostTensor> convertTo(const HostTensor &tensor,
                                     ElementType type);

/// Whether `convertTo` can succeed between these types.
bool isConvertible(ElementType from, ElementType to);

/// One element as f64: exact, but for an i64 beyond 2^53.
double getFloatElement(const HostTensor &tensor, int64_t index);

/// The first NaN of a floating-point tensor, by position in row-major order;
/// nothing when there is none or the elements are integers.
std::optional<int64_t> findNaN(const HostTensor &tensor);

/// `[1, 0, 5]`: the position of the element at `index` in row-major order.
std::string formatPosition(llvm::ArrayRef<int64_t> shape, int64_t index);

} // namespace hdp

#endif // HDP_SUPPORT_CONVERT_H
