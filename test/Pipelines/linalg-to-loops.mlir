// Loops, with the reduction around an innermost parallel loop unrolled.
// RUN: hdp-opt %s --hdp-linalg-to-loops=unroll=3 --canonicalize \
// RUN:   --split-input-file | FileCheck %s
// RUN: hdp-opt %s --hdp-linalg-to-loops=unroll=1 --split-input-file \
// RUN:   | FileCheck %s --check-prefix=ONE

// Three steps in one pass, the last two in a loop of their own. The second
// step loads after the first has stored: the sum keeps its order.
// CHECK-LABEL: @matmul
// CHECK-SAME: %[[A:.*]]: memref<3x11xf32>, %[[B:.*]]: memref<11x8xf32>, %[[C:.*]]: memref<3x8xf32>
// CHECK: scf.for %[[M:.*]] =
// CHECK:   scf.for %[[K:.*]] = %{{.*}} to %[[SPLIT:[^ ]*]] step %{{.*}} {
// CHECK:     %[[K1:.*]] = arith.addi %[[K]]
// CHECK:     scf.for %[[N:.*]] =
// CHECK:       memref.load %[[A]][%[[M]], %[[K]]]
// CHECK:       memref.store %{{.*}}, %[[C]][%[[M]], %[[N]]]
// CHECK:       memref.load %[[A]][%[[M]], %[[K1]]]
// CHECK:       memref.store %{{.*}}, %[[C]][%[[M]], %[[N]]]
// CHECK:   scf.for %{{.*}} = %[[SPLIT]] to
// ONE-LABEL: @matmul
// ONE-COUNT-3: scf.for
// ONE-NOT: scf.for
func.func @matmul(%a: memref<3x11xf32>, %b: memref<11x8xf32>,
                  %c: memref<3x8xf32>) {
  linalg.generic {
      indexing_maps = [affine_map<(m, k, n) -> (m, k)>,
                       affine_map<(m, k, n) -> (k, n)>,
                       affine_map<(m, k, n) -> (m, n)>],
      iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<3x11xf32>, memref<11x8xf32>)
      outs(%c : memref<3x8xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// An innermost reduction stays as it is.
// CHECK-LABEL: @row_sum
// ONE-LABEL: @row_sum
// CHECK-COUNT-2: scf.for
// CHECK-NOT: scf.for
func.func @row_sum(%a: memref<?x?xf32>, %c: memref<?xf32>) {
  linalg.reduce { arith.addf } ins(%a : memref<?x?xf32>)
      outs(%c : memref<?xf32>) dimensions = [1]
  return
}
