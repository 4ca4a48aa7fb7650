// Why there is no kernel is a remark.

// RUN: hdp-opt %s --hdp-decompose-unfused --remarks-filter=hdp --verify-diagnostics -o %t

!q = tensor<2x8x64xf32>

func.func @sides(%q: !q, %i: !q) -> !q {
  // expected-remark @below {{sides of blocks are not powers of two}}
  %0 = hdp.attention ins(%q, %q, %q : !q, !q, !q) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<paper, block = 3x2>} -> !q
  return %0 : !q
}

func.func @rows(%q: !q, %i: !q) -> !q {
  // expected-remark @below {{blocks of one row share weights}}
  %0 = hdp.attention ins(%q, %q, %q : !q, !q, !q) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<compensated, block = 1x2>} -> !q
  return %0 : !q
}

func.func @groups(%q: !q, %i: !q) -> !q {
  // expected-remark @below {{groups have an odd number of keys}}
  %0 = hdp.attention ins(%q, %q, %q : !q, !q, !q) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<compensated, block = 2x1, group = 3>} -> !q
  return %0 : !q
}

func.func @scores(%q: tensor<8x2560xf32>, %i: tensor<8x2560xf32>)
    -> tensor<8x2560xf32> {
  // expected-remark @below {{scores need more than 30 bits}}
  %0 = hdp.attention ins(%q, %q, %q : tensor<8x2560xf32>, tensor<8x2560xf32>,
                                      tensor<8x2560xf32>)
      outs(%i : tensor<8x2560xf32>)
      {scale = 0.125, policy = #hdp.policy<paper, format = fixed<6, 8>>}
      -> tensor<8x2560xf32>
  return %0 : tensor<8x2560xf32>
}

func.func @kernel(%q: !q, %i: !q) -> !q {
  %0 = hdp.attention ins(%q, %q, %q : !q, !q, !q) outs(%i : !q)
      {scale = 0.125, policy = #hdp.policy<paper>} -> !q
  return %0 : !q
}
