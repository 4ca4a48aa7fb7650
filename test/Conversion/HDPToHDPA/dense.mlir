// Dense programs: whole codes, with and without a policy.
// RUN: hdp-opt %s --convert-hdp-to-hdpa=dense=16 | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: hdp-opt %s --convert-hdp-to-hdpa=dense=8 | FileCheck %s --check-prefixes=CHECK,NARROW

// WIDE: hdpa.site {{.*}}format = fixed<4, 12>{{.*}} bias dense
// NARROW: hdpa.site {{.*}} bias dense
// WIDE: hdpa.symbol input "q", bits = 16, rows = 10, columns = 8
// NARROW: hdpa.symbol input "q", bits = 8, rows = 10, columns = 8
// CHECK: hdpa.symbol input "k",
// WIDE: hdpa.symbol input "V", bits = 16,
// NARROW: hdpa.symbol input "V", bits = 8,
// CHECK-NOT: hdpa.integer_pass
// CHECK: hdpa.score
// CHECK-NOT: hdpa.program

// The code of Q is (integer << F) + fraction.
// CHECK-LABEL: func.func @both
// CHECK: %[[Q:.*]]:3 = hdp.split <query>
// CHECK: %[[WIDER:.*]] = arith.extsi %[[Q]]#0 : tensor<2x5x8xi8> to tensor<2x5x8xi16>
// WIDE: arith.constant dense<12> : tensor<2x5x8xi16>
// NARROW: arith.constant dense<4> : tensor<2x5x8xi16>
// CHECK: %[[SHIFTED:.*]] = arith.shli %[[WIDER]]
// CHECK: %[[CODES:.*]] = arith.addi %[[SHIFTED]], %[[Q]]#1
// NARROW: arith.trunci %[[CODES]] : tensor<2x5x8xi16> to tensor<2x5x8xi8>
// CHECK: hdpa.launch @attention_0
// CHECK: hdpa.launch @attention_0
func.func @both(%q: tensor<2x5x8xf32>, %b: tensor<1x1x5xf32>) -> tensor<2x5x8xf32> {
  %init = tensor.empty() : tensor<2x5x8xf32>
  %0 = hdp.attention ins(%q, %q, %q : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) bias(%b : tensor<1x1x5xf32>) outs(%init : tensor<2x5x8xf32>) {scale = 0.5} -> tensor<2x5x8xf32>
  %1 = hdp.attention ins(%0, %q, %q : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) bias(%b : tensor<1x1x5xf32>) outs(%init : tensor<2x5x8xf32>) {scale = 0.5, policy = #hdp.policy<paper>} -> tensor<2x5x8xf32>
  return %1 : tensor<2x5x8xf32>
}
