//===- KernelSite.h - an attention site left whole --------------*- C++ -*-===//
//
// A function of one hdp.attention on buffers of the caller, and its calls.
// Private to the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_KERNELSITE_H
#define HDP_LIB_EXECUTION_KERNELSITE_H

#include "hdp/Execution/Engine.h"
#include "mlir/IR/OwningOpRef.h"

namespace hdp {

/// The attention of site function `site` in a public function of `module`:
/// inputs, then the output, then with a policy the statistics (see
/// hdp.attention), as memrefs with contiguous rows.
mlir::FailureOr<AttentionOp> buildKernelFunction(mlir::func::FuncOp site,
                                                 mlir::ModuleOp module);

class KernelSite : public PreparedSite {
public:
  /// Compiles the function that buildKernelFunction put into `module`.
  static llvm::Expected<std::unique_ptr<PreparedSite>>
  create(mlir::func::FuncOp site, AttentionOp op, mlir::ModuleOp module,
         const JitOptions &options);

  llvm::Expected<std::vector<NamedTensor>>
  run(llvm::ArrayRef<const HostTensor *> inputs) const override;
  llvm::Expected<std::optional<std::vector<NamedTensor>>>
  runInPlace(llvm::ArrayRef<TensorView> views) const override;

private:
  /// The sizes of the output for these inputs.
  llvm::SmallVector<int64_t>
  getOutputShape(llvm::ArrayRef<const HostTensor *> inputs) const;

  std::unique_ptr<CompiledModel> model;
  FunctionSignature signature;
  std::optional<numerics::Policy> policy;
  llvm::SmallVector<int64_t> queryPerm, keyPerm, valuePerm, resultPerm;
  /// Whether the codes of the output can be told from it.
  bool hasCodes = false;
};

} // namespace hdp

#endif // HDP_LIB_EXECUTION_KERNELSITE_H
