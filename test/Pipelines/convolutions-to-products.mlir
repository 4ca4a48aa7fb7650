// Convolutions become a copy of their windows and a product of matrices.
// RUN: hdp-opt %s --linalg-generalize-named-ops --hdp-convolutions-to-products --canonicalize --cse | FileCheck %s

// Channels first: windows in front, places behind.
// CHECK-DAG: #[[READ:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3 * 2 + d1, d4 * 2 + d2)>
// CHECK-DAG: #[[FILTER:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[WINDOWS:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[OUT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[LAST:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0 + d2, d1 + d3, d4)>
// CHECK-LABEL: @channels_first
// CHECK: %[[COPY:.*]] = linalg.generic {indexing_maps = [#[[READ]],
// CHECK-SAME: outs({{.*}} : tensor<3x2x2x7x6xf32>)
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[COPY]] {{\[\[}}0, 1, 2], [3, 4]] : tensor<3x2x2x7x6xf32> into tensor<12x42xf32>
// CHECK: linalg.generic {indexing_maps = [#[[WINDOWS]], #[[FILTER]], #[[OUT]]], iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[FLAT]], {{.*}} : tensor<12x42xf32>, tensor<8x12xf32>) outs({{.*}} : tensor<8x42xf32>)
// CHECK: arith.mulf
func.func @channels_first(%a: tensor<1x3x14x12xf32>, %w: tensor<8x3x2x2xf32>,
                          %c: tensor<1x8x7x6xf32>) -> tensor<1x8x7x6xf32> {
  %0 = linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>}
      ins(%a, %w : tensor<1x3x14x12xf32>, tensor<8x3x2x2xf32>)
      outs(%c : tensor<1x8x7x6xf32>) -> tensor<1x8x7x6xf32>
  return %0 : tensor<1x8x7x6xf32>
}

// Channels last: places in front.
// CHECK-LABEL: @channels_last
// CHECK: linalg.generic {indexing_maps = [#[[LAST]],
// CHECK-SAME: outs({{.*}} : tensor<6x6x3x3x3xf32>)
// CHECK: ins({{.*}} : tensor<36x27xf32>, tensor<27x16xf32>) outs({{.*}} : tensor<36x16xf32>)
func.func @channels_last(%a: tensor<1x8x8x3xf32>, %w: tensor<3x3x3x16xf32>,
                         %c: tensor<1x6x6x16xf32>) -> tensor<1x6x6x16xf32> {
  %0 = linalg.conv_2d_nhwc_hwcf
      ins(%a, %w : tensor<1x8x8x3xf32>, tensor<3x3x3x16xf32>)
      outs(%c : tensor<1x6x6x16xf32>) -> tensor<1x6x6x16xf32>
  return %0 : tensor<1x6x6x16xf32>
}

// A window of one element: nothing is copied.
// CHECK-LABEL: @one_by_one
// CHECK-NOT: linalg.yield %in
// CHECK: ins({{.*}} : tensor<2x3x42xf32>, tensor<8x3xf32>) outs({{.*}} : tensor<2x8x42xf32>)
func.func @one_by_one(%a: tensor<2x3x7x6xf32>, %w: tensor<8x3x1x1xf32>,
                      %c: tensor<2x8x7x6xf32>) -> tensor<2x8x7x6xf32> {
  %0 = linalg.conv_2d_nchw_fchw
      ins(%a, %w : tensor<2x3x7x6xf32>, tensor<8x3x1x1xf32>)
      outs(%c : tensor<2x8x7x6xf32>) -> tensor<2x8x7x6xf32>
  return %0 : tensor<2x8x7x6xf32>
}

// Of a number of places that only run time knows.
// CHECK-LABEL: @dynamic
// CHECK: outs({{.*}} : tensor<3x2x?xf32>)
// CHECK: ins({{.*}} : tensor<6x?xf32>, tensor<8x6xf32>) outs({{.*}} : tensor<8x?xf32>)
func.func @dynamic(%a: tensor<1x3x?xf32>, %w: tensor<8x3x2xf32>,
                   %c: tensor<1x8x?xf32>) -> tensor<1x8x?xf32> {
  %0 = linalg.conv_1d_ncw_fcw
      ins(%a, %w : tensor<1x3x?xf32>, tensor<8x3x2xf32>)
      outs(%c : tensor<1x8x?xf32>) -> tensor<1x8x?xf32>
  return %0 : tensor<1x8x?xf32>
}

// Two unknown numbers of places stay two loops.
// CHECK-LABEL: @dynamic_both
// CHECK: ins({{.*}} : tensor<12x?x?xf32>, tensor<8x12xf32>) outs({{.*}} : tensor<8x?x?xf32>)
func.func @dynamic_both(%a: tensor<1x3x?x?xf32>, %w: tensor<8x3x2x2xf32>,
                        %c: tensor<1x8x?x?xf32>) -> tensor<1x8x?x?xf32> {
  %0 = linalg.conv_2d_nchw_fchw
      ins(%a, %w : tensor<1x3x?x?xf32>, tensor<8x3x2x2xf32>)
      outs(%c : tensor<1x8x?x?xf32>) -> tensor<1x8x?x?xf32>
  return %0 : tensor<1x8x?x?xf32>
}

// One channel for each window, and integers of 64 bits: left alone.
// CHECK-LABEL: @others
// CHECK: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]
// CHECK: iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]
// CHECK-NOT: linalg.generic
func.func @others(%a: tensor<1x8x8x3xf32>, %w: tensor<3x3x3xf32>,
                  %c: tensor<1x6x6x3xf32>, %i: tensor<1x3x9xi64>,
                  %f: tensor<8x3x2xi64>, %d: tensor<1x8x8xi64>)
    -> (tensor<1x6x6x3xf32>, tensor<1x8x8xi64>) {
  %0 = linalg.depthwise_conv_2d_nhwc_hwc
      ins(%a, %w : tensor<1x8x8x3xf32>, tensor<3x3x3xf32>)
      outs(%c : tensor<1x6x6x3xf32>) -> tensor<1x6x6x3xf32>
  %1 = linalg.conv_1d_ncw_fcw ins(%i, %f : tensor<1x3x9xi64>, tensor<8x3x2xi64>)
      outs(%d : tensor<1x8x8xi64>) -> tensor<1x8x8xi64>
  return %0, %1 : tensor<1x6x6x3xf32>, tensor<1x8x8xi64>
}
