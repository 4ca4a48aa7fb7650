// RUN: hdp-opt %s --hdp-raise-attention | FileCheck %s

// What attention looks like in linalg, one axis a function.

#q = affine_map<(b, i, j, c) -> (b, i, c)>
#k = affine_map<(b, i, j, c) -> (b, j, c)>
#s = affine_map<(b, i, j, c) -> (b, i, j)>
#id = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, i, j) -> (b, i)>
#keys = affine_map<(b, i, j) -> (b, j)>
!q = tensor<2x8x4xf32>
!k = tensor<2x16x4xf32>
!s = tensor<2x8x16xf32>
!r = tensor<2x8xf32>
!m = tensor<2x8x16xi1>

// The softmax as torch exports it: the maximum with an index beside it,
// subtraction, exponential, sum and division as ops of their own.
// CHECK-LABEL: func @written_out
// CHECK-SAME: (%[[Q:[a-z0-9]+]]: tensor<2x8x4xf32>, %[[KT:[a-z0-9]+]]: tensor<2x4x16xf32>, %[[V:[a-z0-9]+]]: tensor<2x16x4xf32>
// CHECK-NOT: linalg
// CHECK: hdp.attention ins(%[[Q]], %[[KT]], %[[V]] : {{.*}}) outs(%{{.*}} : tensor<2x8x4xf32>) {key_perm = array<i64: 0, 2, 1>, scale = 5.000000e-01 : f64}
func.func @written_out(%q: !q, %kt: tensor<2x4x16xf32>, %v: !k, %init: !q, %inits: !s, %initr: !r, %initx: tensor<2x8xi64>) -> !q {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %first = arith.constant 0 : i64
  %half = arith.constant 5.000000e-01 : f64
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %s = linalg.batch_matmul ins(%q, %kt : !q, tensor<2x4x16xf32>) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s : !s) outs(%inits : !s) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.truncf %half : f64 to f32
    %1 = arith.mulf %a, %0 : f32
    linalg.yield %1 : f32
  } -> !s
  %fillm = linalg.fill ins(%low : f32) outs(%initr : !r) -> !r
  %fillx = linalg.fill ins(%first : i64) outs(%initx : tensor<2x8xi64>) -> tensor<2x8xi64>
  %m:2 = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "parallel", "reduction"]} ins(%t : !s) outs(%fillm, %fillx : !r, tensor<2x8xi64>) {
  ^bb0(%a: f32, %out: f32, %at: i64):
    %0 = linalg.index 2 : index
    %1 = arith.index_cast %0 : index to i64
    %2 = arith.maximumf %a, %out : f32
    %3 = arith.cmpf ogt, %a, %out : f32
    %4 = arith.select %3, %1, %at : i64
    linalg.yield %2, %4 : f32, i64
  } -> (!r, tensor<2x8xi64>)
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%t, %m#0 : !s, !r) outs(%inits : !s) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> !s
  %e = linalg.exp ins(%d : !s) outs(%inits : !s) -> !s
  %fillz = linalg.fill ins(%zero : f32) outs(%initr : !r) -> !r
  %z = linalg.reduce {arith.addf} ins(%e : !s) outs(%fillz : !r) dimensions = [2]
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%e, %z : !s, !r) outs(%inits : !s) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}

