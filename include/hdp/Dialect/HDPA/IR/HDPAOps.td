//===- HDPAOps.td - commands ----------------------------------------------===//
//
// One op for each command of include/hdp/Machine/Commands.def, with the same
// fields; a test holds the two together. What each field says stands there and
// in docs/CommandStream.md.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_DIALECT_HDPA_IR_HDPAOPS
#define HDP_DIALECT_HDPA_IR_HDPAOPS

include "hdp/Dialect/HDPA/IR/HDPAProgramOps.td"

def HDPA_SetupOp : HDPA_Command<"setup", "Setup"> {
  let summary = "starts a head in a register slot: reads its exponents, clears gate and sums";
  let description = [{
    Starts a head in a register slot of each of `cores`: reads sQ and sK,
    rows `query_head` and `key_head` of their symbols, clears the gate, its
    sums, and the columns that `hdpa.load_kept` brought.

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.symbol input "sQ", bits = 32, rows = 1, columns = 1, address = 0
      hdpa.symbol input "sK", bits = 32, rows = 1, columns = 1, address = 64
      hdpa.setup cores = 0x1, site = 0, slot = 0, query_exponents = 0,
          query_head = 0, key_exponents = 1, key_head = 0
    }
    ```
  }];
  let arguments = (ins UI64Attr:$cores, UI16Attr:$site, UI8Attr:$slot,
    UI16Attr:$query_exponents, UI32Attr:$query_head, UI16Attr:$key_exponents,
    UI32Attr:$key_head);
  let assemblyFormat = [{
    `cores` `=` custom<Cores>($cores) `,` `site` `=` $site `,` `slot` `=`
    $slot `,` `query_exponents` `=` $query_exponents `,` `query_head` `=`
    $query_head `,` `key_exponents` `=` $key_exponents `,` `key_head` `=`
    $key_head attr-dict
  }];
}

def HDPA_LoadOp : HDPA_Command<"load", "Load"> {
  let summary = "rows of a symbol to a scratchpad of one or more cores";
  let description = [{
    Copies `rows` rows of a symbol, from `row` on, to `address` of a
    scratchpad of each of `cores`. Cores that get the same rows share the
    transfer. A gate that is off drops it.

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.symbol input "qI", bits = 4, rows = 8, columns = 16, address = 0
      hdpa.load cores = 0x1, queue = 0, predicate = none, buffer = query,
          symbol = 0, row = 0, rows = 8, address = 0
    }
    ```
  }];
  let arguments = (ins UI64Attr:$cores, UI8Attr:$queue, UI8Attr:$predicate,
    UI8Attr:$buffer, UI16Attr:$symbol, UI64Attr:$row, UI32Attr:$rows,
    HDPA_Address:$address);
  let assemblyFormat = [{
    `cores` `=` custom<Cores>($cores) `,` `queue` `=` $queue `,` `predicate` `=`
    custom<Predicate>($predicate) `,` `buffer` `=` custom<Buffer>($buffer) `,`
    `symbol` `=` $symbol `,` `row` `=` $row `,` `rows` `=` $rows `,` `address`
    `=` custom<Address>($address) attr-dict
  }];
}

