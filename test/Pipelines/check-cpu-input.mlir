// RUN: hdp-opt %s --hdp-check-cpu-input --allow-unregistered-dialect \
// RUN:   --split-input-file --verify-diagnostics

func.func @all_known(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.exp ins(%a : tensor<4xf32>) outs(%a : tensor<4xf32>)
      -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @unknown_dialect(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'other.op' op has no lowering to the CPU}}
  %0 = "other.op"(%a) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "other.second"(%0) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func @no_buffer_form(%a: tensor<4xf32>, %i: tensor<2x1xindex>)
    -> tensor<2x1xf32> {
  // expected-error @below {{'tensor.gather' op has no lowering to the CPU}}
  %0 = tensor.gather %a[%i] gather_dims([0])
      : (tensor<4xf32>, tensor<2x1xindex>) -> tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}
