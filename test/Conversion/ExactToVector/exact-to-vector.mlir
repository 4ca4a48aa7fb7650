// RUN: hdp-opt %s --convert-exact-attention-to-vector=target=avx512 --canonicalize --cse --split-input-file | FileCheck %s

// Twelve queries against 32 keys, then 12 x 32 columns of the result; one block
// of keys, so no sum is carried. Only K is copied; V and Q are read and the
// result is written where they are.

// CHECK-LABEL: func.func @plain
// CHECK-SAME:      %[[Q:.*]]: memref<2x144x64xf32>, %{{.*}}, %[[V:.*]]: memref<2x128x64xf32>, %[[O:.*]]: memref
// CHECK:         %[[KEYS:.*]] = memref.alloc() {{.*}} : memref<4x64x32xf32>
// CHECK-NOT:     memref.alloc() {{.*}}x64xf32>
// CHECK:         scf.for {{.*}} {
// CHECK-COUNT-64:  vector.shuffle
// CHECK:           vector.store {{.*}} %[[KEYS]]
// CHECK:           scf.for
// CHECK:             %{{.*}}:24 = scf.for
// CHECK-COUNT-2:       vector.load %[[KEYS]]
// CHECK:               memref.load %[[Q]]
// CHECK-COUNT-24:      math.fma
// CHECK:             %{{.*}}:24 = scf.for
// CHECK-COUNT-2:       vector.load %[[V]]
// CHECK-COUNT-24:      math.fma
// CHECK:             arith.divf {{.*}} : f32
// CHECK:             vector.store {{.*}} %[[O]]
// CHECK-NOT:     hdp.attention
func.func @plain(%q: memref<2x144x64xf32>, %k: memref<2x128x64xf32>, %v: memref<2x128x64xf32>, %o: memref<2x144x64xf32>) {
  hdp.attention ins(%q, %k, %v : memref<2x144x64xf32>, memref<2x128x64xf32>, memref<2x128x64xf32>)
      outs(%o : memref<2x144x64xf32>) {scale = 0.125}
  return
}

// -----

// Fewer queries than a tile has, rows of V that are apart: copied.

// CHECK-LABEL: func.func @copied
// CHECK-SAME:      %[[Q:[^:]*]]: memref<5x64xf32, strided
// CHECK-DAG:     memref.alloc() {{.*}} : memref<128x64xf32>
// CHECK:         scf.for
// CHECK:         vector.load %[[Q]]
func.func @copied(%q: memref<5x64xf32, strided<[?, 1]>>, %k: memref<128x64xf32>, %v: memref<128x64xf32, strided<[768, 1]>>, %o: memref<5x64xf32>) {
  hdp.attention ins(%q, %k, %v : memref<5x64xf32, strided<[?, 1]>>, memref<128x64xf32>, memref<128x64xf32, strided<[768, 1]>>)
      outs(%o : memref<5x64xf32>) {scale = 0.125}
  return
}

// -----

// Sizes known at run time, 16-bit operands, a mask, causal: read element by
// element into f32, masked where a vector ends.

// CHECK-LABEL: func.func @dynamic
// CHECK:         arith.extf {{.*}} : bf16 to f32
// CHECK:         memref.load %{{.*}} : memref<?x?x?xi1>
// CHECK:         vector.create_mask
// CHECK:         arith.truncf {{.*}} : f32 to bf16
func.func @dynamic(%q: memref<?x?x?xbf16>, %k: memref<?x?x?xbf16>, %v: memref<?x?x?xbf16>, %m: memref<?x?x?xi1>, %o: memref<?x?x?xbf16>) {
  hdp.attention ins(%q, %k, %v : memref<?x?x?xbf16>, memref<?x?x?xbf16>, memref<?x?x?xbf16>)
      mask(%m : memref<?x?x?xi1>) outs(%o : memref<?x?x?xbf16>) {scale = 0.125, causal}
  return
}

// -----

// With a policy, or on tensors, it is not this pass's business.

// CHECK-LABEL: func.func @kept
// CHECK-COUNT-2: hdp.attention
func.func @kept(%q: memref<4x8xf32>, %t: tensor<4x8xf32>) -> tensor<4x8xf32> {
  hdp.attention ins(%q, %q, %q : memref<4x8xf32>, memref<4x8xf32>, memref<4x8xf32>)
      outs(%q : memref<4x8xf32>) {scale = 0.125, policy = #hdp.policy<compensated>}
  %0 = hdp.attention ins(%t, %t, %t : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>)
      outs(%t : tensor<4x8xf32>) {scale = 0.125} -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
