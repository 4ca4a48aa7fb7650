// Every op on buffers becomes a call; equal ones share a function.
// RUN: hdp-opt %s --hdp-outline-kernels --split-input-file | FileCheck %s
// RUN: hdp-opt %s --hdp-outline-kernels=fuse --split-input-file | FileCheck %s --check-prefix=FUSE

#id = affine_map<(i) -> (i)>

// CHECK-LABEL: @equal_layers
// CHECK: %[[B:.*]] = memref.alloc
// CHECK: %[[C:.*]] = memref.alloc
// CHECK: call @[[KERNEL:[a-z_0-9]*]](%{{.*}}, %[[B]])
// CHECK: scf.for
// CHECK:   call @[[KERNEL]](%[[B]], %[[C]])
// CHECK-NOT: linalg.generic
func.func @equal_layers(%a: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %two = arith.constant 2.0 : f32
  %b = memref.alloc() : memref<4xf32>
  %c = memref.alloc() : memref<4xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%a : memref<4xf32>) outs(%b : memref<4xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.mulf %x, %two : f32
    linalg.yield %r : f32
  }
  scf.for %i = %c0 to %c1 step %c1 {
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%b : memref<4xf32>) outs(%c : memref<4xf32>) {
    ^bb0(%x: f32, %y: f32):
      %r = arith.mulf %x, %two : f32
      linalg.yield %r : f32
    }
  }
  return
}
// The constant is inside; what is written overlaps nothing.
// CHECK: func.func private @[[KERNEL]](%{{.*}}: memref<4xf32>, %{{.*}}: memref<4xf32> {llvm.noalias})
// CHECK-SAME: llvm.bareptr
// CHECK-SAME: noinline
// CHECK:   arith.constant 2.000000e+00
// CHECK:   linalg.generic
// CHECK-NOT: func.func private

// -----

// One buffer is one argument, views of one buffer may overlap.
// CHECK-LABEL: @overlapping
// CHECK: call @[[INPLACE:[a-z_0-9]*]](%[[A:.*]]) :
// CHECK: call @[[VIEWS:[a-z_0-9]*]](%{{.*}}, %{{.*}}) :
// CHECK: func.func private @[[INPLACE]](%{{.*}}: memref<8xf32> {llvm.noalias})
// CHECK: func.func private @[[VIEWS]](%{{.*}}: memref<4xf32>, %{{.*}}: memref<4xf32, strided<[1], offset: 2>>)
func.func @overlapping() {
  %a = memref.alloc() : memref<8xf32>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%a : memref<8xf32>) outs(%a : memref<8xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = math.exp %x : f32
    linalg.yield %r : f32
  }
  %low = memref.subview %a[0] [4] [1] : memref<8xf32> to memref<4xf32>
  %high = memref.subview %a[2] [4] [1]
      : memref<8xf32> to memref<4xf32, strided<[1], offset: 2>>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%low : memref<4xf32>)
      outs(%high : memref<4xf32, strided<[1], offset: 2>>) {
  ^bb0(%x: f32, %y: f32):
    linalg.yield %x : f32
  }
  return
}

// -----

// What a loop or a branch carries may be the allocation itself, and two
// arguments of a function may be one buffer.
// CHECK-LABEL: @carried
// CHECK-NOT: llvm.noalias
// CHECK-LABEL: @branched
// CHECK-NOT: llvm.noalias
// CHECK: func.func private @hdp_kernel_0(
// CHECK-NOT: llvm.noalias
// CHECK: linalg.generic
func.func @carried(%a: memref<4xf32>, %b: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = memref.alloc() : memref<4xf32>
  %r = scf.for %i = %c0 to %c1 step %c1 iter_args(%x = %m) -> memref<4xf32> {
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                     affine_map<(i) -> (i)>],
                    iterator_types = ["parallel"]}
        ins(%x : memref<4xf32>) outs(%m : memref<4xf32>) {
    ^bb0(%u: f32, %v: f32):
      linalg.yield %u : f32
    }
    scf.yield %x : memref<4xf32>
  }
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%a : memref<4xf32>) outs(%b : memref<4xf32>) {
  ^bb0(%u: f32, %v: f32):
    linalg.yield %u : f32
  }
  return
}
func.func @branched() {
  %m = memref.alloc() : memref<4xf32>
  cf.br ^next(%m : memref<4xf32>)
^next(%x: memref<4xf32>):
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%x : memref<4xf32>) outs(%m : memref<4xf32>) {
  ^bb0(%u: f32, %v: f32):
    linalg.yield %u : f32
  }
  return
}

// -----

