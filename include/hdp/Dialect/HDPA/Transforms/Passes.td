//===- Passes.td - passes on programs -------------------------------------===//

#ifndef HDP_DIALECT_HDPA_TRANSFORMS_PASSES
#define HDP_DIALECT_HDPA_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def HDPADoubleBuffer : Pass<"hdpa-double-buffer", "::hdp::hdpa::ProgramOp"> {
  let summary = "Overlap loads and work of neighbouring heads and strips";
  let description = [{
    Gives the buffers of a program in named form a second slot and moves
    commands forward, as far as the machine's scratchpads have room: the keys,
    values and integer pass of the next head go among the strips of this one,
    the scores of a strip before the weights of the one before. Commands that
    conflict keep their order, which is checked afterwards, so results do not
    change. A program that has no room, or whose keys come in chunks, keeps its
    order; so does one that is not of the form that `--convert-hdp-to-hdpa`
    makes. A program in addressed form is left as it is: this pass goes before
    `--hdpa-allocate-scratchpad`.

    ```
    hdpa.buffer @key key, bytes = 12288
    // becomes
    hdpa.buffer @key key, bytes = 12288, slots = 2
    ```
  }];
  let statistics = [
    Statistic<"numBuffers", "buffers", "buffers given more slots">,
    Statistic<"numMoved", "moved", "commands that stand elsewhere">
  ];
}

def HDPAAllocateScratchpad
    : Pass<"hdpa-allocate-scratchpad", "::hdp::hdpa::ProgramOp"> {
  let summary = "Give buffers addresses";
  let description = [{
    From live ranges to addresses: every buffer of a program in named form gets
    room for the slots that it asks for, and for more where more of its turns
    are live at once. Buffers lie one behind the other; where a scratchpad is
    too small for that, those that are never live together share bytes. What
    comes out is checked by a function that knows nothing of how it was found:
    no two turns have a byte of a core together while both are live, and every
    command stays within its scratchpads, aligned. Afterwards the program is in
    addressed form. One that does not fit is an error, which says which
    scratchpad is too small and by how much.

    ```
    hdpa.buffer @key key, bytes = 12288, slots = 2
    hdpa.load cores = 0xF, ..., address = @key[3]
    // becomes
    hdpa.load cores = 0xF, ..., address = 12288
    ```
  }];
  let statistics = [Statistic<"numPlaced", "placed", "buffers placed">];
}

#endif // HDP_DIALECT_HDPA_TRANSFORMS_PASSES
