// The result's contiguous dimension becomes the innermost loop.
// RUN: hdp-opt %s --linalg-generalize-named-ops --hdp-interchange-reductions \
// RUN:   --split-input-file | FileCheck %s

// Loops m, k, n: A does not depend on the innermost one, B and C run along it.
// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: @matmul
// CHECK: indexing_maps = [#[[A]], #[[B]], #[[C]]]
// CHECK-SAME: ["parallel", "reduction", "parallel"]
func.func @matmul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>,
                  %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
      outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// B is transposed first: each element is read 16 times.
// CHECK-LABEL: @transposed_operand
// CHECK-SAME: %[[A:[a-z0-9]*]]: tensor<16x8xf32>, %[[B:[a-z0-9]*]]: tensor<32x8xf32>
// CHECK: %[[T:.*]] = linalg.generic {{.*}}["parallel", "parallel"]{{.*}} ins(%[[B]] : tensor<32x8xf32>) outs(%{{.*}} : tensor<8x32xf32>)
// CHECK: linalg.generic {{.*}}["parallel", "reduction", "parallel"]
// CHECK-SAME: ins(%[[A]], %[[T]] :
func.func @transposed_operand(%a: tensor<16x8xf32>, %b: tensor<32x8xf32>,
                              %c: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<16x8xf32>, tensor<32x8xf32>)
      outs(%c : tensor<16x32xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  } -> tensor<16x32xf32>
  return %0 : tensor<16x32xf32>
}

// -----

// Reductions keep their order: kh, kw, c.
// CHECK-LABEL: @convolution
// CHECK: ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]
func.func @convolution(%a: tensor<1x8x8x3xf32>, %w: tensor<3x3x3x16xf32>,
                       %c: tensor<1x6x6x16xf32>) -> tensor<1x6x6x16xf32> {
  %0 = linalg.conv_2d_nhwc_hwcf
      ins(%a, %w : tensor<1x8x8x3xf32>, tensor<3x3x3x16xf32>)
      outs(%c : tensor<1x6x6x16xf32>) -> tensor<1x6x6x16xf32>
  return %0 : tensor<1x6x6x16xf32>
}

// -----

// A row sum reads along the reduction already, each element once.
// CHECK-LABEL: @row_sum
// CHECK: linalg.generic
// CHECK-SAME: ["parallel", "reduction"]
// CHECK-NOT: linalg.generic
func.func @row_sum(%a: tensor<16x8xf32>, %c: tensor<16xf32>)
    -> tensor<16xf32> {
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<16x8xf32>)
      outs(%c : tensor<16xf32>) dimensions = [1]
  return %0 : tensor<16xf32>
}

// -----

// A column sum runs along the columns.
// CHECK-LABEL: @column_sum
// CHECK: linalg.generic
// CHECK-SAME: ["reduction", "parallel"]
func.func @column_sum(%a: tensor<16x8xf32>, %c: tensor<8xf32>)
    -> tensor<8xf32> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (j, i)>,
                       affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%a : tensor<16x8xf32>) outs(%c : tensor<8xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %y, %x : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
