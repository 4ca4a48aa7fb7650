// Public functions get their C wrapper and arguments that are not written to.
// RUN: hdp-opt %s --hdp-prepare-entry-points | FileCheck %s

// CHECK: func.func @entry(
// CHECK-SAME: tensor<4xf32> {bufferization.writable = false}, %{{.*}}: f32)
// CHECK-SAME: attributes {llvm.emit_c_interface}
func.func @entry(%a: tensor<4xf32>, %s: f32) {
  return
}

// CHECK: func.func private @helper(%{{.*}}: tensor<4xf32>) {
func.func private @helper(%a: tensor<4xf32>) {
  return
}

// CHECK: func.func private @external(tensor<4xf32>)
// CHECK-NOT: llvm.emit_c_interface
func.func private @external(tensor<4xf32>)
