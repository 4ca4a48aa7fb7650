// An attention whose sizes are known when the model runs only stays for the CPU,
// beside one that becomes a program; both give what the reference engine gives.
// RUN: hdp-run %s --random=7 --engine=reference --output=%t.ref.npz
// RUN: hdp-opt %s --hdp-accel-pipeline -o %t.accel.mlir 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s < %t.accel.mlir
// RUN: hdp-run %t.accel.mlir --random=7 --output=%t.accel.npz
// RUN: cmp %t.ref.npz %t.accel.npz

// REMARK: remark: attention stays for the CPU: programs need static shapes, found 'tensor<2x?x16xf32>'

// CHECK: hdpa.program @attention_0
// CHECK-NOT: hdpa.program
// CHECK: func.func @main
// CHECK: hdpa.launch @attention_0
// CHECK-NOT: hdpa.launch
// CHECK: hdp.attention ins({{.*}} : tensor<2x?x16xf32>

func.func @main(%x: tensor<2x12x16xf32>) -> (tensor<2x12x16xf32>, tensor<2x12x16xf32>) {
  %i0 = tensor.empty() : tensor<2x12x16xf32>
  %0 = hdp.attention ins(%x, %x, %x : tensor<2x12x16xf32>, tensor<2x12x16xf32>, tensor<2x12x16xf32>) outs(%i0 : tensor<2x12x16xf32>) {scale = 0.25, policy = #hdp.policy<compensated>} -> tensor<2x12x16xf32>
  %d = tensor.cast %0 : tensor<2x12x16xf32> to tensor<2x?x16xf32>
  %1 = hdp.attention ins(%d, %d, %d : tensor<2x?x16xf32>, tensor<2x?x16xf32>, tensor<2x?x16xf32>) outs(%d : tensor<2x?x16xf32>) {scale = 0.25, policy = #hdp.policy<compensated>} -> tensor<2x?x16xf32>
  %s = tensor.cast %1 : tensor<2x?x16xf32> to tensor<2x12x16xf32>
  return %0, %s : tensor<2x12x16xf32>, tensor<2x12x16xf32>
}
