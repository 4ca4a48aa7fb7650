// Contractions in tiles, other ops in vectors; what neither takes is kept.
// RUN: hdp-opt %s --hdp-linalg-to-vector=target=avx512 --canonicalize --cse --split-input-file | FileCheck %s
// RUN: hdp-opt %s --hdp-linalg-to-vector=target=avx512-bf16 --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=PAIRS
// RUN: hdp-opt %s --hdp-linalg-to-vector=target=portable --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=PORTABLE

// Two strips of twelve rows, two panels of two vectors, copied: each element is
// used more than once by a tile. A panel is fetched while the one before it is
// used.

// CHECK-LABEL: func.func @matmul
// CHECK:         %[[PANEL:.*]] = memref.alloc() {alignment = 64 : i64} : memref<48x32xf32>
// CHECK:         scf.for {{.*}} {
// CHECK:           vector.store {{.*}}, %[[PANEL]]
// CHECK:           scf.for {{.*}} {
// CHECK-COUNT-24:    vector.load %arg2{{.*}} vector<16xf32>
// CHECK:             %{{.*}}:24 = scf.for
// CHECK:               memref.prefetch %arg1[{{.*}}], read, locality<2>, data : memref<48x64xf32>
// CHECK-COUNT-2:       vector.load %[[PANEL]]
// CHECK-COUNT-24:      math.fma
// CHECK:               scf.yield
// CHECK-COUNT-24:    vector.store {{.*}}, %arg2
// CHECK:         memref.dealloc %[[PANEL]]
// CHECK-NOT:     linalg
// PORTABLE-LABEL: func.func @matmul
// PORTABLE:         %{{.*}}:8 = scf.for
// PORTABLE:           %[[PRODUCT:.*]] = arith.mulf {{.*}} : vector<4xf32>
// PORTABLE:           arith.addf %[[PRODUCT]], {{.*}} : vector<4xf32>
// PORTABLE-NOT:     fma
func.func @matmul(%a: memref<36x48xf32>, %b: memref<48x64xf32>, %c: memref<36x64xf32>) {
  linalg.matmul ins(%a, %b : memref<36x48xf32>, memref<48x64xf32>) outs(%c : memref<36x64xf32>)
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A transposed operand is transposed in registers; what is beyond a size is
// masked. Behind the only panel there is nothing to fetch.

// CHECK-LABEL: func.func @transposed
// CHECK:         vector.maskedload %arg1
// CHECK-COUNT-64: vector.shuffle
// CHECK-NOT:     memref.prefetch
// CHECK:         vector.maskedload %arg2
// CHECK:         vector.maskedstore %arg2
func.func @transposed(%a: memref<5x20xf32>, %b: memref<17x20xf32>, %c: memref<5x17xf32>) {
  linalg.generic {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<5x20xf32>, memref<17x20xf32>) outs(%c : memref<5x17xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A row's sum: four registers of partial sums, then a tree.

// CHECK-LABEL: func.func @row_sums
// CHECK:         scf.for {{.*}} iter_args(%{{.*}}) -> (vector<64xf32>)
// CHECK:           arith.addf {{.*}} : vector<64xf32>
// CHECK:         vector.extract_strided_slice {{.*}} : vector<64xf32> to vector<32xf32>
// CHECK:         memref.store
func.func @row_sums(%x: memref<8x128xf32>, %y: memref<8xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<8x128xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// Functions become polynomials, unit dimensions are nothing to stumble over,
// the last seven lanes are masked.

// CHECK-LABEL: func.func @tanh
// CHECK-NOT:     math.tanh
// CHECK:         arith.divf {{.*}} : vector<16xf32>
// CHECK:         vector.store
// CHECK:         vector.maskedstore
// PORTABLE-LABEL: func.func @tanh
// PORTABLE-NOT:     math.fma
func.func @tanh(%x: memref<23x1xf32>) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%x : memref<23x1xf32>) {
  ^bb0(%out: f32):
    %0 = math.tanh %out : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i) -> (i)>
#ij = affine_map<(i, j) -> (i, j)>
#ji = affine_map<(i, j) -> (j, i)>

// 16-bit floats, a division that must not see a masked lane, a transposition.

// CHECK-LABEL: func.func @kept
// CHECK-COUNT-3: linalg.generic
func.func @kept(%a: memref<8x8xf16>, %b: memref<8x8xf16>, %c: memref<8x8xf16>, %i: memref<16xi32>,
                %s: memref<16x16xf32>, %t: memref<16x16xf32>) {
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<8x8xf16>, memref<8x8xf16>) outs(%c : memref<8x8xf16>) {
  ^bb0(%x: f16, %y: f16, %z: f16):
    %p = arith.mulf %x, %y : f16
    %q = arith.addf %z, %p : f16
    linalg.yield %q : f16
  }
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%i : memref<16xi32>) {
  ^bb0(%out: i32):
    %c100 = arith.constant 100 : i32
    %0 = arith.divsi %c100, %out : i32
    linalg.yield %0 : i32
  }
  linalg.generic {indexing_maps = [#ij, #ji], iterator_types = ["parallel", "parallel"]}
      ins(%s : memref<16x16xf32>) outs(%t : memref<16x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

// With what goes with it: sums begin as a constant, and a bias is added before
// they leave the registers.

// CHECK-LABEL: func.func private @product
// CHECK-NOT:     hdp.product
// CHECK-DAG:     arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK-NOT:     %arg2{{\[}}
// CHECK:         math.fma
// CHECK:         vector.load %arg3
// CHECK:         arith.addf {{.*}} : vector<16xf32>
// CHECK:         vector.store {{.*}}, %arg4
// CHECK-NOT:     %arg2{{\[}}
// CHECK:         return
func.func private @product(%a: memref<8x16xf32>, %b: memref<16x32xf32>, %c: memref<8x32xf32>,
                           %v: memref<32xf32>, %d: memref<8x32xf32>) attributes {hdp.product} {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%c : memref<8x32xf32>) {
  ^bb0(%o: f32):
    linalg.yield %zero : f32
  }
  linalg.matmul ins(%a, %b : memref<8x16xf32>, memref<16x32xf32>) outs(%c : memref<8x32xf32>)
  linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c, %v : memref<8x32xf32>, memref<32xf32>) outs(%d : memref<8x32xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Pairs of bf16 where the target adds them to f32; elsewhere, and f16, in f32.

// PAIRS-LABEL: func.func @pairs
// PAIRS:         memref.alloc() {{.*}} memref<16x32xi32>
// PAIRS:         vector.load %arg0{{.*}} vector<32xbf16>
// PAIRS:         llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// PAIRS-NOT:     linalg
// CHECK-LABEL: func.func @pairs
// CHECK:         arith.extf {{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK:         math.fma
// CHECK-NOT:     linalg
func.func @pairs(%a: memref<24x32xbf16>, %b: memref<32x32xbf16>, %c: memref<24x32xf32>) {
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<24x32xbf16>, memref<32x32xbf16>) outs(%c : memref<24x32xf32>) {
  ^bb0(%x: bf16, %y: bf16, %o: f32):
    %u = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %p = arith.mulf %u, %w : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  return
}

// PAIRS-LABEL: func.func @odd
// PAIRS-NOT:     call_intrinsic
// PAIRS:         math.fma
// CHECK-LABEL: func.func @odd
// CHECK:         math.fma
func.func @odd(%a: memref<24x33xbf16>, %b: memref<32x33xbf16>, %c: memref<24x32xf32>) {
  linalg.generic {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<24x33xbf16>, memref<32x33xbf16>) outs(%c : memref<24x32xf32>) {
  ^bb0(%x: bf16, %y: bf16, %o: f32):
    %u = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %p = arith.mulf %u, %w : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Codes of 8 bits less a zero point are copied as pairs of 16 bits along the sum;
// without an instruction for them they are widened to 32.

// CHECK-LABEL: func.func @codes
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant dense<-14> : vector<16xi16>
// CHECK:         %[[CODES:.*]] = vector.load %arg1{{.*}} : memref<48x64xi8>, vector<16xi8>
// CHECK-NEXT:    %[[WIDE:.*]] = arith.extsi %[[CODES]] : vector<16xi8> to vector<16xi16>
// CHECK-NEXT:    arith.subi %[[WIDE]], %[[ZERO]]
// CHECK:         vector.interleave
// CHECK:         %{{.*}}:24 = scf.for
// CHECK-COUNT-24:  llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
// CHECK-NOT:     linalg
// PORTABLE-LABEL: func.func @codes
// PORTABLE:      arith.extsi {{.*}} : vector<4xi8> to vector<4xi32>
// PORTABLE:      %{{.*}}:8 = scf.for
// PORTABLE-COUNT-8: arith.muli {{.*}} : vector<4xi32>
// PORTABLE-NOT:  linalg
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @codes(%a: memref<36x48xi8>, %b: memref<48x64xi8>, %c: memref<36x64xi32>) {
  %zero = arith.constant -14 : i32
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<36x48xi8>, memref<48x64xi8>) outs(%c : memref<36x64xi32>) {
  ^bb0(%x: i8, %y: i8, %z: i32):
    %v = arith.extsi %x : i8 to i32
    %w = arith.extsi %y : i8 to i32
    %s = arith.subi %w, %zero : i32
    %p = arith.muli %v, %s : i32
    %q = arith.addi %z, %p : i32
    linalg.yield %q : i32
  }
  return
}

// -----

// One row times weights of 16 bits that are read once: vectors of terms.

// CHECK-LABEL: func.func @row
// CHECK-NOT:     memref.alloc
// CHECK:         %[[SUM:.*]] = scf.for
// CHECK-COUNT-2:   arith.extf {{.*}} : vector<64xbf16> to vector<64xf32>
// CHECK-NOT:     linalg
#k = affine_map<(n, k) -> (k)>
#nk = affine_map<(n, k) -> (n, k)>
#n = affine_map<(n, k) -> (n)>
func.func @row(%a: memref<256xbf16>, %b: memref<48x256xbf16>, %c: memref<48xf32>) {
  linalg.generic {indexing_maps = [#k, #nk, #n], iterator_types = ["parallel", "reduction"]}
      ins(%a, %b : memref<256xbf16>, memref<48x256xbf16>) outs(%c : memref<48xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %v = arith.extf %x : bf16 to f32
    %w = arith.extf %y : bf16 to f32
    %p = arith.mulf %v, %w : f32
    %q = arith.addf %z, %p : f32
    linalg.yield %q : f32
  }
  return
}
