// Fused where each element is read once, and only there.
// RUN: hdp-opt %s --hdp-fuse-elementwise | FileCheck %s
// RUN: hdp-opt %s --hdp-fuse-elementwise=widen | FileCheck %s --check-prefix=WIDEN

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// CHECK-LABEL: @chain
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: arith.negf
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @chain(%a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = math.exp %x : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.negf %x : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// The exponential of a row would be computed once for every column.
// CHECK-LABEL: @broadcast
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK: arith.addf
func.func @broadcast(%a: tensor<4xf32>, %b: tensor<4x8xf32>)
    -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                        affine_map<(i) -> (i)>],
                       iterator_types = ["parallel"]}
      ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = math.exp %x : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  %f = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#row, #id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%0, %b : tensor<4xf32>, tensor<4x8xf32>)
      outs(%f : tensor<4x8xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %r = arith.addf %x, %y : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK-LABEL: @two_users
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @two_users(%a: tensor<4x8xf32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %e = tensor.empty() : tensor<4x8xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = math.exp %x : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.negf %x : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// A contraction widens what it reads, if it is asked to: both factors' copies
// go.

// CHECK-LABEL: @widened
// CHECK-COUNT-2: arith.extf
// CHECK: linalg.generic {{.*}}"reduction"
// WIDEN-LABEL: @widened
// WIDEN-COUNT-1: linalg.generic
// WIDEN-SAME: ins(%arg0, %arg1 : tensor<4x8xbf16>, tensor<16x8xbf16>)
// WIDEN-NOT: linalg.generic
// WIDEN: return
func.func @widened(%a: tensor<4x8xbf16>, %b: tensor<16x8xbf16>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<4x8xbf16>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%x: bf16, %y: f32):
    %r = arith.extf %x : bf16 to f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %f = tensor.empty() : tensor<16x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%b : tensor<16x8xbf16>) outs(%f : tensor<16x8xf32>) {
  ^bb0(%x: bf16, %y: f32):
    %r = arith.extf %x : bf16 to f32
    linalg.yield %r : f32
  } -> tensor<16x8xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%0, %1 : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  return %2 : tensor<4x16xf32>
}

// What runs over the loops of a product can become part of it.
// CHECK-LABEL: @behind_reshape
// CHECK: %[[PRODUCT:.*]] = linalg.matmul
// CHECK-NOT: expand_shape %[[PRODUCT]]
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]{{.*}} ins(%[[PRODUCT]] : tensor<8x4xf32>)
// CHECK: math.tanh
// CHECK: expand_shape
func.func @behind_reshape(%a: tensor<8x8xf32>, %b: tensor<8x4xf32>,
                          %c: tensor<8x4xf32>) -> tensor<1x8x4xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x4xf32>)
      outs(%c : tensor<8x4xf32>) -> tensor<8x4xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2]] output_shape [1, 8, 4]
      : tensor<8x4xf32> into tensor<1x8x4xf32>
  %e = tensor.empty() : tensor<1x8x4xf32>
  %2 = linalg.generic
      {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>,
                        affine_map<(i, j, k) -> (i, j, k)>],
       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%1 : tensor<1x8x4xf32>) outs(%e : tensor<1x8x4xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = math.tanh %x : f32
    linalg.yield %r : f32
  } -> tensor<1x8x4xf32>
  return %2 : tensor<1x8x4xf32>
}

// An op that asks where it is keeps its loops.
// CHECK-LABEL: @index
// CHECK: expand_shape
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]
func.func @index(%a: tensor<8xi64>) -> tensor<2x4xi64> {
  %0 = tensor.expand_shape %a [[0, 1]] output_shape [2, 4]
      : tensor<8xi64> into tensor<2x4xi64>
  %e = tensor.empty() : tensor<2x4xi64>
  %1 = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<2x4xi64>) outs(%e : tensor<2x4xi64>) {
  ^bb0(%x: i64, %y: i64):
    %i = linalg.index 1 : index
    %j = arith.index_cast %i : index to i64
    %r = arith.addi %x, %j : i64
    linalg.yield %r : i64
  } -> tensor<2x4xi64>
  return %1 : tensor<2x4xi64>
}