// Keys of equal extents the other way round are other keys: the permutation is
// read off the maps, never off the sizes.
// CHECK-LABEL: func @keys_permuted
// CHECK: hdp.attention {{.*}}key_perm = array<i64: 0, 2, 1>
// CHECK-LABEL: func @keys_in_order
// CHECK: hdp.attention
// CHECK-NOT: key_perm
// CHECK: return
func.func @keys_permuted(%q: tensor<2x8x8xf32>, %k: tensor<2x8x8xf32>, %v: tensor<2x8x8xf32>, %init: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %s = linalg.batch_matmul ins(%q, %k : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%fill : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<2x8x8xf32>) outs(%init : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %o = linalg.batch_matmul ins(%p, %v : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%fill : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %o : tensor<2x8x8xf32>
}
func.func @keys_in_order(%q: tensor<2x8x8xf32>, %k: tensor<2x8x8xf32>, %v: tensor<2x8x8xf32>, %init: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%fill : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<2x8x8xf32>) outs(%init : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %o = linalg.batch_matmul ins(%p, %v : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%fill : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %o : tensor<2x8x8xf32>
}

// Heads split off the last dimension and moved in front, batch and heads
// collapsed for the matmuls: the op reads the tensors from before all that.
// CHECK-LABEL: func @heads
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<3x8x12xf32>
// CHECK: %[[Q:.*]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1], [2, 3]]
// CHECK: hdp.attention ins(%[[Q]], {{.*}} : tensor<3x8x2x6xf32>, tensor<3x8x2x6xf32>, tensor<3x8x2x6xf32>)
// CHECK-SAME: outs(%{{.*}} : tensor<3x2x8x6xf32>) {key_perm = array<i64: 0, 2, 1, 3>, query_perm = array<i64: 0, 2, 1, 3>, scale = 1.000000e+00 : f64, value_perm = array<i64: 0, 2, 1, 3>}
func.func @heads(%x: tensor<3x8x12xf32>, %y: tensor<3x8x12xf32>, %z: tensor<3x8x12xf32>) -> tensor<6x8x6xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<3x2x8x6xf32>
  %et = tensor.empty() : tensor<3x2x6x8xf32>
  %xe = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [3, 8, 2, 6] : tensor<3x8x12xf32> into tensor<3x8x2x6xf32>
  %ye = tensor.expand_shape %y [[0], [1], [2, 3]] output_shape [3, 8, 2, 6] : tensor<3x8x12xf32> into tensor<3x8x2x6xf32>
  %ze = tensor.expand_shape %z [[0], [1], [2, 3]] output_shape [3, 8, 2, 6] : tensor<3x8x12xf32> into tensor<3x8x2x6xf32>
  %xt = linalg.transpose ins(%xe : tensor<3x8x2x6xf32>) outs(%e : tensor<3x2x8x6xf32>) permutation = [0, 2, 1, 3]
  %yt = linalg.transpose ins(%ye : tensor<3x8x2x6xf32>) outs(%et : tensor<3x2x6x8xf32>) permutation = [0, 2, 3, 1]
  %zt = linalg.transpose ins(%ze : tensor<3x8x2x6xf32>) outs(%e : tensor<3x2x8x6xf32>) permutation = [0, 2, 1, 3]
  %xc = tensor.collapse_shape %xt [[0, 1], [2], [3]] : tensor<3x2x8x6xf32> into tensor<6x8x6xf32>
  %yc = tensor.collapse_shape %yt [[0, 1], [2], [3]] : tensor<3x2x6x8xf32> into tensor<6x6x8xf32>
  %zc = tensor.collapse_shape %zt [[0, 1], [2], [3]] : tensor<3x2x8x6xf32> into tensor<6x8x6xf32>
  %es = tensor.empty() : tensor<6x8x8xf32>
  %eo = tensor.empty() : tensor<6x8x6xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<6x8x8xf32>) -> tensor<6x8x8xf32>
  %fo = linalg.fill ins(%zero : f32) outs(%eo : tensor<6x8x6xf32>) -> tensor<6x8x6xf32>
  %s = linalg.batch_matmul ins(%xc, %yc : tensor<6x8x6xf32>, tensor<6x6x8xf32>) outs(%fs : tensor<6x8x8xf32>) -> tensor<6x8x8xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<6x8x8xf32>) outs(%es : tensor<6x8x8xf32>) -> tensor<6x8x8xf32>
  %o = linalg.batch_matmul ins(%p, %zc : tensor<6x8x8xf32>, tensor<6x8x6xf32>) outs(%fo : tensor<6x8x6xf32>) -> tensor<6x8x6xf32>
  return %o : tensor<6x8x6xf32>
}

