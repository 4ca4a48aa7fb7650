// RUN: hdp-opt %s --hdp-linalg-to-loops --verify-diagnostics
// RUN: not hdp-opt %s --hdp-linalg-to-loops=unroll=0 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not hdp-opt %s --hdp-cpu-pipeline=unroll=-3 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not hdp-opt %s --hdp-linalg-to-loops=unroll=65 2>&1 | FileCheck %s --check-prefix=MANY
// NONE: linalg-to-loops-invalid.mlir:{{.*}}: error: expected unroll from 1 to 64, found 0
// NEGATIVE: linalg-to-loops-invalid.mlir:{{.*}}: error: expected unroll from 1 to 64, found -3
// MANY: linalg-to-loops-invalid.mlir:{{.*}}: error: expected unroll from 1 to 64, found 65

func.func @on_tensors(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{must be on buffers to become loops}}
  %0 = linalg.exp ins(%a : tensor<4xf32>) outs(%a : tensor<4xf32>)
      -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
