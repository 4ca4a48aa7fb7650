// Every op keeps its fields through its own and the generic form.
// RUN: hdp-opt %s | hdp-opt | FileCheck %s
// RUN: hdp-opt %s --mlir-print-op-generic | hdp-opt | FileCheck %s

// CHECK-LABEL: hdpa.program @all machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
// CHECK-NEXT: hdpa.site #hdp.policy<compensated, tau = 1.0>, scale = 2.500000e-01, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
// CHECK-NEXT: hdpa.symbol input "sQ", bits = 32, rows = 1, columns = 1, address = 0
// CHECK-NEXT: hdpa.symbol input "sK", bits = 32, rows = 1, columns = 1, address = 64
// CHECK-NEXT: hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 128
// CHECK-NEXT: hdpa.symbol input "kI", bits = 4, rows = 8, columns = 16, address = 192
// CHECK-NEXT: hdpa.symbol input "kF", bits = 4, rows = 8, columns = 16, address = 256
// CHECK-NEXT: hdpa.symbol input "V", bits = 8, rows = 8, columns = 16, address = 320
// CHECK-NEXT: hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 448
// CHECK-NEXT: hdpa.setup cores = 0x1, site = 0, slot = 0, query_exponents = 0, query_head = 0, key_exponents = 1, key_head = 0
// CHECK-NEXT: hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = query, symbol = 2, row = 0, rows = 8, address = 0
// CHECK-NEXT: hdpa.load_values cores = 0x1, queue = 0, predicate = none, site = 0, symbol = 5, row = 0, rows = 8, key = 0, address = 0, sum_address = 0
// CHECK-NEXT: hdpa.load_kept cores = 0x1, core = 0, predicate = none, buffer = key, fresh = 1, site = 0, slot = 0, symbol = 4, row = 0, column = 0, columns = 4, block_rows = 4, mask_address = 0, address = 0
// CHECK-NEXT: hdpa.integer_pass core = 0, site = 0, slot = 0, pooled = 1, measure = 0, block_row = 0, block_rows = 4, column = 0, columns = 4, query_address = 0, key_address = 0, valid_rows = 0, valid_address = 0, bias_rows = 0, bias_address = 0, theta_address = 0, mask_address = 0
// CHECK-NEXT: hdpa.end_rows core = 0, site = 0, slot = 0, measure = 0, block_row = 0, block_rows = 4, theta_address = 0, mask_address = 0, stat_address = 0
// CHECK-NEXT: hdpa.end_head cores = 0x1, site = 0, slot = 0
// CHECK-NEXT: hdpa.score core = 0, site = 0, slot = 0, predicate = 0, block_row = 0, block_rows = 4, column = 0, columns = 4, query_address = 0, query_fraction = 64, key_address = 0, key_fraction = 64, mask_address = 0, valid_rows = 0, valid_address = 0, bias_rows = 0, bias_address = 0, score_address = 0
// CHECK-NEXT: hdpa.softmax core = 0, site = 0, slot = 0, predicate = 0, block_row = 0, block_rows = 4, mask_address = 0, valid_rows = 0, valid_address = 0, score_address = 0, stat_address = 0, term_address = 64
// CHECK-NEXT: hdpa.weigh core = 0, site = 0, slot = 0, first = 1, block_row = 0, block_rows = 4, column = 0, columns = 4, mask_address = 0, valid_rows = 0, valid_address = 0, score_address = 0, term_address = 64, value_address = 0, sum_address = 0, acc_address = 0
// CHECK-NEXT: hdpa.normalise core = 0, site = 0, slot = 0, block_row = 0, block_rows = 4, term_address = 64, acc_address = 0, out_address = 0
// CHECK-NEXT: hdpa.store core = 0, symbol = 6, row = 0, rows = 8, address = 0
hdpa.program @all machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.site #hdp.policy<compensated, tau = 1.0>, scale = 2.500000e-01, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
  hdpa.symbol input "sQ", bits = 32, rows = 1, columns = 1, address = 0
  hdpa.symbol input "sK", bits = 32, rows = 1, columns = 1, address = 64
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 128
  hdpa.symbol input "kI", bits = 4, rows = 8, columns = 16, address = 192
  hdpa.symbol input "kF", bits = 4, rows = 8, columns = 16, address = 256
  hdpa.symbol input "V", bits = 8, rows = 8, columns = 16, address = 320
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 448
  hdpa.setup cores = 0x1, site = 0, slot = 0, query_exponents = 0, query_head = 0, key_exponents = 1, key_head = 0
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = query, symbol = 2, row = 0, rows = 8, address = 0
  hdpa.load_values cores = 0x1, queue = 0, predicate = none, site = 0, symbol = 5, row = 0, rows = 8, key = 0, address = 0, sum_address = 0
  hdpa.load_kept cores = 0x1, core = 0, predicate = none, buffer = key, fresh = 1, site = 0, slot = 0, symbol = 4, row = 0, column = 0, columns = 4, block_rows = 4, mask_address = 0, address = 0
  hdpa.integer_pass core = 0, site = 0, slot = 0, pooled = 1, measure = 0, block_row = 0, block_rows = 4, column = 0, columns = 4, query_address = 0, key_address = 0, valid_rows = 0, valid_address = 0, bias_rows = 0, bias_address = 0, theta_address = 0, mask_address = 0
  hdpa.end_rows core = 0, site = 0, slot = 0, measure = 0, block_row = 0, block_rows = 4, theta_address = 0, mask_address = 0, stat_address = 0
  hdpa.end_head cores = 0x1, site = 0, slot = 0
  hdpa.score core = 0, site = 0, slot = 0, predicate = 0, block_row = 0, block_rows = 4, column = 0, columns = 4, query_address = 0, query_fraction = 64, key_address = 0, key_fraction = 64, mask_address = 0, valid_rows = 0, valid_address = 0, bias_rows = 0, bias_address = 0, score_address = 0
  hdpa.softmax core = 0, site = 0, slot = 0, predicate = 0, block_row = 0, block_rows = 4, mask_address = 0, valid_rows = 0, valid_address = 0, score_address = 0, stat_address = 0, term_address = 64
  hdpa.weigh core = 0, site = 0, slot = 0, first = 1, block_row = 0, block_rows = 4, column = 0, columns = 4, mask_address = 0, valid_rows = 0, valid_address = 0, score_address = 0, term_address = 64, value_address = 0, sum_address = 0, acc_address = 0
  hdpa.normalise core = 0, site = 0, slot = 0, block_row = 0, block_rows = 4, term_address = 64, acc_address = 0, out_address = 0
  hdpa.store core = 0, symbol = 6, row = 0, rows = 8, address = 0
}

