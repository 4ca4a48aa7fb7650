// What does not fit says which scratchpad is too small and by how much.
// RUN: hdp-opt %s --hdpa-allocate-scratchpad -verify-diagnostics

// expected-error @below {{the key buffer has 4096 bytes, 4096 fewer than the program's buffers need}}
hdpa.program @live_together machine = #hdpa.machine<k_bytes = 4096> {
  hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
  hdpa.buffer @early key, bytes = 4096
  hdpa.buffer @late key, bytes = 4096
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @early[0]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @late[0]
  hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key, symbol = 0, row = 0, rows = 128, address = @early[0]
}
