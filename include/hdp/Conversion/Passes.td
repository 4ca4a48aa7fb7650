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
    With `statistics` the kernel counts as well, in rows of its last argument.
    Attention without a kernel stays as it is. docs/Kernels.md describes stages
    and layout.

    Kernels are emitted with vector, arith, memref and scf ops on vectors of 512
    bits, and intrinsics of the target: `avx512` (F, BW, DQ, VL, CD, VNNI),
    `avx-vnni`, `avx2`, `portable` (none), or `host`, the best of the machine
    that the pass runs on. They compute what the loops compute, bit for bit, on
    each of them.

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

    With `stage-cycles` kernels read the cycle counter at the end of each stage
    and add what has passed to the numbers of `@hdp_stage_cycles`, a
    `memref.global` of six i64 (pack, pool, list, score, softmax, apply) that is
    made where the module has none. Not for kernels that run in several threads.
  }];
  let options = [Option<"target", "target", "std::string", "\"host\"",
                        "instruction set of the kernels: host, amx, "
                        "avx512-bf16, avx512, avx-vnni, avx2 or portable">,
                 Option<"stageCycles", "stage-cycles", "bool", "false",
                        "add the ticks of each stage to @hdp_stage_cycles">];
  let statistics = [
    Statistic<"numSites", "sites", "attentions lowered">,
    Statistic<"numKernels", "kernels", "functions made">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::func::FuncDialect",
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

    With `bf16`, which changes numbers, targets that multiply bf16 round what both
    products multiply (queries, keys, weights, values) to it and add up in f32;
    `amx` does it on tiles. Softmax stays f32. Other targets do as without.
  }];
  let options = [Option<"target", "target", "std::string",
                        /*default=*/"\"host\"",
                        "host, amx, avx512-bf16, avx512, avx-vnni, avx2 or "
                        "portable">,
                 Option<"bf16", "bf16", "bool", /*default=*/"false",
                        "products in bf16 where the target has them">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
  let statistics = [Statistic<"numConverted", "converted", "ops lowered">];
}

def ConvertHDPToHDPA : Pass<"convert-hdp-to-hdpa", "::mlir::ModuleOp"> {
  let summary = "Lower attention to accelerator programs and their host side";
  let description = [{
    Every `hdp.attention` on tensors that has a policy becomes an `hdpa.program`
    in named form for the machine, one for all sites that are equal, and host
    code before and after its launch: `hdp.split` and `hdp.quantize` make the
    planes and codes that the program loads, `hdp.validity` the masks,
    `hdp.dequantize` floats of the output. Causal attention, masks, biases,
    grouped heads, layouts and any length work; keys and values that do not fit
    their buffers come in chunks. Attention without a policy stays for the CPU,
    with a remark, and so does one whose sizes are known when the model runs
    only: a program has its sizes in it. Nothing else changes.

    With `dense=16` or `dense=8` every attention becomes a program that prunes
    nothing and multiplies whole codes of that width, whatever its policy: what
    pruned programs are compared with.

    A shape that N0 does not allow and one that does not fit the machine is an
    error at the attention, which says which buffer is too small and by how much.

    ```
    %0 = hdp.attention ins(%q, %k, %v : !t, !t, !t) outs(%init : !t)
        {policy = #hdp.policy<compensated>, scale = 0.125} -> !t
    // becomes
    %q3:3 = hdp.split <query> ins(%q : !t) outs(...) -> !i8, !i16, !i32
    %k3:3 = hdp.split <key> ins(%k : !t) outs(...) -> !i8, !i16, !i32
    %v2:2 = hdp.quantize ins(%v : !t) outs(...) -> !i16, !i32
    %codes = ...  // V in the width that the program loads
    %o = hdpa.launch @attention_0
        ins(%q3#2, %k3#2, %q3#0, %q3#1, %k3#0, %k3#1, %codes : ...)
        outs(%empty : !i16) -> !i16
    %0 = hdp.dequantize ins(%o, %v2#1 : !i16, !i32) outs(%init : !t) -> !t
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", "\"\"",
           "machine file; without it hdp-edge">,
    Option<"dense", "dense", "unsigned", "0",
           "prune nothing, with codes of 16 or 8 bits; 0: prune as policies say">
  ];
  let statistics = [
    Statistic<"numLaunches", "launches", "attentions that launch a program">,
    Statistic<"numPrograms", "programs", "programs made">,
    Statistic<"numLeft", "left", "attentions left for the CPU">
  ];
  let dependentDialects = [
    "::hdp::HDPDialect", "::hdp::hdpa::HDPADialect",
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def LaunchToCalls : Pass<"hdpa-launch-to-calls", "::mlir::ModuleOp"> {
  let summary = "Hand launches on memrefs to a run-time library";
  let description = [{
    Every program becomes a constant, its command stream, and every
    `hdpa.launch` on memrefs a call of

    ```c
    void hdp_launch(int64_t stream, int64_t size, int64_t operands);
    ```

    a symbol that whoever runs the code provides: address and size in bytes of
    the stream, and the address of a table of 64-bit words, which starts with
    the number of operands. For each operand, inputs first, follow: the bits of
    an element (as stored, i1 in a byte), the rank, the address of element 0,
    the sizes, and the strides in elements. Afterwards no op of the dialect is
    left. A launch on tensors, and a program without addresses, is an error.
  }];
  let statistics = [Statistic<"numCalls", "calls", "launches lowered">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

#endif // HDP_CONVERSION_PASSES