// The root of the scale on queries and on keys, a division on the scores:
// their product. A bias of one row for all queries, added before the division.
// CHECK-LABEL: func @scales
// CHECK: %[[B:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<2x1x16xf32>) outs(%{{.*}} : tensor<2x1x16xf32>)
// CHECK: arith.mulf %{{.*}}, %{{.*}} : f32
// CHECK: hdp.attention ins({{.*}}) bias(%[[B]] : tensor<2x1x16xf32>) {{.*}}scale = 6.250000e-02 : f64
func.func @scales(%q: !q, %k: !k, %v: !k, %b: tensor<2x16xf32>, %init: !q, %initk: !k, %inits: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %four = arith.constant dense<4.0> : tensor<f32>
  %qs = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%q : !q) outs(%init : !q) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.mulf %half, %a : f32
    linalg.yield %0 : f32
  } -> !q
  %ks = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%k : !k) outs(%initk : !k) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.mulf %a, %half : f32
    linalg.yield %0 : f32
  } -> !k
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%qs, %ks : !q, !k) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#keys, #id, affine_map<(b, i, j) -> ()>, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%b, %s, %four : tensor<2x16xf32>, !s, tensor<f32>) outs(%inits : !s) {
  ^bb0(%a: f32, %c: f32, %d: f32, %out: f32):
    %0 = arith.addf %a, %c : f32
    %1 = arith.divf %0, %d : f32
    linalg.yield %1 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}

