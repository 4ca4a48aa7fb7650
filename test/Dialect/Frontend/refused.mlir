// What hdp.attention cannot say stays, with the reason.
// RUN: hdp-opt %s --split-input-file --hdp-raise-attention --remarks-filter-missed=hdp -o %t.mlir 2> %t.remarks
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: FileCheck %s --check-prefix=STAYS < %t.mlir

// REMARK: Reason="scale: the scale is not a constant"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> ()>, affine_map<(b, m, n, k, j) -> (b, m, n)>]
func.func @scale(%q: tensor<8x16x32xf32>, %s: f32, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %q, %q, %s : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, f32) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="score-function: the region changes the scores"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> ()>, affine_map<(b, m, n, k, j) -> (b, m, n)>]
func.func @score_function(%q: tensor<8x16x32xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %q, %q, %s : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, f32) outs(%o : tensor<8x16x32xf32>) {
  ^bb0(%score: f32):
    %t = math.tanh %score : f32
    iree_linalg_ext.yield %t : f32
  } -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="layout: expected one dimension each of rows, depth, columns and values"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(h, g, n, k, j) -> (h, g, k)>, affine_map<(h, g, n, k, j) -> (j, k)>, affine_map<(h, g, n, k, j) -> (j, n)>, affine_map<(h, g, n, k, j) -> ()>, affine_map<(h, g, n, k, j) -> (h, g, n)>]
func.func @two_row_dimensions(%q: tensor<8x16x32xf32>, %k: tensor<24x32xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %k, %k, %s : tensor<8x16x32xf32>, tensor<24x32xf32>, tensor<24x32xf32>, f32) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="layout: an indexing map is not a permutation of some dimensions"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(b, m, n, k, j) -> (b, m + k, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> ()>, affine_map<(b, m, n, k, j) -> (b, m, n)>]
func.func @permuted_sum(%q: tensor<8x16x32xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %q, %q, %s : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, f32) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="layout: an indexing map does not have the rank of its operand"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> ()>, affine_map<(b, m, n, k, j) -> (b, m, n)>]
func.func @rank(%q: tensor<8x16x32xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %q, %q, %s : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, f32) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="layout: expected 6 indexing maps, found 4"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> (b, m, n)>]
func.func @map_count(%q: tensor<8x16x32xf32>, %m: tensor<8x16x16xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %q, %q, %s, %m : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, f32, tensor<8x16x16xf32>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="mask: the mask does not depend on the column"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> ()>, affine_map<(b, m, n, k, j) -> (b, m)>, affine_map<(b, m, n, k, j) -> (b, m, n)>]
func.func @mask_without_column(%q: tensor<8x16x32xf32>, %m: tensor<8x16xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %q, %q, %s, %m : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, f32, tensor<8x16xf32>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="mask: the mask depends on a dimension that scores do not have"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> ()>, affine_map<(b, m, n, k, j) -> (k, j)>, affine_map<(b, m, n, k, j) -> (b, m, n)>]
func.func @mask_of_depth(%q: tensor<8x16x32xf32>, %m: tensor<32x16xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %q, %q, %s, %m : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, f32, tensor<32x16xf32>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="types: operands and result have different types"
// STAYS: iree_linalg_ext.attention
#maps = [affine_map<(b, m, n, k, j) -> (b, m, k)>, affine_map<(b, m, n, k, j) -> (b, j, k)>, affine_map<(b, m, n, k, j) -> (b, j, n)>, affine_map<(b, m, n, k, j) -> ()>, affine_map<(b, m, n, k, j) -> (b, m, n)>]
func.func @mixed_types(%q: tensor<8x16x32xf32>, %o: tensor<8x16x32xf16>) -> tensor<8x16x32xf16> {
  %s = arith.constant 0.125 : f32
  %0 = iree_linalg_ext.attention {indexing_maps = #maps} ins(%q, %q, %q, %s : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, f32) outs(%o : tensor<8x16x32xf16>) -> tensor<8x16x32xf16>
  return %0 : tensor<8x16x32xf16>
}

// -----

// REMARK: Reason="operands: expected query, key, value and at most a mask"
// STAYS: tm_tensor.attention
func.func @operands(%q: tensor<8x16x32xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %0 = tm_tensor.attention ins(%q, %q : tensor<8x16x32xf32>, tensor<8x16x32xf32>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="types: the mask is neither i1 nor a float"
// STAYS: tm_tensor.attention
func.func @mask_type(%q: tensor<8x16x32xf32>, %m: tensor<8x16x16xi8>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %0 = tm_tensor.attention ins(%q, %q, %q, %m : tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x32xf32>, tensor<8x16x16xi8>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="types: an operand is not f32, f16 or bf16"
// STAYS: tm_tensor.attention
func.func @f64(%q: tensor<8x16x32xf32>, %k: tensor<8x16x32xf64>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %0 = tm_tensor.attention ins(%q, %k, %q : tensor<8x16x32xf32>, tensor<8x16x32xf64>, tensor<8x16x32xf32>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="shapes: operands have different leading dimensions"
// STAYS: tm_tensor.attention
func.func @leading_dimensions(%q: tensor<8x16x32xf32>, %k: tensor<4x16x32xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %0 = tm_tensor.attention ins(%q, %k, %k : tensor<8x16x32xf32>, tensor<4x16x32xf32>, tensor<4x16x32xf32>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="shapes: operands have different ranks"
// STAYS: tm_tensor.attention
func.func @ranks(%q: tensor<8x16x32xf32>, %k: tensor<16x32xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %0 = tm_tensor.attention ins(%q, %k, %k : tensor<8x16x32xf32>, tensor<16x32xf32>, tensor<16x32xf32>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="shapes: expected dimension 2 of 'key' (d) to be 32 as dimension 2 of 'query', found 8"
// STAYS: tm_tensor.attention
func.func @depth(%q: tensor<8x16x32xf32>, %k: tensor<8x16x8xf32>, %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
  %0 = tm_tensor.attention ins(%q, %k, %q : tensor<8x16x32xf32>, tensor<8x16x8xf32>, tensor<8x16x32xf32>) outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// -----

// REMARK: Reason="scale: the default scale 1/sqrt(d) needs a static d, found a dynamic one"
// STAYS: tm_tensor.attention
func.func @dynamic_depth(%q: tensor<8x16x?xf32>) -> tensor<8x16x?xf32> {
  %0 = tm_tensor.attention ins(%q, %q, %q : tensor<8x16x?xf32>, tensor<8x16x?xf32>, tensor<8x16x?xf32>) outs(%q : tensor<8x16x?xf32>) -> tensor<8x16x?xf32>
  return %0 : tensor<8x16x?xf32>
}