// Fields take every value of their width; what is default is not printed.
// CHECK-LABEL: hdpa.program @spellings machine = #hdpa.machine<cores = 64>
// CHECK-NEXT: hdpa.site #hdp.policy<paper>, scale = 1.000000e+00, heads = 8 over 2, lengths = 3 x 4, d = 64, dv = 32 causal mask bias
// CHECK-NEXT: hdpa.site #hdp.policy<compensated>, scale = 1.000000e-01, heads = 1 over 1, lengths = 1 x 1, d = 1, dv = 1 dense
// CHECK-NEXT: hdpa.symbol input "", bits = 4, rows = 4294967296, columns = 1048576, address = 281474976710656
// CHECK-NEXT: hdpa.symbol output "a \22name\22\00", bits = 4, rows = 1, columns = 64, address = 0
// CHECK-NEXT: hdpa.load cores = 0xFFFFFFFFFFFFFFFF, queue = 1, predicate = 1, buffer = key, symbol = 1, row = 0, rows = 1, address = 8
hdpa.program @spellings machine = #hdpa.machine<k_bytes = 98304, cores = 64> {
  hdpa.site #hdp.policy<paper>, scale = 1.0, heads = 8 over 2, lengths = 3 x 4, d = 64, dv = 32 causal mask bias
  hdpa.site #hdp.policy<compensated>, scale = 0.1, heads = 1 over 1, lengths = 1 x 1, d = 1, dv = 1 dense
  hdpa.symbol input "", bits = 4, rows = 4294967296, columns = 1048576, address = 281474976710656
  hdpa.symbol output "a \22name\22\00", bits = 4, rows = 1, columns = 64, address = 0
  hdpa.load cores = 18446744073709551615, queue = 1, predicate = 1, buffer = key, symbol = 1, row = 0, rows = 1, address = 8
}

// CHECK-LABEL: hdpa.program @empty machine = #hdpa.machine<> {
// CHECK-NEXT: }
hdpa.program @empty machine = #hdpa.machine<> {
}

// Before addresses: commands on turns of buffers, with 0 where a field is not
// used; one slot is not printed.
// CHECK-LABEL: hdpa.program @named machine = #hdpa.machine<> {
// CHECK: hdpa.buffer @query query, bytes = 64
// CHECK-NEXT: hdpa.buffer @key key, bytes = 4096, slots = 2
// CHECK-NEXT: hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @key[0]
// CHECK-NEXT: hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 128, rows = 128, address = @key[16777215]
hdpa.program @named machine = #hdpa.machine<> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @query query, bytes = 64, slots = 1
  hdpa.buffer @key key, bytes = 4096, slots = 2
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @key[0]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 128, rows = 128, address = @key[16777215]
}

// CHECK-LABEL: hdpa.program @copy
hdpa.program @copy machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 4, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}

// A constant is no operand of a launch.
// CHECK-LABEL: hdpa.program @constant
// CHECK: hdpa.symbol input "c", bits = 1, rows = 2, columns = 9, address = 0, contents = "{{ff01fE00|FF01FE00}}"
hdpa.program @constant machine = #hdpa.machine<> {
  hdpa.symbol input "c", bits = 1, rows = 2, columns = 9, address = 0, contents = "ff01fE00"
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
// CHECK-LABEL: func.func @launch_constant
func.func @launch_constant(%o: memref<8x16xi16>) {
  hdpa.launch @constant outs(%o : memref<8x16xi16>)
  return
}

// CHECK-LABEL: func.func @launch
// CHECK: hdpa.launch @copy ins(%{{.*}} : tensor<2x4x16xi8>) outs(%{{.*}} : tensor<8x16xi16>) -> tensor<8x16xi16>
// CHECK: hdpa.launch @copy ins(%{{.*}} : memref<2x4x16xi8>) outs(%{{.*}} : memref<8x16xi16>)
func.func @launch(%x: tensor<2x4x16xi8>, %o: tensor<8x16xi16>, %p: memref<2x4x16xi8>, %r: memref<8x16xi16>) -> tensor<8x16xi16> {
  %0 = hdpa.launch @copy ins(%x : tensor<2x4x16xi8>) outs(%o : tensor<8x16xi16>) -> tensor<8x16xi16>
  hdpa.launch @copy ins(%p : memref<2x4x16xi8>) outs(%r : memref<8x16xi16>)
  return %0 : tensor<8x16xi16>
}
