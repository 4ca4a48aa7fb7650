// RUN: hdp-opt %s --hdp-cpu-pipeline="target=avx512,avx2" | FileCheck %s
// RUN: hdp-opt %s --hdp-cpu-pipeline="target=any threads=true" | FileCheck %s --check-prefix=THREADS
// RUN: hdp-opt %s --hdp-cpu-pipeline="target=amx,avx2" | FileCheck %s --check-prefix=TILES
// RUN: hdp-opt %s --hdp-cpu-pipeline="target=avx2" | FileCheck %s --check-prefix=ONE

// The kernel calls the first of its variants that the processor can run. What
// it can is asked once.

// CHECK-DAG:   llvm.mlir.global internal @hdp_known_targets(0 : i32)
// CHECK-LABEL: llvm.func internal @hdp_targets() -> i32
// CHECK:         %[[KNOWN:.*]] = llvm.load %{{.*}} atomic monotonic
// CHECK:         llvm.icmp "ne" %[[KNOWN]]
// CHECK:         llvm.cond_br
// CHECK:         llvm.inline_asm has_side_effects "cpuid"
// CHECK:         llvm.inline_asm has_side_effects "xgetbv"
// CHECK-LABEL: llvm.func @attention
// CHECK:         llvm.call @hdp_kernel_0(
// CHECK-LABEL: llvm.func internal @hdp_kernel_0(
// CHECK-NOT:     hdp.variants
// CHECK:         %[[TARGETS:.*]] = llvm.call @hdp_targets()
// CHECK:         %[[BIT:.*]] = llvm.and %[[TARGETS]], %{{.*}}
// CHECK:         %[[IS:.*]] = llvm.icmp "ne" %[[BIT]]
// CHECK:         llvm.cond_br %[[IS]], ^[[FIRST:.*]], ^[[NEXT:.*]]
// CHECK:       ^[[FIRST]]:
// CHECK:         llvm.call @hdp_kernel_0_avx512(
// CHECK:         llvm.return
// CHECK:       ^[[NEXT]]:
// CHECK:         llvm.call @hdp_kernel_0_avx2(
// CHECK:         llvm.call @hdp_kernel_0_portable(
// CHECK-NOT:   hdp.target
// CHECK-DAG:   llvm.func internal @hdp_kernel_0_avx512
// CHECK-DAG:   llvm.func internal @hdp_attention_0
// CHECK-DAG:   llvm.func internal @hdp_attention_2

// Each variant of pruned attention divides its work, and has parts of its own.
// THREADS:     llvm.func internal @hdp_part_hdp_attention_part_0
// THREADS:       llvm.call @hdp_attention_part_0(
// THREADS:     llvm.func internal @hdp_kernel_0(
// THREADS:       llvm.call @hdp_targets
// THREADS:       llvm.call @hdp_kernel_0_avx_vnni(
// THREADS:     llvm.func internal @hdp_kernel_0_avx_vnni(
// THREADS:       llvm.call @hdp_threads
// THREADS:       llvm.call @hdp_split_hdp_attention_part_0(

// AMX has to be granted: arch_prctl(ARCH_REQ_XCOMP_PERM, 18).
// TILES-LABEL: llvm.func internal @hdp_targets() -> i32
// TILES-DAG:     llvm.mlir.constant(158 : i64)
// TILES-DAG:     llvm.mlir.constant(4131 : i64)
// TILES:         llvm.inline_asm has_side_effects "syscall"
// TILES:       llvm.func internal @hdp_attention_0
// TILES:         llvm.call_intrinsic "llvm.x86.ldtilecfg"
// TILES:         llvm.call_intrinsic "llvm.x86.tdpbsud"
// TILES:         llvm.call_intrinsic "llvm.x86.tilerelease"

// ONE-NOT:     hdp_targets
// ONE:         llvm.func internal @hdp_kernel_0({{.*}}"target-cpu", "x86-64-v3"

func.func @attention(%q: tensor<8x128x64xf32>) -> tensor<8x128x64xf32> {
  %0 = hdp.attention ins(%q, %q, %q : tensor<8x128x64xf32>, tensor<8x128x64xf32>, tensor<8x128x64xf32>)
      outs(%q : tensor<8x128x64xf32>) {scale = 0.125, policy = #hdp.policy<compensated>}
      -> tensor<8x128x64xf32>
  return %0 : tensor<8x128x64xf32>
}
