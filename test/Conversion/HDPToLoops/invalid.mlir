// RUN: hdp-opt %s --convert-hdp-to-loops -split-input-file -verify-diagnostics

func.func @tensors(%x: tensor<5x8xf32>) -> tensor<5x8xf32> {
  // expected-error @below {{expected memrefs, found tensors: bufferize first}}
  %0 = hdp.attention ins(%x, %x, %x : tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>) outs(%x : tensor<5x8xf32>) {scale = 1.0} -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

func.func @policy(%x: memref<5x8xf32>, %o: memref<5x8xf32>) {
  // expected-error @below {{expected attention without a policy, found one: decompose it first}}
  hdp.attention ins(%x, %x, %x : memref<5x8xf32>, memref<5x8xf32>, memref<5x8xf32>) outs(%o : memref<5x8xf32>) {scale = 1.0, policy = #hdp.policy<paper>}
  return
}
