// RUN: hdp-opt %s --hdp-attention-to-calls --split-input-file --verify-diagnostics

func.func @on_tensors(%q: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{must be on buffers to become a call}}
  %0 = hdp.attention
      ins(%q, %q, %q : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>)
      outs(%q : tensor<4x8xf32>) {scale = 0.125} -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

func.func @counted(%q: memref<4x8xf32>, %s: memref<1x12xi64>) {
  // expected-error @below {{expected no statistics, which the host does not count}}
  hdp.attention
      ins(%q, %q, %q : memref<4x8xf32>, memref<4x8xf32>, memref<4x8xf32>)
      outs(%q : memref<4x8xf32>) statistics(%s : memref<1x12xi64>)
      {scale = 0.125, policy = #hdp.policy<compensated>}
  return
}
