// With dispatch-attention every attention, pruned or not, is the host's.
// RUN: hdp-opt %s --hdp-cpu-pipeline=dispatch-attention=true | FileCheck %s

// CHECK: llvm.func @hdp_dispatch_site(i64, !llvm.ptr)
// CHECK: llvm.func @main
// CHECK: llvm.call @hdp_site_0
// CHECK: llvm.call @_mlir_ciface_hdp_site_0
// CHECK: llvm.func internal @_mlir_ciface_hdp_site_0
// CHECK: llvm.call @hdp_dispatch_site
func.func @main(%q: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  %e = tensor.empty() : tensor<2x4x8xf32>
  %0 = hdp.attention
      ins(%q, %q, %q : tensor<2x4x8xf32>, tensor<2x4x8xf32>,
                       tensor<2x4x8xf32>)
      outs(%e : tensor<2x4x8xf32>)
      {scale = 0.125, policy = #hdp.policy<compensated>} -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}
