// Attention with a policy becomes launches of addressed programs; the rest
// stays, and the CPU pipeline takes all of it.
// RUN: hdp-opt %s --hdp-accel-pipeline | FileCheck %s
// RUN: hdp-opt %s --hdp-accel-pipeline=machine=hdp-server | FileCheck %s --check-prefix=SERVER
// RUN: hdp-opt %s --hdp-accel-pipeline=machine=%hdp_src/lib/Machine/machines/hdp-server.yaml | FileCheck %s --check-prefix=SERVER
// RUN: hdp-opt %s --hdp-accel-pipeline="dense=8 double-buffer=false" | FileCheck %s --check-prefix=DENSE
// RUN: hdp-opt %s --hdp-accel-pipeline --hdp-cpu-pipeline | FileCheck %s --check-prefix=LLVM

// CHECK: hdpa.program @attention_0 machine = #hdpa.machine<>
// CHECK-NOT: hdpa.buffer
// CHECK: hdpa.load {{.*}} address = {{[0-9]+$}}
// CHECK-LABEL: func.func @model
// CHECK: hdpa.launch @attention_0
// CHECK: linalg.matmul

// SERVER: hdpa.program @attention_0 machine = #hdpa.machine<cores = 32, cores_per_head = 8

// DENSE: hdpa.site {{.*}} dense

// LLVM-NOT: hdpa.
// LLVM: llvm.mlir.global private constant @hdp_stream_attention_0(dense<"0x48445041
// LLVM: llvm.call @hdp_launch(
// LLVM: llvm.func @hdp_launch(i64, i64, i64)
func.func @model(%x: tensor<2x16x8xf32>, %w: tensor<8x8xf32>) -> tensor<16x8xf32> {
  %init = tensor.empty() : tensor<2x16x8xf32>
  %0 = hdp.attention ins(%x, %x, %x : tensor<2x16x8xf32>, tensor<2x16x8xf32>, tensor<2x16x8xf32>) outs(%init : tensor<2x16x8xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<2x16x8xf32>
  %head = tensor.extract_slice %0[0, 0, 0] [1, 16, 8] [1, 1, 1] : tensor<2x16x8xf32> to tensor<16x8xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16x8xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x8xf32>) -> tensor<16x8xf32>
  %1 = linalg.matmul ins(%head, %w : tensor<16x8xf32>, tensor<8x8xf32>) outs(%filled : tensor<16x8xf32>) -> tensor<16x8xf32>
  return %1 : tensor<16x8xf32>
}
