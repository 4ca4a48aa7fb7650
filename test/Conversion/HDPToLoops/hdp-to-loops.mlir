// RUN: hdp-opt %s --convert-hdp-to-loops --canonicalize | FileCheck %s

// N1, N2: a static exponent is a constant; NaN becomes 0 and codes are clamped.
// CHECK-LABEL: func @split_static
// CHECK-SAME: (%[[X:.*]]: memref<5x8xf32>, %[[I:.*]]: memref<5x8xi8>, %[[F:.*]]: memref<5x8xi16>, %[[S:.*]]: memref<i32>)
// CHECK-DAG: %[[EXPONENT:.*]] = arith.constant 3 : i32
// CHECK-DAG: %[[FACTOR:.*]] = arith.constant 2.048000e+03 : f64
// CHECK-DAG: memref.store %[[EXPONENT]], %[[S]][] : memref<i32>
// CHECK: scf.for %[[ROW:.*]] =
// CHECK: scf.for %[[T:.*]] =
// CHECK: %[[V:.*]] = memref.load %[[X]][%[[ROW]], %[[T]]] : memref<5x8xf32>
// CHECK: %[[W:.*]] = arith.extf %[[V]] : f32 to f64
// CHECK: %[[P:.*]] = arith.mulf %[[W]], %[[FACTOR]] : f64
// CHECK: arith.cmpf uno, %[[P]], %[[P]] : f64
// CHECK: math.roundeven
// CHECK: %[[CODE:.*]] = arith.fptosi
// CHECK: arith.shrsi %[[CODE]]
// CHECK: memref.store %{{.*}}, %[[I]][%[[ROW]], %[[T]]] : memref<5x8xi8>
// CHECK: memref.store %{{.*}}, %[[F]][%[[ROW]], %[[T]]] : memref<5x8xi16>
func.func @split_static(%x: memref<5x8xf32>, %i: memref<5x8xi8>, %f: memref<5x8xi16>, %s: memref<i32>) {
  hdp.split <query> ins(%x : memref<5x8xf32>) outs(%i, %f, %s : memref<5x8xi8>, memref<5x8xi16>, memref<i32>) {policy = #hdp.policy<paper, sq = 3>}
  return
}

// N13: four query heads on two.
// CHECK-LABEL: func @grouped_heads
// CHECK-SAME: (%[[O:.*]]: memref<4x5x8xi16>, %[[S:.*]]: memref<2xi32>
// CHECK: scf.for %[[HEAD:.*]] =
// CHECK: %[[KEY:.*]] = arith.divsi %[[HEAD]], %c2
// CHECK: memref.load %[[S]][%[[KEY]]] : memref<2xi32>
func.func @grouped_heads(%o: memref<4x5x8xi16>, %s: memref<2xi32>, %x: memref<4x5x8xf32>) {
  hdp.dequantize ins(%o, %s : memref<4x5x8xi16>, memref<2xi32>) outs(%x : memref<4x5x8xf32>)
  return
}

// N4: NaN in a bias is an error where the position is read.
// CHECK-LABEL: func @bias
// CHECK: %[[NAN:.*]] = arith.cmpf uno
// CHECK: %[[NUMBER:.*]] = arith.xori %[[NAN]], %true
// CHECK: cf.assert %[[NUMBER]], "expected a bias without NaN, found NaN"
func.func @bias(%b: memref<1x7xf32>, %s: memref<i32>, %valid: memref<5x7xi1>, %units: memref<5x7xi32>) {
  hdp.validity bias(%b, %s, %s : memref<1x7xf32>, memref<i32>, memref<i32>) outs(%valid : memref<5x7xi1>) bias_out(%units : memref<5x7xi32>) {policy = #hdp.policy<compensated>, scale = 0.125}
  return
}

// N8: scores are computed only at valid positions of kept blocks.
// CHECK-LABEL: func @kept_scores
// CHECK-SAME: %[[KEPT:[a-z0-9]*]]: memref<3x4xi1>, %[[VALID:[a-z0-9]*]]: memref<5x7xi1>
// CHECK: scf.for %[[I:.*]] =
// CHECK: scf.for %[[J:.*]] =
// CHECK-DAG: %[[R:.*]] = arith.divui %[[I]], %c2
// CHECK-DAG: %[[C:.*]] = arith.divui %[[J]], %c2
// CHECK: %[[K:.*]] = memref.load %[[KEPT]][%[[R]], %[[C]]] : memref<3x4xi1>
// CHECK: %[[V:.*]] = memref.load %[[VALID]][%[[I]], %[[J]]] : memref<5x7xi1>
// CHECK: %[[BOTH:.*]] = arith.andi %[[K]], %[[V]] : i1
// CHECK: scf.if %[[BOTH]] -> (i32)
// CHECK: scf.for
func.func @kept_scores(%qi: memref<5x8xi8>, %ki: memref<7x8xi8>, %qf: memref<5x8xi16>, %kf: memref<7x8xi16>, %kept: memref<3x4xi1>, %valid: memref<5x7xi1>, %s: memref<5x7xi32>) {
  hdp.split_matmul <full> ins(%qi, %ki : memref<5x8xi8>, memref<7x8xi8>) fraction(%qf, %kf : memref<5x8xi16>, memref<7x8xi16>) where(%kept, %valid : memref<3x4xi1>, memref<5x7xi1>) outs(%s : memref<5x7xi32>) {policy = #hdp.policy<compensated>}
  return
}

// Exact attention: float loops, scratch freed.
// CHECK-LABEL: func @exact
// CHECK-COUNT-3: memref.alloc
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.divf
// CHECK-COUNT-3: memref.dealloc
func.func @exact(%q: memref<5x8xf32>, %o: memref<5x8xf32>) {
  hdp.attention ins(%q, %q, %q : memref<5x8xf32>, memref<5x8xf32>, memref<5x8xf32>) outs(%o : memref<5x8xf32>) {scale = 0.125}
  return
}
