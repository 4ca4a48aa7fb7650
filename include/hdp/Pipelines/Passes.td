//===- Passes.td - passes that take a model to the CPU -----*- tablegen -*-===//
//
// What the CPU pipeline needs beside upstream's passes: entry points that
// callers may rely on, loops that vectorise without changing a sum's order,
// kernels small enough to compile fast, attention left to the host.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_PIPELINES_PASSES
#define HDP_PIPELINES_PASSES

include "mlir/Pass/PassBase.td"

def PrepareEntryPoints : Pass<"hdp-prepare-entry-points", "mlir::ModuleOp"> {
  let summary = "Make public functions callable from C";
  let description = [{
    Every public function with a body gets `llvm.emit_c_interface`, so that
    its `_mlir_ciface_` wrapper exists, and its tensor arguments get
    `bufferization.writable = false`: the caller's arguments (weights among
    them) are read, never written. Nothing else changes.

    ```
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32>
    // becomes
    func.func @f(%x: tensor<4xf32> {bufferization.writable = false})
        -> tensor<4xf32> attributes {llvm.emit_c_interface}
    ```
  }];
}

def CheckCPUInput : Pass<"hdp-check-cpu-input", "mlir::ModuleOp"> {
  let summary = "Refuse ops that the CPU pipeline cannot lower";
  let description = [{
    An op of a dialect that is not registered, and an op on tensors that does
    not say how it becomes one on buffers, is an error at its location, one for
    the first such op. Afterwards one-shot-bufferize knows every op. The IR is
    not changed.
  }];
}

def CheckLowered : Pass<"hdp-check-lowered", "mlir::ModuleOp"> {
  let summary = "Require that only the LLVM dialect is left";
  let description = [{
    The end of the CPU pipeline: any op that is neither the LLVM dialect's nor
    the module itself is an error at its location, one for the first such op.
    The IR is not changed.
  }];
}

def DecomposeLinalg : Pass<"hdp-decompose-linalg", "mlir::ModuleOp"> {
  let summary = "Rewrite composite linalg ops as plain ones";
  let description = [{
    Ops that have a decomposition but no loops (`linalg.softmax`, `linalg.pack`,
    `linalg.unpack`, Winograd transforms) are replaced by it. Afterwards every
    linalg op has a loop nest, or no decomposition either.
  }];
  let statistics = [Statistic<"numDecomposed", "decomposed",
                              "composite ops rewritten">];
  let dependentDialects = ["mlir::linalg::LinalgDialect",
                           "mlir::tensor::TensorDialect",
                           "mlir::arith::ArithDialect",
                           "mlir::math::MathDialect"];
}

def DecomposeUnfused : Pass<"hdp-decompose-unfused", "mlir::ModuleOp"> {
  let summary = "Refine pruned attention for which there is no fused kernel";
  let description = [{
    Every `hdp.attention` on tensors that has a policy, but no kernel in
    `--convert-hdp-to-vector`, is replaced by its parts, as
    `--hdp-decompose-attention` does. The others stay whole; what their verifier
    could not decide is checked at run time in front of them (`cf.assert`).
  }];
  let statistics = [Statistic<"numDecomposed", "decomposed",
                              "attentions refined into their parts">];
  let dependentDialects = [
    "::hdp::HDPDialect", "mlir::arith::ArithDialect",
    "mlir::cf::ControlFlowDialect", "mlir::linalg::LinalgDialect",
    "mlir::tensor::TensorDialect"
  ];
}

