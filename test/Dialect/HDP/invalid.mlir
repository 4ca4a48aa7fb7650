// One error a function, named after the rule it breaks.
// RUN: hdp-opt %s -split-input-file -verify-diagnostics

func.func @mixed_semantics(%q: tensor<2x5x8xf32>, %k: memref<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected all operands to be tensors or all to be memrefs, found both}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, memref<2x5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @rank_too_small(%q: tensor<8xf32>, %k: tensor<8xf32>, %v: tensor<8xf32>, %o: tensor<8xf32>) {
  // expected-error @below {{expected 'query' of rank at least 2, found rank 1}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) outs(%o : tensor<8xf32>) {scale = 1.0} -> tensor<8xf32>
  return
}

// -----
func.func @rank_mismatch(%q: tensor<2x5x8xf32>, %k: tensor<5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected 'key' of rank 3, found rank 2}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @element_type(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf16>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected 'key' of element type 'f32' as 'init', found 'f16'}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf16>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @depth(%q: tensor<2x5x8xf32>, %k: tensor<2x5x16xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected dimension 2 of 'key' (d) to be 8 as dimension 2 of 'query', found 16}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x16xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @keys(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x6x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected dimension 1 of 'value' (Lk) to be 5 as dimension 1 of 'key', found 6}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x6x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @rows(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x6x8xf32>) {
  // expected-error @below {{expected dimension 1 of 'init' (Lq) to be 5 as dimension 1 of 'query', found 6}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x6x8xf32>) {scale = 1.0} -> tensor<2x6x8xf32>
  return
}

// -----
func.func @batch(%q: tensor<3x2x5x8xf32>, %k: tensor<2x2x5x8xf32>, %v: tensor<2x2x5x8xf32>, %o: tensor<3x2x5x8xf32>) {
  // expected-error @below {{expected dimension 0 of 'key' (B0) to be 3 as dimension 0 of 'query', found 2}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<3x2x5x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xf32>) outs(%o : tensor<3x2x5x8xf32>) {scale = 1.0} -> tensor<3x2x5x8xf32>
  return
}

// -----
func.func @zero_length(%q: tensor<2x5x8xf32>, %k: tensor<2x0x8xf32>, %v: tensor<2x0x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected dimension 1 of 'key' to be at least 1, found 0}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x0x8xf32>, tensor<2x0x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @heads_N13(%q: tensor<3x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<3x5x8xf32>) {
  // expected-error @below {{expected query heads to be a multiple of key and value heads, found 3 and 2}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<3x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<3x5x8xf32>) {scale = 1.0} -> tensor<3x5x8xf32>
  return
}

// -----
func.func @mask_rank(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>, %m: tensor<5x5xi1>) {
  // expected-error @below {{expected 'mask' of rank 3, found rank 2}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) mask(%m : tensor<5x5xi1>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @mask_size(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>, %m: tensor<2x4x5xi1>) {
  // expected-error @below {{expected dimension 1 of 'mask' to be 1 or 5, found 4}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) mask(%m : tensor<2x4x5xi1>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @mask_keys_not_broadcast(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>, %m: tensor<2x5x1xi1>) {
  // expected-error @below {{expected dimension 2 of 'mask' to be 5, found 1}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) mask(%m : tensor<2x5x1xi1>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @bias_size(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>, %b: tensor<3x5x5xf32>) {
  // expected-error @below {{expected dimension 0 of 'bias' to be 1 or 2, found 3}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) bias(%b : tensor<3x5x5xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @permutation(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected 'query_perm' to be a permutation of 3 dimensions, found [0, 1, 1]}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0, query_perm = array<i64: 0, 1, 1>} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @permutation_length(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected 'result_perm' to be a permutation of 3 dimensions, found [0, 1]}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0, result_perm = array<i64: 0, 1>} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @permuted_depth(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected dimension 2 of 'key' (d) to be 8 as dimension 2 of 'query', found 5}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0, key_perm = array<i64: 0, 2, 1>} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @scale_not_finite(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected a finite scale}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 0x7FF0000000000000 : f64} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @N0_scale(%q: tensor<2x5x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected a scale from 2^-126 to 2^127, found 0}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 0.0, policy = #hdp.policy<compensated>} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @N0_keys(%q: tensor<2x5x8xf32>, %k: tensor<2x32769x8xf32>, %v: tensor<2x32769x8xf32>, %o: tensor<2x5x8xf32>) {
  // expected-error @below {{expected Lk from 1 to 32768, found 32769}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x5x8xf32>, tensor<2x32769x8xf32>, tensor<2x32769x8xf32>) outs(%o : tensor<2x5x8xf32>) {scale = 1.0, policy = #hdp.policy<compensated>} -> tensor<2x5x8xf32>
  return
}

