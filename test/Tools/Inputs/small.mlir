// Embedding, attention over a padded sentence, sum over tokens, classes.
func.func @main(%ids: tensor<2x6xi64>, %bias: tensor<2x1x6xf32>,
                %table: tensor<5x4xf32>, %classes: tensor<4x3xf32>)
    -> tensor<2x3xf32> {
  %zero = arith.constant 0.0 : f32
  %limit = arith.constant 5 : i64
  %e3 = tensor.empty() : tensor<2x6x4xf32>
  %x = linalg.generic {
      indexing_maps = [affine_map<(b, i, d) -> (b, i)>,
                       affine_map<(b, i, d) -> (b, i, d)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<2x6xi64>) outs(%e3 : tensor<2x6x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %ok = arith.cmpi ult, %id, %limit : i64
    cf.assert %ok, "token id is not in the table"
    %row = arith.index_cast %id : i64 to index
    %d = linalg.index 2 : index
    %element = tensor.extract %table[%row, %d] : tensor<5x4xf32>
    linalg.yield %element : f32
  } -> tensor<2x6x4xf32>
  %first = hdp.attention
      ins(%x, %x, %x : tensor<2x6x4xf32>, tensor<2x6x4xf32>, tensor<2x6x4xf32>)
      bias(%bias : tensor<2x1x6xf32>) outs(%e3 : tensor<2x6x4xf32>)
      {scale = 0.5} -> tensor<2x6x4xf32>
  %second = hdp.attention
      ins(%first, %x, %x : tensor<2x6x4xf32>, tensor<2x6x4xf32>,
                           tensor<2x6x4xf32>)
      bias(%bias : tensor<2x1x6xf32>) outs(%e3 : tensor<2x6x4xf32>)
      {scale = 0.5} -> tensor<2x6x4xf32>
  %e2 = tensor.empty() : tensor<2x4xf32>
  %zeros2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x4xf32>)
      -> tensor<2x4xf32>
  %pooled = linalg.reduce { arith.addf } ins(%second : tensor<2x6x4xf32>)
      outs(%zeros2 : tensor<2x4xf32>) dimensions = [1]
  %e1 = tensor.empty() : tensor<2x3xf32>
  %zeros1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x3xf32>)
      -> tensor<2x3xf32>
  %logits = linalg.matmul ins(%pooled, %classes : tensor<2x4xf32>,
                                                  tensor<4x3xf32>)
      outs(%zeros1 : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %logits : tensor<2x3xf32>
}
