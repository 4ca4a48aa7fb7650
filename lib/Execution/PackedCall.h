//===- PackedCall.h - calling convention of C wrappers ----------*- C++ -*-===//
//
// Lays out arguments and results as the `_mlir_ciface_` functions of MLIR
// expect them, and takes results out again. Private to the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_PACKEDCALL_H
#define HDP_LIB_EXECUTION_PACKEDCALL_H

#include "hdp/Execution/CompiledModel.h"
#include <vector>

namespace hdp {

/// The view that a memref descriptor in memory describes.
TensorView readDescriptor(const ValueType &type, const void *descriptor);

/// The arguments of one call. Tensors are passed by the address of a
/// descriptor, scalars by value; one scalar result is returned, anything else
/// is written to a struct whose address is the first argument.
class PackedCall {
public:
  PackedCall(const FunctionSignature &signature,
             llvm::ArrayRef<const HostTensor *> arguments);

  /// What MLIR's packed wrapper takes.
  void **getArguments() { return slots.data(); }

  /// After the call: copies the results out and frees their buffers.
  std::vector<HostTensor> takeResults();

private:
  const FunctionSignature &signature;
  std::vector<std::vector<int64_t>> descriptors;
  std::vector<void *> pointers; ///< to descriptors and the result struct
  std::vector<void *> slots;    ///< to what is passed
  std::vector<int64_t> results; ///< the result struct
  std::vector<size_t> offsets;  ///< of each result in it, in bytes
};

} // namespace hdp

#endif // HDP_LIB_EXECUTION_PACKEDCALL_H
