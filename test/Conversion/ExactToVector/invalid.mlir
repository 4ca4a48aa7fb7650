// RUN: not hdp-opt %s --convert-exact-attention-to-vector=target=sse9 2>&1 | FileCheck %s
// CHECK: error: expected target host, amx, avx512-bf16, avx512, avx-vnni, avx2 or portable, found 'sse9'
// CHECK-NOT: note:
module {
}