// A scale computed in the IR: 1 / sqrt(16).
// CHECK-LABEL: func @computed_scale
// CHECK: hdp.attention {{.*}}scale = 2.500000e-01 : f64
func.func @computed_scale(%q: !q, %k: !k, %v: !k, %init: !q, %inits: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %depth = arith.constant 16 : i64
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %empty = tensor.empty() : tensor<f32>
  %root = linalg.generic {indexing_maps = [affine_map<() -> ()>], iterator_types = []} outs(%empty : tensor<f32>) {
  ^bb0(%out: f32):
    %0 = arith.sitofp %depth : i64 to f32
    %1 = math.sqrt %0 : f32
    linalg.yield %1 : f32
  } -> tensor<f32>
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#id, affine_map<(b, i, j) -> ()>, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %root : !s, tensor<f32>) outs(%inits : !s) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}

// -inf where a condition says so is a mask; the condition is turned round when
// it names what is forbidden.
// CHECK-LABEL: func @masked_fill
// CHECK: %[[M:.*]] = linalg.generic
// CHECK: arith.xori
// CHECK: hdp.attention ins({{.*}}) mask(%[[M]] : tensor<2x8x16xi1>)
// CHECK-LABEL: func @where
// CHECK-SAME: (%{{.*}}, %[[M:[a-z0-9]+]]: tensor<2x8x16xi1>
// CHECK: hdp.attention ins({{.*}}) mask(%[[M]] : tensor<2x8x16xi1>)
func.func @masked_fill(%q: !q, %k: !k, %v: !k, %m: !m, %init: !q, %inits: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %s : !m, !s) outs(%inits : !s) {
  ^bb0(%c: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %low, %a : f32
    linalg.yield %0 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}
func.func @where(%q: !q, %k: !k, %v: !k, %m: !m, %init: !q, %inits: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %s : !m, !s) outs(%inits : !s) {
  ^bb0(%c: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %a, %low : f32
    linalg.yield %0 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}

// A large negative number is a bias: a row that is it throughout averages the
// values, as in the framework.
// CHECK-LABEL: func @masked_with_a_number
// CHECK-DAG: %[[LOW:.*]] = arith.constant -3.40282347E+38 : f32
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: arith.select %{{.*}}, %[[ZERO]], %[[LOW]] : f32
// CHECK: hdp.attention ins({{.*}}) bias(%{{.*}} : tensor<2x8x16xf32>)
func.func @masked_with_a_number(%q: !q, %k: !k, %v: !k, %m: !m, %init: !q, %inits: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -1.0e9 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %s : !m, !s) outs(%inits : !s) {
  ^bb0(%c: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %a, %low : f32
    linalg.yield %0 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}

// Grouped heads contracted as such, values first, the result with its depth
// before its rows (jax.nn.dot_product_attention).
// CHECK-LABEL: func @grouped
// CHECK: hdp.attention ins({{.*}} : tensor<2x8x3x5x4xf32>, tensor<2x1x16x3x4xf32>, tensor<2x1x16x3x7xf32>)
// CHECK-SAME: {key_perm = array<i64: 0, 3, 1, 2, 4>, query_perm = array<i64: 0, 2, 3, 1, 4>, result_perm = array<i64: 0, 1, 3, 4, 2>, scale = 1.000000e+00 : f64, value_perm = array<i64: 0, 3, 1, 2, 4>}
func.func @grouped(%q: tensor<2x8x3x5x4xf32>, %k: tensor<2x16x3x4xf32>, %v: tensor<2x16x3x7xf32>) -> tensor<2x3x7x5x8xf32> {
  %zero = arith.constant 0.0 : f32
  %es = tensor.empty() : tensor<2x3x8x5x16xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<2x3x8x5x16xf32>) -> tensor<2x3x8x5x16xf32>
  %s = linalg.contract indexing_maps = [affine_map<(b, h, i, g, j, c) -> (b, i, h, g, c)>, affine_map<(b, h, i, g, j, c) -> (b, j, h, c)>, affine_map<(b, h, i, g, j, c) -> (b, h, i, g, j)>] ins(%q, %k : tensor<2x8x3x5x4xf32>, tensor<2x16x3x4xf32>) outs(%fs : tensor<2x3x8x5x16xf32>) -> tensor<2x3x8x5x16xf32>
  %p = linalg.softmax dimension(4) ins(%s : tensor<2x3x8x5x16xf32>) outs(%es : tensor<2x3x8x5x16xf32>) -> tensor<2x3x8x5x16xf32>
  %eo = tensor.empty() : tensor<2x3x7x5x8xf32>
  %fo = linalg.fill ins(%zero : f32) outs(%eo : tensor<2x3x7x5x8xf32>) -> tensor<2x3x7x5x8xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, e, g, i, j) -> (b, j, h, e)>, affine_map<(b, h, e, g, i, j) -> (b, h, i, g, j)>, affine_map<(b, h, e, g, i, j) -> (b, h, e, g, i)>] ins(%v, %p : tensor<2x16x3x7xf32>, tensor<2x3x8x5x16xf32>) outs(%fo : tensor<2x3x7x5x8xf32>) -> tensor<2x3x7x5x8xf32>
  return %o : tensor<2x3x7x5x8xf32>
}

// Keys repeated for each query head: read from before the repetition.
// CHECK-LABEL: func @repeated
// CHECK-SAME: (%[[Q:[a-z0-9]+]]: tensor<6x8x4xf32>, %[[K:[a-z0-9]+]]: tensor<2x16x4xf32>, %[[V:[a-z0-9]+]]: tensor<2x16x4xf32>)
// CHECK: hdp.attention ins(%[[Q]], %[[K]], %[[V]] : tensor<6x8x4xf32>, tensor<2x16x4xf32>, tensor<2x16x4xf32>)
func.func @repeated(%q: tensor<6x8x4xf32>, %k: tensor<2x16x4xf32>, %v: tensor<2x16x4xf32>) -> tensor<6x8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %er = tensor.empty() : tensor<2x3x16x4xf32>
  %kr = linalg.broadcast ins(%k : tensor<2x16x4xf32>) outs(%er : tensor<2x3x16x4xf32>) dimensions = [1]
  %vr = linalg.broadcast ins(%v : tensor<2x16x4xf32>) outs(%er : tensor<2x3x16x4xf32>) dimensions = [1]
  %kc = tensor.collapse_shape %kr [[0, 1], [2], [3]] : tensor<2x3x16x4xf32> into tensor<6x16x4xf32>
  %vc = tensor.collapse_shape %vr [[0, 1], [2], [3]] : tensor<2x3x16x4xf32> into tensor<6x16x4xf32>
  %es = tensor.empty() : tensor<6x8x16xf32>
  %eo = tensor.empty() : tensor<6x8x4xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<6x8x16xf32>) -> tensor<6x8x16xf32>
  %fo = linalg.fill ins(%zero : f32) outs(%eo : tensor<6x8x4xf32>) -> tensor<6x8x4xf32>
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %kc : tensor<6x8x4xf32>, tensor<6x16x4xf32>) outs(%fs : tensor<6x8x16xf32>) -> tensor<6x8x16xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<6x8x16xf32>) outs(%es : tensor<6x8x16xf32>) -> tensor<6x8x16xf32>
  %o = linalg.batch_matmul ins(%p, %vc : tensor<6x8x16xf32>, tensor<6x16x4xf32>) outs(%fo : tensor<6x8x4xf32>) -> tensor<6x8x4xf32>
  return %o : tensor<6x8x4xf32>
}