// -----
func.func @N0_score_full(%q: tensor<5x65536xf32>, %k: tensor<5x65536xf32>, %v: tensor<5x8xf32>, %o: tensor<5x8xf32>) {
  // expected-error @below {{expected a largest score below 2^30, found 1073741824}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<5x65536xf32>, tensor<5x65536xf32>, tensor<5x8xf32>) outs(%o : tensor<5x8xf32>) {scale = 1.0, policy = #hdp.policy<compensated>} -> tensor<5x8xf32>
  return
}

// -----
func.func @N0_score_with_bias(%q: tensor<5x49152xf32>, %k: tensor<5x49152xf32>, %v: tensor<5x8xf32>, %o: tensor<5x8xf32>, %b: tensor<1x5xf32>) {
  // expected-error @below {{expected a largest score below 2^30, found 1073741824}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<5x49152xf32>, tensor<5x49152xf32>, tensor<5x8xf32>) bias(%b : tensor<1x5xf32>) outs(%o : tensor<5x8xf32>) {scale = 1.0, policy = #hdp.policy<compensated>} -> tensor<5x8xf32>
  return
}

// -----
func.func @N0_theta(%q: tensor<5x32768xf32>, %k: tensor<5x32768xf32>, %v: tensor<5x8xf32>, %o: tensor<5x8xf32>) {
  // expected-error @below {{expected a largest theta below 2^31, found 2147483648}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<5x32768xf32>, tensor<5x32768xf32>, tensor<5x8xf32>) outs(%o : tensor<5x8xf32>) {scale = 1.0, policy = #hdp.policy<compensated, format = fixed<5, 1>, block = 16x16>} -> tensor<5x8xf32>
  return
}

