// A program, its stream, the stream's program: bytes and text stay the same.
// RUN: hdp-translate --hdpa-to-stream %s -o %t.1
// RUN: hdp-translate --stream-to-hdpa %t.1 -o %t.mlir
// RUN: hdp-translate --hdpa-to-stream %t.mlir -o %t.2
// RUN: cmp %t.1 %t.2
// RUN: hdp-translate --stream-to-hdpa %t.2 | diff %t.mlir -
// RUN: FileCheck %s --input-file=%t.mlir

// The listing has machine, sites, symbols and commands.
// RUN: hdp-objdump %t.1 | FileCheck %s --check-prefix=LIST

// CHECK: hdpa.program @all machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
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

// LIST: machine {{[0-9a-f]+}}
// LIST: cores = 1
// LIST: site 0: 1 on 1 heads, 8 x 8, d 16, dv 16
// LIST: symbol 6: output o 8x16 of 16 bits at 0x1c0
// LIST: 0: setup cores=0x1 site=0
// LIST: 7: score core=0 site=0 slot=0 predicate=0 block_row=0
// LIST: 11: store core=0 symbol=6 row=0 rows=8 address=0
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
