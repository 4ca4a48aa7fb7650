// Near misses: each function is attention but for one thing, which is the
// reason of its remark. Nothing here may become hdp.attention.

// RUN: hdp-opt %s --hdp-raise-attention --remarks-filter=hdp --verify-diagnostics --split-input-file -o %t
// RUN: FileCheck %s --input-file=%t --implicit-check-not=hdp.attention
// CHECK: func.func @softmax_over_rows

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @softmax_over_rows(%q: !t, %k: !t, %v: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(1) ins(%s : !t) outs(%init : !t) -> !t
  // expected-remark @below {{softmax-axis: the softmax's sum runs over another dimension than the one the second contraction sums over}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

// The row sums of another tensor of the same shape.
#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, i, j) -> (b, i)>
!t = tensor<2x8x8xf32>
!r = tensor<2x8xf32>

func.func @sum_of_another_tensor(%q: !t, %k: !t, %v: !t, %other: !t, %init: !t, %rows: !r) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %fillr = linalg.fill ins(%zero : f32) outs(%rows : !r) -> !r
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %e = linalg.exp ins(%s : !t) outs(%init : !t) -> !t
  %z = linalg.reduce {arith.addf} ins(%other : !t) outs(%fillr : !r) dimensions = [2]
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%e, %z : !t, !r) outs(%init : !t) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> !t
  // expected-remark @below {{softmax-sum: the softmax's sum is taken over other values than its numerator}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, i, j) -> (b, i)>
!t = tensor<2x8x8xf32>
!r = tensor<2x8xf32>

func.func @sum_from_one(%q: !t, %k: !t, %v: !t, %init: !t, %rows: !r) -> !t {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %fillr = linalg.fill ins(%one : f32) outs(%rows : !r) -> !r
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %e = linalg.exp ins(%s : !t) outs(%init : !t) -> !t
  %z = linalg.reduce {arith.addf} ins(%e : !t) outs(%fillr : !r) dimensions = [2]
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%e, %z : !t, !r) outs(%init : !t) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> !t
  // expected-remark @below {{softmax-sum: the sum of the exponentials does not start at 0}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, i, j) -> (b, i)>
!t = tensor<2x8x8xf32>
!r = tensor<2x8xf32>

func.func @divided_by_something(%q: !t, %k: !t, %v: !t, %init: !t, %rows: !r) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %e = linalg.exp ins(%s : !t) outs(%init : !t) -> !t
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%e, %rows : !t, !r) outs(%init : !t) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> !t
  // expected-remark @below {{softmax-sum: the exponentials are divided by something else than their sum}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

// The maximum of another head's scores would be a shift by something else.
#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, i, j) -> (b, i)>
!t = tensor<2x8x8xf32>
!r = tensor<2x8xf32>

func.func @max_of_another_tensor(%q: !t, %k: !t, %v: !t, %other: !t, %init: !t, %rows: !r) -> !t {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %fillr = linalg.fill ins(%zero : f32) outs(%rows : !r) -> !r
  %fillm = linalg.fill ins(%low : f32) outs(%rows : !r) -> !r
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %m = linalg.reduce {arith.maximumf} ins(%other : !t) outs(%fillm : !r) dimensions = [2]
  %e = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %m : !t, !r) outs(%init : !t) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  } -> !t
  %z = linalg.reduce {arith.addf} ins(%e : !t) outs(%fillr : !r) dimensions = [2]
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%e, %z : !t, !r) outs(%init : !t) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> !t
  // expected-remark @below {{softmax-max: the softmax's maximum is taken over other values than its numerator}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, i, j) -> (b, i)>
!t = tensor<2x8x8xf32>
!r = tensor<2x8xf32>

func.func @shift_is_no_maximum(%q: !t, %k: !t, %v: !t, %shift: !r, %init: !t, %rows: !r) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %fillr = linalg.fill ins(%zero : f32) outs(%rows : !r) -> !r
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %e = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %shift : !t, !r) outs(%init : !t) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  } -> !t
  %z = linalg.reduce {arith.addf} ins(%e : !t) outs(%fillr : !r) dimensions = [2]
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%e, %z : !t, !r) outs(%init : !t) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> !t
  // expected-remark @below {{softmax-max: what is subtracted before the exponential is not a maximum over the scores}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

