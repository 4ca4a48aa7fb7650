// Programs and the host code around their launches.
// RUN: hdp-opt %s --convert-hdp-to-hdpa -split-input-file | FileCheck %s

// Equal sites share a program, whose machine is hdp-edge.
// CHECK: hdpa.program @attention_0 machine = #hdpa.machine<> {
// CHECK: hdpa.site #hdp.policy<compensated, group = 0>, scale = 1.250000e-01, heads = 2 over 2, lengths = 16 x 16, d = 64, dv = 64
// CHECK-NEXT: hdpa.symbol input "sQ", bits = 8, rows = 2, columns = 1
// CHECK-NEXT: hdpa.symbol input "sK", bits = 8, rows = 2, columns = 1
// CHECK-NEXT: hdpa.symbol input "qI", bits = 4, rows = 32, columns = 64
// CHECK-NEXT: hdpa.symbol input "qF", bits = 4, rows = 32, columns = 64
// CHECK-NEXT: hdpa.symbol input "kI", bits = 4, rows = 32, columns = 64
// CHECK-NEXT: hdpa.symbol input "kF", bits = 4, rows = 32, columns = 64
// CHECK-NEXT: hdpa.symbol input "V", bits = 8, rows = 32, columns = 64
// CHECK-NEXT: hdpa.symbol output "o", bits = 16, rows = 32, columns = 64
// CHECK-NEXT: hdpa.buffer @query query
// CHECK-NOT: hdpa.program

