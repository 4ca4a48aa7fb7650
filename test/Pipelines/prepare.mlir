// RUN: hdp-opt %s --hdp-prepare | FileCheck %s

// CHECK-LABEL: func @tosa
// CHECK-NOT: tosa.
// CHECK: linalg.batch_matmul
func.func @tosa(%a: tensor<2x4x8xf32>, %b: tensor<2x8x4xf32>) -> tensor<2x4x4xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.matmul %a, %b, %z, %z : (tensor<2x4x8xf32>, tensor<2x8x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x4x4xf32>
  return %0 : tensor<2x4x4xf32>
}
