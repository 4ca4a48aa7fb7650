// attention=vector: attention with a kernel is a call of it, attention without
// one is loops.

// RUN: hdp-opt %s --hdp-cpu-pipeline="attention=vector target=portable" | FileCheck %s

// CHECK-DAG: llvm.func internal @hdp_attention_0
// CHECK-DAG: llvm.func @fused
// CHECK-DAG: llvm.func @threes
// CHECK-NOT: @hdp_attention_1

!q = tensor<2x8x64xf32>
func.func @fused(%q: !q, %k: !q, %v: !q) -> !q {
  %i = tensor.empty() : !q
  %0 = hdp.attention ins(%q, %k, %v : !q, !q, !q) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<compensated>} -> !q
  return %0 : !q
}
func.func @threes(%q: !q, %k: !q, %v: !q) -> !q {
  %i = tensor.empty() : !q
  %0 = hdp.attention ins(%q, %k, %v : !q, !q, !q) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<compensated, block = 3x3>} -> !q
  return %0 : !q
}
