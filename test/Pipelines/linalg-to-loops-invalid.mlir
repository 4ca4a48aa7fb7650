// RUN: hdp-opt %s --hdp-linalg-to-loops --verify-diagnostics

func.func @on_tensors(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{must be on buffers to become loops}}
  %0 = linalg.exp ins(%a : tensor<4xf32>) outs(%a : tensor<4xf32>)
      -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
