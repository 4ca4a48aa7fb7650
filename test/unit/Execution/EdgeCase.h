//===- EdgeCase.h - attentions where rules decide ---------------*- C++ -*-===//
//
// What the tests of EdgeTest.cpp draw: policies whose thresholds are at ties,
// scales and exponents at their borders, masks of every kind, any length, and
// the inputs of EdgeInputs.h.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_EXECUTION_EDGECASE_H
#define HDP_TEST_UNIT_EXECUTION_EDGECASE_H

#include "KernelCase.h"

namespace hdp {

class EdgeCaseTest : public KernelCaseTest {
protected:
  /// A site of d and dv columns of f32, without masks.
  Case makeCase(const numerics::Policy &policy, int64_t d, int64_t dv);
  /// A site whose lengths and heads are known at run time only.
  Case drawDynamicCase();
  /// Lengths, heads and inputs for it.
  Case drawCall(const Case &site);
  Case drawCall(const Case &site, int64_t queryHeads, int64_t keyHeads,
                int64_t lq, int64_t lk);
  /// The same with small integers, for attention without a policy.
  Case drawExactCall(const Case &site);

private:
  numerics::Policy drawEdgePolicy();
  double drawScale();
  void drawMaskOperands(Case &c);
  HostTensor drawMaskOperand(const TensorSpec &type, const Case &call,
                             bool isBias);
  static void resize(Case &c, int64_t queryHeads, int64_t keyHeads, int64_t lq,
                     int64_t lk);
};

} // namespace hdp

#endif // HDP_TEST_UNIT_EXECUTION_EDGECASE_H
