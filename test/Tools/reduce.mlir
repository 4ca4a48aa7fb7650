// hdp-reduce removes what the fault does not need.
// RUN: echo '#!/bin/sh' > %t.sh
// RUN: echo 'hdp-opt $1 | grep -q "block = 4x4"' >> %t.sh
// RUN: echo 'test $? -ne 0' >> %t.sh
// RUN: chmod +x %t.sh
// RUN: hdp-reduce %s --reduction-tree="traversal-mode=0 test=%t.sh" | FileCheck %s

// CHECK-NOT: func @unrelated
// CHECK: block = 4x4
// CHECK-NOT: func @unrelated
func.func @unrelated(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  return %x : tensor<4x8xf32>
}
func.func @fault(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = hdp.attention ins(%x, %x, %x : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) {scale = 1.0, policy = #hdp.policy<compensated, block = 4x4>} -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