def ConvolutionsToProducts : Pass<"hdp-convolutions-to-products",
                                  "mlir::ModuleOp"> {
  let summary = "Make matrix products of convolutions";
  let description = [{
    A `linalg.generic` that adds products of an image, read at sums of loops
    (windows, strides, dilations, groups), and a filter reads a copy of the image
    instead, in which each window lies by itself; loops that run over neighbours
    in all operands become one, and loops of one iteration go. What is left is a
    contraction. Where a window is one element wide and the stride is 1 there is
    no copy.

    Each sum adds its terms in the order in which the filter holds them. Types are
    those of contractions: f32, f64, i32, and fewer bits added in those. One with
    fewer than four channels of a result for each window (depthwise ones) stays.

    ```
    out[f, y, x] += image[c, 2*y + i, 2*x + j] * filter[f, c, i, j]
    // becomes
    windows[c, i, j, y, x] = image[c, 2*y + i, 2*x + j]
    out[f, yx] += filter[f, cij] * windows[cij, yx]
    ```
  }];
  let statistics = [
    Statistic<"numConvolutions", "convolutions", "convolutions rewritten">,
    Statistic<"numCopies", "copies", "convolutions that read a copy">
  ];
  let dependentDialects = ["mlir::affine::AffineDialect",
                           "mlir::linalg::LinalgDialect",
                           "mlir::tensor::TensorDialect"];
}

def FuseElementwise : Pass<"hdp-fuse-elementwise", "mlir::ModuleOp"> {
  let summary = "Fuse elementwise producers that are read exactly once";
  let description = [{
    A `linalg.generic` without reduction is fused into the only op that uses
    it, if that op reads each element exactly once: nothing is computed twice,
    and every value is computed by the same operations in the same order, so
    results stay bit for bit what they were. A contraction reads its operands
    several times: only copies (transposed or broadcast) are fused into it, and
    with `widen=true` copies that widen 16 bits to f32, which is exact.
  }];
  let options = [Option<"widen", "widen", "bool", /*default=*/"false",
                        "let contractions widen what they read">];
  let statistics = [
    Statistic<"numFused", "fused", "producers fused">,
    Statistic<"numCollapsed", "collapsed", "reshapes moved past an op">
  ];
  let dependentDialects = ["mlir::linalg::LinalgDialect",
                           "mlir::affine::AffineDialect",
                           "mlir::tensor::TensorDialect"];
}

def InterchangeReductions : Pass<"hdp-interchange-reductions",
                                 "mlir::ModuleOp"> {
  let summary = "Make the contiguous result dimension the innermost loop";
  let description = [{
    A `linalg.generic` with reduction loops whose result's last dimension is
    parallel and contiguous in the inputs gets that dimension as its innermost
    loop, inside the reductions: `for m, k, n: C[m,n] += A[m,k] * B[k,n]`.
    That loop vectorises without reassociation. Each result element still adds
    its terms in the order it had, so results stay bit for bit what they were.

    An input of a contraction that holds the dimension elsewhere (`B[n,k]`) is
    transposed first where each of its elements is read at least eight times.
    Afterwards the op is the same op with permuted loops; everything else is
    untouched. With `contractions=false` so are the contractions that
    `--hdp-linalg-to-vector` takes in any layout.
  }];
  let options = [Option<"contractions", "contractions", "bool",
                        /*default=*/"true",
                        "also those that become vector code in any layout">];
  let statistics = [
    Statistic<"numInterchanged", "interchanged", "ops with permuted loops">,
    Statistic<"numTransposed", "transposed", "operands transposed first">
  ];
  let dependentDialects = ["mlir::linalg::LinalgDialect",
                           "mlir::tensor::TensorDialect"];
}

def SeparateInits : Pass<"hdp-separate-inits", "mlir::ModuleOp"> {
  let summary = "Give each op that writes a filled tensor one of its own";
  let description = [{
    A tensor that is filled with one value and the init of several ops is
    filled once for each of them, right in front of it. Bufferization would fill
    one and copy it.

    ```
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
    %x = linalg.matmul ins(%a, %b : ...) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
    %y = linalg.matmul ins(%x, %b : ...) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
    // becomes two fills, of two empty tensors
    ```
  }];
  let statistics = [Statistic<"numSeparated", "separated",
                              "fills added">];
  let dependentDialects = ["mlir::linalg::LinalgDialect",
                           "mlir::tensor::TensorDialect"];
}

