// Two sites share a kernel whatever their lengths; the target's instructions
// appear in it, and only there.

// RUN: hdp-opt %s --convert-hdp-to-vector=target=avx512 | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: hdp-opt %s --convert-hdp-to-vector=target=amx | FileCheck %s --check-prefixes=CHECK,AMX
// RUN: hdp-opt %s --convert-hdp-to-vector=target=avx-vnni | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: hdp-opt %s --convert-hdp-to-vector=target=avx2 | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: hdp-opt %s --convert-hdp-to-vector=target=portable | FileCheck %s --check-prefixes=CHECK,PORTABLE

#policy = #hdp.policy<compensated>

// CHECK-LABEL: func @grouped
// CHECK: %[[WORK:.+]] = memref.alloc(%{{.+}}) {alignment = 64 : i64} : memref<?xi8>
// CHECK: scf.for
// CHECK: call @hdp_attention_0(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[WORK]])
// CHECK: memref.dealloc %[[WORK]]
// CHECK-NOT: hdp.attention
func.func @grouped(%q: memref<4x8x64xf32>, %k: memref<2x16x64xf32>,
                   %v: memref<2x16x32xf32>, %o: memref<4x8x32xf32>) {
  hdp.attention ins(%q, %k, %v : memref<4x8x64xf32>, memref<2x16x64xf32>,
                                 memref<2x16x32xf32>)
      outs(%o : memref<4x8x32xf32>) {scale = 0.125, policy = #policy}
  return
}

// CHECK-LABEL: func @single
// CHECK-NOT: scf.for
// CHECK: call @hdp_attention_0(
func.func @single(%q: memref<?x64xf32>, %k: memref<?x64xf32>,
                  %v: memref<?x32xf32>, %o: memref<?x32xf32>) {
  hdp.attention ins(%q, %k, %v : memref<?x64xf32>, memref<?x64xf32>,
                                 memref<?x32xf32>)
      outs(%o : memref<?x32xf32>) {scale = 0.125, policy = #policy}
  return
}

// Another scale is another kernel.
// CHECK-LABEL: func @other
// CHECK: call @hdp_attention_1(
func.func @other(%q: memref<?x64xf32>, %k: memref<?x64xf32>,
                 %v: memref<?x32xf32>, %o: memref<?x32xf32>) {
  hdp.attention ins(%q, %k, %v : memref<?x64xf32>, memref<?x64xf32>,
                                 memref<?x32xf32>)
      outs(%o : memref<?x32xf32>) {scale = 0.5, policy = #policy}
  return
}

// A mask is an argument of the kernel; one row of it serves all.
// CHECK-LABEL: func @masked
// CHECK: call @hdp_attention_2({{.+}}memref<?xi8>, memref<?x?x?xi1,
func.func @masked(%q: memref<4x8x64xf32>, %k: memref<2x16x64xf32>,
                  %v: memref<2x16x32xf32>, %m: memref<1x1x16xi1>,
                  %o: memref<4x8x32xf32>) {
  hdp.attention ins(%q, %k, %v : memref<4x8x64xf32>, memref<2x16x64xf32>,
                                 memref<2x16x32xf32>)
      mask(%m : memref<1x1x16xi1>)
      outs(%o : memref<4x8x32xf32>) {scale = 0.125, policy = #policy}
  return
}

// All integer scores, three products a score, a head gate in front of the rest.
// CHECK-LABEL: func @paper
// CHECK: call @hdp_attention_3(
func.func @paper(%q: memref<?x64xf32>, %k: memref<?x64xf32>,
                 %v: memref<?x32xf32>, %o: memref<?x32xf32>) {
  hdp.attention ins(%q, %k, %v : memref<?x64xf32>, memref<?x64xf32>,
                                 memref<?x32xf32>)
      outs(%o : memref<?x32xf32>)
      {scale = 0.125, policy = #hdp.policy<paper, tau = 0.5>}
  return
}

// Statistics: rows of the query heads that the kernel computes.
// CHECK-LABEL: func @statistics
// CHECK: memref.subview %{{.+}}[%{{.+}}, 0] [%{{.+}}, 12] [1, 1]
// CHECK: call @hdp_attention_4({{.+}}memref<?xi8>, memref<?x12xi64, strided<[?, ?], offset: ?>>)
func.func @statistics(%q: memref<4x8x64xf32>, %k: memref<2x16x64xf32>,
                      %v: memref<2x16x32xf32>, %o: memref<4x8x32xf32>,
                      %s: memref<4x12xi64>) {
  hdp.attention ins(%q, %k, %v : memref<4x8x64xf32>, memref<2x16x64xf32>,
                                 memref<2x16x32xf32>)
      outs(%o : memref<4x8x32xf32>) statistics(%s : memref<4x12xi64>)
      {scale = 0.125, policy = #policy}
  return
}

// No kernel: left alone.
// CHECK-LABEL: func @threes
// CHECK: hdp.attention
func.func @threes(%q: memref<?x64xf32>, %k: memref<?x64xf32>,
                   %v: memref<?x32xf32>, %o: memref<?x32xf32>) {
  hdp.attention ins(%q, %k, %v : memref<?x64xf32>, memref<?x64xf32>,
                                 memref<?x32xf32>)
      outs(%o : memref<?x32xf32>)
      {scale = 0.5, policy = #hdp.policy<compensated, block = 3x3>}
  return
}

// CHECK-LABEL: func private @hdp_attention_0
// AVX512-SAME: "+avx512f
// AMX-SAME: "+amx-tile
// VNNI-SAME: "+avxvnni
// AVX2-SAME: "+avx2
// PORTABLE-NOT: target-features
// AVX512: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// AMX: llvm.call_intrinsic "llvm.x86.ldtilecfg"
// AMX: llvm.call_intrinsic "llvm.x86.tdpbsud"
// AMX: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// AMX: llvm.call_intrinsic "llvm.x86.tilerelease"
// VNNI: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"
// AVX2: llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// PORTABLE-NOT: llvm.x86

// CHECK-LABEL: func private @hdp_attention_3
// AVX512: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK: arith.divsi
