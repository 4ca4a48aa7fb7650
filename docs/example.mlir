func.func @attention(%q: tensor<2x48x32xf32>, %k: tensor<2x32x48xf32>,
                     %v: tensor<2x48x32xf32>) -> tensor<2x48x32xf32> {
  %zero = arith.constant 0.0 : f32
  %scale = arith.constant 0.125 : f32
  %square = tensor.empty() : tensor<2x48x48xf32>
  %square0 = linalg.fill ins(%zero : f32)
      outs(%square : tensor<2x48x48xf32>) -> tensor<2x48x48xf32>
  %scores = linalg.batch_matmul
      ins(%q, %k : tensor<2x48x32xf32>, tensor<2x32x48xf32>)
      outs(%square0 : tensor<2x48x48xf32>) -> tensor<2x48x48xf32>
  %factor = linalg.fill ins(%scale : f32)
      outs(%square : tensor<2x48x48xf32>) -> tensor<2x48x48xf32>
  %scaled = linalg.mul
      ins(%scores, %factor : tensor<2x48x48xf32>, tensor<2x48x48xf32>)
      outs(%square : tensor<2x48x48xf32>) -> tensor<2x48x48xf32>
  %weights = linalg.softmax dimension(2)
      ins(%scaled : tensor<2x48x48xf32>) outs(%square : tensor<2x48x48xf32>)
      -> tensor<2x48x48xf32>
  %init = tensor.empty() : tensor<2x48x32xf32>
  %init0 = linalg.fill ins(%zero : f32)
      outs(%init : tensor<2x48x32xf32>) -> tensor<2x48x32xf32>
  %result = linalg.batch_matmul
      ins(%weights, %v : tensor<2x48x48xf32>, tensor<2x48x32xf32>)
      outs(%init0 : tensor<2x48x32xf32>) -> tensor<2x48x32xf32>
  return %result : tensor<2x48x32xf32>
}
