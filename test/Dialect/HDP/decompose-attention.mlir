// RUN: hdp-opt %s --hdp-decompose-attention | FileCheck %s

// The parts in the order of the rules, each with the policy.
// CHECK-LABEL: func @full_products
// CHECK: %[[Q:.*]]:3 = hdp.split <query> ins(%arg0
// CHECK: %[[K:.*]]:3 = hdp.split <key> ins(%arg1
// CHECK: %[[V:.*]]:2 = hdp.quantize ins(%arg2
// CHECK: %[[VALID:.*]] = hdp.validity outs(
// CHECK: %[[II:.*]] = hdp.split_matmul <int_int> ins(%[[Q]]#0, %[[K]]#0
// CHECK: %[[BLOCKS:.*]]:2 = hdp.block_importance ins(%[[II]], %[[VALID]]
// CHECK: %[[GATE:.*]]:3 = hdp.head_gate ins(%[[BLOCKS]]#0, %[[BLOCKS]]#1, %[[II]], %[[VALID]]
// CHECK: %[[MASK:.*]]:2 = hdp.block_mask ins(%[[BLOCKS]]#0, %[[BLOCKS]]#1, %[[GATE]]#0
// CHECK: %[[S:.*]] = hdp.split_matmul <full> ins(%[[Q]]#0, %[[K]]#0 : {{.*}}) fraction(%[[Q]]#1, %[[K]]#1 : {{.*}}) where(%[[MASK]]#0, %[[VALID]]
// CHECK: %[[W:.*]]:6 = hdp.softmax ins(%[[S]], %[[MASK]]#0, %[[VALID]], %[[BLOCKS]]#0, %[[BLOCKS]]#1, %[[Q]]#2, %[[K]]#2
// CHECK: %[[O:.*]]:4 = hdp.apply ins(%[[W]]#0, %[[W]]#4, %[[V]]#0, %[[MASK]]#0, %[[BLOCKS]]#1, %[[VALID]], %[[GATE]]#0
// CHECK: %[[OUT:.*]] = hdp.dequantize ins(%[[O]]#0, %[[V]]#1 : {{.*}}) outs(%arg3
// CHECK: return %[[OUT]]
func.func @full_products(%q: tensor<2x5x8xf32>, %k: tensor<2x7x8xf32>, %v: tensor<2x7x4xf32>, %o: tensor<2x5x4xf32>) -> tensor<2x5x4xf32> {
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x7x8xf32>, tensor<2x7x4xf32>) outs(%o : tensor<2x5x4xf32>) {scale = 0.125, policy = #hdp.policy<compensated>} -> tensor<2x5x4xf32>
  return %0 : tensor<2x5x4xf32>
}

