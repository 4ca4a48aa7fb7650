// RUN: hdp-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// An init is overwritten: no copy is made of what it held, and the op becomes
// its form on memrefs.
// CHECK-LABEL: func @attention
// CHECK-SAME: (%[[Q:.*]]: memref<5x8xf32>, %[[M:.*]]: memref<1x5xi1>)
// CHECK: %[[O:.*]] = memref.alloc
// CHECK-NOT: memref.copy
// CHECK: hdp.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) mask(%[[M]] : memref<1x5xi1>) outs(%[[O]] : memref<5x8xf32>) {scale = 1.000000e+00 : f64}
// CHECK-NEXT: return %[[O]]
func.func @attention(%q: tensor<5x8xf32>, %m: tensor<1x5xi1>) -> tensor<5x8xf32> {
  %o = tensor.empty() : tensor<5x8xf32>
  %0 = hdp.attention ins(%q, %q, %q : tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>) mask(%m : tensor<1x5xi1>) outs(%o : tensor<5x8xf32>) {scale = 1.0} -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// The tensor that held the init before is still read: it gets a copy's place.
// CHECK-LABEL: func @read_after
// CHECK-SAME: (%[[X:.*]]: memref<5x8xf32>)
// CHECK: %[[NEW:.*]] = memref.alloc
// CHECK: hdp.attention {{.*}} outs(%[[NEW]]
// CHECK: return %[[NEW]], %[[X]]
func.func @read_after(%x: tensor<5x8xf32>) -> (tensor<5x8xf32>, tensor<5x8xf32>) {
  %0 = hdp.attention ins(%x, %x, %x : tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>) outs(%x : tensor<5x8xf32>) {scale = 1.0} -> tensor<5x8xf32>
  return %0, %x : tensor<5x8xf32>, tensor<5x8xf32>
}

// CHECK-LABEL: func @several_results
// CHECK: hdp.split <query> ins(%{{.*}} : memref<5x8xf32>) outs(%[[I:.*]], %[[F:.*]], %[[S:.*]] : memref<5x8xi8>, memref<5x8xi16>, memref<i32>)
// CHECK: return %[[I]], %[[F]]
func.func @several_results(%x: tensor<5x8xf32>) -> (tensor<5x8xi8>, tensor<5x8xi16>) {
  %i = tensor.empty() : tensor<5x8xi8>
  %f = tensor.empty() : tensor<5x8xi16>
  %s = tensor.empty() : tensor<i32>
  %0:3 = hdp.split <query> ins(%x : tensor<5x8xf32>) outs(%i, %f, %s : tensor<5x8xi8>, tensor<5x8xi16>, tensor<i32>) {policy = #hdp.policy<paper>} -> tensor<5x8xi8>, tensor<5x8xi16>, tensor<i32>
  return %0#0, %0#1 : tensor<5x8xi8>, tensor<5x8xi16>
}
