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
  hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 40000, d = 16, dv = 16 dense
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
  // expected-error @below {{expected sites before symbols, buffers and commands}}
  hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
}

// -----
hdpa.program @symbol_after_command machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
  hdpa.store core = 0, symbol = 0, row = 0, rows = 8, address = 0
  // expected-error @below {{expected symbols before buffers and commands}}
  hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
}

// -----
hdpa.program @no_encoding machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected a site, a symbol, a buffer or a command in a program, found 'arith.constant', which has no encoding}}
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

// -----
hdpa.program @buffer_bytes machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected 1 to 98304 bytes, what the key buffer has, found 98305}}
  hdpa.buffer @key key, bytes = 98305
}

// -----
hdpa.program @buffer_no_bytes machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected 1 to 98304 bytes, what the key buffer has, found 0}}
  hdpa.buffer @key key, bytes = 0
}

// -----
hdpa.program @buffer_registers machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected a scratchpad, found registers}}
  hdpa.buffer @key registers, bytes = 1
}

// -----
hdpa.program @buffer_slots machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected 1 to 16777216 slots, found 0}}
  hdpa.buffer @key key, bytes = 1, slots = 0
}

// -----
hdpa.program @buffer_twice machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.buffer @key key, bytes = 8
  // expected-error @below {{expected one buffer of a name, found another @key}}
  hdpa.buffer @key value, bytes = 8
}

// -----
hdpa.program @buffer_after_command machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = 0
  // expected-error @below {{expected buffers before commands}}
  hdpa.buffer @key key, bytes = 8
}

// -----
hdpa.program @symbol_after_buffer machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.buffer @key key, bytes = 8
  // expected-error @below {{expected symbols before buffers and commands}}
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
}

// -----
hdpa.program @site_after_buffer machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.buffer @key key, bytes = 8
  // expected-error @below {{expected sites before symbols, buffers and commands}}
  hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
}

// -----
hdpa.program @address_in_named machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @key key, bytes = 4096
  // expected-error @below {{expected a turn of a buffer in a program with buffers, found address 64}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = 64
}

// -----
hdpa.program @no_buffer_for_use machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @key key, bytes = 4096
  // expected-error @below {{expected a buffer for what the command does in the key buffer, found none}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = 0
}

// -----
hdpa.program @unknown_buffer machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @key key, bytes = 4096
  // expected-error @below {{expected a buffer of the program, found @keys}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @keys[0]
}

// -----
hdpa.program @buffer_of_none machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  // expected-error @below {{expected a buffer of the program, found @key}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @key[0]
}

// -----
hdpa.program @turn_range machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @key key, bytes = 4096
  // expected-error @below {{expected a turn up to 16777215, found 16777216}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @key[16777216]
}

// -----
hdpa.program @buffer_too_small machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @key key, bytes = 4000
  // expected-error @below {{buffer @key has 4000 bytes, 96 fewer than needed}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @key[0]
}

// -----
hdpa.program @buffer_elsewhere machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @key value, bytes = 4096
  // expected-error @below {{expected a buffer in the key buffer, found @key in the value buffer}}
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @key[0]
}

// -----
hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 9, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @launch_unknown(%x: memref<8x16xi16>, %o: memref<8x16xi16>) {
  // expected-error @below {{expected a program, found no hdpa.program @q}}
  hdpa.launch @q ins(%x : memref<8x16xi16>) outs(%o : memref<8x16xi16>)
  return
}

// -----
hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 9, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @launch_operands(%x: memref<8x16xi16>, %o: memref<8x16xi16>) {
  // expected-error @below {{expected 1 operands in ins, one for each such symbol of @p, found 2}}
  hdpa.launch @p ins(%x, %x : memref<8x16xi16>, memref<8x16xi16>) outs(%o : memref<8x16xi16>)
  return
}

// -----
hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 9, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @launch_elements(%x: memref<8x15xi16>, %o: memref<8x16xi16>) {
  // expected-error @below {{expected 128 elements for symbol "x", found}}
  hdpa.launch @p ins(%x : memref<8x15xi16>) outs(%o : memref<8x16xi16>)
  return
}

// -----
hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 9, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @launch_dynamic(%x: memref<?x16xi16>, %o: memref<8x16xi16>) {
  // expected-error @below {{expected 128 elements for symbol "x", found}}
  hdpa.launch @p ins(%x : memref<?x16xi16>) outs(%o : memref<8x16xi16>)
  return
}

// -----
hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 9, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @launch_width(%x: memref<8x16xi8>, %o: memref<8x16xi16>) {
  // expected-error @below {{expected elements of at least 9 bits for symbol "x", found}}
  hdpa.launch @p ins(%x : memref<8x16xi8>) outs(%o : memref<8x16xi16>)
  return
}

// -----
hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 9, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @launch_mixed(%x: tensor<8x16xi16>, %o: memref<8x16xi16>) {
  // expected-error @below {{expected tensors or memrefs, found both}}
  hdpa.launch @p ins(%x : tensor<8x16xi16>) outs(%o : memref<8x16xi16>)
  return
}

// -----
hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 9, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @launch_results(%x: tensor<8x16xi16>, %o: tensor<8x16xi16>) {
  // expected-error @below {{expected a result of its type for each of outs}}
  hdpa.launch @p ins(%x : tensor<8x16xi16>) outs(%o : tensor<8x16xi16>)
  return
}

// -----
hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 9, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @launch_result_on_memrefs(%x: memref<8x16xi16>, %o: memref<8x16xi16>) {
  // expected-error @below {{expected no results on memrefs, found 1}}
  %r = hdpa.launch @p ins(%x : memref<8x16xi16>) outs(%o : memref<8x16xi16>) -> tensor<8x16xi16>
  return
}

// -----
func.func @launch_floats(%x: memref<8x16xf32>, %o: memref<8x16xi16>) {
  // expected-error @below {{must be variadic of ranked tensor or memref of integers, but got 'memref<8x16xf32>'}}
  "hdpa.launch"(%x, %o) <{program = @p, operandSegmentSizes = array<i32: 1, 1>}> : (memref<8x16xf32>, memref<8x16xi16>) -> ()
  return
}

// -----
hdpa.program @constant_hex machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected contents in hexadecimal}}
  hdpa.symbol input "c", bits = 8, rows = 1, columns = 1, address = 0, contents = "0x1"
}

// -----
hdpa.program @constant_size machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected 2 bytes of contents, found 1}}
  hdpa.symbol input "c", bits = 8, rows = 1, columns = 2, address = 0, contents = "01"
}

// -----
hdpa.program @constant_bits machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected a constant of 1, 8, 16, 24 or 32 bits, found 4}}
  hdpa.symbol input "c", bits = 4, rows = 1, columns = 2, address = 0, contents = "01"
}

// -----
hdpa.program @constant_padding machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected 0 behind the last column of row 0}}
  hdpa.symbol input "c", bits = 1, rows = 1, columns = 2, address = 0, contents = "04"
}

// -----
hdpa.program @constant_output machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  // expected-error @below {{expected 0 bytes of contents, found 1}}
  hdpa.symbol output "c", bits = 8, rows = 1, columns = 1, address = 0, contents = "04"
}