def OutlineKernels : Pass<"hdp-outline-kernels", "mlir::ModuleOp"> {
  let summary = "Move each op on buffers into a function, equal ones shared";
  let description = [{
    Every linalg op and hdp op on buffers, wherever it stands in a function,
    becomes a call of a private function that holds this op alone (strided
    `memref.copy` too, as a `linalg.generic`); sites whose functions would be equal share one. Constants go
    into the function, everything else that the op uses becomes an argument,
    each value once. Two effects are wanted: LLVM's loop passes never see one
    huge function (their time grows with the square of the loops in it), and
    equal layers are compiled once.

    With `fuse=true` a contraction takes two neighbours along, for
    `--hdp-linalg-to-vector` to make one loop nest of: the fill that its sums
    begin with, and an elementwise op that alone reads its result. Such a
    function has the attribute `hdp.product`.

    An argument that is written and provably disjoint from all the others is
    marked `llvm.noalias`; functions whose arguments all have static shapes get
    `llvm.bareptr`, which carries that mark to LLVM.

    ```
    linalg.generic {...} ins(%a : memref<4xf32>) outs(%b : memref<4xf32>) {...}
    // becomes
    call @hdp_kernel_0(%a, %b) : (memref<4xf32>, memref<4xf32>) -> ()
    ```
  }];
  let options = [Option<"fuse", "fuse", "bool", /*default=*/"false",
                        "products with what goes with them">];
  let statistics = [
    Statistic<"numSites", "sites", "ops moved into functions">,
    Statistic<"numKernels", "kernels", "functions made">
  ];
  let dependentDialects = ["mlir::func::FuncDialect",
                           "mlir::linalg::LinalgDialect",
                           "mlir::LLVM::LLVMDialect"];
}

