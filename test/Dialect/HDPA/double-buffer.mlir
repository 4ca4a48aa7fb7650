// The next head's loads and integer pass go among the strips of this one, and
// a strip's scores before the weights of the one before.
// RUN: hdp-opt %s --convert-hdp-to-hdpa | FileCheck %s --check-prefix=PLAIN
// RUN: hdp-opt %s --convert-hdp-to-hdpa --hdpa-double-buffer | FileCheck %s

// PLAIN: hdpa.buffer @key key, bytes = 256{{$}}
// PLAIN: hdpa.setup {{.*}} slot = 0
// PLAIN-NOT: hdpa.setup
// PLAIN: hdpa.score core = 0, {{.*}} block_row = 0
// PLAIN: hdpa.weigh core = 0, {{.*}} block_row = 0
// PLAIN: hdpa.score core = 0, {{.*}} block_row = 7
// PLAIN: hdpa.setup {{.*}} slot = 1
// PLAIN: hdpa.integer_pass core = 0, site = 0, slot = 1

// CHECK: hdpa.buffer @key key, bytes = 256, slots = 2
// CHECK: hdpa.setup {{.*}} slot = 0
// CHECK: hdpa.integer_pass {{.*}} slot = 0,
// CHECK: hdpa.load {{.*}} buffer = key, {{.*}} address = @key[1]
// CHECK: hdpa.score core = 0, {{.*}} block_row = 0
// CHECK: hdpa.score core = 0, {{.*}} block_row = 7
// CHECK: hdpa.weigh core = 0, {{.*}} block_row = 0
// CHECK: hdpa.integer_pass core = 0, site = 0, slot = 1,
// CHECK: hdpa.weigh core = 0, site = 0, slot = 0, {{.*}} block_row = 7


func.func @two_heads(%x: tensor<2x16x32xf32>) -> tensor<2x16x32xf32> {
  %init = tensor.empty() : tensor<2x16x32xf32>
  %0 = hdp.attention ins(%x, %x, %x : tensor<2x16x32xf32>, tensor<2x16x32xf32>, tensor<2x16x32xf32>) outs(%init : tensor<2x16x32xf32>) {scale = 0.25, policy = #hdp.policy<compensated>} -> tensor<2x16x32xf32>
  return %0 : tensor<2x16x32xf32>
}

// A program with addresses, and one that is not of the builder's form, stay.
// CHECK-LABEL: hdpa.program @addressed
// CHECK: address = 64
hdpa.program @addressed machine = #hdpa.machine<> {
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
  hdpa.store core = 0, symbol = 0, row = 0, rows = 8, address = 64
}
// CHECK-LABEL: hdpa.program @other
// CHECK: hdpa.buffer @a key, bytes = 4096{{$}}
hdpa.program @other machine = #hdpa.machine<> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @a key, bytes = 4096
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @a[0]
}
