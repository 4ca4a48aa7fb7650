// RUN: not hdp-opt %s --convert-hdp-to-vector=target=vax 2>&1 | FileCheck %s

// CHECK: error: expected target host, amx, avx512-bf16, avx512, avx-vnni, avx2 or portable, found 'vax'
// CHECK-NOT: note:
module {}
