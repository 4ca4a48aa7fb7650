// The plugin brings dialect, passes and interface models into a stock mlir-opt.
// RUN: mlir-opt %s --load-dialect-plugin=%hdp_plugin --load-pass-plugin=%hdp_plugin --pass-pipeline="builtin.module(func.func(hdp-set-policy{policy=paper,rho=0.2 layers=0},hdp-decompose-attention),one-shot-bufferize{bufferize-function-boundaries},convert-hdp-to-loops,canonicalize)" | FileCheck %s

// CHECK-LABEL: func.func @attention
// CHECK-NOT: hdp.
// CHECK: scf.for
func.func @attention(%q: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  %o = tensor.empty() : tensor<2x4x8xf32>
  %0 = hdp.attention ins(%q, %q, %q : tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>) outs(%o : tensor<2x4x8xf32>) {scale = 0.5} -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// The accelerator's pipeline, too.
// RUN: mlir-opt %s --load-dialect-plugin=%hdp_plugin --load-pass-plugin=%hdp_plugin --pass-pipeline="builtin.module(func.func(hdp-set-policy{policy=compensated}),hdp-accel-pipeline{machine=hdp-server})" | FileCheck %s --check-prefix=ACCEL
// ACCEL: hdpa.program @attention_0 machine = #hdpa.machine<cores = 32
// ACCEL: hdpa.launch @attention_0
