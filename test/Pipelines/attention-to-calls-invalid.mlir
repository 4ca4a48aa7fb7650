// RUN: hdp-opt %s --hdp-attention-to-calls --verify-diagnostics

func.func @on_tensors(%q: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{must be on buffers to become a call}}
  %0 = hdp.attention
      ins(%q, %q, %q : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>)
      outs(%q : tensor<4x8xf32>) {scale = 0.125} -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