def HDPA_LoadValuesOp : HDPA_Command<"load_values", "LoadValues"> {
  let summary = "rows of V, summed by group while they arrive";
  let description = [{
    Copies rows of V, and adds them up by group on the way: a pruned
    position takes its share of a group's sum (N9).

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.symbol input "V", bits = 8, rows = 8, columns = 16, address = 0
      hdpa.load_values cores = 0x1, queue = 0, predicate = none, site = 0,
          symbol = 0, row = 0, rows = 8, key = 0, address = 0, sum_address = 0
    }
    ```
  }];
  let arguments = (ins UI64Attr:$cores, UI8Attr:$queue, UI8Attr:$predicate,
    UI16Attr:$site, UI16Attr:$symbol, UI64Attr:$row, UI32Attr:$rows,
    UI32Attr:$key, HDPA_Address:$address, HDPA_Address:$sum_address);
  let assemblyFormat = [{
    `cores` `=` custom<Cores>($cores) `,` `queue` `=` $queue `,` `predicate` `=`
    custom<Predicate>($predicate) `,` `site` `=` $site `,` `symbol` `=` $symbol
    `,` `row` `=` $row `,` `rows` `=` $rows `,` `key` `=` $key `,` `address` `=`
    custom<Address>($address) `,` `sum_address` `=`
    custom<Address>($sum_address) attr-dict
  }];
}

def HDPA_LoadKeptOp : HDPA_Command<"load_kept", "LoadKept"> {
  let summary = "rows of keys or values whose block column a strip keeps and that are not present yet";
  let description = [{
    Copies rows of keys or values whose block column one of `block_rows`
    block rows keeps, and that the slot does not remember as present: fetch
    upon mask.

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.symbol input "kF", bits = 4, rows = 8, columns = 16, address = 0
      hdpa.load_kept cores = 0x1, core = 0, predicate = none, buffer = key,
          fresh = 1, site = 0, slot = 0, symbol = 0, row = 0, column = 0,
          columns = 4, block_rows = 4, mask_address = 0, address = 0
    }
    ```
  }];
  let arguments = (ins UI64Attr:$cores, UI8Attr:$core, UI8Attr:$predicate,
    UI8Attr:$buffer, UI8Attr:$fresh, UI16Attr:$site, UI8Attr:$slot,
    UI16Attr:$symbol, UI64Attr:$row, UI32Attr:$column, UI32Attr:$columns,
    UI32Attr:$block_rows, HDPA_Address:$mask_address, HDPA_Address:$address);
  let assemblyFormat = [{
    `cores` `=` custom<Cores>($cores) `,` `core` `=` $core `,` `predicate` `=`
    custom<Predicate>($predicate) `,` `buffer` `=` custom<Buffer>($buffer) `,`
    `fresh` `=` $fresh `,` `site` `=` $site `,` `slot` `=` $slot `,` `symbol`
    `=` $symbol `,` `row` `=` $row `,` `column` `=` $column `,` `columns` `=`
    $columns `,` `block_rows` `=` $block_rows `,` `mask_address` `=`
    custom<Address>($mask_address) `,` `address` `=` custom<Address>($address)
    attr-dict
  }];
}

def HDPA_IntegerPassOp : HDPA_Command<"integer_pass", "IntegerPass"> {
  let summary = "theta and kind of blocks from the integer planes (N3 to N5)";
  let description = [{
    Multiplies the integer planes of `block_rows` block rows and `columns`
    block columns (N3) and leaves theta (N5) and the state of each block:
    without a valid position, or not.

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.integer_pass core = 0, site = 0, slot = 0, pooled = 1, measure = 0,
          block_row = 0, block_rows = 4, column = 0, columns = 4,
          query_address = 0, key_address = 0, valid_rows = 0, valid_address = 0,
          bias_rows = 0, bias_address = 0, theta_address = 0, mask_address = 0
    }
    ```
  }];
  let arguments = (ins UI8Attr:$core, UI16Attr:$site, UI8Attr:$slot,
    UI8Attr:$pooled, UI8Attr:$measure, UI32Attr:$block_row,
    UI32Attr:$block_rows, UI32Attr:$column, UI32Attr:$columns,
    HDPA_Address:$query_address, HDPA_Address:$key_address,
    UI8Attr:$valid_rows, HDPA_Address:$valid_address, UI8Attr:$bias_rows,
    HDPA_Address:$bias_address, HDPA_Address:$theta_address,
    HDPA_Address:$mask_address);
  let assemblyFormat = [{
    `core` `=` $core `,` `site` `=` $site `,` `slot` `=` $slot `,` `pooled` `=`
    $pooled `,` `measure` `=` $measure `,` `block_row` `=` $block_row `,`
    `block_rows` `=` $block_rows `,` `column` `=` $column `,` `columns` `=`
    $columns `,` `query_address` `=` custom<Address>($query_address) `,`
    `key_address` `=` custom<Address>($key_address) `,` `valid_rows` `=`
    $valid_rows `,` `valid_address` `=` custom<Address>($valid_address) `,`
    `bias_rows` `=` $bias_rows `,` `bias_address` `=`
    custom<Address>($bias_address) `,` `theta_address` `=`
    custom<Address>($theta_address) `,` `mask_address` `=`
    custom<Address>($mask_address) attr-dict
  }];
}

def HDPA_EndRowsOp : HDPA_Command<"end_rows", "EndRows"> {
  let summary = "END_R: thresholds, kept blocks and means of the pruned (N6, N7, N9)";
  let description = [{
    END_R: finds the threshold of each block row from its thetas (N6), marks
    the blocks that are kept, and leaves the means of the pruned ones (N9).

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.end_rows core = 0, site = 0, slot = 0, measure = 0, block_row = 0,
          block_rows = 4, theta_address = 0, mask_address = 0, stat_address = 0
    }
    ```
  }];
  let arguments = (ins UI8Attr:$core, UI16Attr:$site, UI8Attr:$slot,
    UI8Attr:$measure, UI32Attr:$block_row, UI32Attr:$block_rows,
    HDPA_Address:$theta_address, HDPA_Address:$mask_address,
    HDPA_Address:$stat_address);
  let assemblyFormat = [{
    `core` `=` $core `,` `site` `=` $site `,` `slot` `=` $slot `,` `measure` `=`
    $measure `,` `block_row` `=` $block_row `,` `block_rows` `=` $block_rows `,`
    `theta_address` `=` custom<Address>($theta_address) `,` `mask_address` `=`
    custom<Address>($mask_address) `,` `stat_address` `=`
    custom<Address>($stat_address) attr-dict
  }];
}

