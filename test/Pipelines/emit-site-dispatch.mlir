// The wrapper of a site hands its descriptors to the host in an array.
// RUN: hdp-opt %s --hdp-emit-site-dispatch | FileCheck %s

// CHECK: llvm.func @hdp_dispatch_site(i64, !llvm.ptr)
// CHECK: llvm.func internal @_mlir_ciface_hdp_site_7(%[[A:.*]]: !llvm.ptr, %[[B:.*]]: !llvm.ptr)
// CHECK:   %[[ARRAY:.*]] = llvm.alloca
// CHECK:   %[[FIRST:.*]] = llvm.getelementptr %[[ARRAY]][0]
// CHECK:   llvm.store %[[A]], %[[FIRST]]
// CHECK:   %[[SECOND:.*]] = llvm.getelementptr %[[ARRAY]][1]
// CHECK:   llvm.store %[[B]], %[[SECOND]]
// CHECK:   %[[ID:.*]] = llvm.mlir.constant(7 : i64)
// CHECK:   llvm.call @hdp_dispatch_site(%[[ID]], %[[ARRAY]])
llvm.func @_mlir_ciface_hdp_site_7(!llvm.ptr, !llvm.ptr)

// CHECK: llvm.func @other(!llvm.ptr)
llvm.func @other(!llvm.ptr)