// Repeated the other way (heads h and h + 2 share keys): the three that share
// are a dimension of their own in which there is one key head.
// CHECK-LABEL: func @tiled
// CHECK: hdp.attention ins({{.*}} : tensor<3x2x8x4xf32>, tensor<2x1x16x4xf32>, tensor<2x1x16x4xf32>)
// CHECK-SAME: {query_perm = array<i64: 1, 0, 2, 3>, result_perm = array<i64: 1, 0, 2, 3>
func.func @tiled(%q: tensor<6x8x4xf32>, %k: tensor<2x16x4xf32>, %v: tensor<2x16x4xf32>) -> tensor<6x8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %er = tensor.empty() : tensor<3x2x16x4xf32>
  %kr = linalg.broadcast ins(%k : tensor<2x16x4xf32>) outs(%er : tensor<3x2x16x4xf32>) dimensions = [0]
  %vr = linalg.broadcast ins(%v : tensor<2x16x4xf32>) outs(%er : tensor<3x2x16x4xf32>) dimensions = [0]
  %kc = tensor.collapse_shape %kr [[0, 1], [2], [3]] : tensor<3x2x16x4xf32> into tensor<6x16x4xf32>
  %vc = tensor.collapse_shape %vr [[0, 1], [2], [3]] : tensor<3x2x16x4xf32> into tensor<6x16x4xf32>
  %es = tensor.empty() : tensor<6x8x16xf32>
  %eo = tensor.empty() : tensor<6x8x4xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<6x8x16xf32>) -> tensor<6x8x16xf32>
  %fo = linalg.fill ins(%zero : f32) outs(%eo : tensor<6x8x4xf32>) -> tensor<6x8x4xf32>
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %kc : tensor<6x8x4xf32>, tensor<6x16x4xf32>) outs(%fs : tensor<6x8x16xf32>) -> tensor<6x8x16xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<6x8x16xf32>) outs(%es : tensor<6x8x16xf32>) -> tensor<6x8x16xf32>
  %o = linalg.batch_matmul ins(%p, %vc : tensor<6x8x16xf32>, tensor<6x16x4xf32>) outs(%fo : tensor<6x8x4xf32>) -> tensor<6x8x4xf32>
  return %o : tensor<6x8x4xf32>
}