def HDPA_EndHeadOp : HDPA_Command<"end_head", "EndHead"> {
  let summary = "END_H: adds up the measures of the cores and decides the head (N7)";
  let description = [{
    END_H: adds up what the cores measured and switches the head's gate
    (N7). It waits for END_R of every strip and core of the head.

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated, tau = 1.0>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.end_head cores = 0x1, site = 0, slot = 0
    }
    ```
  }];
  let arguments = (ins UI64Attr:$cores, UI16Attr:$site, UI8Attr:$slot);
  let assemblyFormat = [{
    `cores` `=` custom<Cores>($cores) `,` `site` `=` $site `,` `slot` `=`
    $slot attr-dict
  }];
}

def HDPA_ScoreOp : HDPA_Command<"score", "Score"> {
  let summary = "scores of kept blocks (N8), of every valid position in a dense site";
  let description = [{
    The scores of kept blocks from integer and fraction planes (N8). In a
    dense site: those of every valid position, from whole codes.

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.score core = 0, site = 0, slot = 0, predicate = none, block_row = 0,
          block_rows = 4, column = 0, columns = 4, query_address = 0,
          query_fraction = 64, key_address = 0, key_fraction = 64,
          mask_address = 0, valid_rows = 0, valid_address = 0, bias_rows = 0,
          bias_address = 0, score_address = 0
    }
    ```
  }];
  let arguments = (ins UI8Attr:$core, UI16Attr:$site, UI8Attr:$slot,
    UI8Attr:$predicate, UI32Attr:$block_row, UI32Attr:$block_rows,
    UI32Attr:$column, UI32Attr:$columns, HDPA_Address:$query_address,
    HDPA_Address:$query_fraction, HDPA_Address:$key_address,
    HDPA_Address:$key_fraction, HDPA_Address:$mask_address,
    UI8Attr:$valid_rows, HDPA_Address:$valid_address, UI8Attr:$bias_rows,
    HDPA_Address:$bias_address, HDPA_Address:$score_address);
  let assemblyFormat = [{
    `core` `=` $core `,` `site` `=` $site `,` `slot` `=` $slot `,` `predicate`
    `=` custom<Predicate>($predicate) `,` `block_row` `=` $block_row `,`
    `block_rows` `=` $block_rows `,` `column` `=` $column `,` `columns` `=`
    $columns `,` `query_address` `=` custom<Address>($query_address) `,`
    `query_fraction` `=` custom<Address>($query_fraction) `,` `key_address` `=`
    custom<Address>($key_address) `,` `key_fraction` `=`
    custom<Address>($key_fraction) `,` `mask_address` `=`
    custom<Address>($mask_address) `,` `valid_rows` `=` $valid_rows `,`
    `valid_address` `=` custom<Address>($valid_address) `,` `bias_rows` `=`
    $bias_rows `,` `bias_address` `=` custom<Address>($bias_address) `,`
    `score_address` `=` custom<Address>($score_address) attr-dict
  }];
}

