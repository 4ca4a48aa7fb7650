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
#include <mutex>

namespace hdp {

/// The attention of site function `site` in a public function of `module`:
/// inputs, then the output, as memrefs with contiguous rows.
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
  llvm::Expected<bool>
  runInPlace(llvm::ArrayRef<TensorView> views) const override;
  llvm::Expected<std::vector<NamedTensor>>
  count(llvm::ArrayRef<const HostTensor *> inputs) const override;

private:
  /// The sizes of the output for these inputs.
  llvm::SmallVector<int64_t>
  getOutputShape(llvm::ArrayRef<const HostTensor *> inputs) const;

  mlir::func::FuncOp site;
  std::unique_ptr<CompiledModel> model;
  FunctionSignature signature;
  std::optional<numerics::Policy> policy;
  llvm::SmallVector<int64_t> queryPerm, valuePerm, resultPerm;
  /// Whether the codes of the output can be told from it.
  bool hasCodes = false;

  JitOptions jitOptions;
  /// What counts, once it is asked for.
  mutable std::once_flag once;
  mutable std::unique_ptr<PreparedSite> counting;
  mutable std::string countingError;
};

} // namespace hdp

#endif // HDP_LIB_EXECUTION_KERNELSITE_H
