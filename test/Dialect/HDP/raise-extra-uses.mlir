// Probabilities that are returned as well: refused, or raised beside what
// computes them.
// RUN: hdp-opt %s --hdp-raise-pipeline | FileCheck %s --check-prefix=REFUSED
// RUN: hdp-opt %s --hdp-raise-pipeline=keep-extra-uses | FileCheck %s --check-prefix=KEPT

// REFUSED-NOT: hdp.attention
// KEPT: linalg.batch_matmul
// KEPT: %[[P:.*]] = linalg.softmax
// KEPT: %[[O:.*]] = hdp.attention
// KEPT-NOT: linalg.batch_matmul
// KEPT: return %[[O]], %[[P]]
!t = tensor<2x16x16xf32>
func.func @probabilities(%q: !t, %k: !t, %v: !t) -> (!t, !t) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : !t
  %init = linalg.fill ins(%zero : f32) outs(%e : !t) -> !t
  %s = linalg.batch_matmul ins(%q, %k : !t, !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%e : !t) -> !t
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%init : !t) -> !t
  return %o, %p : !t, !t
}
