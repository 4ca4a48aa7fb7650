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

def ConvertHDPToVector : Pass<"convert-hdp-to-vector", "::mlir::ModuleOp"> {
  let summary = "Lower pruned attention on memrefs to fused vector kernels";
  let description = [{
    Replaces each `hdp.attention` on memrefs for which there is a fused kernel
    (`getUnfusableReason` in hdp/Conversion/HDPToVector.h says which) by loops
    over its batches and key heads around a call of a private function
    `hdp_attention_N`, the kernel. It depends on head dimensions, element types,
    scale and policy, not on lengths; sites that want the same one share it.
    Attention without a kernel stays as it is. docs/Kernels.md describes stages
    and layout.

    Kernels are emitted with vector, arith, memref and scf ops on vectors of 512
    bits, and intrinsics of the target: `avx512` (F, BW, DQ, VL, CD, VNNI),
    `avx2`, `portable` (none), or `host`, the best of the machine that the pass
    runs on. They compute what the loops compute, bit for bit, on each of them.

    ```
    hdp.attention ins(%q, %k, %v : !m, !m, !m) outs(%o : !m)
        {scale = 0.125, policy = #hdp.policy<compensated>}
    // becomes
    %workspace = memref.alloc(%bytes) : memref<?xi8>
    scf.for %head = %c0 to %heads step %c1 {
      func.call @hdp_attention_0(%qs, %ks, %vs, %os, %workspace) : ...
    }
    memref.dealloc %workspace : memref<?xi8>
    ```
  }];
  let options = [Option<"target", "target", "std::string", "\"host\"",
                        "instruction set of the kernels: host, avx512, avx2 "
                        "or portable">];
  let statistics = [
    Statistic<"numSites", "sites", "attentions lowered">,
    Statistic<"numKernels", "kernels", "functions made">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"
  ];
}

def ConvertExactToVector : Pass<"convert-exact-attention-to-vector"> {
  let summary = "Lower attention without a policy to vector code";
  let description = [{
    Replaces every `hdp.attention` on memrefs that has no policy by loops over
    vectors: tiles of queries visit blocks of keys, softmax is computed on the
    way, so scores never leave the cache. Any size, layout, mask, bias and
    element type; sums are in f32, each term added with one rounding where the
    target multiplies and adds in one instruction. A row without a valid key is
    0, and results agree with `--convert-hdp-to-loops` as far as the order of
    sums allows. Everything else, other hdp ops among it, is not changed.
  }];
  let options = [Option<"target", "target", "std::string",
                        /*default=*/"\"host\"",
                        "host, avx512, avx2 or portable">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
  let statistics = [Statistic<"numConverted", "converted", "ops lowered">];
}

#endif // HDP_CONVERSION_PASSES
