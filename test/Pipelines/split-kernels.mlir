// RUN: hdp-opt %s --hdp-split-kernels --split-input-file | FileCheck %s
// RUN: hdp-opt %s --hdp-split-kernels --convert-exact-attention-to-vector=target=avx512 --hdp-linalg-to-vector=target=avx512 --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=CODE

// A large kernel gets the part's number and how many there are; callers call
// another function. Threads share the panels of a product.

// CHECK-LABEL: func.func @main
// CHECK:         call @hdp_split_hdp_kernel_0(%arg0, %arg1, %arg2)
// CHECK:       func.func private @hdp_kernel_0(%{{.*}}, %{{.*}}, %{{.*}}: memref<128x512xf32>, %{{.*}}: index, %{{.*}}: index)
// CHECK-SAME:    hdp.split
// CHECK:       func.func private @hdp_split_hdp_kernel_0(memref<128x64xf32>, memref<64x512xf32>, memref<128x512xf32>)
// CODE-LABEL: func.func private @hdp_kernel_0
// CODE-SAME:    %[[PART:[a-z0-9]*]]: index, %[[COUNT:[a-z0-9]*]]: index)
// CODE:         %[[SCALED:.*]] = arith.muli %[[PART]], %c16
// CODE:         %[[FIRST:.*]] = arith.divui %[[SCALED]], %[[COUNT]]
// CODE:         %[[BEGIN:.*]] = arith.muli %[[FIRST]], %c32
// CODE:         scf.for %{{.*}} = %[[BEGIN]] to
func.func @main(%a: memref<128x64xf32>, %b: memref<64x512xf32>, %c: memref<128x512xf32>) {
  call @hdp_kernel_0(%a, %b, %c) : (memref<128x64xf32>, memref<64x512xf32>, memref<128x512xf32>) -> ()
  return
}
func.func private @hdp_kernel_0(%a: memref<128x64xf32>, %b: memref<64x512xf32>, %c: memref<128x512xf32>) {
  linalg.matmul ins(%a, %b : memref<128x64xf32>, memref<64x512xf32>) outs(%c : memref<128x512xf32>)
  return
}

// -----

// What is emitted without regard to parts is the first part's.

// CHECK-LABEL: func.func private @bits
// CHECK-SAME:    index, %{{.*}}: index
// CODE-LABEL: func.func private @bits
// CODE-SAME:    %[[PART:[a-z0-9]*]]: index, %{{[a-z0-9]*}}: index)
// CODE:         %[[FIRST:.*]] = arith.cmpi eq, %[[PART]], %c0
// CODE:         scf.if %[[FIRST]] {
// CODE:           linalg.generic
func.func private @bits(%a: memref<65536xi1>) {
  %true = arith.constant true
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%a : memref<65536xi1>) {
  ^bb0(%x: i1):
    %0 = arith.xori %x, %true : i1
    linalg.yield %0 : i1
  }
  return
}

// -----

// Attention: threads share the tiles of all heads in order, 10 of 13 rows each.

// CODE-LABEL: func.func private @attention
// CODE-SAME:    %[[PART:[a-z0-9]*]]: index, %[[COUNT:[a-z0-9]*]]: index)
// CODE-DAG:     %[[TILES:.*]] = arith.constant 10
// CODE-DAG:     %[[ALL:.*]] = arith.constant 60
// CODE:         %[[SCALED:.*]] = arith.muli %[[PART]], %[[ALL]]
// CODE:         %[[BEGIN:.*]] = arith.divui %[[SCALED]], %[[COUNT]]
// CODE:         %[[FIRST:.*]] = arith.divui %[[BEGIN]], %[[TILES]]
// CODE:         scf.for %{{.*}} = %[[FIRST]] to
func.func private @attention(%q: memref<6x128x64xf32>, %o: memref<6x128x64xf32>) {
  hdp.attention ins(%q, %q, %q : memref<6x128x64xf32>, memref<6x128x64xf32>, memref<6x128x64xf32>)
      outs(%o : memref<6x128x64xf32>) {scale = 0.125}
  return
}

// -----

// Pruned attention is only marked.

// CHECK-LABEL: func.func private @pruned
// CHECK-SAME:    (%{{[a-z0-9]*}}: memref<6x128x64xf32>, %{{[a-z0-9]*}}: memref<6x128x64xf32>)
// CHECK-SAME:    hdp.threads
func.func private @pruned(%q: memref<6x128x64xf32>, %o: memref<6x128x64xf32>) {
  hdp.attention ins(%q, %q, %q : memref<6x128x64xf32>, memref<6x128x64xf32>, memref<6x128x64xf32>)
      outs(%o : memref<6x128x64xf32>) {scale = 0.125, policy = #hdp.policy<paper>}
  return
}

// -----

// Too little work, two ops, or callable from outside.

// CHECK-LABEL: func.func private @small
// CHECK-NOT:     hdp.split
// CHECK-LABEL: func.func private @two
// CHECK-NOT:     hdp.split
// CHECK-LABEL: func.func @public
// CHECK-NOT:     hdp.split
func.func private @small(%a: memref<1024xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%a : memref<1024xf32>) {
  ^bb0(%x: f32):
    linalg.yield %x : f32
  }
  return
}
func.func private @two(%a: memref<512x512xf32>, %b: memref<512x512xf32>) {
  linalg.matmul ins(%a, %a : memref<512x512xf32>, memref<512x512xf32>) outs(%b : memref<512x512xf32>)
  linalg.matmul ins(%a, %a : memref<512x512xf32>, memref<512x512xf32>) outs(%b : memref<512x512xf32>)
  return
}
func.func @public(%a: memref<512x512xf32>, %b: memref<512x512xf32>) {
  linalg.matmul ins(%a, %a : memref<512x512xf32>, memref<512x512xf32>) outs(%b : memref<512x512xf32>)
  return
}