// Cross products take up the integer pass; a bias narrows the exponents and is
// added to scores in their units.
// CHECK-LABEL: func @cross_products_and_bias
// CHECK: hdp.split <query> {{.*}} {biased, policy
// CHECK: hdp.split <key> {{.*}} {biased, policy
// CHECK: %[[VALID:.*]]:2 = hdp.validity mask(%arg2 : tensor<1x1x5xi1>) bias(%arg1, {{.*}} {causal, policy
// CHECK: %[[II:.*]] = hdp.split_matmul <int_int>
// CHECK: hdp.block_importance ins(%[[II]], %[[VALID]]#0 : {{.*}}) bias(%[[VALID]]#1
// CHECK: hdp.head_gate {{.*}} bias(%[[VALID]]#1
// CHECK: hdp.split_matmul <cross> {{.*}} integer_scores(%[[II]] : {{.*}} bias(%[[VALID]]#1
func.func @cross_products_and_bias(%x: tensor<2x5x8xf32>, %b: tensor<2x5x5xf32>, %m: tensor<1x1x5xi1>) -> tensor<2x5x8xf32> {
  %0 = hdp.attention ins(%x, %x, %x : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) mask(%m : tensor<1x1x5xi1>) bias(%b : tensor<2x5x5xf32>) outs(%x : tensor<2x5x8xf32>) {scale = 0.125, causal, policy = #hdp.policy<paper>} -> tensor<2x5x8xf32>
  return %0 : tensor<2x5x8xf32>
}

// Permuted operands are transposed, the result is transposed back.
// CHECK-LABEL: func @layouts
// CHECK: %[[K:.*]] = linalg.transpose ins(%arg1 : tensor<1x8x2x7xf32>) {{.*}} permutation = [0, 2, 3, 1]
// CHECK: hdp.split <key> ins(%[[K]] : tensor<1x2x7x8xf32>)
// CHECK: %[[OUT:.*]] = hdp.dequantize
// CHECK: linalg.transpose ins(%[[OUT]] : tensor<1x2x5x8xf32>) outs(%arg3 : tensor<1x5x2x8xf32>) permutation = [0, 2, 1, 3]
func.func @layouts(%q: tensor<1x2x5x8xf32>, %k: tensor<1x8x2x7xf32>, %v: tensor<1x2x7x8xf32>, %o: tensor<1x5x2x8xf32>) -> tensor<1x5x2x8xf32> {
  %0 = hdp.attention ins(%q, %k, %v : tensor<1x2x5x8xf32>, tensor<1x8x2x7xf32>, tensor<1x2x7x8xf32>) outs(%o : tensor<1x5x2x8xf32>) {scale = 0.125, key_perm = array<i64: 0, 2, 3, 1>, result_perm = array<i64: 0, 2, 1, 3>, policy = #hdp.policy<paper>} -> tensor<1x5x2x8xf32>
  return %0 : tensor<1x5x2x8xf32>
}

// What the verifier could not decide is checked at run time.
// CHECK-LABEL: func @dynamic_sizes
// CHECK-DAG: cf.assert %{{.*}}, "expected 'query' and 'key' to have equal d"
// CHECK-DAG: cf.assert %{{.*}}, "expected 'key' and 'value' to have equal Lk"
// CHECK-DAG: cf.assert %{{.*}}, "expected dimension 1 of 'mask' to be 1 or that of the scores"
// CHECK-DAG: cf.assert %{{.*}}, "expected query heads to be a multiple of key and value heads"
// CHECK-DAG: cf.assert %{{.*}}, "expected Lq from 1 to 2147483647"
// CHECK-DAG: cf.assert %{{.*}}, "expected Lk from 1 to 32768"
// CHECK-DAG: cf.assert %{{.*}}, "expected d from 1 to 65535"
// CHECK-DAG: cf.assert %{{.*}}, "expected Lq * Lk * (d * P^2 + G / 2^SF) below 2^55"
// CHECK: %[[ROWS:.*]] = arith.divui
// CHECK: tensor.empty({{.*}}%[[ROWS]]
func.func @dynamic_sizes(%q: tensor<?x?x?xf32>, %k: tensor<?x?x?xf32>, %v: tensor<?x?x4xf32>, %m: tensor<?x?x?xi1>, %o: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %0 = hdp.attention ins(%q, %k, %v : tensor<?x?x?xf32>, tensor<?x?x?xf32>, tensor<?x?x4xf32>) mask(%m : tensor<?x?x?xi1>) outs(%o : tensor<?x?x4xf32>) {scale = 0.125, policy = #hdp.policy<compensated>} -> tensor<?x?x4xf32>
  return %0 : tensor<?x?x4xf32>
}

// Exact attention has no parts.
// CHECK-LABEL: func @exact
// CHECK-NEXT: hdp.attention
func.func @exact(%x: tensor<2x5x8xf32>) -> tensor<2x5x8xf32> {
  %0 = hdp.attention ins(%x, %x, %x : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%x : tensor<2x5x8xf32>) {scale = 0.125} -> tensor<2x5x8xf32>
  return %0 : tensor<2x5x8xf32>
}
