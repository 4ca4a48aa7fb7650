// A filled tensor that several ops begin with is filled for each of them.
// RUN: hdp-opt %s --hdp-separate-inits | FileCheck %s

// CHECK-LABEL: @shared
// CHECK: %[[E1:.*]] = tensor.empty
// CHECK: %[[Z1:.*]] = linalg.fill {{.*}} outs(%[[E1]]
// CHECK: linalg.matmul {{.*}} outs(%[[Z1]]
// CHECK: %[[E2:.*]] = tensor.empty
// CHECK: %[[Z2:.*]] = linalg.fill {{.*}} outs(%[[E2]]
// CHECK: linalg.matmul {{.*}} outs(%[[Z2]]
func.func @shared(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %x = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = linalg.matmul ins(%x, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// One that is also read keeps the tensor that is read; what is filled with is
// not a constant.
// CHECK-LABEL: @read_too
// CHECK-COUNT-2: linalg.generic
// CHECK: linalg.matmul
// CHECK-NOT: linalg.fill
// CHECK: return
#id = affine_map<(i, j) -> (i, j)>
func.func @read_too(%a: tensor<4x4xf32>, %v: f32) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %e = tensor.empty() : tensor<4x4xf32>
  %z = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<4x4xf32>) {
  ^bb0(%o: f32):
    linalg.yield %v : f32
  } -> tensor<4x4xf32>
  %x = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %x, %z : tensor<4x4xf32>, tensor<4x4xf32>
}

// What depends on the place, or on what was there, is no fill.
// CHECK-LABEL: @no_fill
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @no_fill(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %z = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<4x4xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %k = arith.index_cast %i : index to i32
    %f = arith.sitofp %k : i32 to f32
    linalg.yield %f : f32
  } -> tensor<4x4xf32>
  %x = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = linalg.matmul ins(%x, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
