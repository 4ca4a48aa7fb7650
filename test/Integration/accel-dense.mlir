// Dense programs come close to exact attention, 16 bits closer than 8.
// RUN: hdp-run %s --random=9 --engine=reference --output=%t.exact.npz
// RUN: hdp-opt %s --hdp-accel-pipeline=dense=16 | hdp-run - --random=9 --output=%t.16.npz
// RUN: hdp-opt %s --hdp-accel-pipeline=dense=8 | hdp-run - --random=9 --output=%t.8.npz
// RUN: %python %S/Inputs/check-dense.py %t.exact.npz %t.16.npz %t.8.npz
func.func @dense(%q: tensor<4x40x32xf32>, %k: tensor<2x41x32xf32>, %v: tensor<2x41x32xf32>, %m: tensor<1x1x41xi1>, %b: tensor<1x40x41xf32>) -> (tensor<4x40x32xf32>, tensor<4x40x32xf32>) {
  %init = tensor.empty() : tensor<4x40x32xf32>
  %0 = hdp.attention ins(%q, %k, %v : tensor<4x40x32xf32>, tensor<2x41x32xf32>, tensor<2x41x32xf32>) mask(%m : tensor<1x1x41xi1>) outs(%init : tensor<4x40x32xf32>) {scale = 0.2} -> tensor<4x40x32xf32>
  %1 = hdp.attention ins(%q, %k, %v : tensor<4x40x32xf32>, tensor<2x41x32xf32>, tensor<2x41x32xf32>) bias(%b : tensor<1x40x41xf32>) outs(%init : tensor<4x40x32xf32>) {scale = 0.2, causal} -> tensor<4x40x32xf32>
  return %0, %1 : tensor<4x40x32xf32>, tensor<4x40x32xf32>
}
