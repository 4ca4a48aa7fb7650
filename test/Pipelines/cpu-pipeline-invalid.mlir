// RUN: hdp-opt %s --hdp-cpu-pipeline --split-input-file --verify-diagnostics \
// RUN:   --allow-unregistered-dialect

func.func @unknown_dialect(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'other.scan' op has no lowering to the CPU}}
  %0 = "other.scan"(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @scalar_op(%a: f32) -> f32 {
  // expected-error @below {{'spirv.GL.Sin' op was not lowered to the LLVM dialect}}
  %0 = spirv.GL.Sin %a : f32
  return %0 : f32
}
