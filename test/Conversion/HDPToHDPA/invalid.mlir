// What cannot become a program, and what stays for the CPU.
// RUN: hdp-opt %s --convert-hdp-to-hdpa=machine=%S/Inputs/tiny.yaml -split-input-file -verify-diagnostics

// RUN: not hdp-opt %s --convert-hdp-to-hdpa=dense=12 2>&1 | FileCheck %s --check-prefix=DENSE
// DENSE: error: expected dense=8 or dense=16, found dense=12
// RUN: not hdp-opt %s --convert-hdp-to-hdpa=machine=%t.none 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: {{.*}}.none: no such file or directory

// Exact attention.
func.func @exact(%x: tensor<1x2x4xf32>) -> tensor<1x2x4xf32> {
  // expected-remark @below {{attention without a policy stays for the CPU}}
  %0 = hdp.attention ins(%x, %x, %x : tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) outs(%x : tensor<1x2x4xf32>) {scale = 0.5} -> tensor<1x2x4xf32>
  return %0 : tensor<1x2x4xf32>
}

// -----

func.func @dynamic(%x: tensor<1x?x4xf32>) -> tensor<1x?x4xf32> {
  // expected-remark @below {{attention stays for the CPU: programs need static shapes, found 'tensor<1x?x4xf32>'}}
  %0 = hdp.attention ins(%x, %x, %x : tensor<1x?x4xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) outs(%x : tensor<1x?x4xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<1x?x4xf32>
  return %0 : tensor<1x?x4xf32>
}

// -----

func.func @counted(%x: tensor<1x2x4xf32>, %s: tensor<1x12xi64>) -> tensor<1x2x4xf32> {
  // expected-error @below {{expected no statistics, which programs do not count}}
  %0:2 = hdp.attention ins(%x, %x, %x : tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) outs(%x : tensor<1x2x4xf32>) statistics(%s : tensor<1x12xi64>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<1x2x4xf32>, tensor<1x12xi64>
  return %0#0 : tensor<1x2x4xf32>
}

// -----

func.func @buffers(%x: memref<1x2x4xf32>, %o: memref<1x2x4xf32>) {
  // expected-error @below {{expected attention on tensors to make a program}}
  hdp.attention ins(%x, %x, %x : memref<1x2x4xf32>, memref<1x2x4xf32>, memref<1x2x4xf32>) outs(%o : memref<1x2x4xf32>) {scale = 0.5, policy = #hdp.policy<compensated>}
  return
}

// -----

func.func @too_long(%x: tensor<1x400x4xf32>) -> tensor<1x400x4xf32> {
  // expected-error @below {{the attention does not fit the machine: the theta buffer has 64 bytes, 736 fewer than the smallest program needs}}
  %0 = hdp.attention ins(%x, %x, %x : tensor<1x400x4xf32>, tensor<1x400x4xf32>, tensor<1x400x4xf32>) outs(%x : tensor<1x400x4xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<1x400x4xf32>
  return %0 : tensor<1x400x4xf32>
}

// -----

func.func @too_many_heads(%x: tensor<2000000x1x1xf32>) -> tensor<2000000x1x1xf32> {
  // expected-error @below {{expected sizes up to 1048576 in a program, found 2000000}}
  %0 = hdp.attention ins(%x, %x, %x : tensor<2000000x1x1xf32>, tensor<2000000x1x1xf32>, tensor<2000000x1x1xf32>) outs(%x : tensor<2000000x1x1xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<2000000x1x1xf32>
  return %0 : tensor<2000000x1x1xf32>
}
