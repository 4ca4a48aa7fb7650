// Every op in both forms: custom and generic assembly, and bytecode, give the
// same module.
// RUN: hdp-opt %s --verify-roundtrip | FileCheck %s
// RUN: hdp-opt %s --mlir-print-op-generic | hdp-opt | FileCheck %s
// RUN: hdp-opt %s --emit-bytecode -o %t.mlirbc && hdp-opt %t.mlirbc | FileCheck %s

// CHECK-LABEL: func @attention_exact
// CHECK: hdp.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2x5x8xf32>, tensor<2x7x8xf32>, tensor<2x7x4xf32>) outs(%{{.*}} : tensor<2x5x4xf32>) {scale = 3.535000e-01 : f64} -> tensor<2x5x4xf32>
func.func @attention_exact(%q: tensor<2x5x8xf32>, %k: tensor<2x7x8xf32>, %v: tensor<2x7x4xf32>, %o: tensor<2x5x4xf32>) -> tensor<2x5x4xf32> {
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x7x8xf32>, tensor<2x7x4xf32>) outs(%o : tensor<2x5x4xf32>) {scale = 3.535e-01} -> tensor<2x5x4xf32>
  return %0 : tensor<2x5x4xf32>
}

// CHECK-LABEL: func @attention_masked
// CHECK: hdp.attention ins({{.*}}) mask(%{{.*}} : tensor<1x1x7xi1>) bias(%{{.*}} : tensor<4x5x7xf32>) outs({{.*}}) {causal, policy = #hdp.policy<compensated>, scale = 1.000000e+00 : f64} -> tensor<4x5x4xf32>
func.func @attention_masked(%q: tensor<4x5x8xf32>, %k: tensor<2x7x8xf32>, %v: tensor<2x7x4xf32>, %m: tensor<1x1x7xi1>, %b: tensor<4x5x7xf32>, %o: tensor<4x5x4xf32>) -> tensor<4x5x4xf32> {
  %0 = hdp.attention ins(%q, %k, %v : tensor<4x5x8xf32>, tensor<2x7x8xf32>, tensor<2x7x4xf32>) mask(%m : tensor<1x1x7xi1>) bias(%b : tensor<4x5x7xf32>) outs(%o : tensor<4x5x4xf32>) {scale = 1.0, causal, policy = #hdp.policy<compensated>} -> tensor<4x5x4xf32>
  return %0 : tensor<4x5x4xf32>
}

// CHECK-LABEL: func @attention_layout
// CHECK: {key_perm = array<i64: 0, 2, 3, 1>, query_perm = array<i64: 0, 2, 1, 3>, result_perm = array<i64: 0, 2, 1, 3>, scale = 1.250000e-01 : f64, value_perm = array<i64: 0, 2, 1, 3>}
func.func @attention_layout(%q: tensor<?x5x2x8xf16>, %k: tensor<?x8x2x7xf16>, %v: tensor<?x7x2x8xf16>, %o: tensor<?x5x2x8xf16>) -> tensor<?x5x2x8xf16> {
  %0 = hdp.attention ins(%q, %k, %v : tensor<?x5x2x8xf16>, tensor<?x8x2x7xf16>, tensor<?x7x2x8xf16>) outs(%o : tensor<?x5x2x8xf16>) {scale = 0.125, query_perm = array<i64: 0, 2, 1, 3>, key_perm = array<i64: 0, 2, 3, 1>, value_perm = array<i64: 0, 2, 1, 3>, result_perm = array<i64: 0, 2, 1, 3>} -> tensor<?x5x2x8xf16>
  return %0 : tensor<?x5x2x8xf16>
}

// CHECK-LABEL: func @attention_memref
// CHECK: hdp.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<5x8xbf16>, memref<?x8xbf16>, memref<?x4xbf16>) outs(%{{.*}} : memref<5x4xbf16>) {scale = 1.250000e-01 : f64}
// CHECK-NEXT: return
func.func @attention_memref(%q: memref<5x8xbf16>, %k: memref<?x8xbf16>, %v: memref<?x4xbf16>, %o: memref<5x4xbf16>) {
  hdp.attention ins(%q, %k, %v : memref<5x8xbf16>, memref<?x8xbf16>, memref<?x4xbf16>) outs(%o : memref<5x4xbf16>) {scale = 0.125}
  return
}

// CHECK-LABEL: func @attention_statistics
// CHECK: hdp.attention ins({{.*}}) outs(%{{.*}} : tensor<4x5x4xf32>) statistics(%{{.*}} : tensor<4x12xi64>) {policy = #hdp.policy<compensated>, scale = 1.000000e+00 : f64} -> tensor<4x5x4xf32>, tensor<4x12xi64>
func.func @attention_statistics(%q: tensor<4x5x8xf32>, %k: tensor<2x7x8xf32>, %v: tensor<2x7x4xf32>, %o: tensor<4x5x4xf32>, %s: tensor<4x12xi64>) -> (tensor<4x5x4xf32>, tensor<4x12xi64>) {
  %0:2 = hdp.attention ins(%q, %k, %v : tensor<4x5x8xf32>, tensor<2x7x8xf32>, tensor<2x7x4xf32>) outs(%o : tensor<4x5x4xf32>) statistics(%s : tensor<4x12xi64>) {scale = 1.0, policy = #hdp.policy<compensated>} -> tensor<4x5x4xf32>, tensor<4x12xi64>
  return %0#0, %0#1 : tensor<4x5x4xf32>, tensor<4x12xi64>
}

// CHECK-LABEL: func @split
// CHECK: hdp.split <query> ins(%{{.*}} : tensor<2x5x8xf32>) outs({{.*}}) {policy = #hdp.policy<compensated>} -> tensor<2x5x8xi8>, tensor<2x5x8xi16>, tensor<2xi32>
// CHECK: hdp.split <key> ins(%{{.*}} : tensor<2x5x8xf32>) outs({{.*}}) {biased, policy = #hdp.policy<paper>} -> tensor<2x5x8xi8>, tensor<2x5x8xi16>, tensor<2xi32>
func.func @split(%x: tensor<2x5x8xf32>, %i: tensor<2x5x8xi8>, %f: tensor<2x5x8xi16>, %s: tensor<2xi32>) -> tensor<2x5x8xi8> {
  %0:3 = hdp.split <query> ins(%x : tensor<2x5x8xf32>) outs(%i, %f, %s : tensor<2x5x8xi8>, tensor<2x5x8xi16>, tensor<2xi32>) {policy = #hdp.policy<compensated>} -> tensor<2x5x8xi8>, tensor<2x5x8xi16>, tensor<2xi32>
  %1:3 = hdp.split <key> ins(%x : tensor<2x5x8xf32>) outs(%0#0, %f, %s : tensor<2x5x8xi8>, tensor<2x5x8xi16>, tensor<2xi32>) {biased, policy = #hdp.policy<paper>} -> tensor<2x5x8xi8>, tensor<2x5x8xi16>, tensor<2xi32>
  return %1#0 : tensor<2x5x8xi8>
}

// CHECK-LABEL: func @quantize
// CHECK: hdp.quantize ins(%{{.*}} : tensor<5x8xf32>) outs({{.*}}) {policy = #hdp.policy<paper>} -> tensor<5x8xi16>, tensor<i32>
// CHECK: hdp.dequantize ins(%{{.*}}, %{{.*}} : tensor<5x8xi16>, tensor<i32>) outs(%{{.*}} : tensor<5x8xf32>) -> tensor<5x8xf32>
func.func @quantize(%x: tensor<5x8xf32>, %c: tensor<5x8xi16>, %s: tensor<i32>) -> tensor<5x8xf32> {
  %0:2 = hdp.quantize ins(%x : tensor<5x8xf32>) outs(%c, %s : tensor<5x8xi16>, tensor<i32>) {policy = #hdp.policy<paper>} -> tensor<5x8xi16>, tensor<i32>
  %1 = hdp.dequantize ins(%0#0, %0#1 : tensor<5x8xi16>, tensor<i32>) outs(%x : tensor<5x8xf32>) -> tensor<5x8xf32>
  return %1 : tensor<5x8xf32>
}

// CHECK-LABEL: func @validity
// CHECK: hdp.validity mask(%{{.*}} : tensor<1x7xi1>) bias(%{{.*}}, %{{.*}}, %{{.*}} : tensor<5x7xf32>, tensor<i32>, tensor<i32>) outs(%{{.*}} : tensor<5x7xi1>) bias_out(%{{.*}} : tensor<5x7xi32>) {policy = #hdp.policy<compensated>, scale = 1.250000e-01 : f64} -> tensor<5x7xi1>, tensor<5x7xi32>
func.func @validity(%m: tensor<1x7xi1>, %b: tensor<5x7xf32>, %s: tensor<i32>, %valid: tensor<5x7xi1>, %units: tensor<5x7xi32>) -> tensor<5x7xi1> {
  %0:2 = hdp.validity mask(%m : tensor<1x7xi1>) bias(%b, %s, %s : tensor<5x7xf32>, tensor<i32>, tensor<i32>) outs(%valid : tensor<5x7xi1>) bias_out(%units : tensor<5x7xi32>) {policy = #hdp.policy<compensated>, scale = 0.125} -> tensor<5x7xi1>, tensor<5x7xi32>
  return %0#0 : tensor<5x7xi1>
}

// CHECK-LABEL: func @scores
// CHECK: hdp.split_matmul <int_int> ins(%{{.*}}, %{{.*}} : tensor<4x5x8xi8>, tensor<2x7x8xi8>) outs(%{{.*}} : tensor<4x5x7xi32>) {policy = #hdp.policy<paper>} -> tensor<4x5x7xi32>
// CHECK: hdp.split_matmul <cross> ins({{.*}}) fraction({{.*}}) integer_scores(%{{.*}} : tensor<4x5x7xi32>) where(%{{.*}}, %{{.*}} : tensor<4x3x4xi1>, tensor<4x5x7xi1>) bias(%{{.*}} : tensor<4x5x7xi32>) outs({{.*}}) {policy = #hdp.policy<paper>} -> tensor<4x5x7xi32>
func.func @scores(%qi: tensor<4x5x8xi8>, %ki: tensor<2x7x8xi8>, %qf: tensor<4x5x8xi16>, %kf: tensor<2x7x8xi16>, %kept: tensor<4x3x4xi1>, %valid: tensor<4x5x7xi1>, %b: tensor<4x5x7xi32>) -> tensor<4x5x7xi32> {
  %0 = hdp.split_matmul <int_int> ins(%qi, %ki : tensor<4x5x8xi8>, tensor<2x7x8xi8>) outs(%b : tensor<4x5x7xi32>) {policy = #hdp.policy<paper>} -> tensor<4x5x7xi32>
  %1 = hdp.split_matmul <cross> ins(%qi, %ki : tensor<4x5x8xi8>, tensor<2x7x8xi8>) fraction(%qf, %kf : tensor<4x5x8xi16>, tensor<2x7x8xi16>) integer_scores(%0 : tensor<4x5x7xi32>) where(%kept, %valid : tensor<4x3x4xi1>, tensor<4x5x7xi1>) bias(%b : tensor<4x5x7xi32>) outs(%b : tensor<4x5x7xi32>) {policy = #hdp.policy<paper>} -> tensor<4x5x7xi32>
  return %1 : tensor<4x5x7xi32>
}

// CHECK-LABEL: func @pruning
// CHECK: hdp.block_importance ins({{.*}}) bias(%{{.*}} : tensor<5x7xi32>) outs({{.*}}) {policy = #hdp.policy<compensated>} -> tensor<3x4xi32>, tensor<3x4xi8>
// CHECK: hdp.head_gate ins({{.*}}) outs({{.*}}) {policy = #hdp.policy<compensated>} -> tensor<i1>, tensor<i64>, tensor<i64>
// CHECK: hdp.block_mask ins({{.*}}) outs({{.*}}) {policy = #hdp.policy<compensated>} -> tensor<3x4xi1>, tensor<3xi32>
func.func @pruning(%ii: tensor<5x7xi32>, %valid: tensor<5x7xi1>, %t: tensor<3x4xi32>, %k: tensor<3x4xi8>, %g: tensor<i1>, %h: tensor<i64>, %m: tensor<3x4xi1>, %row: tensor<3xi32>) -> tensor<3x4xi1> {
  %0:2 = hdp.block_importance ins(%ii, %valid : tensor<5x7xi32>, tensor<5x7xi1>) bias(%ii : tensor<5x7xi32>) outs(%t, %k : tensor<3x4xi32>, tensor<3x4xi8>) {policy = #hdp.policy<compensated>} -> tensor<3x4xi32>, tensor<3x4xi8>
  %1:3 = hdp.head_gate ins(%0#0, %0#1, %ii, %valid : tensor<3x4xi32>, tensor<3x4xi8>, tensor<5x7xi32>, tensor<5x7xi1>) outs(%g, %h, %h : tensor<i1>, tensor<i64>, tensor<i64>) {policy = #hdp.policy<compensated>} -> tensor<i1>, tensor<i64>, tensor<i64>
  %2:2 = hdp.block_mask ins(%0#0, %0#1, %1#0 : tensor<3x4xi32>, tensor<3x4xi8>, tensor<i1>) outs(%m, %row : tensor<3x4xi1>, tensor<3xi32>) {policy = #hdp.policy<compensated>} -> tensor<3x4xi1>, tensor<3xi32>
  return %2#0 : tensor<3x4xi1>
}

// CHECK-LABEL: func @weights
// CHECK: hdp.softmax ins({{.*}}) outs({{.*}}) {policy = #hdp.policy<compensated, group = 2>, scale = 1.250000e-01 : f64} -> tensor<5x7xi16>, tensor<5xi32>, tensor<5xi8>, tensor<5x2xi16>, tensor<5x2xi16>, tensor<i32>
// CHECK: hdp.apply ins({{.*}}) outs({{.*}}) {policy = #hdp.policy<compensated, group = 2>} -> tensor<5x4xi16>, tensor<5x4xi64>, tensor<5xi32>, tensor<5xi32>
func.func @weights(%s: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %theta: tensor<3x4xi32>, %kind: tensor<3x4xi8>, %e: tensor<i32>, %w: tensor<5x7xi16>, %row: tensor<5xi32>, %k: tensor<5xi8>, %c: tensor<5x2xi16>, %v: tensor<7x4xi16>, %gate: tensor<i1>, %o: tensor<5x4xi16>, %num: tensor<5x4xi64>) -> tensor<5x4xi16> {
  %0:6 = hdp.softmax ins(%s, %kept, %valid, %theta, %kind, %e, %e : tensor<5x7xi32>, tensor<3x4xi1>, tensor<5x7xi1>, tensor<3x4xi32>, tensor<3x4xi8>, tensor<i32>, tensor<i32>) outs(%w, %row, %k, %c, %c, %e : tensor<5x7xi16>, tensor<5xi32>, tensor<5xi8>, tensor<5x2xi16>, tensor<5x2xi16>, tensor<i32>) {policy = #hdp.policy<compensated, group = 2>, scale = 0.125} -> tensor<5x7xi16>, tensor<5xi32>, tensor<5xi8>, tensor<5x2xi16>, tensor<5x2xi16>, tensor<i32>
  %1:4 = hdp.apply ins(%0#0, %0#4, %v, %kept, %kind, %valid, %gate : tensor<5x7xi16>, tensor<5x2xi16>, tensor<7x4xi16>, tensor<3x4xi1>, tensor<3x4xi8>, tensor<5x7xi1>, tensor<i1>) outs(%o, %num, %row, %row : tensor<5x4xi16>, tensor<5x4xi64>, tensor<5xi32>, tensor<5xi32>) {policy = #hdp.policy<compensated, group = 2>} -> tensor<5x4xi16>, tensor<5x4xi64>, tensor<5xi32>, tensor<5xi32>
  return %1#0 : tensor<5x4xi16>
}
