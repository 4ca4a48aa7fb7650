// Pruned attention of any number of heads and any length.
func.func @attention(%q: tensor<?x?x64xf32>, %k: tensor<?x?x64xf32>,
                     %v: tensor<?x?x64xf32>) -> tensor<?x?x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %heads = tensor.dim %q, %c0 : tensor<?x?x64xf32>
  %rows = tensor.dim %q, %c1 : tensor<?x?x64xf32>
  %init = tensor.empty(%heads, %rows) : tensor<?x?x64xf32>
  %result = hdp.attention
      ins(%q, %k, %v
          : tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>)
      outs(%init : tensor<?x?x64xf32>)
      {scale = 1.250000e-01 : f64, policy = #hdp.policy<compensated, rho = 0.2>}
      -> tensor<?x?x64xf32>
  return %result : tensor<?x?x64xf32>
}
