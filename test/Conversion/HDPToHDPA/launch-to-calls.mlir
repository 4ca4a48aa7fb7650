// A program becomes its stream, a launch a call with a table of its operands.
// RUN: hdp-opt %s --hdpa-launch-to-calls -split-input-file -verify-diagnostics | FileCheck %s

// CHECK: memref.global "private" constant @hdp_stream_copy : memref<{{[0-9]+}}xi8> = dense<"0x48445041{{.*}}"> {alignment = 64 : i64}
// CHECK-LABEL: func.func @strided
// CHECK-SAME: (%[[X:.*]]: memref<2x4x16xi8, strided<[100, 20, 1], offset: ?>>, %[[O:.*]]: memref<8x16xi16>)
// CHECK: %[[TABLE:.*]] = memref.alloca() : memref<17xi64>
// CHECK: %[[BITS:.*]] = arith.constant 8 : i64
// CHECK: %[[RANK:.*]] = arith.constant 3 : i64
// CHECK: memref.extract_strided_metadata %[[X]]
// CHECK: memref.store %[[BITS]], %[[TABLE]]
// CHECK: %[[STREAM:.*]] = memref.get_global @hdp_stream_copy
// CHECK: call @hdp_launch({{.*}}) : (i64, i64, i64) -> ()
// CHECK: func.func private @hdp_launch(i64, i64, i64)
// CHECK-NOT: hdpa.
hdpa.program @copy machine = #hdpa.machine<> {
  hdpa.symbol input "x", bits = 4, rows = 8, columns = 16, address = 0
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @strided(%x: memref<2x4x16xi8, strided<[100, 20, 1], offset: ?>>, %o: memref<8x16xi16>) {
  hdpa.launch @copy ins(%x : memref<2x4x16xi8, strided<[100, 20, 1], offset: ?>>) outs(%o : memref<8x16xi16>)
  return
}

// -----

hdpa.program @p machine = #hdpa.machine<> {
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
}
func.func @tensors(%o: tensor<8x16xi16>) -> tensor<8x16xi16> {
  // expected-error @below {{expected a launch on memrefs to make it a call}}
  %0 = hdpa.launch @p outs(%o : tensor<8x16xi16>) -> tensor<8x16xi16>
  return %0 : tensor<8x16xi16>
}

// -----

// expected-error @below {{expected addresses, found buffers, which --hdpa-allocate-scratchpad places}}
hdpa.program @named machine = #hdpa.machine<> {
  hdpa.buffer @key key, bytes = 8
}