// The division after the values, and the exponential of a difference from the
// logarithm of the sum.
// CHECK-LABEL: func @division_last
// CHECK: hdp.attention
// CHECK-NOT: linalg.batch_matmul
// CHECK-LABEL: func @log_sum
// CHECK: hdp.attention
// CHECK-NOT: linalg.batch_matmul
// CHECK-LABEL: func @sixteen_bit
func.func @division_last(%q: !q, %k: !k, %v: !k, %init: !q, %inits: !s, %initr: !r) -> !q {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillr = linalg.fill ins(%zero : f32) outs(%initr : !r) -> !r
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %e = linalg.exp ins(%s : !s) outs(%inits : !s) -> !s
  %z = linalg.reduce {arith.addf} ins(%e : !s) outs(%fillr : !r) dimensions = [2]
  %o = linalg.batch_matmul ins(%e, %v : !s, !k) outs(%fillo : !q) -> !q
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%o, %z : !q, !r) outs(%init : !q) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> !q
  return %d : !q
}
func.func @log_sum(%q: !q, %k: !k, %v: !k, %init: !q, %inits: !s, %initr: !r) -> !q {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -3.4028235e+38 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillr = linalg.fill ins(%zero : f32) outs(%initr : !r) -> !r
  %fillm = linalg.fill ins(%low : f32) outs(%initr : !r) -> !r
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %m = linalg.reduce {arith.maxnumf} ins(%s : !s) outs(%fillm : !r) dimensions = [2]
  %e = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %m : !s, !r) outs(%inits : !s) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  } -> !s
  %z = linalg.reduce {arith.addf} ins(%e : !s) outs(%fillr : !r) dimensions = [2]
  %p = linalg.generic {indexing_maps = [#id, #row, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %m, %z : !s, !r, !r) outs(%inits : !s) {
  ^bb0(%a: f32, %b: f32, %c: f32, %out: f32):
    %0 = math.log %c : f32
    %1 = arith.addf %b, %0 : f32
    %2 = arith.subf %a, %1 : f32
    %3 = math.exp %2 : f32
    linalg.yield %3 : f32
  } -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}

// 16-bit operands, sums in f32, the result kept in f32: operands are widened,
// so the result is not rounded.
// CHECK: arith.extf
// CHECK: hdp.attention ins({{.*}} : tensor<2x8x4xf32>, tensor<2x16x4xf32>, tensor<2x16x4xf32>)
func.func @sixteen_bit(%q: tensor<2x8x4xf16>, %k: tensor<2x16x4xf16>, %v: tensor<2x16x4xf16>, %init: !q, %inits: !s, %initp: tensor<2x8x16xf16>) -> !q {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<2x8x4xf16>, tensor<2x16x4xf16>) outs(%fill : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%inits : !s) -> !s
  %h = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%p : !s) outs(%initp : tensor<2x8x16xf16>) {
  ^bb0(%a: f32, %out: f16):
    %0 = arith.truncf %a : f32 to f16
    linalg.yield %0 : f16
  } -> tensor<2x8x16xf16>
  %o = linalg.batch_matmul ins(%h, %v : tensor<2x8x16xf16>, tensor<2x16x4xf16>) outs(%fillo : !q) -> !q
  return %o : !q
}

