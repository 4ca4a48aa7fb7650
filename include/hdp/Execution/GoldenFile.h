//===- GoldenFile.h - attention calls with every known tensor ---*- C++ -*-===//
//
// Golden vectors: a safetensors file holds the inputs of one attention, every
// tensor that the rules make of them (`x.` in front of its name), and the op's
// attributes as text in its metadata.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_GOLDENFILE_H
#define HDP_EXECUTION_GOLDENFILE_H

#include "hdp/Execution/AttentionSpec.h"
#include "hdp/Support/HostTensor.h"
#include "llvm/Support/Error.h"

namespace hdp {

/// What a golden file holds.
struct GoldenFile {
  AttentionSpec spec;
  /// q, k, v, then mask (as i1) and bias if any.
  std::vector<HostTensor> inputs;
  /// The tensors to compare with, named without `x.`, in the types that the
  /// hdp ops give them (files hold i1 and small counts as u8).
  std::vector<NamedTensor> expected;

  /// Reads and checks a file; an error names it and says what is missing or
  /// wrong.
  static llvm::Expected<GoldenFile> open(llvm::StringRef path);
};

} // namespace hdp

#endif // HDP_EXECUTION_GOLDENFILE_H
