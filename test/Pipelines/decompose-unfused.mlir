// What has no fused kernel becomes parts; the rest stays, with the checks that
// its verifier could not do.

// RUN: hdp-opt %s --hdp-decompose-unfused | FileCheck %s

!q = tensor<2x8x64xf32>
!dynamic = tensor<2x?x64xf32>

// CHECK-LABEL: func @fused
// CHECK-NOT: hdp.split
// CHECK: hdp.attention
func.func @fused(%q: !q, %k: !q, %v: !q, %i: !q) -> !q {
  %0 = hdp.attention ins(%q, %k, %v : !q, !q, !q) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<compensated>} -> !q
  return %0 : !q
}

// CHECK-LABEL: func @dynamic
// CHECK: cf.assert
// CHECK: hdp.attention
func.func @dynamic(%q: !q, %k: !dynamic, %v: !dynamic, %i: !q) -> !q {
  %0 = hdp.attention ins(%q, %k, %v : !q, !dynamic, !dynamic) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<compensated>} -> !q
  return %0 : !q
}

// CHECK-LABEL: func @statistics
// CHECK: cf.assert %{{.+}}, "expected a row of statistics for each query head"
// CHECK: hdp.attention
func.func @statistics(%q: !q, %i: !q, %s: tensor<?x12xi64>)
    -> tensor<?x12xi64> {
  %0:2 = hdp.attention ins(%q, %q, %q : !q, !q, !q) outs(%i : !q)
      statistics(%s : tensor<?x12xi64>)
      {scale = 0.125, policy = #hdp.policy<compensated>}
      -> !q, tensor<?x12xi64>
  return %0#1 : tensor<?x12xi64>
}

// CHECK-LABEL: func @threes
// CHECK: hdp.split
// CHECK-NOT: hdp.attention
func.func @threes(%q: !q, %k: !q, %v: !q, %i: !q) -> !q {
  %0 = hdp.attention ins(%q, %k, %v : !q, !q, !q) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<compensated, block = 3x3>} -> !q
  return %0 : !q
}

// CHECK-LABEL: func @exact
// CHECK: hdp.attention
func.func @exact(%q: !q, %k: !q, %v: !q, %i: !q) -> !q {
  %0 = hdp.attention ins(%q, %k, %v : !q, !q, !q) outs(%i : !q)
      {scale = 0.125} -> !q
  return %0 : !q
}
