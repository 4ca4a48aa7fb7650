// RUN: not hdp-opt %s --hdp-linalg-to-vector=target=avx1024 2>&1 | FileCheck %s
// RUN: not hdp-opt %s --hdp-cpu-pipeline=target=avx1024 2>&1 | FileCheck %s
// CHECK: error: expected target {{(any, )?}}host, amx, avx512-bf16, avx512, avx-vnni, avx2 or portable, found 'avx1024'
// CHECK-NOT: note:
module {
}
