// 4,096 keys do not fit hdp-edge's buffers: keys and values come in chunks, and
// the numbers are the reference's.
// RUN: hdp-run %s --random=5 --engine=reference --output=%t.ref.npz
// RUN: hdp-opt %s --hdp-accel-pipeline -o %t.mlir
// RUN: hdp-run %t.mlir --random=5 --output=%t.npz
// RUN: cmp %t.ref.npz %t.npz
// RUN: FileCheck %s < %t.mlir

// CHECK: hdpa.site {{.*}} lengths = 24 x 4096
// CHECK: hdpa.score {{.*}} column = {{[1-9]}}
func.func @long(%q: tensor<2x24x64xf32>, %k: tensor<2x4096x64xf32>, %v: tensor<2x4096x64xf32>) -> tensor<2x24x64xf32> {
  %init = tensor.empty() : tensor<2x24x64xf32>
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x24x64xf32>, tensor<2x4096x64xf32>, tensor<2x4096x64xf32>) outs(%init : tensor<2x24x64xf32>) {scale = 0.125, policy = #hdp.policy<compensated>} -> tensor<2x24x64xf32>
  return %0 : tensor<2x24x64xf32>
}
