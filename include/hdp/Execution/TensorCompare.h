//===- TensorCompare.h - do two engines agree -------------------*- C++ -*-===//
//
// Bit equality for everything that a policy defines, a bound on the error for
// what is floating point.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_TENSORCOMPARE_H
#define HDP_EXECUTION_TENSORCOMPARE_H

#include "hdp/Support/HostTensor.h"

namespace hdp {

/// One element as text: exact for integers, shortest for floats.
std::string formatElement(const HostTensor &tensor, int64_t index);

/// How two tensors differ, on bits: their types (`8xi32 and 9xi32`), or the
/// first element (`[0, 3]: 4 and 5`). Nothing when they are equal.
std::optional<std::string> describeDifference(const HostTensor &a,
                                              const HostTensor &b);

/// The same for every tensor that both hold, by name; the text names all that
/// differ and the first element of each: `S at [0, 3]: 4 and 5; w at ..`.
std::optional<std::string> describeDifferences(llvm::ArrayRef<NamedTensor> a,
                                               llvm::ArrayRef<NamedTensor> b);

/// The tensor of this name, or null.
const HostTensor *findTensor(llvm::ArrayRef<NamedTensor> tensors,
                             llvm::StringRef name);

/// The largest |a - b| of two tensors of one shape. Elements
/// that are both NaN, or the same infinity, agree; any other pair with one that
/// is not finite counts as infinity.
double computeMaxError(const HostTensor &a, const HostTensor &b);

/// The largest finite magnitude.
double computeMaxMagnitude(const HostTensor &tensor);

/// Exact attention: whether every element of `b` is within 1e-5 of the largest
/// |a|, or, for 16-bit elements, within their own rounding of it.
bool isClose(const HostTensor &a, const HostTensor &b);

} // namespace hdp

#endif // HDP_EXECUTION_TENSORCOMPARE_H
