// RUN: hdp-opt %s --canonicalize --cse | FileCheck %s
!t = tensor<2x5x8xf32>

// An all-true mask, an identity permutation and (without a policy) a zero bias
// say nothing.
// CHECK-LABEL: func @drop_all
// CHECK-NEXT: hdp.attention ins(%arg0, %arg0, %arg0 : {{.*}}) outs(%arg0 : tensor<2x5x8xf32>) {causal, scale = 1.000000e+00 : f64}
func.func @drop_all(%x: !t) -> !t {
  %m = arith.constant dense<true> : tensor<1x1x5xi1>
  %b = arith.constant dense<0.0> : tensor<1x1x5xf32>
  %0 = hdp.attention ins(%x, %x, %x : !t, !t, !t) mask(%m : tensor<1x1x5xi1>) bias(%b : tensor<1x1x5xf32>) outs(%x : !t) {scale = 1.0, causal, query_perm = array<i64: 0, 1, 2>} -> !t
  return %0 : !t
}

// With a policy a bias narrows the exponents (N1), whatever it holds.
// CHECK-LABEL: func @keep_bias_with_policy
// CHECK: bias(
func.func @keep_bias_with_policy(%x: !t) -> !t {
  %b = arith.constant dense<0.0> : tensor<1x1x5xf32>
  %0 = hdp.attention ins(%x, %x, %x : !t, !t, !t) bias(%b : tensor<1x1x5xf32>) outs(%x : !t) {scale = 1.0, policy = #hdp.policy<paper>} -> !t
  return %0 : !t
}

// CHECK-LABEL: func @keep_real_mask
// CHECK: mask(
func.func @keep_real_mask(%x: !t) -> !t {
  %m = arith.constant dense<[[[true, true, true, true, false]]]> : tensor<1x1x5xi1>
  %0 = hdp.attention ins(%x, %x, %x : !t, !t, !t) mask(%m : tensor<1x1x5xi1>) outs(%x : !t) {scale = 1.0} -> !t
  return %0 : !t
}

// One query row sees every key.
// CHECK-LABEL: func @causal_of_one_row
// CHECK-NOT: causal,
func.func @causal_of_one_row(%q: tensor<2x1x8xf32>, %k: !t) -> tensor<2x1x8xf32> {
  %0 = hdp.attention ins(%q, %k, %k : tensor<2x1x8xf32>, !t, !t) outs(%q : tensor<2x1x8xf32>) {scale = 1.0, causal} -> tensor<2x1x8xf32>
  return %0 : tensor<2x1x8xf32>
}

// Static sizes come in through casts.
// CHECK-LABEL: func @absorb_cast
// CHECK: ins(%arg0, %arg0, %arg0 : tensor<2x5x8xf32>
func.func @absorb_cast(%x: !t, %o: tensor<?x5x8xf32>) -> tensor<?x5x8xf32> {
  %d = tensor.cast %x : !t to tensor<?x5x8xf32>
  %0 = hdp.attention ins(%d, %d, %d : tensor<?x5x8xf32>, tensor<?x5x8xf32>, tensor<?x5x8xf32>) outs(%o : tensor<?x5x8xf32>) {scale = 1.0} -> tensor<?x5x8xf32>
  return %0 : tensor<?x5x8xf32>
}

// Ops on tensors are pure: an unused one goes, equal ones merge.
// CHECK-LABEL: func @pure
// CHECK-COUNT-1: hdp.quantize
// CHECK-NOT: {{= hdp[.]}}
// CHECK: return
func.func @pure(%x: tensor<5x8xf32>, %c: tensor<5x8xi16>, %s: tensor<i32>) -> (tensor<5x8xi16>, tensor<5x8xi16>) {
  %i = tensor.empty() : tensor<5x8xi8>
  %u:3 = hdp.split <query> ins(%x : tensor<5x8xf32>) outs(%i, %c, %s : tensor<5x8xi8>, tensor<5x8xi16>, tensor<i32>) {policy = #hdp.policy<paper>} -> tensor<5x8xi8>, tensor<5x8xi16>, tensor<i32>
  %0:2 = hdp.quantize ins(%x : tensor<5x8xf32>) outs(%c, %s : tensor<5x8xi16>, tensor<i32>) {policy = #hdp.policy<paper>} -> tensor<5x8xi16>, tensor<i32>
  %1:2 = hdp.quantize ins(%x : tensor<5x8xf32>) outs(%c, %s : tensor<5x8xi16>, tensor<i32>) {policy = #hdp.policy<paper>} -> tensor<5x8xi16>, tensor<i32>
  return %0#0, %1#0 : tensor<5x8xi16>, tensor<5x8xi16>
}

// Ops on memrefs write: they stay.
// CHECK-LABEL: func @effects
// CHECK-COUNT-2: hdp.quantize
func.func @effects(%x: memref<5x8xf32>, %c: memref<5x8xi16>, %s: memref<i32>) {
  hdp.quantize ins(%x : memref<5x8xf32>) outs(%c, %s : memref<5x8xi16>, memref<i32>) {policy = #hdp.policy<paper>}
  hdp.quantize ins(%x : memref<5x8xf32>) outs(%c, %s : memref<5x8xi16>, memref<i32>) {policy = #hdp.policy<paper>}
  return
}

// The sizes of a result are those of its init.
// CHECK-LABEL: func @reify
// CHECK: %[[D:.*]] = tensor.dim %arg1
// CHECK: return %[[D]]
func.func @reify(%x: tensor<?x8xf32>, %o: tensor<?x8xf32>) -> index {
  %c0 = arith.constant 0 : index
  %0 = hdp.attention ins(%x, %x, %x : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) outs(%o : tensor<?x8xf32>) {scale = 1.0} -> tensor<?x8xf32>
  %d = tensor.dim %0, %c0 : tensor<?x8xf32>
  return %d : index
}
