// Buffers get addresses: one behind the other, with room for the turns that
// are live at once, sharing bytes only where they have to.
// RUN: hdp-opt %s --hdpa-allocate-scratchpad | FileCheck %s
// RUN: hdp-opt %s --hdpa-allocate-scratchpad --hdpa-allocate-scratchpad | FileCheck %s

// Turn t is in slot t mod 2, 4096 bytes on; the second buffer starts behind
// both.
// CHECK-LABEL: hdpa.program @slots
// CHECK-NOT: hdpa.buffer
// CHECK: row = 0, rows = 128, address = 0
// CHECK: row = 128, rows = 128, address = 4096
// CHECK: row = 0, rows = 128, address = 0
// CHECK: row = 128, rows = 64, address = 8192
hdpa.program @slots machine = #hdpa.machine<> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @key key, bytes = 4096, slots = 2
  hdpa.buffer @fraction key, bytes = 2048
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @key[0]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 128, rows = 128, address = @key[1]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @key[2]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 128, rows = 64, address = @fraction[0]
}

// The buffer asks for one slot, but turn 0 is used again after turn 1.
// CHECK-LABEL: hdpa.program @live
// CHECK: row = 0, rows = 64, address = 0
// CHECK: row = 64, rows = 64, address = 2048
// CHECK: row = 128, rows = 64, address = 0
hdpa.program @live machine = #hdpa.machine<> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @key key, bytes = 2048
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 64, address = @key[0]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 64, rows = 64, address = @key[1]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 128, rows = 64, address = @key[0]
}

// 4096 bytes are not enough for both; one is dead when the other starts.
// CHECK-LABEL: hdpa.program @shared
// CHECK: rows = 128, address = 0
// CHECK: rows = 128, address = 0
hdpa.program @shared machine = #hdpa.machine<k_bytes = 4096> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @early key, bytes = 4096
  hdpa.buffer @late key, bytes = 4096
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @early[0]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @late[0]
}
