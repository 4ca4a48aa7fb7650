// Products in bf16 on request: pairs in registers, or tiles; elsewhere f32.

// RUN: hdp-opt %s --convert-exact-attention-to-vector="target=avx512-bf16 bf16" | FileCheck %s --check-prefix=PAIRS
// RUN: hdp-opt %s --convert-exact-attention-to-vector="target=amx bf16" | FileCheck %s --check-prefix=TILES
// RUN: hdp-opt %s --convert-exact-attention-to-vector="target=avx512 bf16" | FileCheck %s --check-prefix=F32
// RUN: hdp-opt %s --convert-exact-attention-to-vector="target=amx" | FileCheck %s --check-prefix=F32
// RUN: hdp-opt %s --hdp-cpu-pipeline="target=avx512-bf16 exact=bf16" | FileCheck %s --check-prefix=PIPELINE

// PAIRS-LABEL: func @f
// PAIRS:         memref.alloc() {{.*}} : memref<4x32x32xi32>
// PAIRS:         llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"
// PAIRS:         llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// TILES-LABEL: func @f
// TILES:         llvm.call_intrinsic "llvm.x86.ldtilecfg"
// TILES:         llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// TILES:         llvm.call_intrinsic "llvm.x86.tilerelease"
// F32-LABEL:   func @f
// F32-NOT:       llvm.call_intrinsic
// PIPELINE:    llvm.x86.avx512bf16.dpbf16ps.512
func.func @f(%q: memref<2x64x64xf32>, %k: memref<2x128x64xf32>, %o: memref<2x64x64xf32>) {
  hdp.attention ins(%q, %k, %k : memref<2x64x64xf32>, memref<2x128x64xf32>, memref<2x128x64xf32>)
      outs(%o : memref<2x64x64xf32>) {scale = 0.125}
  return
}
