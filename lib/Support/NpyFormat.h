//===- NpyFormat.h - one npy array as bytes ---------------------*- C++ -*-===//
//
// Shared by .npy files and the members of .npz archives.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_SUPPORT_NPYFORMAT_H
#define HDP_LIB_SUPPORT_NPYFORMAT_H

#include "hdp/Support/TensorFile.h"

namespace hdp {

/// Reads the header of an npy array of version 1, 2 or 3 and points
/// `entry.data` at its elements. An error starts with `what`; an element type
/// that we do not know is left to `entry.problem`.
llvm::Error parseNpy(llvm::StringRef bytes, llvm::StringRef what,
                     TensorFile::Entry &entry);

/// The header of `tensor` as npy version 1, padded to 64 bytes.
std::string makeNpyHeader(const HostTensor &tensor);

} // namespace hdp

#endif // HDP_LIB_SUPPORT_NPYFORMAT_H
