//===- AttentionSpec.h - attention made from numbers ------------*- C++ -*-===//
//
// One hdp.attention told by plain values, for callers that have no model: a
// golden file, a test that draws sites at random.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_ATTENTIONSPEC_H
#define HDP_EXECUTION_ATTENTIONSPEC_H

#include "hdp/Numerics/Policy.h"
#include "hdp/Support/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <optional>

namespace hdp {

/// The type of a tensor operand; negative sizes are dynamic.
struct TensorSpec {
  ElementType elementType = ElementType::F32;
  llvm::SmallVector<int64_t, 4> shape;
};

/// The attributes and operand types of an hdp.attention.
struct AttentionSpec {
  /// None: exact attention.
  std::optional<numerics::Policy> policy;
  double scale = 1.0;
  bool causal = false;
  TensorSpec query, key, value, result;
  std::optional<TensorSpec> mask, bias;
  /// Layouts as hdp.attention's; empty: none.
  llvm::SmallVector<int64_t, 4> queryPerm, keyPerm, valuePerm, resultPerm;
};

/// Builds the attention's site function with every intermediate into `module`,
/// whose context gets the dialects that it needs. What hdp.attention refuses is
/// an error with its message.
llvm::Expected<mlir::func::FuncOp> buildSite(const AttentionSpec &spec,
                                             mlir::ModuleOp module);

} // namespace hdp

#endif // HDP_EXECUTION_ATTENTIONSPEC_H
