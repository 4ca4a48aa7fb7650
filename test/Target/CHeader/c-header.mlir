// Declarations for every kind of argument and result, and how they are called.
// RUN: hdp-translate --hdp-to-c-header %s | FileCheck %s
// RUN: hdp-translate --hdp-to-c-header %s -o %t.h
// RUN: clang -x c -std=c99 -Wall -Wextra -Werror -fsyntax-only -include %t.h /dev/null
// RUN: g++ -x c++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only -include %t.h /dev/null

// CHECK: #pragma once
// CHECK: typedef struct {
// CHECK-NEXT: float *allocated, *data;
// CHECK-NEXT: int64_t offset, sizes[2], strides[2];
// CHECK-NEXT: } hdp_f32_2;
// CHECK: static inline hdp_f32_2 hdp_make_f32_2(float *data, int64_t size0, int64_t size1) {
// CHECK-NEXT: hdp_f32_2 tensor = {data, data, 0, {size0, size1}, {size1, 1}};
// CHECK: uint16_t *allocated, *data;
// CHECK-NEXT: int64_t offset, sizes[3], strides[3];
// CHECK-NEXT: } hdp_bf16_3;
// CHECK: {size1 * size2, size2, 1}
// CHECK: int64_t offset;
// CHECK-NEXT: } hdp_i32_0;

// CHECK: /* one(tensor<?x4xf32>) -> tensor<?x4xf32> */
// CHECK-NEXT: void _mlir_ciface_one(hdp_f32_2 *result, hdp_f32_2 *arg0);
// CHECK-NEXT: static inline hdp_f32_2 hdp_call_one(hdp_f32_2 arg0) {
// CHECK-NEXT: hdp_f32_2 result;
// CHECK-NEXT: _mlir_ciface_one(&result, &arg0);
// CHECK-NEXT: return result;
func.func @one(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  return %x : tensor<?x4xf32>
}

// CHECK: typedef struct {
// CHECK-NEXT: hdp_bf16_3 result0;
// CHECK-NEXT: bool result1;
// CHECK-NEXT: } hdp_two_results;
// CHECK-NEXT: void _mlir_ciface_two(hdp_two_results *result, hdp_bf16_3 *arg0, bool arg1, int64_t arg2);
// CHECK-NEXT: static inline hdp_two_results hdp_call_two(hdp_bf16_3 arg0, bool arg1, int64_t arg2) {
func.func @two(%x: memref<2x3x4xbf16>, %y: i1, %z: index)
    -> (memref<2x3x4xbf16>, i1) {
  return %x, %y : memref<2x3x4xbf16>, i1
}

// CHECK: double _mlir_ciface_scalar(hdp_i32_0 *arg0, double arg1);
// CHECK: return _mlir_ciface_scalar(&arg0, arg1);
func.func @scalar(%x: tensor<i32>, %y: f64) -> f64 {
  return %y : f64
}

// CHECK: void _mlir_ciface_none(void);
// CHECK-NEXT: static inline void hdp_call_none(void) {
// CHECK-NEXT: _mlir_ciface_none();
func.func @none() {
  return
}

// CHECK-NOT: hidden
func.func private @hidden(%x: tensor<4xcomplex<f32>>) {
  return
}
