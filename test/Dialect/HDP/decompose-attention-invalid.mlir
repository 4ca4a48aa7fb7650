// What has no parts.
// RUN: hdp-opt %s --hdp-decompose-attention --verify-diagnostics

func.func @counted(%x: tensor<1x2x4xf32>, %s: tensor<1x12xi64>)
    -> tensor<1x12xi64> {
  // expected-error @below {{expected no statistics, which only fused kernels count}}
  %0:2 = hdp.attention
      ins(%x, %x, %x : tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
      outs(%x : tensor<1x2x4xf32>) statistics(%s : tensor<1x12xi64>)
      {scale = 0.5, policy = #hdp.policy<compensated>}
      -> tensor<1x2x4xf32>, tensor<1x12xi64>
  return %0#1 : tensor<1x12xi64>
}
