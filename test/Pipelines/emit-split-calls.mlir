// RUN: hdp-opt %s --hdp-cpu-pipeline="threads=true target=avx512" | FileCheck %s
// RUN: hdp-opt %s --hdp-cpu-pipeline="threads=true target=any" | FileCheck %s --check-prefix=VARIANTS

// The arguments go into a struct, which every part reads.

// CHECK-DAG:   llvm.func @hdp_parallel(!llvm.ptr, !llvm.ptr, i64)
// CHECK-DAG:   llvm.func @hdp_threads() -> i64
// CHECK:       llvm.func internal @hdp_part_hdp_kernel_0(%[[CONTEXT:.*]]: !llvm.ptr, %[[INDEX:.*]]: i64, %[[COUNT:.*]]: i64)
// CHECK:         %[[FIELD:.*]] = llvm.getelementptr %[[CONTEXT]][0, 0]
// CHECK:         %[[VALUE:.*]] = llvm.load %[[FIELD]]
// CHECK:         llvm.call @hdp_kernel_0(%[[VALUE]], {{.*}}, %[[INDEX]], %[[COUNT]])
// CHECK:       llvm.func @matmul
// CHECK:         llvm.call @hdp_split_hdp_kernel_0
// CHECK:       llvm.func internal @hdp_split_hdp_kernel_0
// CHECK:         %[[STRUCT:.*]] = llvm.alloca
// CHECK:         %[[PART:.*]] = llvm.mlir.addressof @hdp_part_hdp_kernel_0
// CHECK:         %[[THREADS:.*]] = llvm.call @hdp_threads()
// CHECK:         llvm.call @hdp_parallel(%[[PART]], %[[STRUCT]], %[[THREADS]])

// Of several variants, threads call the function that chooses, with their part.
// VARIANTS:     llvm.func internal @hdp_part_hdp_kernel_0
// VARIANTS:       llvm.call @hdp_kernel_0(
// VARIANTS:     llvm.func internal @hdp_kernel_0(
// VARIANTS:       llvm.call @hdp_targets
// VARIANTS:       llvm.call @hdp_kernel_0_avx_vnni(

func.func @matmul(%a: tensor<128x64xf32>, %b: tensor<64x512xf32>, %c: tensor<128x512xf32>) -> tensor<128x512xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<128x64xf32>, tensor<64x512xf32>)
      outs(%c : tensor<128x512xf32>) -> tensor<128x512xf32>
  return %0 : tensor<128x512xf32>
}