// A head mask after the softmax.
#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @probabilities_multiplied(%q: !t, %k: !t, %v: !t, %heads: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  %m = linalg.mul ins(%p, %heads : !t, !t) outs(%init : !t) -> !t
  // expected-remark @below {{probability-op: the probabilities are changed between the softmax and the second contraction}}
  %o = linalg.batch_matmul ins(%m, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @scale_from_outside(%q: !t, %k: !t, %v: !t, %scale: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.mul ins(%s, %scale : !t, !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{scale-not-constant: the scores are multiplied by something that is not a compile-time constant}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @divisor_from_outside(%q: !t, %k: !t, %v: !t, %scale: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.div ins(%s, %scale : !t, !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{scale-not-constant: the scores are divided by something that is not a compile-time constant}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @soft_cap(%q: !t, %k: !t, %v: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.tanh ins(%s : !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{soft-cap: the scores are capped by a tanh}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @absolute_scores(%q: !t, %k: !t, %v: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.abs ins(%s : !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{scores-op: the scores pass through math.absf before the softmax}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @scores_subtracted(%q: !t, %k: !t, %v: !t, %b: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.sub ins(%b, %s : !t, !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{scores-op: the scores are subtracted from something}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!m = tensor<2x8x8xi1>

func.func @masked_with_minus_one(%q: !t, %k: !t, %v: !t, %m: !m, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -1.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %s : !m, !t) outs(%init : !t) {
  ^bb0(%c: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %a, %low : f32
    linalg.yield %0 : f32
  } -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{mask-constant: the scores are replaced by -1, expected -inf or a number below -9000}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!m = tensor<2x8x8xi1>

func.func @bias_after_a_small_mask(%q: !t, %k: !t, %v: !t, %m: !m, %b: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -10000.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %s, %b : !m, !t, !t) outs(%init : !t) {
  ^bb0(%c: i1, %a: f32, %d: f32, %out: f32):
    %0 = arith.select %c, %a, %low : f32
    %1 = arith.addf %0, %d : f32
    linalg.yield %1 : f32
  } -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{mask-constant: a bias is added after the scores are replaced by -10000, expected -inf or a number below -1e+30}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!m = tensor<2x8x8xi1>

func.func @bias_before_a_small_mask(%q: !t, %k: !t, %v: !t, %m: !m, %b: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -10000.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %s, %b : !m, !t, !t) outs(%init : !t) {
  ^bb0(%c: i1, %a: f32, %d: f32, %out: f32):
    %0 = arith.addf %a, %d : f32
    %1 = arith.select %c, %0, %low : f32
    linalg.yield %1 : f32
  } -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{mask-constant: a bias is added before the scores are replaced by -10000, expected -inf or a number below -1e+30}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!m = tensor<2x8x8xi1>

func.func @selected_against_a_tensor(%q: !t, %k: !t, %v: !t, %m: !m, %b: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.select ins(%m, %s, %b : !m, !t, !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{mask-constant: the scores are selected against something that is not a constant}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

// Zeroing by a condition that says nothing about the row.
#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!m = tensor<2x8x8xi1>

func.func @unproven_guard(%q: !t, %k: !t, %v: !t, %m: !m, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  %g = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %p : !m, !t) outs(%init : !t) {
  ^bb0(%c: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %zero, %a : f32
    linalg.yield %0 : f32
  } -> !t
  // expected-remark @below {{guard: probabilities are replaced by 0 where it is not proven that a row has nothing to attend to}}
  %o = linalg.batch_matmul ins(%g, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @scores_returned(%q: !t, %k: !t, %v: !t, %init: !t) -> (!t, !t) {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  // expected-remark @below {{extra-use: the product of queries and keys is also used elsewhere: made at}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o, %s : !t, !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @probabilities_used_twice(%q: !t, %k: !t, %v: !t, %w: !t, %init: !t) -> (!t, !t) {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  // expected-remark @below {{extra-use: a value between the product and the second contraction is also used elsewhere: made at}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  // expected-remark @below {{extra-use: a value between the product and the second contraction is also used elsewhere: made at}}
  %r = linalg.batch_matmul ins(%p, %w : !t, !t) outs(%fill : !t) -> !t
  return %o, %r : !t, !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @two_products(%q: !t, %k: !t, %r: !t, %v: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %u = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %r : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.add ins(%s, %u : !t, !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{two-products: the scores are a sum of two products}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

!t = tensor<2x8x8xf32>

func.func @scores_from_outside(%s: !t, %v: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  // expected-remark @below {{no-product: the scores are not a product of queries and keys over one dimension}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @added_to_something(%q: !t, %k: !t, %v: !t, %residual: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  // expected-remark @below {{accumulate: the second contraction does not start at 0}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%residual : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf64>

func.func @double_precision(%q: !t, %k: !t, %v: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f64
  %fill = linalg.fill ins(%zero : f64) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  // expected-remark @below {{element-type: an operand has elements of type f64, expected f32, f16 or bf16}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>

func.func @no_values(%q: !t, %k: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  // expected-remark @below {{no-values: no contraction sums this softmax of a product over the softmax's dimension}}
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  return %p : !t
}

// -----

// A classifier: the softmax of a product with a weight is no attention, and no
// near miss either.
func.func @classifier(%x: tensor<4x8xf32>, %w: tensor<8x10xf32>, %init: tensor<4x10xf32>) -> tensor<4x10xf32> {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<4x10xf32>) -> tensor<4x10xf32>
  %s = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x10xf32>) outs(%fill : tensor<4x10xf32>) -> tensor<4x10xf32>
  %p = linalg.softmax dimension(1) ins(%s : tensor<4x10xf32>) outs(%init : tensor<4x10xf32>) -> tensor<4x10xf32>
  return %p : tensor<4x10xf32>
}

// -----

// The mask of this bias is made of the scores themselves.
#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, i, j) -> (b, i)>
!t = tensor<2x8x8xf32>
!r = tensor<2x8xf32>

func.func @bias_of_scores(%q: !t, %k: !t, %v: !t, %init: !t, %rows: !r) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %fillr = linalg.fill ins(%zero : f32) outs(%rows : !r) -> !r
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %m = linalg.reduce {arith.addf} ins(%s : !t) outs(%fillr : !r) dimensions = [2]
  %t = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %m : !t, !r) outs(%init : !t) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{scores-op: what is added to the scores depends on them}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

// Flash attention, written as a loop.
func.func @online_softmax(%q: tensor<8x4xf32>, %k: tensor<64x4xf32>, %v: tensor<64x4xf32>, %m0: tensor<8xf32>, %l0: tensor<8xf32>, %o0: tensor<8x4xf32>, %e0: tensor<8x16xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  // expected-remark @below {{online-softmax: a loop computes softmax and values together (flash form)}}
  %r:3 = scf.for %t = %c0 to %c64 step %c16 iter_args(%m = %m0, %l = %l0, %o = %o0) -> (tensor<8xf32>, tensor<8xf32>, tensor<8x4xf32>) {
    %kt = tensor.extract_slice %k[%t, 0] [16, 4] [1, 1] : tensor<64x4xf32> to tensor<16x4xf32>
    %vt = tensor.extract_slice %v[%t, 0] [16, 4] [1, 1] : tensor<64x4xf32> to tensor<16x4xf32>
    %s0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<8x16xf32>) -> tensor<8x16xf32>
    %s = linalg.matmul indexing_maps = [affine_map<(i, j, c) -> (i, c)>, affine_map<(i, j, c) -> (j, c)>, affine_map<(i, j, c) -> (i, j)>] ins(%q, %kt : tensor<8x4xf32>, tensor<16x4xf32>) outs(%s0 : tensor<8x16xf32>) -> tensor<8x16xf32>
    %n = linalg.reduce {arith.maximumf} ins(%s : tensor<8x16xf32>) outs(%m : tensor<8xf32>) dimensions = [1]
    %p = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%s, %n : tensor<8x16xf32>, tensor<8xf32>) outs(%e0 : tensor<8x16xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %0 = arith.subf %a, %b : f32
      %1 = math.exp %0 : f32
      linalg.yield %1 : f32
    } -> tensor<8x16xf32>
    %l1 = linalg.reduce {arith.addf} ins(%p : tensor<8x16xf32>) outs(%l : tensor<8xf32>) dimensions = [1]
    %o1 = linalg.matmul ins(%p, %vt : tensor<8x16xf32>, tensor<16x4xf32>) outs(%o : tensor<8x4xf32>) -> tensor<8x4xf32>
    scf.yield %n, %l1, %o1 : tensor<8xf32>, tensor<8xf32>, tensor<8x4xf32>
  }
  return %r#2 : tensor<8x4xf32>
}

// -----

// A sink: one more column takes part in the softmax and is cut off after it.
#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!w = tensor<2x8x9xf32>

func.func @sink(%q: !t, %k: !t, %v: !t, %sink: tensor<2x8x1xf32>, %init: !t, %wide: !w) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %c = tensor.concat dim(2) %s, %sink : (!t, tensor<2x8x1xf32>) -> !w
  %p = linalg.softmax dimension(2) ins(%c : !w) outs(%wide : !w) -> !w
  %x = tensor.extract_slice %p[0, 0, 0] [2, 8, 8] [1, 1, 1] : !w to !t
  // expected-remark @below {{sink: the probabilities are part of a wider softmax}}
  %o = linalg.batch_matmul ins(%x, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!w = tensor<2x8x9xf32>

func.func @padded_probabilities(%q: !t, %k: !t, %v: tensor<2x9x8xf32>, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  %x = tensor.pad %p low[0, 0, 0] high[0, 0, 1] {
  ^bb0(%a: index, %b: index, %c: index):
    tensor.yield %zero : f32
  } : !t to !w
  // expected-remark @below {{softmax-form: an operand comes from exponentials and their sums in a way that is not a softmax}}
  %o = linalg.batch_matmul ins(%x, %v : !w, tensor<2x9x8xf32>) outs(%fill : !t) -> !t
  return %o : !t
}

// -----

// Values computed in the body of the product cannot be taken out of it.
#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#p = affine_map<(b, i, e, j) -> (b, i, j)>
#v = affine_map<(b, i, e, j) -> (b, j, e)>
#o = affine_map<(b, i, e, j) -> (b, i, e)>
!t = tensor<2x8x8xf32>

func.func @values_computed_inside(%q: !t, %k: !t, %v: !t, %w: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  // expected-remark @below {{value-op: the values are computed inside the second contraction}}
  %o = linalg.generic {indexing_maps = [#p, #v, #v, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%p, %v, %w : !t, !t, !t) outs(%fill : !t) {
  ^bb0(%a: f32, %b: f32, %c: f32, %out: f32):
    %0 = arith.addf %b, %c : f32
    %1 = arith.mulf %a, %0 : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, l, c) -> (b, i, c)>
#k = affine_map<(b, i, j, l, c) -> (b, j, l, c)>
#s = affine_map<(b, i, j, l, c) -> (b, i, j, l)>
!t = tensor<2x8x8xf32>
!k = tensor<2x4x5x8xf32>
!s = tensor<2x8x4x5xf32>

func.func @two_key_dimensions(%q: !t, %k: !k, %v: !k, %init: !t, %inits: !s) -> !t {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !k) outs(%fill : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%inits : !s) -> !s
  // expected-remark @below {{contraction: the second contraction sums over 2 dimensions, expected one}}
  %o = linalg.contract indexing_maps = [#s, #k, #q] ins(%p, %v : !s, !k) outs(%fillo : !t) -> !t
  return %o : !t
}

// -----

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
!t = tensor<2x8x8xf32>
!v = tensor<2x8x3x5xf32>

func.func @two_value_dimensions(%q: !t, %k: !t, %v: !v, %init: !t, %inito: !v) -> !v {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %fillo = linalg.fill ins(%zero : f32) outs(%inito : !v) -> !v
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%init : !t) -> !t
  // expected-remark @below {{layout: the values have 2 dimensions of their own, expected one}}
  %o = linalg.contract indexing_maps = [affine_map<(b, i, j, e, f) -> (b, i, j)>, affine_map<(b, i, j, e, f) -> (b, j, e, f)>, affine_map<(b, i, j, e, f) -> (b, i, e, f)>] ins(%p, %v : !t, !v) outs(%fillo : !v) -> !v
  return %o : !v
}

// -----

// A bias by the number of batch and head together, which are two dimensions of
// the queries.
#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
!t = tensor<6x8x8xf32>

func.func @bias_by_collapsed_index(%x: tensor<3x2x8x8xf32>, %k: !t, %v: !t, %init: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %q = tensor.collapse_shape %x [[0, 1], [2], [3]] : tensor<3x2x8x8xf32> into !t
  %fill = linalg.fill ins(%zero : f32) outs(%init : !t) -> !t
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !t, !t) outs(%fill : !t) -> !t
  %t = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s : !t) outs(%init : !t) {
  ^bb0(%a: f32, %out: f32):
    %0 = linalg.index 0 : index
    %1 = arith.index_cast %0 : index to i32
    %2 = arith.sitofp %1 : i32 to f32
    %3 = arith.addf %a, %2 : f32
    linalg.yield %3 : f32
  } -> !t
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%init : !t) -> !t
  // expected-remark @below {{bias-op: a bias or mask uses an index that is not one of the scores'}}
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%fill : !t) -> !t
  return %o : !t
}
