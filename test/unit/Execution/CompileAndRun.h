//===- CompileAndRun.h - one function, compiled and called ------*- C++ -*-===//

#ifndef HDP_TEST_UNIT_EXECUTION_COMPILEANDRUN_H
#define HDP_TEST_UNIT_EXECUTION_COMPILEANDRUN_H

#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/RandomInputs.h"
#include "gtest/gtest.h"

namespace hdp {

/// What there is if nothing failed; a failure of the test, and a default, if
/// something did.
template <typename T> T takeOrFail(llvm::Expected<T> value) {
  if (value)
    return std::move(*value);
  ADD_FAILURE() << llvm::toString(value.takeError());
  return T();
}

/// Results of the function `f` of `module`; nothing where it failed, which is a
/// failure of the test.
inline std::vector<HostTensor>
compileAndRunOn(mlir::ModuleOp module, const CompileOptions &options,
                llvm::ArrayRef<const HostTensor *> arguments) {
  auto model = takeOrFail(CompiledModel::compile(module, options));
  if (!model)
    return {};
  return takeOrFail(model->run("f", arguments));
}

/// The same on random arguments, the same ones in every call.
inline std::vector<HostTensor> compileAndRun(mlir::ModuleOp module,
                                             const CompileOptions &options,
                                             const ArgumentShapes &shapes) {
  auto model = takeOrFail(CompiledModel::compile(module, options));
  if (!model)
    return {};
  std::vector<HostTensor> arguments = takeOrFail(
      makeRandomArguments(model->lookup("f")->arguments, shapes, 1, 1.0));
  std::vector<const HostTensor *> pointers;
  for (const HostTensor &argument : arguments)
    pointers.push_back(&argument);
  return takeOrFail(model->run("f", pointers));
}

} // namespace hdp

#endif // HDP_TEST_UNIT_EXECUTION_COMPILEANDRUN_H