// What a body uses from outside is an argument; dynamic sizes keep descriptors.
// CHECK-LABEL: @captured
// CHECK: call @[[GATHER:[a-z_0-9]*]](%{{.*}}, %{{.*}}, %{{.*}}) : (memref<?xi64>, memref<?xf32>, memref<?x4xf32>) -> ()
// CHECK: func.func private @[[GATHER]]
// CHECK-NOT: llvm.bareptr
// CHECK: linalg.generic
// CHECK: memref.load
func.func @captured(%table: memref<?x4xf32>, %ids: memref<?xi64>,
                    %out: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%ids : memref<?xi64>) outs(%out : memref<?xf32>) {
  ^bb0(%id: i64, %y: f32):
    %row = arith.index_cast %id : i64 to index
    %x = memref.load %table[%row, %c0] : memref<?x4xf32>
    linalg.yield %x : f32
  }
  return
}

// -----

// A strided copy is a kernel, a plain one stays.
// CHECK-LABEL: @copies
// CHECK: memref.copy {{.*}} : memref<4x4xf32> to memref<4x4xf32>
// CHECK: call @hdp_kernel_0
// CHECK: func.func private @hdp_kernel_0
// CHECK: linalg.generic
func.func @copies(%a: memref<4x4xf32>, %b: memref<4x4xf32>,
                  %c: memref<4x4xf32, strided<[1, 4]>>) {
  memref.copy %a, %b : memref<4x4xf32> to memref<4x4xf32>
  memref.copy %a, %c : memref<4x4xf32> to memref<4x4xf32, strided<[1, 4]>>
  return
}

// -----

// CHECK-LABEL: @attention
// CHECK-NOT: hdp.attention
// CHECK: call @[[ATTENTION:[a-z_0-9]*]](
// CHECK: func.func private @[[ATTENTION]]
// CHECK: hdp.attention
func.func @attention(%q: memref<2x4x8xf32>, %o: memref<2x4x8xf32>) {
  hdp.attention ins(%q, %q, %q : memref<2x4x8xf32>, memref<2x4x8xf32>,
                                 memref<2x4x8xf32>)
      outs(%o : memref<2x4x8xf32>) {scale = 0.125}
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

// A product with what its sums begin with and what becomes of them.

// FUSE-LABEL: @product
// FUSE:         memref.alloc
// FUSE:         memref.alloc
// FUSE-NOT:     linalg.generic
// FUSE:         call @[[KERNEL:[a-z_0-9]*]](
// FUSE-NOT:     call
// FUSE:         return
// FUSE:       func.func private @[[KERNEL]](
// FUSE-SAME:    hdp.product
// FUSE-COUNT-3: linalg.generic
// CHECK-LABEL: @product
// CHECK-COUNT-3: call
func.func @product(%a: memref<8x16xf32>, %b: memref<16x32xf32>, %v: memref<32xf32>) -> memref<8x32xf32> {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<8x32xf32>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%c : memref<8x32xf32>) {
  ^bb0(%o: f32):
    linalg.yield %zero : f32
  }
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<8x16xf32>, memref<16x32xf32>) outs(%c : memref<8x32xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  %d = memref.alloc() : memref<8x32xf32>
  linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c, %v : memref<8x32xf32>, memref<32xf32>) outs(%d : memref<8x32xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  }
  memref.dealloc %c : memref<8x32xf32>
  return %d : memref<8x32xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#swap = affine_map<(i, j) -> (j, i)>

// Somebody else reads the sums; the result is a factor; it is read in another
// order; something happens in between.

// FUSE-LABEL: @apart
// FUSE-COUNT-8: call @
// FUSE:         return
// FUSE-NOT:     hdp.product
func.func @apart(%a: memref<16x16xf32>, %r: memref<16x16xf32>) -> memref<16x16xf32> {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<16x16xf32>
  %d = memref.alloc() : memref<16x16xf32>
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %a : memref<16x16xf32>, memref<16x16xf32>) outs(%c : memref<16x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<16x16xf32>) outs(%d : memref<16x16xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = math.absf %x : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%d, %c : memref<16x16xf32>, memref<16x16xf32>) outs(%r : memref<16x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  %f = memref.alloc() : memref<16x16xf32>
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%d, %c : memref<16x16xf32>, memref<16x16xf32>) outs(%f : memref<16x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%f : memref<16x16xf32>) outs(%d : memref<16x16xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = math.absf %x : f32
    linalg.yield %s : f32
  }
  %g = memref.alloc() : memref<16x16xf32>
  %h = memref.alloc() : memref<16x16xf32>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%g : memref<16x16xf32>) {
  ^bb0(%o: f32):
    linalg.yield %zero : f32
  }
  memref.copy %a, %r : memref<16x16xf32> to memref<16x16xf32>
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%d, %c : memref<16x16xf32>, memref<16x16xf32>) outs(%g : memref<16x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#swap, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g : memref<16x16xf32>) outs(%h : memref<16x16xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  }
  memref.dealloc %c : memref<16x16xf32>
  memref.dealloc %d : memref<16x16xf32>
  memref.dealloc %f : memref<16x16xf32>
  memref.dealloc %g : memref<16x16xf32>
  return %h : memref<16x16xf32>
}
