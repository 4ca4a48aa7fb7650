// RUN: hdp-opt %s --hdp-decompose-linalg | FileCheck %s

// CHECK-LABEL: @softmax
// CHECK-NOT: linalg.softmax
// CHECK: math.exp
// CHECK-NOT: linalg.softmax
func.func @softmax(%a: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %e = tensor.empty() : tensor<2x8xf32>
  %0 = linalg.softmax dimension(1) ins(%a : tensor<2x8xf32>)
      outs(%e : tensor<2x8xf32>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// CHECK-LABEL: @pack
// CHECK-NOT: linalg.pack
// CHECK: linalg.transpose
func.func @pack(%a: tensor<8x8xf32>, %e: tensor<2x8x4xf32>)
    -> tensor<2x8x4xf32> {
  %0 = linalg.pack %a inner_dims_pos = [0] inner_tiles = [4]
      into %e : tensor<8x8xf32> -> tensor<2x8x4xf32>
  return %0 : tensor<2x8x4xf32>
}

// CHECK-LABEL: @matmul_stays
// CHECK: linalg.matmul
func.func @matmul_stays(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%a : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