def HDPA_SoftmaxOp : HDPA_Command<"softmax", "Softmax"> {
  let summary = "scores of whole rows to weights, in place, and the rows' terms (N9, N10)";
  let description = [{
    Turns whole rows of scores into weights in place, and leaves the rows'
    terms for `hdpa.weigh` and `hdpa.normalise` (N9, N10).

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.softmax core = 0, site = 0, slot = 0, predicate = none,
          block_row = 0, block_rows = 4, mask_address = 0, valid_rows = 0,
          valid_address = 0, score_address = 0, stat_address = 0,
          term_address = 64
    }
    ```
  }];
  let arguments = (ins UI8Attr:$core, UI16Attr:$site, UI8Attr:$slot,
    UI8Attr:$predicate, UI32Attr:$block_row, UI32Attr:$block_rows,
    HDPA_Address:$mask_address, UI8Attr:$valid_rows,
    HDPA_Address:$valid_address, HDPA_Address:$score_address,
    HDPA_Address:$stat_address, HDPA_Address:$term_address);
  let assemblyFormat = [{
    `core` `=` $core `,` `site` `=` $site `,` `slot` `=` $slot `,` `predicate`
    `=` custom<Predicate>($predicate) `,` `block_row` `=` $block_row `,`
    `block_rows` `=` $block_rows `,` `mask_address` `=`
    custom<Address>($mask_address) `,` `valid_rows` `=` $valid_rows `,`
    `valid_address` `=` custom<Address>($valid_address) `,` `score_address` `=`
    custom<Address>($score_address) `,` `stat_address` `=`
    custom<Address>($stat_address) `,` `term_address` `=`
    custom<Address>($term_address) attr-dict
  }];
}

def HDPA_WeighOp : HDPA_Command<"weigh", "Weigh"> {
  let summary = "weights times values, added to accumulators (N10; N12 in a gated head)";
  let description = [{
    Multiplies weights and values of `columns` block columns and adds the
    products to the accumulators (N10), in a gated head those of N12.

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.weigh core = 0, site = 0, slot = 0, first = 1, block_row = 0,
          block_rows = 4, column = 0, columns = 4, mask_address = 0,
          valid_rows = 0, valid_address = 0, score_address = 0,
          term_address = 64, value_address = 0, sum_address = 0, acc_address = 0
    }
    ```
  }];
  let arguments = (ins UI8Attr:$core, UI16Attr:$site, UI8Attr:$slot,
    UI8Attr:$first, UI32Attr:$block_row, UI32Attr:$block_rows,
    UI32Attr:$column, UI32Attr:$columns, HDPA_Address:$mask_address,
    UI8Attr:$valid_rows, HDPA_Address:$valid_address,
    HDPA_Address:$score_address, HDPA_Address:$term_address,
    HDPA_Address:$value_address, HDPA_Address:$sum_address,
    HDPA_Address:$acc_address);
  let assemblyFormat = [{
    `core` `=` $core `,` `site` `=` $site `,` `slot` `=` $slot `,` `first` `=`
    $first `,` `block_row` `=` $block_row `,` `block_rows` `=` $block_rows `,`
    `column` `=` $column `,` `columns` `=` $columns `,` `mask_address` `=`
    custom<Address>($mask_address) `,` `valid_rows` `=` $valid_rows `,`
    `valid_address` `=` custom<Address>($valid_address) `,` `score_address` `=`
    custom<Address>($score_address) `,` `term_address` `=`
    custom<Address>($term_address) `,` `value_address` `=`
    custom<Address>($value_address) `,` `sum_address` `=`
    custom<Address>($sum_address) `,` `acc_address` `=`
    custom<Address>($acc_address) attr-dict
  }];
}

def HDPA_NormaliseOp : HDPA_Command<"normalise", "Normalise"> {
  let summary = "accumulators to output codes (N11, N12)";
  let description = [{
    Divides the accumulators by the row's sum of weights and rounds to
    output codes (N11, N12).

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.site #hdp.policy<compensated>, scale = 0.25, heads = 1 over 1, lengths = 8 x 8, d = 16, dv = 16
      hdpa.normalise core = 0, site = 0, slot = 0, block_row = 0,
          block_rows = 4, term_address = 64, acc_address = 0, out_address = 0
    }
    ```
  }];
  let arguments = (ins UI8Attr:$core, UI16Attr:$site, UI8Attr:$slot,
    UI32Attr:$block_row, UI32Attr:$block_rows, HDPA_Address:$term_address,
    HDPA_Address:$acc_address, HDPA_Address:$out_address);
  let assemblyFormat = [{
    `core` `=` $core `,` `site` `=` $site `,` `slot` `=` $slot `,` `block_row`
    `=` $block_row `,` `block_rows` `=` $block_rows `,` `term_address` `=`
    custom<Address>($term_address) `,` `acc_address` `=`
    custom<Address>($acc_address) `,` `out_address` `=`
    custom<Address>($out_address) attr-dict
  }];
}

def HDPA_StoreOp : HDPA_Command<"store", "Store"> {
  let summary = "output codes to rows of a symbol";
  let description = [{
    Copies rows of output codes to a symbol.

    Example:

    ```mlir
    hdpa.program @example machine = #hdpa.machine<cores = 1, cores_per_head = 1> {
      hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
      hdpa.store core = 0, symbol = 0, row = 0, rows = 8, address = 0
    }
    ```
  }];
  let arguments = (ins UI8Attr:$core, UI16Attr:$symbol, UI64Attr:$row,
    UI32Attr:$rows, HDPA_Address:$address);
  let assemblyFormat = [{
    `core` `=` $core `,` `symbol` `=` $symbol `,` `row` `=` $row `,` `rows` `=`
    $rows `,` `address` `=` custom<Address>($address) attr-dict
  }];
}

#endif // HDP_DIALECT_HDPA_IR_HDPAOPS
