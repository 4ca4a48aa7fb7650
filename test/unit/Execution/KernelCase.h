//===- KernelCase.h - random attentions that have a kernel ------*- C++ -*-===//
//
// What the tests of fused kernels draw: policies, shapes, masks and element
// types for which there is a fused kernel, and inputs with everything that
// quantisation has to bear.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_EXECUTION_KERNELCASE_H
#define HDP_TEST_UNIT_EXECUTION_KERNELCASE_H

#include "ModuleTest.h"
#include "hdp/Conversion/HDPToVector.h"
#include "hdp/Execution/AttentionSpec.h"
#include "hdp/Support/CPUTarget.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <random>

namespace hdp {

struct Case {
  AttentionSpec spec;
  std::vector<HostTensor> inputs;

  std::vector<const HostTensor *> getInputs() const {
    std::vector<const HostTensor *> pointers;
    for (const HostTensor &input : inputs)
      pointers.push_back(&input);
    return pointers;
  }
};

/// Seeds of random cases.
struct Seeds {
  uint64_t first, count;

  /// `count` seeds from `first` on, or what HDP_TEST_COUNT and HDP_TEST_FIRST
  /// of the environment say, which is printed.
  static Seeds get(uint64_t first, uint64_t count);
  uint64_t end() const { return first + count; }
};

class KernelCaseTest : public ModuleTest {
protected:
  std::mt19937_64 random;

  int64_t draw(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }
  template <typename T> T pick(std::initializer_list<T> values) {
    return values.begin()[draw(0, values.size() - 1)];
  }

  numerics::Policy drawPolicy();
  void drawMask(Case &c);
  HostTensor drawTensor(llvm::ArrayRef<int64_t> shape);
  Case drawCase();

  /// A public function `f` with the whole attention; on request its second
  /// result are the statistics.
  std::string getModule(const Case &c, bool hasStatistics = false);
  bool hasKernel(const Case &c);
  /// The attention as a site function, which lives as long as this test or
  /// until the next call; null if N0 refuses it.
  mlir::func::FuncOp getSite(const Case &c);

private:
  mlir::OwningOpRef<mlir::ModuleOp> sites;
};

} // namespace hdp

#endif // HDP_TEST_UNIT_EXECUTION_KERNELCASE_H
