//===- CompileAndRun.h - one function, compiled and called ------*- C++ -*-===//

#ifndef HDP_TEST_UNIT_EXECUTION_COMPILEANDRUN_H
#define HDP_TEST_UNIT_EXECUTION_COMPILEANDRUN_H

#include "hdp/Execution/CompiledModel.h"
#include "hdp/Execution/RandomInputs.h"
#include "gtest/gtest.h"

namespace hdp {

/// Results of the function `f` of `module` on random arguments, the same ones
/// in every call; nothing where it failed, which is a failure of the test.
inline std::vector<HostTensor> compileAndRun(mlir::ModuleOp module,
                                             const CompileOptions &options,
                                             const ArgumentShapes &shapes) {
  auto model = CompiledModel::compile(module, options);
  if (!model) {
    ADD_FAILURE() << llvm::toString(model.takeError());
    return {};
  }
  auto arguments =
      makeRandomArguments((*model)->lookup("f")->arguments, shapes, 1, 1.0);
  if (!arguments) {
    ADD_FAILURE() << llvm::toString(arguments.takeError());
    return {};
  }
  std::vector<const HostTensor *> pointers;
  for (const HostTensor &argument : *arguments)
    pointers.push_back(&argument);
  auto results = (*model)->run("f", pointers);
  if (!results) {
    ADD_FAILURE() << llvm::toString(results.takeError());
    return {};
  }
  return std::move(*results);
}

} // namespace hdp

#endif // HDP_TEST_UNIT_EXECUTION_COMPILEANDRUN_H
