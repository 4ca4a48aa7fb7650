// One error a program, named after what is wrong.
// RUN: hdp-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{unknown machine parameter 'exp_per_cycle', expected one of cores, cores_per_head, pe_rows}}
hdpa.program @unknown_parameter machine = #hdpa.machine<exp_per_cycle = 2> {
}

// -----
// expected-error @below {{machine parameter 'cores' is given twice}}
hdpa.program @parameter_twice machine = #hdpa.machine<cores = 2, cores = 2> {
}

// -----
// expected-error @below {{expected cores from 1 to 64, found 65}}
hdpa.program @parameter_range machine = #hdpa.machine<cores = 65> {
}

// -----
// expected-error @below {{expected cores_per_head that divides cores = 2, found 4}}
hdpa.program @parameter_contradiction machine = #hdpa.machine<cores = 2, cores_per_head = 4> {
}

// -----
hdpa.program @site_limits machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected a largest score below 2^30, found 8589934592}}
  hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 524288, dv = 16
}

// -----
hdpa.program @site_size machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected a size up to 1048576, found 2000000}}
  hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 2000000 x 8, d = 16, dv = 16
}

// -----
hdpa.program @site_zero machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected threshold, tau and scale other than -0 and NaN, found -0}}
  hdpa.site #hdp.policy<compensated>, scale = -0.0, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
}

// -----
hdpa.program @site_dense machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{a dense site of this shape is out of range}}
  hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16 bias dense
}

// -----
hdpa.program @symbol_bits machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected bits from 1 to 32, found 33}}
  hdpa.symbol input "qI", bits = 33, rows = 8, columns = 16, address = 0
}

// -----
hdpa.program @symbol_rows machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected rows from 1 to 4294967296, found 0}}
  hdpa.symbol input "qI", bits = 4, rows = 0, columns = 16, address = 0
}

// -----
hdpa.program @symbol_columns machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected columns from 1 to 1048576, found 1048577}}
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 1048577, address = 0
}

// -----
hdpa.program @symbol_address machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected an address up to 281474976710656, found 281474976710657}}
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 281474976710657
}

// -----
hdpa.program @site_after_symbol machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected sites before symbols and commands}}
  hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
}

// -----
hdpa.program @symbol_after_command machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
  hdpa.store core = 0, symbol = 0, row = 0, rows = 8, address = 0
  // expected-error @below {{expected symbols before commands}}
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
}

// -----
hdpa.program @no_encoding machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected a site, a symbol or a command in a program, found 'arith.constant', which has no encoding}}
  %0 = arith.constant 1 : i32
}

// -----
hdpa.program @core machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected a core up to 0, found 1}}
  hdpa.store core = 1, symbol = 0, row = 0, rows = 8, address = 0
}

// -----
hdpa.program @symbol machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected one of 1 symbols, found 1}}
  hdpa.store core = 0, symbol = 1, row = 0, rows = 8, address = 0
}

// -----
hdpa.program @rows machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected 1 to 8 rows of o, found 9}}
  hdpa.store core = 0, symbol = 0, row = 0, rows = 9, address = 0
}

// -----
hdpa.program @input_symbol machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "o", bits = 16, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected an output symbol of 16 bits}}
  hdpa.store core = 0, symbol = 0, row = 0, rows = 8, address = 0
}

// -----
hdpa.program @does_not_fit machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
  // expected-error @below {{the out buffer has 2048 bytes, 208 fewer than needed}}
  hdpa.store core = 0, symbol = 0, row = 0, rows = 8, address = 2000
}

// -----
hdpa.program @buffer_word machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected a scratchpad such as query or key, found 'keys'}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = keys, symbol = 0, row = 0, rows = 8, address = 0
}

// -----
hdpa.program @buffer machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected a buffer that loads fill}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = score, symbol = 0, row = 0, rows = 8, address = 0
}

// -----
hdpa.program @predicate machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected a predicate up to 1, found 2}}
  hdpa.load cores = 0x1, queue = 0, predicate = 2, buffer = query, symbol = 0, row = 0, rows = 8, address = 0
}

// -----
hdpa.program @cores machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
  // expected-error @below {{expected some of the machine's 1 cores}}
  hdpa.load cores = 0x2, queue = 0, predicate = none, buffer = query, symbol = 0, row = 0, rows = 8, address = 0
}

// -----
hdpa.program @width machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
  // expected-error @below {{integer constant out of range for attribute}}
  hdpa.load cores = 0x1, queue = 256, predicate = none, buffer = query, symbol = 0, row = 0, rows = 8, address = 0
}

// -----
hdpa.program @block_columns machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
  // expected-error @below {{expected block columns up to 4, found 5}}
  hdpa.weigh core = 0, site = 0, slot = 0, first = 1, block_row = 0, block_rows = 4, column = 0, columns = 5, mask_address = 0, valid_rows = 0, valid_address = 0, score_address = 0, term_address = 64, value_address = 0, sum_address = 0, acc_address = 0
}

// -----
hdpa.program @no_site machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected one of 0 sites, found 0}}
  hdpa.end_head cores = 0x1, site = 0, slot = 0
}

// -----
// expected-error @below {{'hdpa.store' op expects parent op 'hdpa.program'}}
hdpa.store core = 0, symbol = 0, row = 0, rows = 8, address = 0
