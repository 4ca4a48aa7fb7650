// RUN: hdp-opt %s --hdp-kernel-variants=targets=avx2 | FileCheck %s --check-prefix=ONE
// RUN: hdp-opt %s --hdp-kernel-variants=targets=host | FileCheck %s --check-prefix=HOST
// RUN: hdp-opt %s --hdp-kernel-variants=targets=avx2,avx512 | FileCheck %s
// RUN: hdp-opt %s --hdp-kernel-variants=targets=any | FileCheck %s --check-prefix=ANY
// RUN: hdp-opt %s --hdp-kernel-variants=targets=avx2,avx512 --convert-hdp-to-vector --convert-exact-attention-to-vector --hdp-linalg-to-vector | FileCheck %s --check-prefix=CODE
// RUN: not hdp-opt %s --hdp-kernel-variants=targets=avx2,vax 2>&1 | FileCheck %s --check-prefix=VAX
// RUN: not hdp-opt %s --hdp-kernel-variants=targets=avx2,host 2>&1 | FileCheck %s --check-prefix=SEVERAL

// VAX: error: expected target any, host, amx, avx512-bf16, avx512, avx-vnni, avx2 or portable, found 'vax'
// SEVERAL: error: expected target any, host, amx, avx512-bf16, avx512, avx-vnni, avx2 or portable, found 'host'

// One target: the kernel itself.
// ONE:      func.func private @add
// ONE-SAME:   hdp.target = "avx2", passthrough = ["noinline", ["target-features", "+avx2,{{[^"]*}}"], ["target-cpu", "x86-64-v3"]]

// HOST-NOT: hdp.target

// Several: a copy for each and one for every machine, the best first. Public
// functions and those without work stay.
// CHECK:      func.func @main
// CHECK-NOT:  hdp.target
// CHECK:      func.func private @add(memref<64xf32> {llvm.noalias}, index, index)
// CHECK-SAME:   hdp.variants = [@add_avx512, @add_avx2, @add_portable]
// CHECK:      func.func private @exact
// CHECK-SAME:   hdp.variants = [@exact_avx512, @exact_avx2, @exact_portable]
// CHECK:      func.func private @other() {
// CHECK-DAG:  func.func private @add_avx512(%{{.*}} {hdp.split, hdp.target = "avx512", passthrough = ["noinline", ["target-features", "+avx512f,{{.*}}"]]}
// CHECK-DAG:  func.func private @add_avx2(
// CHECK-DAG:  func.func private @add_portable({{.*}} {hdp.split, hdp.target = "portable", passthrough = ["noinline", ["target-features", "+sse2"], ["target-cpu", "x86-64"]]}

// ANY: hdp.variants = [@add_avx512, @add_avx_vnni, @add_avx2, @add_portable]

// Each copy has the code of its target, and so do fused kernels.
// CODE-DAG: vector.load {{.*}} vector<16xf32>
// CODE-DAG: vector.load {{.*}} vector<8xf32>
// CODE-DAG: vector.load {{.*}} vector<4xf32>
// CODE-DAG: func.func private @hdp_attention_0({{.*}} {hdp.target = "avx512", passthrough = ["noinline", ["target-features", "+avx512f,
// CODE-DAG: func.func private @hdp_attention_1({{.*}} {hdp.target = "avx2",
// CODE-DAG: func.func private @hdp_attention_2({{.*}} {hdp.target = "portable", passthrough = ["noinline", ["target-features", "+sse2"],

func.func @main(%a: memref<64xf32>, %q: memref<8x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  call @add(%a, %c0, %c1) : (memref<64xf32>, index, index) -> ()
  call @exact(%q) : (memref<8x64xf32>) -> ()
  call @pruned(%q) : (memref<8x64xf32>) -> ()
  call @other() : () -> ()
  return
}
func.func private @add(%a: memref<64xf32> {llvm.noalias}, %part: index, %count: index)
    attributes {hdp.split, passthrough = ["noinline"]} {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%a : memref<64xf32>) {
  ^bb0(%x: f32):
    %y = arith.addf %x, %x : f32
    linalg.yield %y : f32
  }
  return
}
func.func private @exact(%q: memref<8x64xf32>) {
  hdp.attention ins(%q, %q, %q : memref<8x64xf32>, memref<8x64xf32>, memref<8x64xf32>)
      outs(%q : memref<8x64xf32>) {scale = 0.125}
  return
}
func.func private @pruned(%q: memref<8x64xf32>) {
  hdp.attention ins(%q, %q, %q : memref<8x64xf32>, memref<8x64xf32>, memref<8x64xf32>)
      outs(%q : memref<8x64xf32>) {scale = 0.125, policy = #hdp.policy<compensated>}
  return
}
func.func private @other() {
  return
}
