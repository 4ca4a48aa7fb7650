// Attention that a front end kept as one op parses in its own syntax and
// becomes hdp.attention.
// RUN: hdp-opt %s --verify-roundtrip | hdp-opt --hdp-raise-attention | FileCheck %s

// CHECK-LABEL: func @torch
// CHECK: hdp.attention ins(%arg0, %arg1, %arg1 : {{.*}}) mask(%arg2 : tensor<8x16x24xi1>) outs(%arg3 : tensor<8x16x32xf32>) {scale = 2.500000e-01 : f64}
func.func @torch(%q: tensor<8x16x32xf32>, %k: tensor<8x24x32xf32>, %m: tensor<8x16x24xi1>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %0 = tm_tensor.attention {scale = 2.5e-01 : f64} ins(%q, %k, %k, %m : tensor<8x16x32xf32>, tensor<8x24x32xf32>, tensor<8x24x32xf32>, tensor<8x16x24xi1>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// The default scale is 1/sqrt(d); a float mask is a bias.
// CHECK-LABEL: func @torch_default_scale
// CHECK: bias(%arg1 : tensor<8x16x16xf32>) outs({{.*}}) {scale = 2.500000e-01 : f64}
func.func @torch_default_scale(%q: tensor<8x16x16xf32>, %m: tensor<8x16x16xf32>, %o: tensor<8x16x16xf32>) -> tensor<8x16x16xf32> {
  %0 = tm_tensor.attention ins(%q, %q, %q, %m : tensor<8x16x16xf32>, tensor<8x16x16xf32>, tensor<8x16x16xf32>, tensor<8x16x16xf32>) outs(%o : tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
  return %0 : tensor<8x16x16xf32>
}

// Layouts come from the maps: V and the output are transposed, the mask names
// its dimensions in another order and not all of them.
// CHECK-LABEL: func @iree
// CHECK: %[[T:.*]] = linalg.transpose ins(%arg3 : tensor<24x8xf32>) outs(%{{.*}} : tensor<8x24xf32>) permutation = [1, 0]
// CHECK: %[[M:.*]] = tensor.expand_shape %[[T]] {{\[\[}}0], [1, 2]] output_shape [8, 1, 24] : tensor<8x24xf32> into tensor<8x1x24xf32>
// CHECK: hdp.attention ins(%arg0, %arg1, %arg2 : {{.*}}) bias(%[[M]] : tensor<8x1x24xf32>) outs(%arg4 : tensor<8x64x16xf32>) {result_perm = array<i64: 0, 2, 1>, scale = 1.250000e-01 : f64, value_perm = array<i64: 0, 2, 1>}
func.func @iree(%q: tensor<8x16x32xf32>, %k: tensor<8x24x32xf32>, %v: tensor<8x64x24xf32>, %m: tensor<24x8xf32>, %o: tensor<8x64x16xf32>) -> tensor<8x64x16xf32> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, n, j)>, affine_map<(b, m, n, k, j) -> ()>, affine_map<(b, m, n, k, j) -> (j, b)>, affine_map<(b, m, n, k, j) -> (b, n, m)>]} ins(%q, %k, %v, %s, %m : tensor<8x16x32xf32>, tensor<8x24x32xf32>, tensor<8x64x24xf32>, f32, tensor<24x8xf32>) outs(%o : tensor<8x64x16xf32>) {
  ^bb0(%score: f32):
    iree_linalg_ext.yield %score : f32
  } -> tensor<8x64x16xf32>
  return %0 : tensor<8x64x16xf32>
}

// Older IR has no map for the scale and no region.
// CHECK-LABEL: func @iree_older
// CHECK: hdp.attention {{.*}} {scale = 1.250000e-01 : f64}
func.func @iree_older(%q: tensor<8x16x32xf16>, %o: tensor<8x16x32xf16>) -> tensor<8x16x32xf16> {
  %s = arith.constant 0.125 : f16
  %0 = iree_linalg_ext.attention {indexing_maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> (b, m, n)>]} ins(%q, %q, %q, %s : tensor<8x16x32xf16>, tensor<8x16x32xf16>, tensor<8x16x32xf16>, f16) outs(%o : tensor<8x16x32xf16>) -> tensor<8x16x32xf16>
  return %0 : tensor<8x16x32xf16>
}