// Sizes known only at run time.
// CHECK-LABEL: func @dynamic
// CHECK-SAME: (%[[Q:[a-z0-9]+]]: tensor<?x?x4xf32>, %[[K:[a-z0-9]+]]: tensor<?x?x4xf32>, %[[V:[a-z0-9]+]]: tensor<?x?x?xf32>
// CHECK: hdp.attention ins(%[[Q]], %[[K]], %[[V]] : {{.*}}) outs(%{{.*}} : tensor<?x?x?xf32>)
func.func @dynamic(%q: tensor<?x?x4xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x?xf32>, %init: tensor<?x?x?xf32>, %inits: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %fillo = linalg.fill ins(%zero : f32) outs(%init : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<?x?x4xf32>, tensor<?x?x4xf32>) outs(%fill : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<?x?x?xf32>) outs(%inits : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %o = linalg.batch_matmul ins(%p, %v : tensor<?x?x?xf32>, tensor<?x?x?xf32>) outs(%fillo : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %o : tensor<?x?x?xf32>
}

// A causal mask made of indices in the body that uses it, and a position bias
// that is itself a product: both become addends.
// CHECK-LABEL: func @masked_by_index
// CHECK: linalg.index 1
// CHECK: linalg.index 2
// CHECK: hdp.attention ins({{.*}}) mask(%{{.*}} : tensor<1x8x16xi1>)
// CHECK-LABEL: func @product_as_bias
// CHECK: %[[B:.*]] = linalg.contract
// CHECK: %[[E:.*]] = tensor.expand_shape %[[B]]
// CHECK: hdp.attention ins(%arg0, %arg1, %arg2 : {{.*}}) bias(%[[E]] : tensor<1x8x16xf32>)
func.func @masked_by_index(%q: !q, %k: !k, %v: !k, %init: !q, %inits: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s : !s) outs(%inits : !s) {
  ^bb0(%a: f32, %out: f32):
    %0 = linalg.index 1 : index
    %1 = linalg.index 2 : index
    %2 = arith.cmpi sge, %0, %1 : index
    %3 = arith.select %2, %a, %low : f32
    linalg.yield %3 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}
func.func @product_as_bias(%q: !q, %k: !k, %v: !k, %rel: tensor<8x16x3xf32>, %w: tensor<3xf32>, %init: !q, %inits: !s, %initb: tensor<8x16xf32>) -> !q {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillb = linalg.fill ins(%zero : f32) outs(%initb : tensor<8x16xf32>) -> tensor<8x16xf32>
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %b = linalg.contract indexing_maps = [affine_map<(i, j, r) -> (i, j, r)>, affine_map<(i, j, r) -> (r)>, affine_map<(i, j, r) -> (i, j)>] ins(%rel, %w : tensor<8x16x3xf32>, tensor<3xf32>) outs(%fillb : tensor<8x16xf32>) -> tensor<8x16xf32>
  %t = linalg.generic {indexing_maps = [#id, affine_map<(b, i, j) -> (i, j)>, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %b : !s, tensor<8x16xf32>) outs(%inits : !s) {
  ^bb0(%a: f32, %c: f32, %out: f32):
    %0 = arith.addf %a, %c : f32
    linalg.yield %0 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}

// Two selections: -inf inside of a finite number stays inside, as a row that
// the outer one masks throughout averages all values.
// CHECK-LABEL: func @nested_masks
// CHECK: %[[NEVER:.*]] = arith.constant 0xFF800000 : f32
// CHECK: %[[INNER:.*]] = arith.select %{{.*}}, %{{.*}}, %[[NEVER]] : f32
// CHECK: %[[LOW:.*]] = arith.constant -3.40282347E+38 : f32
// CHECK: arith.select %{{.*}}, %[[INNER]], %[[LOW]] : f32
// CHECK: hdp.attention ins({{.*}}) bias(%{{.*}} : tensor<2x8x16xf32>) outs
// -inf below a cut-off is the cut-off.
// CHECK-LABEL: func @cut_off
// CHECK-NOT: 0xFF800000
// CHECK: hdp.attention ins({{.*}}) bias(%{{.*}} : tensor<2x8x16xf32>) outs
func.func @nested_masks(%q: !q, %k: !k, %v: !k, %m: !m, %n: !m, %init: !q, %inits: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %never = arith.constant 0xFF800000 : f32
  %low = arith.constant -1.0e9 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %n, %s : !m, !m, !s) outs(%inits : !s) {
  ^bb0(%c: i1, %d: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %a, %never : f32
    %1 = arith.select %d, %0, %low : f32
    linalg.yield %1 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}
func.func @cut_off(%q: !q, %k: !k, %v: !k, %m: !m, %init: !q, %inits: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %never = arith.constant 0xFF800000 : f32
  %low = arith.constant -3.4028235e+38 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%inits : !s) -> !s
  %fillo = linalg.fill ins(%zero : f32) outs(%init : !q) -> !q
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%q, %k : !q, !k) outs(%fill : !s) -> !s
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m, %s : !m, !s) outs(%inits : !s) {
  ^bb0(%c: i1, %a: f32, %out: f32):
    %0 = arith.select %c, %a, %never : f32
    %1 = arith.maximumf %0, %low : f32
    linalg.yield %1 : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%inits : !s) -> !s
  %o = linalg.batch_matmul ins(%p, %v : !s, !k) outs(%fillo : !q) -> !q
  return %o : !q
}
