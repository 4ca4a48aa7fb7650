// RUN: hdp-opt %s --hdp-raise-pipeline | FileCheck %s
// RUN: hdp-opt %s --hdp-raise-pipeline --hdp-raise-report=- | FileCheck %s --check-prefix=REPORT
// RUN: hdp-opt %s --hdp-raise-pipeline="report=%t.json" -o /dev/null
// RUN: FileCheck %s --check-prefix=REPORT --input-file=%t.json
// RUN: hdp-opt %s --pass-pipeline="builtin.module(hdp-raise-pipeline{report=-})" | FileCheck %s --check-prefix=REPORT

// REPORT: "raised": 1
// REPORT-NEXT: "refused": [
// REPORT-NEXT: {
// REPORT-NEXT: "location": "{{.*}}raise-attention-tosa.mlir:[[#@LINE+53]]:8"
// REPORT-NEXT: "function": "softmax_over_rows"
// REPORT-NEXT: "reason": "softmax-axis"
// REPORT-NEXT: "message": "the softmax's sum runs over another dimension than the one the second contraction sums over"
// REPORT-NOT: module

// Heads in a dimension of their own, the scale on the scores, a padding mask
// for all queries, reciprocal and product for the division.
// CHECK-LABEL: func @attention
// CHECK-NOT: tosa
// CHECK-NOT: linalg.batch_matmul
// CHECK: hdp.attention ins({{.*}} : tensor<16x2x64xf32>, tensor<16x2x64xf32>, tensor<16x2x64xf32>) bias(%{{.*}} : tensor<1x1x16xf32>)
// CHECK-SAME: {key_perm = array<i64: 1, 0, 2>, query_perm = array<i64: 1, 0, 2>, scale = 1.250000e-01 : f64, value_perm = array<i64: 1, 0, 2>}
func.func @attention(%q: tensor<1x16x2x64xf32>, %k: tensor<1x16x2x64xf32>, %v: tensor<1x16x2x64xf32>, %mask: tensor<1x1x1x16xf32>) -> tensor<2x16x64xf32> {
  %three = tosa.const_shape {values = dense<[2, 16, 64]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %threet = tosa.const_shape {values = dense<[2, 64, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %threes = tosa.const_shape {values = dense<[2, 16, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %four = tosa.const_shape {values = dense<[1, 2, 16, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %zp = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %scale = "tosa.const"() <{values = dense<0.125> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %qt = tosa.transpose %q {perms = array<i32: 0, 2, 1, 3>} : (tensor<1x16x2x64xf32>) -> tensor<1x2x16x64xf32>
  %kt = tosa.transpose %k {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x16x2x64xf32>) -> tensor<1x2x64x16xf32>
  %vt = tosa.transpose %v {perms = array<i32: 0, 2, 1, 3>} : (tensor<1x16x2x64xf32>) -> tensor<1x2x16x64xf32>
  %q3 = tosa.reshape %qt, %three : (tensor<1x2x16x64xf32>, !tosa.shape<3>) -> tensor<2x16x64xf32>
  %k3 = tosa.reshape %kt, %threet : (tensor<1x2x64x16xf32>, !tosa.shape<3>) -> tensor<2x64x16xf32>
  %v3 = tosa.reshape %vt, %three : (tensor<1x2x16x64xf32>, !tosa.shape<3>) -> tensor<2x16x64xf32>
  %s3 = tosa.matmul %q3, %k3, %zp, %zp : (tensor<2x16x64xf32>, tensor<2x64x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x16x16xf32>
  %s4 = tosa.reshape %s3, %four : (tensor<2x16x16xf32>, !tosa.shape<4>) -> tensor<1x2x16x16xf32>
  %sc = tosa.mul %s4, %scale, %shift : (tensor<1x2x16x16xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x2x16x16xf32>
  %sm = tosa.add %sc, %mask : (tensor<1x2x16x16xf32>, tensor<1x1x1x16xf32>) -> tensor<1x2x16x16xf32>
  %mx = tosa.reduce_max %sm {axis = 3 : i32} : (tensor<1x2x16x16xf32>) -> tensor<1x2x16x1xf32>
  %d = tosa.sub %sm, %mx : (tensor<1x2x16x16xf32>, tensor<1x2x16x1xf32>) -> tensor<1x2x16x16xf32>
  %e = tosa.exp %d : (tensor<1x2x16x16xf32>) -> tensor<1x2x16x16xf32>
  %z = tosa.reduce_sum %e {axis = 3 : i32} : (tensor<1x2x16x16xf32>) -> tensor<1x2x16x1xf32>
  %r = tosa.reciprocal %z : (tensor<1x2x16x1xf32>) -> tensor<1x2x16x1xf32>
  %p4 = tosa.mul %e, %r, %shift : (tensor<1x2x16x16xf32>, tensor<1x2x16x1xf32>, tensor<1xi8>) -> tensor<1x2x16x16xf32>
  %p3 = tosa.reshape %p4, %threes : (tensor<1x2x16x16xf32>, !tosa.shape<3>) -> tensor<2x16x16xf32>
  %o = tosa.matmul %p3, %v3, %zp, %zp : (tensor<2x16x16xf32>, tensor<2x16x64xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x16x64xf32>
  return %o : tensor<2x16x64xf32>
}

// The exponentials summed over the rows.
// CHECK-LABEL: func @softmax_over_rows
// CHECK-NOT: hdp.attention
func.func @softmax_over_rows(%q: tensor<2x8x8xf32>, %k: tensor<2x8x8xf32>, %v: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zp = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %s = tosa.matmul %q, %k, %zp, %zp : (tensor<2x8x8xf32>, tensor<2x8x8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x8x8xf32>
  %e = tosa.exp %s : (tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %z = tosa.reduce_sum %e {axis = 1 : i32} : (tensor<2x8x8xf32>) -> tensor<2x1x8xf32>
  %r = tosa.reciprocal %z : (tensor<2x1x8xf32>) -> tensor<2x1x8xf32>
  %p = tosa.mul %e, %r, %shift : (tensor<2x8x8xf32>, tensor<2x1x8xf32>, tensor<1xi8>) -> tensor<2x8x8xf32>
  %o = tosa.matmul %p, %v, %zp, %zp : (tensor<2x8x8xf32>, tensor<2x8x8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x8x8xf32>
  return %o : tensor<2x8x8xf32>
}