// N1, N2 on the host; V in the 8 bits that the program loads.
// CHECK-LABEL: func.func @layers
// CHECK-SAME: (%[[Q:.*]]: tensor<2x16x64xf32>, %[[K:.*]]: tensor<2x16x64xf32>, %[[V:.*]]: tensor<2x16x64xf32>)
// CHECK: %[[INIT:.*]] = tensor.empty() : tensor<2x16x64xf32>
// CHECK: %[[SPLIT_Q:.*]]:3 = hdp.split <query> ins(%[[Q]] : tensor<2x16x64xf32>)
// CHECK: %[[SPLIT_K:.*]]:3 = hdp.split <key> ins(%[[K]] : tensor<2x16x64xf32>)
// CHECK: %[[CODES:.*]]:2 = hdp.quantize ins(%[[V]] : tensor<2x16x64xf32>)
// CHECK: %[[EIGHT:.*]] = arith.constant dense<8> : tensor<2x16x64xi16>
// CHECK: %[[SHIFTED:.*]] = arith.shrsi %[[CODES]]#0, %[[EIGHT]]
// CHECK: %[[NARROW:.*]] = arith.trunci %[[SHIFTED]] : tensor<2x16x64xi16> to tensor<2x16x64xi8>
// CHECK: %[[OUT:.*]] = tensor.empty() : tensor<2x16x64xi16>
// CHECK: %[[O:.*]] = hdpa.launch @attention_0 ins(%[[SPLIT_Q]]#2, %[[SPLIT_K]]#2, %[[SPLIT_Q]]#0, %[[SPLIT_Q]]#1, %[[SPLIT_K]]#0, %[[SPLIT_K]]#1, %[[NARROW]] :
// CHECK-SAME: outs(%[[OUT]] : tensor<2x16x64xi16>) -> tensor<2x16x64xi16>
// CHECK: hdp.dequantize ins(%[[O]], %[[CODES]]#1 : {{.*}}) outs(%[[INIT]] : tensor<2x16x64xf32>)
// CHECK: hdpa.launch @attention_0
// CHECK-NOT: hdp.attention
func.func @layers(%q: tensor<2x16x64xf32>, %k: tensor<2x16x64xf32>, %v: tensor<2x16x64xf32>) -> tensor<2x16x64xf32> {
  %init = tensor.empty() : tensor<2x16x64xf32>
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x16x64xf32>, tensor<2x16x64xf32>, tensor<2x16x64xf32>) outs(%init : tensor<2x16x64xf32>) {scale = 0.125, policy = #hdp.policy<compensated>} -> tensor<2x16x64xf32>
  %1 = hdp.attention ins(%0, %k, %v : tensor<2x16x64xf32>, tensor<2x16x64xf32>, tensor<2x16x64xf32>) outs(%init : tensor<2x16x64xf32>) {scale = 0.125, policy = #hdp.policy<compensated>} -> tensor<2x16x64xf32>
  return %1 : tensor<2x16x64xf32>
}

// -----

// Another policy is another program; batches and grouped heads are heads.
// CHECK: hdpa.program @attention_0
// CHECK: hdpa.site #hdp.policy<paper>, {{.*}} heads = 12 over 6, lengths = 8 x 8, d = 16, dv = 16 causal
// CHECK: hdpa.symbol input "qF", bits = 8,
// CHECK: hdpa.symbol input "V", bits = 16,
// CHECK: hdpa.program @attention_1
// CHECK: hdpa.site #hdp.policy<paper, tau = 1.0>
// CHECK: hdpa.end_head
// CHECK-LABEL: func.func @grouped
// CHECK-NOT: arith.shrsi
// CHECK: hdpa.launch @attention_0
// CHECK-NOT: hdp.validity
// CHECK: hdpa.launch @attention_1
func.func @grouped(%q: tensor<3x4x8x16xf16>, %k: tensor<3x2x8x16xf16>) -> tensor<3x4x8x16xf16> {
  %init = tensor.empty() : tensor<3x4x8x16xf16>
  %0 = hdp.attention ins(%q, %k, %k : tensor<3x4x8x16xf16>, tensor<3x2x8x16xf16>, tensor<3x2x8x16xf16>) outs(%init : tensor<3x4x8x16xf16>) {scale = 0.25, causal, policy = #hdp.policy<paper>} -> tensor<3x4x8x16xf16>
  %1 = hdp.attention ins(%0, %k, %k : tensor<3x4x8x16xf16>, tensor<3x2x8x16xf16>, tensor<3x2x8x16xf16>) outs(%init : tensor<3x4x8x16xf16>) {scale = 0.25, causal, policy = #hdp.policy<paper, tau = 1.0>} -> tensor<3x4x8x16xf16>
  return %1 : tensor<3x4x8x16xf16>
}

// -----

// N4: a mask is loaded in the size that it has; the causal part is the
// program's own.
// CHECK: hdpa.symbol input "valid", bits = 1, rows = 1, columns = 6
// CHECK-LABEL: func.func @padding
// CHECK: %[[VALID:.*]] = hdp.validity mask(%{{.*}} : tensor<1x1x6xi1>) outs(%{{.*}} : tensor<1x1x6xi1>) {policy = {{.*}}, scale = 5.000000e-01 : f64} -> tensor<1x1x6xi1>
// CHECK: hdpa.launch @attention_0 ins({{.*}}, %[[VALID]] :
func.func @padding(%q: tensor<2x5x8xf32>, %k: tensor<2x6x8xf32>, %m: tensor<1x1x6xi1>) -> tensor<2x5x8xf32> {
  %init = tensor.empty() : tensor<2x5x8xf32>
  %0 = hdp.attention ins(%q, %k, %k : tensor<2x5x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>) mask(%m : tensor<1x1x6xi1>) outs(%init : tensor<2x5x8xf32>) {scale = 0.5, causal, policy = #hdp.policy<compensated>} -> tensor<2x5x8xf32>
  return %0 : tensor<2x5x8xf32>
}

// -----

// A bias differs by head in score units; validity does not. The mask has a row
// for each query, the bias one for all.
// CHECK: hdpa.symbol input "valid", bits = 1, rows = 5, columns = 6
// CHECK: hdpa.symbol input "B", bits = 32, rows = 2, columns = 6
// CHECK-LABEL: func.func @bias
// CHECK: hdp.split <query> {{.*}} {biased,
// CHECK: %[[BOTH:.*]]:2 = hdp.validity mask(%{{.*}}) bias(%{{.*}}) outs(%{{.*}} : tensor<2x5x6xi1>) bias_out(%{{.*}} : tensor<2x5x6xi32>)
// CHECK: %[[VALID:.*]] = tensor.extract_slice %[[BOTH]]#0[0, 0, 0] [1, 5, 6] [1, 1, 1]
// CHECK: %[[BIAS:.*]]:2 = hdp.validity bias(%{{.*}}) outs(%{{.*}} : tensor<2x1x6xi1>) bias_out(%{{.*}} : tensor<2x1x6xi32>)
// CHECK: hdpa.launch @attention_0 ins({{.*}}, %[[VALID]], %[[BIAS]]#1 :
func.func @bias(%q: tensor<2x5x8xf32>, %k: tensor<2x6x8xf32>, %m: tensor<1x5x6xi1>, %b: tensor<1x1x6xf32>) -> tensor<2x5x8xf32> {
  %init = tensor.empty() : tensor<2x5x8xf32>
  %0 = hdp.attention ins(%q, %k, %k : tensor<2x5x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>) mask(%m : tensor<1x5x6xi1>) bias(%b : tensor<1x1x6xf32>) outs(%init : tensor<2x5x8xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<2x5x8xf32>
  return %0 : tensor<2x5x8xf32>
}

// -----

// Layouts become transposes, of the result too.
// CHECK-LABEL: func.func @layouts
// CHECK: %[[QT:.*]] = linalg.transpose ins(%{{.*}} : tensor<16x2x8xf32>) outs(%{{.*}} : tensor<2x16x8xf32>) permutation = [1, 0, 2]
// CHECK: hdp.split <query> ins(%[[QT]]
// CHECK: hdpa.launch
// CHECK: %[[FLOATS:.*]] = hdp.dequantize
// CHECK: linalg.transpose ins(%[[FLOATS]] : tensor<2x16x8xf32>) outs(%{{.*}} : tensor<16x2x8xf32>) permutation = [1, 0, 2]
func.func @layouts(%q: tensor<16x2x8xf32>, %k: tensor<2x16x8xf32>) -> tensor<16x2x8xf32> {
  %init = tensor.empty() : tensor<16x2x8xf32>
  %0 = hdp.attention ins(%q, %k, %k : tensor<16x2x8xf32>, tensor<2x16x8xf32>, tensor<2x16x8xf32>) outs(%init : tensor<16x2x8xf32>) {scale = 0.5, query_perm = array<i64: 1, 0, 2>, result_perm = array<i64: 1, 0, 2>, policy = #hdp.policy<compensated>} -> tensor<16x2x8xf32>
  return %0 : tensor<16x2x8xf32>
}

// -----

// A mask that is a constant goes with the program: another one is another
// program. A mask by batch is the host's.
// CHECK: hdpa.program @attention_0
// CHECK: hdpa.symbol input "valid", bits = 1, rows = 1, columns = 10, {{.*}} contents = "7F02"
// CHECK: hdpa.program @attention_1
// CHECK: hdpa.symbol input "valid", bits = 1, rows = 1, columns = 10, {{.*}} contents = "FF03"
// CHECK: hdpa.program @attention_2
// CHECK: hdpa.symbol input "valid", bits = 1, rows = 4, columns = 10, address = {{[0-9]+$}}
// CHECK-LABEL: func.func @constants
// CHECK: hdpa.launch @attention_0
// CHECK: hdpa.launch @attention_0
// CHECK: hdpa.launch @attention_1
// CHECK: hdp.validity
// CHECK: hdpa.launch @attention_2
func.func @constants(%x: tensor<2x2x10x8xf32>) -> tensor<2x2x10x8xf32> {
  %a = arith.constant dense<[[[[true, true, true, true, true, true, true, false, false, true]]]]> : tensor<1x1x1x10xi1>
  %b = arith.constant dense<true> : tensor<1x1x1x10xi1>
  %c = arith.constant dense<true> : tensor<2x1x1x10xi1>
  %0 = hdp.attention ins(%x, %x, %x : tensor<2x2x10x8xf32>, tensor<2x2x10x8xf32>, tensor<2x2x10x8xf32>) mask(%a : tensor<1x1x1x10xi1>) outs(%x : tensor<2x2x10x8xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<2x2x10x8xf32>
  %1 = hdp.attention ins(%0, %0, %0 : tensor<2x2x10x8xf32>, tensor<2x2x10x8xf32>, tensor<2x2x10x8xf32>) mask(%a : tensor<1x1x1x10xi1>) outs(%x : tensor<2x2x10x8xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<2x2x10x8xf32>
  %2 = hdp.attention ins(%1, %1, %1 : tensor<2x2x10x8xf32>, tensor<2x2x10x8xf32>, tensor<2x2x10x8xf32>) mask(%b : tensor<1x1x1x10xi1>) outs(%x : tensor<2x2x10x8xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<2x2x10x8xf32>
  %3 = hdp.attention ins(%2, %2, %2 : tensor<2x2x10x8xf32>, tensor<2x2x10x8xf32>, tensor<2x2x10x8xf32>) mask(%c : tensor<2x1x1x10xi1>) outs(%x : tensor<2x2x10x8xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<2x2x10x8xf32>
  return %3 : tensor<2x2x10x8xf32>
}

// -----

// A name that is taken is not used again.
// CHECK: hdpa.program @attention_1
// CHECK: func.func private @attention_0()
// CHECK: hdpa.launch @attention_1
func.func private @attention_0()
func.func @names(%q: tensor<1x2x8xf32>) -> tensor<1x2x8xf32> {
  %0 = hdp.attention ins(%q, %q, %q : tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) outs(%q : tensor<1x2x8xf32>) {scale = 0.5, policy = #hdp.policy<compensated>} -> tensor<1x2x8xf32>
  return %0 : tensor<1x2x8xf32>
}