// -----
func.func @N0_H(%q: tensor<16777216x4096xf32>, %k: tensor<32768x4096xf32>, %v: tensor<32768x8xf32>, %o: tensor<16777216x8xf32>) {
  // expected-error @below {{expected a largest H below 2^55, found}}
  %0 = hdp.attention ins(%q, %k, %v : tensor<16777216x4096xf32>, tensor<32768x4096xf32>, tensor<32768x8xf32>) outs(%o : tensor<16777216x8xf32>) {scale = 1.0, policy = #hdp.policy<compensated, format = fixed<5, 1>>} -> tensor<16777216x8xf32>
  return
}

// -----
func.func @split_integer_shape(%x: tensor<2x5x8xf32>, %i: tensor<2x5x4xi8>, %f: tensor<2x5x8xi16>, %s: tensor<2xi32>) {
  // expected-error @below {{expected dimension 2 of 'integer' (d) to be 8 as dimension 2 of 'input', found 4}}
  %0:3 = hdp.split <query> ins(%x : tensor<2x5x8xf32>) outs(%i, %f, %s : tensor<2x5x4xi8>, tensor<2x5x8xi16>, tensor<2xi32>) {policy = #hdp.policy<paper>} -> tensor<2x5x4xi8>, tensor<2x5x8xi16>, tensor<2xi32>
  return
}

// -----
func.func @split_exponent_rank(%x: tensor<2x5x8xf32>, %i: tensor<2x5x8xi8>, %f: tensor<2x5x8xi16>, %s: tensor<2x5xi32>) {
  // expected-error @below {{expected 'exponent' of rank 1, found rank 2}}
  %0:3 = hdp.split <query> ins(%x : tensor<2x5x8xf32>) outs(%i, %f, %s : tensor<2x5x8xi8>, tensor<2x5x8xi16>, tensor<2x5xi32>) {policy = #hdp.policy<paper>} -> tensor<2x5x8xi8>, tensor<2x5x8xi16>, tensor<2x5xi32>
  return
}

// -----
func.func @quantize_type(%x: tensor<5x8xf32>, %c: tensor<5x8xi8>, %s: tensor<i32>) {
  // expected-error @below {{must be ranked tensor or memref of i16, but got 'tensor<5x8xi8>'}}
  %0:2 = hdp.quantize ins(%x : tensor<5x8xf32>) outs(%c, %s : tensor<5x8xi8>, tensor<i32>) {policy = #hdp.policy<paper>} -> tensor<5x8xi8>, tensor<i32>
  return
}

// -----
func.func @dequantize_heads(%c: tensor<3x5x8xi16>, %s: tensor<2xi32>, %o: tensor<3x5x8xf32>) {
  // expected-error @below {{expected query heads to be a multiple of key and value heads, found 3 and 2}}
  %0 = hdp.dequantize ins(%c, %s : tensor<3x5x8xi16>, tensor<2xi32>) outs(%o : tensor<3x5x8xf32>) -> tensor<3x5x8xf32>
  return
}

// -----
func.func @validity_bias_alone(%b: tensor<5x7xf32>, %s: tensor<i32>, %v: tensor<5x7xi1>) {
  // expected-error @below {{expected 'bias_out' exactly with 'bias', found 'bias' alone}}
  %0 = hdp.validity bias(%b, %s, %s : tensor<5x7xf32>, tensor<i32>, tensor<i32>) outs(%v : tensor<5x7xi1>) {policy = #hdp.policy<paper>, scale = 1.0} -> tensor<5x7xi1>
  return
}

// -----
func.func @validity_bias_out_alone(%b: tensor<5x7xi32>, %v: tensor<5x7xi1>) {
  // expected-error @below {{expected 'bias_out' exactly with 'bias', found 'bias_out' alone}}
  %0:2 = hdp.validity outs(%v : tensor<5x7xi1>) bias_out(%b : tensor<5x7xi32>) {policy = #hdp.policy<paper>, scale = 1.0} -> tensor<5x7xi1>, tensor<5x7xi32>
  return
}

// -----
func.func @validity_exponents(%b: tensor<5x7xf32>, %v: tensor<5x7xi1>, %o: tensor<5x7xi32>) {
  // expected-error @below {{expected both exponents exactly with 'bias'}}
  %0:2 = "hdp.validity"(%b, %v, %o) <{operandSegmentSizes = array<i32: 0, 1, 0, 0, 1, 1>, policy = #hdp.policy<paper>, scale = 1.0 : f64}> : (tensor<5x7xf32>, tensor<5x7xi1>, tensor<5x7xi32>) -> (tensor<5x7xi1>, tensor<5x7xi32>)
  return
}

// -----
func.func @int_int_with_fraction(%qi: tensor<5x8xi8>, %ki: tensor<7x8xi8>, %qf: tensor<5x8xi16>, %kf: tensor<7x8xi16>, %ii: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %o: tensor<5x7xi32>) {
  // expected-error @below {{expected only the integer planes with int_int, found fraction planes, a block mask or a bias}}
  %0 = hdp.split_matmul <int_int> ins(%qi, %ki : tensor<5x8xi8>, tensor<7x8xi8>) fraction(%qf, %kf : tensor<5x8xi16>, tensor<7x8xi16>) outs(%o : tensor<5x7xi32>) {policy = #hdp.policy<paper>} -> tensor<5x7xi32>
  return
}

// -----
func.func @cross_without_fraction(%qi: tensor<5x8xi8>, %ki: tensor<7x8xi8>, %qf: tensor<5x8xi16>, %kf: tensor<7x8xi16>, %ii: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %o: tensor<5x7xi32>) {
  // expected-error @below {{expected both fraction planes with cross, found none}}
  %0 = hdp.split_matmul <cross> ins(%qi, %ki : tensor<5x8xi8>, tensor<7x8xi8>) integer_scores(%ii : tensor<5x7xi32>) outs(%o : tensor<5x7xi32>) {policy = #hdp.policy<paper>} -> tensor<5x7xi32>
  return
}

// -----
func.func @cross_without_integer_scores(%qi: tensor<5x8xi8>, %ki: tensor<7x8xi8>, %qf: tensor<5x8xi16>, %kf: tensor<7x8xi16>, %ii: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %o: tensor<5x7xi32>) {
  // expected-error @below {{expected integer_scores exactly with cross, found cross without them}}
  %0 = hdp.split_matmul <cross> ins(%qi, %ki : tensor<5x8xi8>, tensor<7x8xi8>) fraction(%qf, %kf : tensor<5x8xi16>, tensor<7x8xi16>) outs(%o : tensor<5x7xi32>) {policy = #hdp.policy<paper>} -> tensor<5x7xi32>
  return
}

// -----
func.func @full_with_integer_scores(%qi: tensor<5x8xi8>, %ki: tensor<7x8xi8>, %qf: tensor<5x8xi16>, %kf: tensor<7x8xi16>, %ii: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %o: tensor<5x7xi32>) {
  // expected-error @below {{expected integer_scores exactly with cross, found full with them}}
  %0 = hdp.split_matmul <full> ins(%qi, %ki : tensor<5x8xi8>, tensor<7x8xi8>) fraction(%qf, %kf : tensor<5x8xi16>, tensor<7x8xi16>) integer_scores(%ii : tensor<5x7xi32>) outs(%o : tensor<5x7xi32>) {policy = #hdp.policy<compensated>} -> tensor<5x7xi32>
  return
}

// -----
func.func @products_of_policy(%qi: tensor<5x8xi8>, %ki: tensor<7x8xi8>, %qf: tensor<5x8xi16>, %kf: tensor<7x8xi16>, %ii: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %o: tensor<5x7xi32>) {
  // expected-error @below {{expected the products of the policy, full, found cross}}
  %0 = hdp.split_matmul <cross> ins(%qi, %ki : tensor<5x8xi8>, tensor<7x8xi8>) fraction(%qf, %kf : tensor<5x8xi16>, tensor<7x8xi16>) integer_scores(%ii : tensor<5x7xi32>) outs(%o : tensor<5x7xi32>) {policy = #hdp.policy<compensated>} -> tensor<5x7xi32>
  return
}

// -----
func.func @kept_without_valid(%qi: tensor<5x8xi8>, %ki: tensor<7x8xi8>, %qf: tensor<5x8xi16>, %kf: tensor<7x8xi16>, %ii: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %o: tensor<5x7xi32>) {
  // expected-error @below {{expected 'kept' and 'valid' together, found one}}
  %0 = "hdp.split_matmul"(%qi, %ki, %qf, %kf, %ii, %kept, %o) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0, 0, 1>, policy = #hdp.policy<paper>, products = #hdp<products <cross>>}> : (tensor<5x8xi8>, tensor<7x8xi8>, tensor<5x8xi16>, tensor<7x8xi16>, tensor<5x7xi32>, tensor<3x4xi1>, tensor<5x7xi32>) -> tensor<5x7xi32>
  return
}

// -----
func.func @matmul_block_rows(%qi: tensor<5x8xi8>, %ki: tensor<7x8xi8>, %qf: tensor<5x8xi16>, %kf: tensor<7x8xi16>, %ii: tensor<5x7xi32>, %kept: tensor<2x4xi1>, %valid: tensor<5x7xi1>, %o: tensor<5x7xi32>) {
  // expected-error @below {{expected dimension 0 of 'kept' (R) to be 3, ceil(5 / 2), found 2}}
  %0 = hdp.split_matmul <cross> ins(%qi, %ki : tensor<5x8xi8>, tensor<7x8xi8>) fraction(%qf, %kf : tensor<5x8xi16>, tensor<7x8xi16>) integer_scores(%ii : tensor<5x7xi32>) where(%kept, %valid : tensor<2x4xi1>, tensor<5x7xi1>) outs(%o : tensor<5x7xi32>) {policy = #hdp.policy<paper>} -> tensor<5x7xi32>
  return
}

// -----
func.func @importance_block_columns(%ii: tensor<5x7xi32>, %valid: tensor<5x7xi1>, %t: tensor<3x3xi32>, %k: tensor<3x3xi8>) {
  // expected-error @below {{expected dimension 1 of 'theta' (C) to be 4, ceil(7 / 2), found 3}}
  %0:2 = hdp.block_importance ins(%ii, %valid : tensor<5x7xi32>, tensor<5x7xi1>) outs(%t, %k : tensor<3x3xi32>, tensor<3x3xi8>) {policy = #hdp.policy<paper>} -> tensor<3x3xi32>, tensor<3x3xi8>
  return
}

// -----
func.func @gate_shape(%t: tensor<2x3x4xi32>, %k: tensor<2x3x4xi8>, %ii: tensor<2x5x7xi32>, %valid: tensor<2x5x7xi1>, %g: tensor<3xi1>, %h: tensor<2xi64>) {
  // expected-error @below {{expected dimension 0 of 'gate' (Hq) to be 2 as dimension 0 of 'theta', found 3}}
  %0:3 = hdp.head_gate ins(%t, %k, %ii, %valid : tensor<2x3x4xi32>, tensor<2x3x4xi8>, tensor<2x5x7xi32>, tensor<2x5x7xi1>) outs(%g, %h, %h : tensor<3xi1>, tensor<2xi64>, tensor<2xi64>) {policy = #hdp.policy<paper>} -> tensor<3xi1>, tensor<2xi64>, tensor<2xi64>
  return
}

// -----
func.func @block_mask_threshold(%t: tensor<3x4xi32>, %k: tensor<3x4xi8>, %g: tensor<i1>, %m: tensor<3x4xi1>, %row: tensor<4xi32>) {
  // expected-error @below {{expected dimension 0 of 'threshold' (R) to be 3 as dimension 0 of 'theta', found 4}}
  %0:2 = hdp.block_mask ins(%t, %k, %g : tensor<3x4xi32>, tensor<3x4xi8>, tensor<i1>) outs(%m, %row : tensor<3x4xi1>, tensor<4xi32>) {policy = #hdp.policy<paper>} -> tensor<3x4xi1>, tensor<4xi32>
  return
}

// -----
func.func @softmax_groups(%s: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %theta: tensor<3x4xi32>, %kind: tensor<3x4xi8>, %e: tensor<i32>, %w: tensor<5x7xi16>, %row: tensor<5xi32>, %k: tensor<5xi8>, %c: tensor<5x3xi16>) {
  // expected-error @below {{expected dimension 1 of 'compensation' (G) to be 2, ceil(4 / 2), found 3}}
  %0:6 = hdp.softmax ins(%s, %kept, %valid, %theta, %kind, %e, %e : tensor<5x7xi32>, tensor<3x4xi1>, tensor<5x7xi1>, tensor<3x4xi32>, tensor<3x4xi8>, tensor<i32>, tensor<i32>) outs(%w, %row, %k, %c, %c, %e : tensor<5x7xi16>, tensor<5xi32>, tensor<5xi8>, tensor<5x3xi16>, tensor<5x3xi16>, tensor<i32>) {policy = #hdp.policy<compensated, group = 2>, scale = 1.0} -> tensor<5x7xi16>, tensor<5xi32>, tensor<5xi8>, tensor<5x3xi16>, tensor<5x3xi16>, tensor<i32>
  return
}

// -----
func.func @softmax_one_group(%s: tensor<5x7xi32>, %kept: tensor<3x4xi1>, %valid: tensor<5x7xi1>, %theta: tensor<3x4xi32>, %kind: tensor<3x4xi8>, %e: tensor<i32>, %w: tensor<5x7xi16>, %row: tensor<5xi32>, %k: tensor<5xi8>, %c: tensor<5x2xi16>) {
  // expected-error @below {{expected one group of block columns with group = 0, found 2}}
  %0:6 = hdp.softmax ins(%s, %kept, %valid, %theta, %kind, %e, %e : tensor<5x7xi32>, tensor<3x4xi1>, tensor<5x7xi1>, tensor<3x4xi32>, tensor<3x4xi8>, tensor<i32>, tensor<i32>) outs(%w, %row, %k, %c, %c, %e : tensor<5x7xi16>, tensor<5xi32>, tensor<5xi8>, tensor<5x2xi16>, tensor<5x2xi16>, tensor<i32>) {policy = #hdp.policy<compensated, group = 0>, scale = 1.0} -> tensor<5x7xi16>, tensor<5xi32>, tensor<5xi8>, tensor<5x2xi16>, tensor<5x2xi16>, tensor<i32>
  return
}

// -----
func.func @apply_depth(%w: tensor<5x7xi16>, %c: tensor<5x1xi16>, %v: tensor<7x4xi16>, %kept: tensor<3x4xi1>, %kind: tensor<3x4xi8>, %valid: tensor<5x7xi1>, %g: tensor<i1>, %o: tensor<5x6xi16>, %num: tensor<5x4xi64>, %row: tensor<5xi32>) {
  // expected-error @below {{expected dimension 1 of 'output' (dv) to be 4 as dimension 1 of 'values', found 6}}
  %0:4 = hdp.apply ins(%w, %c, %v, %kept, %kind, %valid, %g : tensor<5x7xi16>, tensor<5x1xi16>, tensor<7x4xi16>, tensor<3x4xi1>, tensor<3x4xi8>, tensor<5x7xi1>, tensor<i1>) outs(%o, %num, %row, %row : tensor<5x6xi16>, tensor<5x4xi64>, tensor<5xi32>, tensor<5xi32>) {policy = #hdp.policy<compensated>} -> tensor<5x6xi16>, tensor<5x4xi64>, tensor<5xi32>, tensor<5xi32>
  return
}

// -----

func.func @statistics_without_policy(%q: memref<2x5x8xf32>, %s: memref<2x12xi64>) {
  // expected-error @below {{expected a policy with statistics}}
  hdp.attention ins(%q, %q, %q : memref<2x5x8xf32>, memref<2x5x8xf32>, memref<2x5x8xf32>) outs(%q : memref<2x5x8xf32>) statistics(%s : memref<2x12xi64>) {scale = 1.0}
  return
}

// -----

func.func @statistics_columns(%q: memref<2x5x8xf32>, %s: memref<2x11xi64>) {
  // expected-error @below {{expected statistics of 12 columns, found 'memref<2x11xi64>'}}
  hdp.attention ins(%q, %q, %q : memref<2x5x8xf32>, memref<2x5x8xf32>, memref<2x5x8xf32>) outs(%q : memref<2x5x8xf32>) statistics(%s : memref<2x11xi64>) {scale = 1.0, policy = #hdp.policy<paper>}
  return
}

// -----

func.func @statistics_rows(%q: memref<3x2x5x8xf32>, %s: memref<2x12xi64>) {
  // expected-error @below {{expected a row of statistics for each of 6 query heads, found 2}}
  hdp.attention ins(%q, %q, %q : memref<3x2x5x8xf32>, memref<3x2x5x8xf32>, memref<3x2x5x8xf32>) outs(%q : memref<3x2x5x8xf32>) statistics(%s : memref<2x12xi64>) {scale = 1.0, policy = #hdp.policy<paper>}
  return
}
