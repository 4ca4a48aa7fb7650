//===- CompiledModel.h - a module as callable machine code ------*- C++ -*-===//
//
// Compiles a module through the CPU pipeline into this process and calls its
// public functions with host tensors. Every kind of signature works: tensors
// and memrefs of any rank and element type, scalars, any number of results.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_COMPILEDMODEL_H
#define HDP_EXECUTION_COMPILEDMODEL_H

#include "hdp/Dialect/HDP/Transforms/Decompose.h"
#include "hdp/Execution/ValueType.h"
#include "hdp/Pipelines/CPUPipeline.h"
#include "hdp/Support/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <memory>

namespace hdp {

/// The arguments and results of a public function, as it was before lowering.
struct FunctionSignature {
  std::string name;
  std::vector<ValueType> arguments;
  std::vector<ValueType> results;
};

/// The signature of a function on tensors, memrefs and scalars. An error if the
/// host has no tensors for one of the types.
llvm::Expected<FunctionSignature> getSignature(mlir::func::FuncOp function);

/// An error that names the first argument whose type or shape is not the
/// signature's.
llvm::Error checkArguments(const FunctionSignature &signature,
                           llvm::ArrayRef<const HostTensor *> arguments);

/// A tensor in the memory of running code: rows may be apart, nothing is owned.
struct TensorView {
  ElementType elementType = ElementType::F32;
  char *data = nullptr; ///< the element at index 0, 0, ..
  llvm::SmallVector<int64_t, 4> shape;
  llvm::SmallVector<int64_t, 4> strides; ///< in elements

  /// A dense copy.
  HostTensor toHost() const;

  /// Copies `source` in; an error if type or shape differ.
  llvm::Error assign(const HostTensor &source) const;
};

/// An attention that compiled code leaves to the host.
struct AttentionSite {
  /// What the callback is given: the position in program order, from 0.
  int64_t id;
  mlir::Location location;
  /// Null for exact attention.
  PolicyAttr policy;
  /// The attention alone (see buildSiteFunction), with `siteResults`; sites
  /// that differ in nothing but their place share it. Owned by the model.
  mlir::func::FuncOp function;
  /// The same without a policy, to compare with; shared likewise.
  mlir::func::FuncOp exactFunction;
};

/// Executes attention site `site`. `views` are query, key, value, the mask and
/// the bias if the site has them, and last the output, which is to be filled.
/// May be called by several threads at once. An error ends the call of the
/// compiled function and is what `run` returns.
using SiteCallback =
    std::function<llvm::Error(int64_t site, llvm::ArrayRef<TensorView> views)>;

struct CompileOptions {
  /// LLVM's -O level, 0 to 3.
  unsigned optLevel = 3;
  /// Vector code (see CPUPipelineOptions); false: loops, bit for bit what plain
  /// loops compute.
  bool vectorize = true;
  /// How many threads share a large kernel; results do not depend on it.
  unsigned threads = 1;
  /// Leave each hdp.attention to the host (see `setSiteCallback`) instead of
  /// compiling it.
  bool dispatchAttention = false;
  /// The pipeline's `attention` and `target`.
  AttentionLowering attention = AttentionLowering::Vector;
  std::string target = "host";
  /// The pipeline's `exact`.
  ExactProducts exact = ExactProducts::F32;
  /// The pipeline's `stage-cycles`.
  bool stageCycles = false;
  /// What the functions of sites return beside the output.
  SiteResults siteResults = SiteResults::Statistics;
  /// A folder of machine code from earlier runs, to take from and to add to;
  /// empty: none.
  std::string objectCache;
};

class CompiledModel {
public:
  /// Lowers `module`, anything that `--hdp-cpu-pipeline` takes, and compiles
  /// it for this machine. The module is consumed: afterwards it holds the LLVM
  /// dialect. Its context has all of MLIR's and the project's dialects
  /// registered. An error is one line and begins with its location, if known;
  /// it is not reported as a diagnostic as well.
  static llvm::Expected<std::unique_ptr<CompiledModel>>
  compile(mlir::ModuleOp module, const CompileOptions &options = {});

  ~CompiledModel();

  /// Null if the module has no public function of this name.
  const FunctionSignature *lookup(llvm::StringRef function) const;
  llvm::ArrayRef<FunctionSignature> getSignatures() const;

  /// The sites that `dispatchAttention` left to the host, by id.
  llvm::ArrayRef<AttentionSite> getSites() const;
  /// Has to be set before the first run if there are sites.
  void setSiteCallback(SiteCallback callback);

  /// Calls `function`. Types and shapes of the arguments are checked against
  /// the signature; nothing is copied, tensors are not written to. A failed
  /// cf.assert is an error with its message. May be called by several threads
  /// at once.
  llvm::Expected<std::vector<HostTensor>>
  run(llvm::StringRef function,
      llvm::ArrayRef<const HostTensor *> arguments) const;

  /// Whether its machine code came from `objectCache`.
  bool isCached() const;

  /// Calls `function`, whose arguments are memrefs and which has no results, on
  /// memory of the caller. Types, shapes and layouts are the caller's promise.
  llvm::Error runInPlace(llvm::StringRef function,
                         llvm::ArrayRef<TensorView> arguments) const;

private:
  CompiledModel();
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace hdp

#endif // HDP_EXECUTION_COMPILEDMODEL_H
