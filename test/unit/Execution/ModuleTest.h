//===- ModuleTest.h - a module from text, with everything registered ------===//

#ifndef HDP_TEST_UNIT_EXECUTION_MODULETEST_H
#define HDP_TEST_UNIT_EXECUTION_MODULETEST_H

#include "hdp/InitAll.h"
#include "hdp/Support/HostTensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

namespace hdp {

class ModuleTest : public testing::Test {
protected:
  ModuleTest() {
    mlir::DialectRegistry registry;
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    hdp::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return module;
  }

  mlir::MLIRContext context;
};

/// A tensor with the given elements.
template <typename T>
HostTensor makeTensor(ElementType type, llvm::ArrayRef<int64_t> shape,
                      llvm::ArrayRef<T> elements) {
  HostTensor tensor(type, shape);
  EXPECT_EQ(tensor.getNumBytes(), elements.size() * sizeof(T));
  std::copy(elements.begin(), elements.end(), tensor.as<T>());
  return tensor;
}

template <typename T> std::vector<T> toVector(const HostTensor &tensor) {
  return {tensor.as<T>(), tensor.as<T>() + tensor.getNumElements()};
}

} // namespace hdp

#endif // HDP_TEST_UNIT_EXECUTION_MODULETEST_H
