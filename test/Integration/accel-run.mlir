// Launched programs give what the reference engine gives, bit for bit: heads
// fewer than cores, odd numbers of them, grouped ones, odd lengths, causal,
// padding and arbitrary masks, biases, layouts, policies, on three machines.
// RUN: hdp-run %s --random=7 --engine=reference --output=%t.ref.npz
// RUN: hdp-opt %s --hdp-accel-pipeline | hdp-run - --random=7 --output=%t.edge.npz | FileCheck %s
// RUN: cmp %t.ref.npz %t.edge.npz
// RUN: hdp-opt %s --hdp-accel-pipeline=machine=hdp-server | hdp-run - --random=7 --output=%t.server.npz
// RUN: cmp %t.ref.npz %t.server.npz
// RUN: hdp-opt %s --hdp-accel-pipeline="machine=%S/Inputs/small.yaml" -o %t.small.mlir
// RUN: hdp-run %t.small.mlir --random=7 --output=%t.small.npz
// RUN: cmp %t.ref.npz %t.small.npz
// RUN: FileCheck %s --check-prefix=SMALL < %t.small.mlir
// RUN: hdp-opt %s --hdp-accel-pipeline="double-buffer=false" | hdp-run - --random=7 --output=%t.plain.npz
// The policy comes too late for launches; the run says so and goes on.
// RUN: hdp-run %t.small.mlir --random=7 --policy=paper 2>&1 >%t.late.txt | FileCheck %s --check-prefix=LATE
// LATE: hdp-run: warning: {{.*}}.small.mlir: attention is launches of programs already, the policy has no effect
// RUN: cmp %t.ref.npz %t.plain.npz

// The attention is not hdp-run's: it runs on the co-processor.
// CHECK: no attention was recognised

// The small machine cuts keys and values into chunks.
// SMALL: hdpa.score {{.*}} column = {{[1-9]}}
// SMALL: hdpa.weigh {{.*}} column = {{[1-9]}}

