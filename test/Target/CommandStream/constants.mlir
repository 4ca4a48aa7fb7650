// Names and constants survive the stream, byte for byte.
// RUN: hdp-translate --hdpa-to-stream %s -o %t.1
// RUN: hdp-translate --stream-to-hdpa %t.1 | tee %t.mlir | hdp-translate --hdpa-to-stream -o %t.2
// RUN: cmp %t.1 %t.2
// RUN: FileCheck %s < %t.mlir
// RUN: hdp-objdump %t.1 | FileCheck %s --check-prefix=LIST
// CHECK: hdpa.program @constants
// CHECK: hdpa.symbol input "bits", bits = 1, rows = 2, columns = 9, address = 0, contents = "FF01FE00"
// CHECK: hdpa.symbol input "words", bits = 32, rows = 1, columns = 3, address = 64, contents = "0100000002000000FFFFFFFF"
// LIST: program constants
// LIST: symbol 0: constant bits 2x9 of 1 bits at 0x0
hdpa.program @constants machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
  hdpa.symbol input "bits", bits = 1, rows = 2, columns = 9, address = 0, contents = "FF01FE00"
  hdpa.symbol input "words", bits = 32, rows = 1, columns = 3, address = 64, contents = "0100000002000000FFFFFFFF"
  hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 4096
  hdpa.load cores = 0x1, queue = 1, predicate = none, buffer = mask, symbol = 0, row = 0, rows = 2, address = 0
  hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = bias, symbol = 1, row = 0, rows = 1, address = 0
  hdpa.store core = 0, symbol = 2, row = 0, rows = 8, address = 0
}
