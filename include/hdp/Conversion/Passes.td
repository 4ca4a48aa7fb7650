//===- Passes.td - conversions out of the hdp dialect ---------------------===//

#ifndef HDP_CONVERSION_PASSES
#define HDP_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def ConvertHDPToLoops : Pass<"convert-hdp-to-loops"> {
  let summary = "Lower hdp ops on memrefs to readable loops";
  let description = [{
    Replaces every hdp op on memrefs by `scf` loops over `arith` and `math` ops:
    the correct baseline for any shape and policy. Scalar rules (N1 to N13) are
    emitted from the templates of include/hdp/Numerics. `hdp.attention` without
    a policy becomes float loops with a maximum-subtracted softmax; with one it
    has to be decomposed before (`--hdp-decompose-attention`). An op on tensors
    is an error: bufferize first. Nothing else changes.

    ```
    hdp.dequantize ins(%o, %s : memref<4x8xi16>, memref<i32>)
        outs(%x : memref<4x8xf32>)
    // becomes
    %factor = ...
    scf.for %i = %c0 to %c4 step %c1 {
      scf.for %t = %c0 to %c8 step %c1 {
        %code = memref.load %o[%i, %t] : memref<4x8xi16>
        ...
        memref.store %value, %x[%i, %t] : memref<4x8xf32>
      }
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"
  ];
  let statistics = [Statistic<"numConverted", "converted", "ops lowered">];
}

#endif // HDP_CONVERSION_PASSES
