// Masks and biases keep their order: it decides what a row gives that is
// forbidden throughout. hdp-raise-check compares such rows with the originals.

// RUN: hdp-opt %s --hdp-raise-attention | FileCheck %s

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!m = tensor<2x8x8xi1>

// A row that holds both numbers attends to the larger one.
// CHECK-LABEL: func @two_numbers
// CHECK: %[[LESS:.*]] = arith.constant -1.32922792E+36 : f32
// CHECK: %[[INNER:.*]] = arith.select %{{.*}}, %{{.*}}, %[[LESS]]
// CHECK: %[[LOWEST:.*]] = arith.constant -3.40282347E+38 : f32
// CHECK: arith.select %{{.*}}, %[[INNER]], %[[LOWEST]]
// CHECK: hdp.attention
func.func @two_numbers(%q: !t, %k: !t, %v: !t, %pad: !m, %causal: !m, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -1.0e9 : f32
  %lower = arith.constant -3.4e38 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%pad, %causal, %s : !m, !m, !t) outs(%init : !t) {
  ^bb0(%c: i1, %d: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %a, %low : f32
    %1 = arith.select %d, %0, %lower : f32
    linalg.yield %1 : f32
  } -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// The bias comes after the selection, so it is added to its number too.
// CHECK-LABEL: func @bias_after
// CHECK: %[[S:.*]] = arith.select
// CHECK: arith.addf %[[S]]
// CHECK: hdp.attention
func.func @bias_after(%q: !t, %k: !t, %v: !t, %m: !m, %b: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -3.4e38 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %b, %s : !m, !t, !t) outs(%init : !t) {
  ^bb0(%c: i1, %d: f32, %a: f32, %out: f32):
    %0 = arith.select %c, %a, %low : f32
    %1 = arith.addf %0, %d : f32
    linalg.yield %1 : f32
  } -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// Twice the lowest number is -inf.
// CHECK-LABEL: func @scaled_mask
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<2x8x8xi1>
// CHECK: hdp.attention {{.*}} mask(%[[M]] : tensor<2x8x8xi1>)
func.func @scaled_mask(%q: !t, %k: !t, %v: !t, %m: !m, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %low = arith.constant -3.4e38 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %s : !m, !t) outs(%init : !t) {
  ^bb0(%c: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %a, %low : f32
    %1 = arith.mulf %0, %two : f32
    linalg.yield %1 : f32
  } -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// The exponentials go through another width on the way to sum and division;
// the values' product is narrowed before the division.
// CHECK-LABEL: func @widths
// CHECK: hdp.attention
// CHECK-NOT: linalg.batch_matmul
func.func @widths(%q: !t, %k: !t, %v: !t, %init: !t, %wide: tensor<2x8x8xf64>, %narrow: tensor<2x8x8xf16>, %rows: tensor<2x8xf32>) -> tensor<2x8x8xf16> {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %fillr = linalg.fill ins(%zero : f32) outs(%rows : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %e = linalg.exp ins(%s : !t) outs(%init : !t) -> !t
  %w = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%e : !t) outs(%wide : tensor<2x8x8xf64>) {
  ^bb0(%a: f32, %out: f64):
    %0 = arith.extf %a : f32 to f64
    linalg.yield %0 : f64
  } -> tensor<2x8x8xf64>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%w : tensor<2x8x8xf64>) outs(%init : !t) {
  ^bb0(%a: f64, %out: f32):
    %0 = arith.truncf %a : f64 to f32
    linalg.yield %0 : f32
  } -> !t
  %z = linalg.reduce {arith.addf} ins(%n : !t) outs(%fillr : tensor<2x8xf32>) dimensions = [2]
  %o = linalg.batch_matmul ins(%n, %v : !t, !t) outs(%fill : !t) -> !t
  %h = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%o : !t) outs(%narrow : tensor<2x8x8xf16>) {
  ^bb0(%a: f32, %out: f16):
    %0 = arith.truncf %a : f32 to f16
    linalg.yield %0 : f16
  } -> tensor<2x8x8xf16>
  %d = linalg.generic {indexing_maps = [#id, affine_map<(b, i, j) -> (b, i)>, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%h, %z : tensor<2x8x8xf16>, tensor<2x8xf32>) outs(%narrow : tensor<2x8x8xf16>) {
  ^bb0(%a: f16, %b: f32, %out: f16):
    %0 = arith.truncf %b : f32 to f16
    %1 = arith.divf %a, %0 : f16
    linalg.yield %1 : f16
  } -> tensor<2x8x8xf16>
  return %d : tensor<2x8x8xf16>
}