func.func @all(%one: tensor<1x24x16xf32>, %three: tensor<3x17x16xf32>,
               %q: tensor<2x4x9x16xf32>, %k: tensor<2x2x11x16xf32>, %v: tensor<2x2x11x8xf32>,
               %padding: tensor<2x1x1x11xi1>, %mask: tensor<2x4x9x11xi1>, %rows: tensor<1x1x9x11xi1>,
               %bias: tensor<1x1x1x11xf32>, %biases: tensor<2x4x9x11xf32>,
               %t: tensor<13x3x16xf32>, %h: tensor<2x8x16xf16>)
    -> (tensor<1x24x16xf32>, tensor<3x17x16xf32>, tensor<3x17x16xf32>, tensor<3x17x16xf32>,
        tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>,
        tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>,
        tensor<13x3x16xf32>, tensor<2x8x16xf16>) {
  %i0 = tensor.empty() : tensor<1x24x16xf32>
  %i1 = tensor.empty() : tensor<3x17x16xf32>
  %i2 = tensor.empty() : tensor<2x4x9x8xf32>
  %i3 = tensor.empty() : tensor<13x3x16xf32>
  %i4 = tensor.empty() : tensor<2x8x16xf16>
  // One head on all cores.
  %0 = hdp.attention ins(%one, %one, %one : tensor<1x24x16xf32>, tensor<1x24x16xf32>, tensor<1x24x16xf32>) outs(%i0 : tensor<1x24x16xf32>) {scale = 0.25, policy = #hdp.policy<compensated>} -> tensor<1x24x16xf32>
  // Three heads of odd length, causal; a gate.
  %1 = hdp.attention ins(%three, %three, %three : tensor<3x17x16xf32>, tensor<3x17x16xf32>, tensor<3x17x16xf32>) outs(%i1 : tensor<3x17x16xf32>) {scale = 0.25, causal, policy = #hdp.policy<compensated, group = 4, rho = 0.25>} -> tensor<3x17x16xf32>
  %2 = hdp.attention ins(%three, %three, %three : tensor<3x17x16xf32>, tensor<3x17x16xf32>, tensor<3x17x16xf32>) outs(%i1 : tensor<3x17x16xf32>) {scale = 0.25, policy = #hdp.policy<paper, tau = 1.5>} -> tensor<3x17x16xf32>
  // A mask that the program has as a constant.
  %lower = arith.constant dense<[[[true, true, true, true, true, false, true, true, false, true, true, true, false, false, true, true, true]]]> : tensor<1x1x17xi1>
  %11 = hdp.attention ins(%three, %three, %three : tensor<3x17x16xf32>, tensor<3x17x16xf32>, tensor<3x17x16xf32>) mask(%lower : tensor<1x1x17xi1>) outs(%i1 : tensor<3x17x16xf32>) {scale = 0.25, policy = #hdp.policy<compensated>} -> tensor<3x17x16xf32>
  // Batches of grouped heads: causal, padding, a mask each, a mask for all.
  %3 = hdp.attention ins(%q, %k, %v : tensor<2x4x9x16xf32>, tensor<2x2x11x16xf32>, tensor<2x2x11x8xf32>) outs(%i2 : tensor<2x4x9x8xf32>) {scale = 0.25, causal, policy = #hdp.policy<paper, rho = 0.3>} -> tensor<2x4x9x8xf32>
  %4 = hdp.attention ins(%q, %k, %v : tensor<2x4x9x16xf32>, tensor<2x2x11x16xf32>, tensor<2x2x11x8xf32>) mask(%padding : tensor<2x1x1x11xi1>) outs(%i2 : tensor<2x4x9x8xf32>) {scale = 0.25, policy = #hdp.policy<compensated>} -> tensor<2x4x9x8xf32>
  %5 = hdp.attention ins(%q, %k, %v : tensor<2x4x9x16xf32>, tensor<2x2x11x16xf32>, tensor<2x2x11x8xf32>) mask(%mask : tensor<2x4x9x11xi1>) outs(%i2 : tensor<2x4x9x8xf32>) {scale = 0.25, causal, policy = #hdp.policy<compensated, block = 1x4, keep = 0.3>} -> tensor<2x4x9x8xf32>
  // A bias for all; one each with a mask that has rows.
  %6 = hdp.attention ins(%q, %k, %v : tensor<2x4x9x16xf32>, tensor<2x2x11x16xf32>, tensor<2x2x11x8xf32>) bias(%bias : tensor<1x1x1x11xf32>) outs(%i2 : tensor<2x4x9x8xf32>) {scale = 0.25, policy = #hdp.policy<compensated, tau = 2.0>} -> tensor<2x4x9x8xf32>
  %7 = hdp.attention ins(%q, %k, %v : tensor<2x4x9x16xf32>, tensor<2x2x11x16xf32>, tensor<2x2x11x8xf32>) mask(%rows : tensor<1x1x9x11xi1>) bias(%bias : tensor<1x1x1x11xf32>) outs(%i2 : tensor<2x4x9x8xf32>) {scale = 0.25, policy = #hdp.policy<paper>} -> tensor<2x4x9x8xf32>
  %8 = hdp.attention ins(%q, %k, %v : tensor<2x4x9x16xf32>, tensor<2x2x11x16xf32>, tensor<2x2x11x8xf32>) mask(%rows : tensor<1x1x9x11xi1>) bias(%biases : tensor<2x4x9x11xf32>) outs(%i2 : tensor<2x4x9x8xf32>) {scale = 0.25, causal, policy = #hdp.policy<compensated, value_format = fixed<4, 12>, pruned = dropped>} -> tensor<2x4x9x8xf32>
  // Heads in the middle; half precision.
  %9 = hdp.attention ins(%t, %t, %t : tensor<13x3x16xf32>, tensor<13x3x16xf32>, tensor<13x3x16xf32>) outs(%i3 : tensor<13x3x16xf32>) {scale = 0.25, query_perm = array<i64: 1, 0, 2>, key_perm = array<i64: 1, 0, 2>, value_perm = array<i64: 1, 0, 2>, result_perm = array<i64: 1, 0, 2>, policy = #hdp.policy<compensated>} -> tensor<13x3x16xf32>
  %10 = hdp.attention ins(%h, %h, %h : tensor<2x8x16xf16>, tensor<2x8x16xf16>, tensor<2x8x16xf16>) outs(%i4 : tensor<2x8x16xf16>) {scale = 0.25, policy = #hdp.policy<compensated>} -> tensor<2x8x16xf16>
  return %0, %1, %2, %11, %3, %4, %5, %6, %7, %8, %9, %10 : tensor<1x24x16xf32>, tensor<3x17x16xf32>, tensor<3x17x16xf32>, tensor<3x17x16xf32>, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>, tensor<13x3x16xf32>, tensor<2x8x16xf16>
}
