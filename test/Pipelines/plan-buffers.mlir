// Buffers that a block allocates and frees share one allocation; those whose
// lives do not overlap share a place.
// RUN: hdp-opt %s --hdp-plan-buffers --split-input-file | FileCheck %s

func.func private @use(memref<16xf32>)
func.func private @both(memref<16xf32>, memref<16xf32>)

// The third begins when the first has ended.
// CHECK-LABEL: @chain
// CHECK: %[[ALL:.*]] = memref.alloc() {alignment = 64 : i64} : memref<128xi8>
// CHECK: %[[C0:.*]] = arith.constant 0 : index
// CHECK: %[[A:.*]] = memref.view %[[ALL]][%[[C0]]][] : memref<128xi8> to memref<16xf32>
// CHECK: call @use(%[[A]])
// CHECK: %[[C64:.*]] = arith.constant 64 : index
// CHECK: %[[B:.*]] = memref.view %[[ALL]][%[[C64]]][]
// CHECK: call @both(%[[A]], %[[B]])
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: %[[C:.*]] = memref.view %[[ALL]][%[[ZERO]]][]
// CHECK: call @both(%[[B]], %[[C]])
// CHECK: memref.dealloc %[[ALL]]
// CHECK-NOT: dealloc
// CHECK: return
func.func @chain() {
  %a = memref.alloc() {alignment = 64 : i64} : memref<16xf32>
  func.call @use(%a) : (memref<16xf32>) -> ()
  %b = memref.alloc() : memref<16xf32>
  func.call @both(%a, %b) : (memref<16xf32>, memref<16xf32>) -> ()
  %c = memref.alloc() : memref<16xf32>
  func.call @both(%b, %c) : (memref<16xf32>, memref<16xf32>) -> ()
  memref.dealloc %a : memref<16xf32>
  memref.dealloc %b : memref<16xf32>
  memref.dealloc %c : memref<16xf32>
  return
}

// -----

func.func private @use(memref<16xf32>)
func.func private @first(memref<4xf32>)

// A use of a view is a use, and so is one in a loop.
// CHECK-LABEL: @views
// CHECK: memref.alloc() {alignment = 64 : i64} : memref<192xi8>
func.func @views(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  %v = memref.subview %a[0] [4] [1] : memref<16xf32> to memref<4xf32>
  func.call @use(%b) : (memref<16xf32>) -> ()
  %c = memref.alloc() : memref<16xf32>
  func.call @use(%c) : (memref<16xf32>) -> ()
  scf.for %i = %c0 to %n step %c1 {
    func.call @first(%v) : (memref<4xf32>) -> ()
    func.call @use(%b) : (memref<16xf32>) -> ()
  }
  memref.dealloc %a : memref<16xf32>
  memref.dealloc %b : memref<16xf32>
  memref.dealloc %c : memref<16xf32>
  return
}

// -----

func.func private @use(memref<?xf32>)

// Of unknown size: freed behind its last use.
// CHECK-LABEL: @dynamic
// CHECK: %[[A:.*]] = memref.alloc(
// CHECK: call @use(%[[A]])
// CHECK-NEXT: memref.dealloc %[[A]]
// CHECK-NEXT: %[[B:.*]] = memref.alloc(
// CHECK: call @use(%[[B]])
// CHECK-NEXT: memref.dealloc %[[B]]
func.func @dynamic(%n: index) {
  %a = memref.alloc(%n) : memref<?xf32>
  func.call @use(%a) : (memref<?xf32>) -> ()
  %b = memref.alloc(%n) : memref<?xf32>
  func.call @use(%b) : (memref<?xf32>) -> ()
  memref.dealloc %a : memref<?xf32>
  memref.dealloc %b : memref<?xf32>
  return
}

// -----

func.func private @use(memref<16xf32>)
func.func private @keep(memref<16xf32>) -> memref<16xf32>

// What is returned, chosen between, kept by a call, freed in some cases only or
// known by its address stays where it is.
// CHECK-LABEL: @stay
// CHECK-COUNT-6: memref.alloc() : memref<16xf32>
// CHECK-NOT: memref.view
func.func @stay(%p: i1) -> (memref<16xf32>, index, f32) {
  %c0 = arith.constant 0 : index
  %a = memref.alloc() : memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  %c = memref.alloc() : memref<16xf32>
  %d = memref.alloc() : memref<16xf32>
  %e = memref.alloc() : memref<16xf32>
  %f = memref.alloc() : memref<16xf32>
  %k = func.call @keep(%b) : (memref<16xf32>) -> memref<16xf32>
  %s = arith.select %p, %c, %d : memref<16xf32>
  func.call @use(%s) : (memref<16xf32>) -> ()
  %x = memref.load %s[%c0] : memref<16xf32>
  scf.if %p {
    memref.dealloc %e : memref<16xf32>
  }
  %address = memref.extract_aligned_pointer_as_index %f : memref<16xf32> -> index
  memref.dealloc %b : memref<16xf32>
  memref.dealloc %c : memref<16xf32>
  memref.dealloc %d : memref<16xf32>
  memref.dealloc %f : memref<16xf32>
  return %a, %address, %x : memref<16xf32>, index, f32
}
