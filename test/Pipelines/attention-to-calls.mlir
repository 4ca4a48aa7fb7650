// Attention on buffers is left to the host, numbered in program order.
// RUN: hdp-opt %s --hdp-attention-to-calls | FileCheck %s

// CHECK-LABEL: @two_layers
// CHECK-SAME: %[[Q:.*]]: memref<2x4x8xf32>, %[[M:.*]]: memref<1x4x4xi1>, %[[O:.*]]: memref<2x4x8xf32>
// CHECK: call @hdp_site_0(%[[Q]], %[[Q]], %[[Q]], %[[O]]) :
// CHECK: call @hdp_site_1(%[[O]], %[[Q]], %[[Q]], %[[M]], %[[O]]) :
// CHECK: func.func private @hdp_site_0({{.*}}) attributes {llvm.emit_c_interface}
// CHECK: func.func private @hdp_site_1({{.*}}) attributes {llvm.emit_c_interface}
func.func @two_layers(%q: memref<2x4x8xf32>, %m: memref<1x4x4xi1>,
                      %o: memref<2x4x8xf32>) {
  hdp.attention ins(%q, %q, %q : memref<2x4x8xf32>, memref<2x4x8xf32>,
                                 memref<2x4x8xf32>)
      outs(%o : memref<2x4x8xf32>) {scale = 0.125}
  hdp.attention ins(%o, %q, %q : memref<2x4x8xf32>, memref<2x4x8xf32>,
                                 memref<2x4x8xf32>)
      mask(%m : memref<1x4x4xi1>) outs(%o : memref<2x4x8xf32>)
      {scale = 0.125, policy = #hdp.policy<compensated>}
  return
}
