// What the rules write is what hdp-opt parses.
// RUN: not hdp-opt %s
// RUN: %hdp_import mlir %s --output=%t.mlir | FileCheck %s --check-prefix=COUNTS
// RUN: hdp-opt %t.mlir | FileCheck %s

// COUNTS: rules.mlir.tmp.mlir, packed-i1 1, foreign-attributes 2, output-shape 1, renamed-ops 1, init-tensor 1, chlo-math 1

// CHECK-LABEL: func.func @older(%{{.*}}: tensor<6xf32>, %{{.*}}: index) -> tensor<2x3xf32> {
// CHECK: arith.constant dense<[true, false, true, true, false, false]> : tensor<6xi1>
// CHECK: tensor.empty(%{{.*}}) : tensor<?x4xf32>
// CHECK: arith.maximumf
// CHECK: math.erf
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]] output_shape [2, 3]
module @older attributes {mhlo.num_partitions = 1 : i32} {
  func.func @older(%arg0: tensor<6xf32>, %arg1: index) -> (tensor<2x3xf32> {jax.result_info = "result"}) {
    %mask = arith.constant dense<"0x010001010000"> : tensor<6xi1>
    %init = linalg.init_tensor [%arg1, 4] : tensor<?x4xf32>
    %0 = arith.maxf %arg0, %arg0 : tensor<6xf32>
    %1 = chlo.erf %0 : tensor<6xf32> -> tensor<6xf32>
    %2 = tensor.expand_shape %1 [[0, 1]] : tensor<6xf32> into tensor<2x3xf32>
    return %2 : tensor<2x3xf32>
  }
}