def LinalgToVector : Pass<"hdp-linalg-to-vector", "mlir::ModuleOp"> {
  let summary = "Lower linalg ops on buffers to loops over vectors";
  let description = [{
    Contractions of f32, f64 or i32 (products of two operands summed over any
    loops, operands in any layout; factors may have fewer bits) become loops over tiles of the result that stay in
    vector registers; operands are copied to contiguous panels where that pays.
    The terms of every sum keep their order; each is added with one rounding
    where the target multiplies and adds in one instruction.

    Other ops whose body is elementwise, on i8 to i64, f32 and f64, become a
    loop nest in which one loop runs over vectors: a parallel loop along which
    everything is contiguous, or else a reduction loop. Along a reduction loop
    sums are taken in another, fixed order. Functions on vectors of f32 become
    polynomials (`exp`, `tanh`, `erf`, `log` and others: those of upstream's
    approximations); others stay as they are.

    Everything else, other element types among it, is not changed:
    `--hdp-linalg-to-loops` takes it.
  }];
  let options = [Option<"target", "target", "std::string",
                        /*default=*/"\"host\"",
                        "host, amx, avx512-bf16, avx512, avx-vnni, avx2 or "
                        "portable">];
  let statistics = [
    Statistic<"numContractions", "contractions", "contractions tiled">,
    Statistic<"numLoops", "loops", "other ops vectorised">
  ];
  let dependentDialects = ["mlir::LLVM::LLVMDialect",
                           "mlir::affine::AffineDialect",
                           "mlir::arith::ArithDialect",
                           "mlir::math::MathDialect",
                           "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def PlanBuffers : Pass<"hdp-plan-buffers", "mlir::ModuleOp"> {
  let summary = "Put the buffers of a block into one allocation";
  let description = [{
    Buffers of known size that their block allocates and frees, and that
    nothing outlives, become views of one allocation; two whose lives do not
    overlap may lie in the same place. Others that the block frees are freed
    behind their last use. What a model works on stays small that way, so it
    stays in caches and the system is not asked for memory at every op.

    Run it behind `--hdp-outline-kernels`, which tells kernels what does not
    overlap by looking at allocations.

    ```
    %a = memref.alloc() : memref<16xf32>
    %b = memref.alloc() : memref<16xf32>
    // becomes
    %all = memref.alloc() : memref<128xi8>
    %a = memref.view %all[%c0][] : memref<128xi8> to memref<16xf32>
    %b = memref.view %all[%c64][] : memref<128xi8> to memref<16xf32>
    ```
  }];
  let statistics = [Statistic<"numPlaced", "placed",
                              "buffers that are views now">];
  let dependentDialects = ["mlir::arith::ArithDialect",
                           "mlir::memref::MemRefDialect"];
}

def SplitKernels : Pass<"hdp-split-kernels", "mlir::ModuleOp"> {
  let summary = "Let several threads share a kernel";
  let description = [{
    A private function that holds one op on buffers (see
    `--hdp-outline-kernels`), if that is an attention or a linalg op of some
    size, gets two more arguments, the number of a part and how many parts there
    are, and the attribute `hdp.split`; the passes that emit its code do that
    part only. Its callers call a function `hdp_split_..` without a body, which
    `--hdp-emit-split-calls` fills. Every element of a result is computed by one
    part in the order that it always has, so results do not depend on the
    number of parts.

    A pruned attention that has a kernel gets the attribute `hdp.threads` instead:
    `--convert-hdp-to-vector` emits code that divides heads and rows itself.

    ```
    call @hdp_kernel_0(%a, %b) : (!a, !b) -> ()
    // becomes
    call @hdp_split_hdp_kernel_0(%a, %b) : (!a, !b) -> ()
    ```
  }];
  let statistics = [Statistic<"numSplit", "split", "kernels split">];
  let dependentDialects = ["mlir::func::FuncDialect"];
}

def EmitSplitCalls : Pass<"hdp-emit-split-calls", "mlir::ModuleOp"> {
  let summary = "Hand the parts of a kernel to the host's threads";
  let description = [{
    The functions `hdp_split_..` of `--hdp-split-kernels` and
    `--convert-hdp-to-vector`, in the LLVM dialect by now, get a body: it puts the
    arguments into a struct and calls

    ```c
    int64_t hdp_threads(void);
    void hdp_parallel(void (*part)(void *context, int64_t index, int64_t count),
                      void *context, int64_t count);
    ```

    The first says how many parts are wanted, at least 1; the second has to call
    `part` once for every index from 0 to count - 1, in any order and in any
    threads, and to return when all are done. Whoever runs the code provides
    both.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def KernelVariants : Pass<"hdp-kernel-variants", "mlir::ModuleOp"> {
  let summary = "Choose the target of kernels, or several";
  let description = [{
    Private functions that hold a linalg op or an hdp op get a target: the
    attribute `hdp.target`, which the passes that emit their code obey before
    their own option, and LLVM's features of that target, so that the function's
    code may use them whatever else the module is compiled for. `host` leaves
    both to the options and to LLVM.

    Of several targets, `avx512,avx2` or `any`, each gets a copy of the function;
    the function itself loses its body and names the copies in `hdp.variants`,
    the best first. `--hdp-emit-variant-calls` makes it call one of them.
    `portable` is always among them, so no processor is without.

    ```
    func.func private @hdp_kernel_0(%a: !a) { hdp.attention ... }
    // becomes
    func.func private @hdp_kernel_0(!a)
        attributes {hdp.variants = [@hdp_kernel_0_avx2, @hdp_kernel_0_portable]}
    func.func private @hdp_kernel_0_avx2(%a: !a)
        attributes {hdp.target = "avx2", passthrough = [...]} { ... }
    func.func private @hdp_kernel_0_portable(%a: !a) ...
    ```
  }];
  let options = [Option<"targets", "targets", "std::string",
                        /*default=*/"\"host\"",
                        "host, amx, avx512-bf16, avx512, avx-vnni, avx2 or "
                        "portable; several between commas, or any, which is "
                        "those from avx512 on">];
  let statistics = [Statistic<"numVariants", "variants", "copies made">];
  let dependentDialects = ["mlir::func::FuncDialect"];
}

def EmitVariantCalls : Pass<"hdp-emit-variant-calls", "mlir::ModuleOp"> {
  let summary = "Call the variant that the processor is best at";
  let description = [{
    The functions with `hdp.variants` of `--hdp-kernel-variants`, in the LLVM
    dialect by now, get a body: it calls the first variant whose target the
    running processor and its operating system have. An internal function,
    `hdp_targets`, finds that out by `cpuid` and `xgetbv` on its first call, so
    the module needs no library for it. Attributes of `--hdp-kernel-variants` are
    removed, and private functions become internal, so that objects of several
    modules can be linked into one program.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def LinalgToLoops : Pass<"hdp-linalg-to-loops", "mlir::ModuleOp"> {
  let summary = "Lower linalg ops on buffers to loops, reductions unrolled";
  let description = [{
    Every linalg op on buffers becomes an `scf.for` nest. Where a reduction
    loop stands around an innermost parallel loop (see
    `--hdp-interchange-reductions`), `unroll` of its iterations are done in one
    pass of the inner loop, one after the other, so a result element is loaded
    and stored once for all of them; a remainder loop does the rest. The order
    of every sum stays.
  }];
  let options = [Option<"unroll", "unroll", "int64_t", /*default=*/"4",
                        "reduction steps in one pass of the inner loop, 1 "
                        "to 64">];
  let dependentDialects = ["mlir::scf::SCFDialect", "mlir::arith::ArithDialect",
                           "mlir::affine::AffineDialect",
                           "mlir::memref::MemRefDialect"];
}

def AttentionToCalls : Pass<"hdp-attention-to-calls", "mlir::ModuleOp"> {
  let summary = "Leave attention on buffers to the host";
  let description = [{
    The n-th `hdp.attention` of the module, on buffers and in program order from
    0, becomes a call of the external function `hdp_site_n` with its operands,
    the output last. `--hdp-emit-site-dispatch` gives these functions a body
    once they are in the LLVM dialect. An attention on tensors is an error.

    ```
    hdp.attention ins(%q, %k, %v : !m, !m, !m) outs(%o : !m) {scale = 0.125}
    // becomes
    call @hdp_site_0(%q, %k, %v, %o) : (!m, !m, !m, !m) -> ()
    ```
  }];
  let statistics = [Statistic<"numSites", "sites", "attentions made calls">];
  let dependentDialects = ["mlir::func::FuncDialect",
                           "mlir::LLVM::LLVMDialect"];
}

def EmitSiteDispatch : Pass<"hdp-emit-site-dispatch", "mlir::ModuleOp"> {
  let summary = "Hand the buffers of an attention to the host";
  let description = [{
    The C wrapper of every function that `--hdp-attention-to-calls` made (in
    the LLVM dialect by now, without a body) gets one: it puts the pointers to
    its memref descriptors into an array and calls

    ```c
    void hdp_dispatch_site(int64_t site, void **descriptors);
    ```

    a symbol that whoever runs the code provides.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def LowerTosa : Pass<"hdp-lower-tosa", "mlir::ModuleOp"> {
  let summary = "Lower TOSA to linalg where there is any";
  let description = [{
    Runs the stock route from TOSA to linalg, arith and tensor when the module
    holds an op of TOSA, and leaves it as it is otherwise. Shapes are inferred
    first, so nothing static becomes dynamic on the way.
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::index::IndexDialect",
    "mlir::linalg::LinalgDialect", "mlir::math::MathDialect",
    "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect",
    "mlir::tosa::TosaDialect"
  ];
}

#endif // HDP_PIPELINES_PASSES
