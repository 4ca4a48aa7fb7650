// From tensors to the LLVM dialect, TOSA on the way or not.
// RUN: hdp-opt %s --hdp-cpu-pipeline --split-input-file | FileCheck %s
// RUN: hdp-opt %s --hdp-cpu-pipeline --split-input-file \
// RUN:   | FileCheck %s --check-prefix=ONLY

// ONLY-NOT: {{(linalg|tensor|memref|arith|math|scf|cf|func|tosa|hdp)\.[a-z]}}

// The result is a buffer of the caller's; the wrapper writes its descriptor.
// CHECK-LABEL: llvm.func @linear
// CHECK: llvm.call @malloc
// CHECK: llvm.call @hdp_kernel
// CHECK: llvm.func @_mlir_ciface_linear(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK: llvm.func internal @hdp_kernel_{{.*}}: !llvm.ptr {llvm.noalias}
// CHECK-NOT: fastmath
func.func @linear(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>)
    -> tensor<4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>)
      -> tensor<4x16xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x16xf32>)
      outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

// CHECK-LABEL: llvm.func @tosa
// CHECK: llvm.func @_mlir_ciface_tosa
func.func @tosa(%a: tensor<1x4x8xf32>, %b: tensor<1x8x4xf32>)
    -> tensor<1x4x4xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}>
      : () -> tensor<1xf32>
  %0 = tosa.matmul %a, %b, %z, %z
      : (tensor<1x4x8xf32>, tensor<1x8x4xf32>, tensor<1xf32>, tensor<1xf32>)
      -> tensor<1x4x4xf32>
  %1 = tosa.exp %0 : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  return %1 : tensor<1x4x4xf32>
}

// -----

// CHECK-LABEL: llvm.func @attention
// CHECK: llvm.call @hdp_kernel
// CHECK: llvm.func @_mlir_ciface_attention
func.func @attention(%q: tensor<2x4x8xf32>, %n: tensor<2x?x8xf32>)
    -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>) {
  %e = tensor.empty() : tensor<2x4x8xf32>
  %0 = hdp.attention
      ins(%q, %q, %q : tensor<2x4x8xf32>, tensor<2x4x8xf32>,
                       tensor<2x4x8xf32>)
      outs(%e : tensor<2x4x8xf32>) {scale = 0.125} -> tensor<2x4x8xf32>
  %1 = hdp.attention
      ins(%q, %n, %n : tensor<2x4x8xf32>, tensor<2x?x8xf32>,
                       tensor<2x?x8xf32>)
      outs(%e : tensor<2x4x8xf32>)
      {scale = 0.125, policy = #hdp.policy<compensated>} -> tensor<2x4x8xf32>
  return %0, %1 : tensor<2x4x8xf32>, tensor<2x4x8xf32>
}

// -----

// 16-bit and 64-bit floats, and functions of libm: in f64, lane by lane.
// CHECK-LABEL: llvm.func @functions
// CHECK-DAG: llvm.call @erf(
// CHECK-DAG: llvm.intr.exp
// CHECK-DAG: llvm.intr.sqrt
func.func @functions(%a: tensor<4xf32>, %h: tensor<4xf16>, %b: tensor<4xbf16>,
                     %d: tensor<4xf64>) -> tensor<4xf16> {
  %0 = math.erf %a : tensor<4xf32>
  %1 = math.tanh %0 : tensor<4xf32>
  %2 = math.exp %1 : tensor<4xf32>
  %3 = math.rsqrt %2 : tensor<4xf32>
  %4 = math.exp2 %3 : tensor<4xf32>
  %5 = arith.extf %b : tensor<4xbf16> to tensor<4xf32>
  %6 = arith.addf %4, %5 : tensor<4xf32>
  %7 = arith.truncf %6 : tensor<4xf32> to tensor<4xf16>
  %e = math.erf %d : tensor<4xf64>
  %x = math.exp %e : tensor<4xf64>
  %8 = arith.truncf %x : tensor<4xf64> to tensor<4xf16>
  %9 = arith.addf %7, %8 : tensor<4xf16>
  %10 = arith.addf %9, %h : tensor<4xf16>
  return %10 : tensor<4xf16>
}
