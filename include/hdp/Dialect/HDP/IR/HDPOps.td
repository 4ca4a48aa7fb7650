//===- HDPOps.td - attention and the parts it is refined into -------------===//

#ifndef HDP_DIALECT_HDP_IR_HDPOPS
#define HDP_DIALECT_HDP_IR_HDPOPS

include "hdp/Dialect/HDP/IR/HDPAttrs.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def HDP_AttentionOp : HDP_Op<"attention", [AttrSizedOperandSegments]> {
  let summary = "softmax(scale * Q K^T + bias) V, exact or pruned";
  let description = [{
    Attention over Q `[B, Lq, d]`, K `[B, Lk, d]` and V `[B, Lk, dv]`, giving
    `[B, Lq, dv]`. Leading dimensions are equal, except the last one where
    Hq = g * Hkv: query head h reads key and value head floor(h / g) (N13).

    `mask` (i1, true = may attend) and `bias` (float, added to scale * Q K^T)
    have the rank of Q and are `[B, Lq, Lk]`, each leading dimension and Lq
    being 1 or the full size. `causal` allows `j <= i + Lk - Lq` (N4). Masks
    given together must all allow.

    Without `policy` this is the framework's attention: operands in f16 or bf16
    are widened to f32 first, softmax subtracts the row's maximum, sums are in
    f32, the result is rounded once to nearest even. `bias` is taken literally:
    -inf forbids, every finite value is added. A row without a valid key is 0.

    With `policy` every number is defined by N0 to N13; then bias entries of
    -8192 and below forbid, and NaN in the bias is an error at run time.

    `query_perm`, `key_perm`, `value_perm` and `result_perm` describe other
    layouts, as linalg.transpose's permutation: dimension i of the shapes above
    is dimension perm[i] of the operand (of init and result for
    `result_perm`). `mask` and `bias` have no permutation.

    `statistics` is a second init, `[N, 12]` in i64, for attention with a policy
    that a fused kernel computes (`--convert-hdp-to-vector`). Each of the N
    query heads, leading dimensions in order, gets a row:

    | column | what |
    |---|---|
    | 0, 1 | full blocks, those of them that are kept (none in a gated head) |
    | 2 | 1 if the head is gated, else 0 |
    | 3, 4, 5 | sQ, sK, sV |
    | 6, 7, 8 | saturated elements of Q, K, V (N1; infinities are) |
    | 9, 10, 11 | NaN in Q, K, V |

    What K and V count stands in the row of the first query head that reads
    them, zero in the others.

    Verified: N0 for all sizes that are static.

    Example:

    ```mlir
    func.func @attention(%q: tensor<2x16x64xf32>, %k: tensor<2x16x64xf32>,
                         %v: tensor<2x16x64xf32>, %init: tensor<2x16x64xf32>)
        -> tensor<2x16x64xf32> {
      %0 = hdp.attention
          ins(%q, %k, %v : tensor<2x16x64xf32>, tensor<2x16x64xf32>,
                           tensor<2x16x64xf32>)
          outs(%init : tensor<2x16x64xf32>)
          {scale = 0.125, policy = #hdp.policy<compensated>}
          -> tensor<2x16x64xf32>
      return %0 : tensor<2x16x64xf32>
    }
    ```
  }];
  let arguments = (ins HDP_Float:$query, HDP_Float:$key, HDP_Float:$value,
                       Optional<HDP_I1>:$mask, Optional<HDP_Float>:$bias,
                       HDP_Float:$init, Optional<HDP_I64>:$statistics,
                       F64Attr:$scale, UnitAttr:$causal,
                       OptionalAttr<HDP_PolicyAttr>:$policy,
                       OptionalAttr<DenseI64ArrayAttr>:$query_perm,
                       OptionalAttr<DenseI64ArrayAttr>:$key_perm,
                       OptionalAttr<DenseI64ArrayAttr>:$value_perm,
                       OptionalAttr<DenseI64ArrayAttr>:$result_perm);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,`
    type($value) `)`
    (`mask` `(` $mask^ `:` type($mask) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $init `:` type($init) `)`
    (`statistics` `(` $statistics^ `:` type($statistics) `)`)?
    attr-dict (`->` type($results)^)?
  }];
  let hasCanonicalizer = 1;
  let initsBody = "unsigned count = getStatistics() ? 2 : 1;";
  let builders = [
    /// Without statistics.
    OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::Value":$query,
                   "::mlir::Value":$key, "::mlir::Value":$value,
                   "::mlir::Value":$mask, "::mlir::Value":$bias,
                   "::mlir::Value":$init, "::mlir::FloatAttr":$scale,
                   "::mlir::UnitAttr":$causal, "PolicyAttr":$policy,
                   "::mlir::DenseI64ArrayAttr":$query_perm,
                   "::mlir::DenseI64ArrayAttr":$key_perm,
                   "::mlir::DenseI64ArrayAttr":$value_perm,
                   "::mlir::DenseI64ArrayAttr":$result_perm), [{
      build($_builder, $_state, results, query, key, value, mask, bias, init,
            /*statistics=*/::mlir::Value(), scale, causal, policy, query_perm,
            key_perm, value_perm, result_perm);
    }]>,
    OpBuilder<(ins "::mlir::Value":$query, "::mlir::Value":$key,
                   "::mlir::Value":$value, "::mlir::Value":$mask,
                   "::mlir::Value":$bias, "::mlir::Value":$init,
                   "double":$scale, CArg<"bool", "false">:$causal)>];
  let extraClassDeclaration = baseDeclaration # [{
    /// The shapes in the form of the description, after the permutations.
    ::llvm::SmallVector<int64_t> getQueryShape();
    ::llvm::SmallVector<int64_t> getKeyShape();
    ::llvm::SmallVector<int64_t> getValueShape();
    ::llvm::SmallVector<int64_t> getResultShape();
  }];
}

def HDP_SplitOp : HDP_Op<"split"> {
  let summary = "quantise and cut into integer and fraction planes";
  let description = [{
    Rounds `[B, L, d]` to the policy's `format` with one exponent a head (N1)
    and cuts the codes into integer and fraction part (N2). The side says which
    static exponent is read (`sq` or `sk`). `biased` narrows the range of
    dynamic exponents to [-16, 4], as N1 asks beside an additive mask.

    Inits: integer plane i8 `[B, L, d]`, fraction plane i16 `[B, L, d]`,
    exponent i32 `[B]`.

    Example:

    ```mlir
    func.func @split(%q: tensor<2x16x64xf32>, %i: tensor<2x16x64xi8>,
                     %f: tensor<2x16x64xi16>, %s: tensor<2xi32>)
        -> (tensor<2x16x64xi8>, tensor<2x16x64xi16>, tensor<2xi32>) {
      %0:3 = hdp.split <query> ins(%q : tensor<2x16x64xf32>)
          outs(%i, %f, %s : tensor<2x16x64xi8>, tensor<2x16x64xi16>,
                            tensor<2xi32>)
          {policy = #hdp.policy<compensated>}
          -> tensor<2x16x64xi8>, tensor<2x16x64xi16>, tensor<2xi32>
      return %0#0, %0#1, %0#2
          : tensor<2x16x64xi8>, tensor<2x16x64xi16>, tensor<2xi32>
    }
    ```
  }];
  let numInits = 3;
  let arguments = (ins HDP_SideAttr:$side, HDP_Float:$input, HDP_I8:$integer,
                       HDP_I16:$fraction, HDP_I32:$exponent,
                       HDP_PolicyAttr:$policy, UnitAttr:$biased);
  let assemblyFormat = [{
    $side `ins` `(` $input `:` type($input) `)`
    `outs` `(` $integer `,` $fraction `,` $exponent `:` type($integer) `,`
    type($fraction) `,` type($exponent) `)` attr-dict (`->` type($results)^)?
  }];
}

def HDP_QuantizeOp : HDP_Op<"quantize"> {
  let summary = "quantise V";
  let description = [{
    Rounds V `[B, Lk, dv]` to the policy's `value_format` with one exponent a
    head (N1, static exponent `sv`). Codes are shifted left to twelve fraction
    bits, so one unit is 2^-(12 + exponent) whatever the format.

    Inits: codes i16 `[B, Lk, dv]`, exponent i32 `[B]`.

    Example:

    ```mlir
    func.func @quantize(%v: tensor<2x16x64xf32>, %c: tensor<2x16x64xi16>,
                        %s: tensor<2xi32>)
        -> (tensor<2x16x64xi16>, tensor<2xi32>) {
      %0:2 = hdp.quantize ins(%v : tensor<2x16x64xf32>)
          outs(%c, %s : tensor<2x16x64xi16>, tensor<2xi32>)
          {policy = #hdp.policy<compensated>}
          -> tensor<2x16x64xi16>, tensor<2xi32>
      return %0#0, %0#1 : tensor<2x16x64xi16>, tensor<2xi32>
    }
    ```
  }];
  let numInits = 2;
  let arguments = (ins HDP_Float:$input, HDP_I16:$codes, HDP_I32:$exponent,
                       HDP_PolicyAttr:$policy);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)`
    `outs` `(` $codes `,` $exponent `:` type($codes) `,` type($exponent) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def HDP_DequantizeOp : HDP_Op<"dequantize"> {
  let summary = "output codes to floating point";
  let description = [{
    Output codes i16 `[B, Lq, dv]` times 2^-(12 + exponent) (N11), with V's
    exponent i32 `[B]` of the head that N13 assigns. The f32 value is exact; a
    16-bit init takes it rounded to nearest even.

    Example:

    ```mlir
    func.func @dequantize(%o: tensor<4x16x64xi16>, %s: tensor<2xi32>,
                          %init: tensor<4x16x64xf32>) -> tensor<4x16x64xf32> {
      %0 = hdp.dequantize ins(%o, %s : tensor<4x16x64xi16>, tensor<2xi32>)
          outs(%init : tensor<4x16x64xf32>) -> tensor<4x16x64xf32>
      return %0 : tensor<4x16x64xf32>
    }
    ```
  }];
  let arguments = (ins HDP_I16:$codes, HDP_I32:$exponent, HDP_Float:$init);
  let assemblyFormat = [{
    `ins` `(` $codes `,` $exponent `:` type($codes) `,` type($exponent) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
}

def HDP_ValidityOp : HDP_Op<"validity", [AttrSizedOperandSegments]> {
  let summary = "which positions may attend, and the bias in score units";
  let description = [{
    Position (i, j) is valid when `mask`, `causal` and `bias` all allow it (N4).
    With a bias the op needs the exponents of Q and K and gives B, the bias in
    score units (0 where not valid); NaN in the bias is an error at run time.

    Inputs: optional `mask` i1 and `bias` float, `[B, Lq, Lk]` with leading
    dimensions and Lq broadcast from 1; with a bias the exponents i32 `[B]` of
    Q and of K. Inits: valid i1 `[B, Lq, Lk]`; with a bias also B, i32
    `[B, Lq, Lk]`.

    Example:

    ```mlir
    func.func @validity(%m: tensor<1x1x16xi1>, %valid: tensor<2x16x16xi1>)
        -> tensor<2x16x16xi1> {
      %0 = hdp.validity mask(%m : tensor<1x1x16xi1>)
          outs(%valid : tensor<2x16x16xi1>)
          {scale = 0.125, causal, policy = #hdp.policy<compensated>}
          -> tensor<2x16x16xi1>
      return %0 : tensor<2x16x16xi1>
    }
    ```
  }];
  let arguments = (ins Optional<HDP_I1>:$mask, Optional<HDP_Float>:$bias,
                       Optional<HDP_I32>:$query_exponent,
                       Optional<HDP_I32>:$key_exponent,
                       HDP_I1:$valid, Optional<HDP_I32>:$score_bias,
                       F64Attr:$scale, UnitAttr:$causal,
                       HDP_PolicyAttr:$policy);
  let initsBody = "unsigned count = getScoreBias() ? 2 : 1;";
  let assemblyFormat = [{
    (`mask` `(` $mask^ `:` type($mask) `)`)?
    (`bias` `(` $bias^ `,` $query_exponent `,` $key_exponent `:` type($bias) `,`
    type($query_exponent) `,` type($key_exponent) `)`)?
    `outs` `(` $valid `:` type($valid) `)`
    (`bias_out` `(` $score_bias^ `:` type($score_bias) `)`)?
    attr-dict (`->` type($results)^)?
  }];
}

def HDP_SplitMatmulOp : HDP_Op<"split_matmul", [AttrSizedOperandSegments]> {
  let summary = "partial products of Q K^T on split operands";
  let description = [{
    Scores i32 `[B, Lq, Lk]` from the planes of Q `[B, Lq, d]` and K
    `[B, Lk, d]`:

    * `int_int`: II, the sum of integer times integer, everywhere (N3);
    * `cross`: `(II << F)` + int_frac + frac_int + B: the scores without the
      product of two fractions, from II (`integer_scores`) and all planes (N8);
    * `full`: the product of the whole codes + B, from all planes (N8).

    `kept` (i1 `[B, R, C]`) and `valid` (i1 `[B, Lq, Lk]`) restrict `cross` and
    `full` to valid positions of kept blocks; elsewhere the result is 0. `bias`
    is B of `hdp.validity`.

    Verified: the score bound of N0 for a static d.

    Example:

    ```mlir
    func.func @integer_pass(%qi: tensor<2x16x64xi8>, %ki: tensor<2x16x64xi8>,
                            %init: tensor<2x16x16xi32>)
        -> tensor<2x16x16xi32> {
      %0 = hdp.split_matmul <int_int>
          ins(%qi, %ki : tensor<2x16x64xi8>, tensor<2x16x64xi8>)
          outs(%init : tensor<2x16x16xi32>)
          {policy = #hdp.policy<compensated>} -> tensor<2x16x16xi32>
      return %0 : tensor<2x16x16xi32>
    }

    func.func @kept_scores(%qi: tensor<2x16x64xi8>, %ki: tensor<2x16x64xi8>,
                           %qf: tensor<2x16x64xi16>, %kf: tensor<2x16x64xi16>,
                           %kept: tensor<2x8x8xi1>, %valid: tensor<2x16x16xi1>,
                           %init: tensor<2x16x16xi32>)
        -> tensor<2x16x16xi32> {
      %0 = hdp.split_matmul <full>
          ins(%qi, %ki : tensor<2x16x64xi8>, tensor<2x16x64xi8>)
          fraction(%qf, %kf : tensor<2x16x64xi16>, tensor<2x16x64xi16>)
          where(%kept, %valid : tensor<2x8x8xi1>, tensor<2x16x16xi1>)
          outs(%init : tensor<2x16x16xi32>)
          {policy = #hdp.policy<compensated>} -> tensor<2x16x16xi32>
      return %0 : tensor<2x16x16xi32>
    }
    ```
  }];
  let arguments = (ins HDP_MatmulProductsAttr:$products,
                       HDP_I8:$query_integer, HDP_I8:$key_integer,
                       Optional<HDP_I16>:$query_fraction,
                       Optional<HDP_I16>:$key_fraction,
                       Optional<HDP_I32>:$integer_scores,
                       Optional<HDP_I1>:$kept, Optional<HDP_I1>:$valid,
                       Optional<HDP_I32>:$bias,
                       HDP_I32:$scores, HDP_PolicyAttr:$policy);
  let assemblyFormat = [{
    $products `ins` `(` $query_integer `,` $key_integer `:`
    type($query_integer) `,` type($key_integer) `)`
    (`fraction` `(` $query_fraction^ `,` $key_fraction `:`
    type($query_fraction) `,` type($key_fraction) `)`)?
    (`integer_scores` `(` $integer_scores^ `:` type($integer_scores) `)`)?
    (`where` `(` $kept^ `,` $valid `:` type($kept) `,` type($valid) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $scores `:` type($scores) `)` attr-dict (`->` type($results)^)?
  }];
}

def HDP_BlockImportanceOp : HDP_Op<"block_importance"> {
  let summary = "importance and kind of every block";
  let description = [{
    Theta of every full block, from integer scores i32 `[B, Lq, Lk]`, validity
    i1 `[B, Lq, Lk]` and, if any, B (N5); 0 for other blocks. The kind of a
    block is 0 (void), 1 (partial) or 2 (full) (N4).

    Inits: theta i32 `[B, R, C]`, kind i8 `[B, R, C]`.

    Example:

    ```mlir
    func.func @importance(%ii: tensor<2x16x16xi32>, %valid: tensor<2x16x16xi1>,
                          %t: tensor<2x8x8xi32>, %k: tensor<2x8x8xi8>)
        -> (tensor<2x8x8xi32>, tensor<2x8x8xi8>) {
      %0:2 = hdp.block_importance
          ins(%ii, %valid : tensor<2x16x16xi32>, tensor<2x16x16xi1>)
          outs(%t, %k : tensor<2x8x8xi32>, tensor<2x8x8xi8>)
          {policy = #hdp.policy<compensated>}
          -> tensor<2x8x8xi32>, tensor<2x8x8xi8>
      return %0#0, %0#1 : tensor<2x8x8xi32>, tensor<2x8x8xi8>
    }
    ```
  }];
  let numInits = 2;
  let arguments = (ins HDP_I32:$integer_scores, HDP_I1:$valid,
                       Optional<HDP_I32>:$bias, HDP_I32:$theta, HDP_I8:$kind,
                       HDP_PolicyAttr:$policy);
  let assemblyFormat = [{
    `ins` `(` $integer_scores `,` $valid `:` type($integer_scores) `,`
    type($valid) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $theta `,` $kind `:` type($theta) `,` type($kind) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def HDP_HeadGateOp : HDP_Op<"head_gate"> {
  let summary = "which heads are computed";
  let description = [{
    The measure H of every head, the count `positions` it is compared per, and
    the gate: true keeps the head (N7). `magnitude` sums |II + (B >> SF)| over
    valid positions, `spread` sums n * max - sum of theta over block rows. A
    head with no full block is kept.

    Inits: gate i1 `[B]`, H i64 `[B]`, positions i64 `[B]`.

    Example:

    ```mlir
    func.func @gate(%theta: tensor<2x8x8xi32>, %kind: tensor<2x8x8xi8>,
                    %ii: tensor<2x16x16xi32>, %valid: tensor<2x16x16xi1>,
                    %g: tensor<2xi1>, %h: tensor<2xi64>, %n: tensor<2xi64>)
        -> (tensor<2xi1>, tensor<2xi64>, tensor<2xi64>) {
      %0:3 = hdp.head_gate
          ins(%theta, %kind, %ii, %valid : tensor<2x8x8xi32>,
              tensor<2x8x8xi8>, tensor<2x16x16xi32>, tensor<2x16x16xi1>)
          outs(%g, %h, %n : tensor<2xi1>, tensor<2xi64>, tensor<2xi64>)
          {policy = #hdp.policy<compensated, tau = 6.15>}
          -> tensor<2xi1>, tensor<2xi64>, tensor<2xi64>
      return %0#0, %0#1, %0#2 : tensor<2xi1>, tensor<2xi64>, tensor<2xi64>
    }
    ```
  }];
  let numInits = 3;
  let arguments = (ins HDP_I32:$theta, HDP_I8:$kind, HDP_I32:$integer_scores,
                       HDP_I1:$valid, Optional<HDP_I32>:$bias, HDP_I1:$gate,
                       HDP_I64:$measure, HDP_I64:$positions,
                       HDP_PolicyAttr:$policy);
  let assemblyFormat = [{
    `ins` `(` $theta `,` $kind `,` $integer_scores `,` $valid `:`
    type($theta) `,` type($kind) `,` type($integer_scores) `,` type($valid) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $gate `,` $measure `,` $positions `:` type($gate) `,`
    type($measure) `,` type($positions) `)` attr-dict (`->` type($results)^)?
  }];
}

def HDP_BlockMaskOp : HDP_Op<"block_mask"> {
  let summary = "which blocks are computed";
  let description = [{
    Keeps the full blocks of a block row whose theta reaches the threshold T, or
    the largest ones by count; partial blocks always, void ones never, and none
    in a gated head (N6). T is 0 with `keep` and in rows without a full block.

    Inits: kept i1 `[B, R, C]`, threshold i32 `[B, R]`.

    Example:

    ```mlir
    func.func @mask(%theta: tensor<2x8x8xi32>, %kind: tensor<2x8x8xi8>,
                    %gate: tensor<2xi1>, %m: tensor<2x8x8xi1>,
                    %t: tensor<2x8xi32>)
        -> (tensor<2x8x8xi1>, tensor<2x8xi32>) {
      %0:2 = hdp.block_mask
          ins(%theta, %kind, %gate : tensor<2x8x8xi32>, tensor<2x8x8xi8>,
                                     tensor<2xi1>)
          outs(%m, %t : tensor<2x8x8xi1>, tensor<2x8xi32>)
          {policy = #hdp.policy<compensated, rho = 0.8>}
          -> tensor<2x8x8xi1>, tensor<2x8xi32>
      return %0#0, %0#1 : tensor<2x8x8xi1>, tensor<2x8xi32>
    }
    ```
  }];
  let numInits = 2;
  let arguments = (ins HDP_I32:$theta, HDP_I8:$kind, HDP_I1:$gate,
                       HDP_I1:$kept, HDP_I32:$threshold,
                       HDP_PolicyAttr:$policy);
  let assemblyFormat = [{
    `ins` `(` $theta `,` $kind `,` $gate `:` type($theta) `,` type($kind) `,`
    type($gate) `)`
    `outs` `(` $kept `,` $threshold `:` type($kept) `,` type($threshold) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def HDP_SoftmaxOp : HDP_Op<"softmax"> {
  let summary = "fixed-point weights of the kept positions";
  let description = [{
    Weights w and the terms of each row, from scores i32 `[B, Lq, Lk]`, kept
    blocks, validity, theta and kind of the blocks and the exponents i32 `[B]`
    of Q and K (N9, N10): with `pruned = compensated` the pruned positions of a
    row and group share one weight wc, that of their mean integer score.

    Inits: w i16 `[B, Lq, Lk]`, the row maximum M i32 `[B, Lq]`, the shift k i8
    `[B, Lq]`, c and wc i16 `[B, Lq, G]`, and a i32 `[B]`, the exponent of the
    score unit.

    Example:

    ```mlir
    func.func @softmax(%s: tensor<2x16x16xi32>, %kept: tensor<2x8x8xi1>,
                       %valid: tensor<2x16x16xi1>, %theta: tensor<2x8x8xi32>,
                       %kind: tensor<2x8x8xi8>, %sq: tensor<2xi32>,
                       %sk: tensor<2xi32>, %w: tensor<2x16x16xi16>,
                       %m: tensor<2x16xi32>, %k: tensor<2x16xi8>,
                       %c: tensor<2x16x1xi16>, %wc: tensor<2x16x1xi16>,
                       %a: tensor<2xi32>) -> tensor<2x16x16xi16> {
      %0:6 = hdp.softmax
          ins(%s, %kept, %valid, %theta, %kind, %sq, %sk :
              tensor<2x16x16xi32>, tensor<2x8x8xi1>, tensor<2x16x16xi1>,
              tensor<2x8x8xi32>, tensor<2x8x8xi8>, tensor<2xi32>, tensor<2xi32>)
          outs(%w, %m, %k, %c, %wc, %a :
               tensor<2x16x16xi16>, tensor<2x16xi32>, tensor<2x16xi8>,
               tensor<2x16x1xi16>, tensor<2x16x1xi16>, tensor<2xi32>)
          {scale = 0.125, policy = #hdp.policy<compensated>}
          -> tensor<2x16x16xi16>, tensor<2x16xi32>, tensor<2x16xi8>,
             tensor<2x16x1xi16>, tensor<2x16x1xi16>, tensor<2xi32>
      return %0#0 : tensor<2x16x16xi16>
    }
    ```
  }];
  let numInits = 6;
  let arguments = (ins HDP_I32:$scores, HDP_I1:$kept, HDP_I1:$valid,
                       HDP_I32:$theta, HDP_I8:$kind, HDP_I32:$query_exponent,
                       HDP_I32:$key_exponent, HDP_I16:$weights,
                       HDP_I32:$maximum, HDP_I8:$shift, HDP_I16:$compensation,
                       HDP_I16:$compensation_weight, HDP_I32:$unit_exponent,
                       F64Attr:$scale, HDP_PolicyAttr:$policy);
  let assemblyFormat = [{
    `ins` `(` $scores `,` $kept `,` $valid `,` $theta `,` $kind `,`
    $query_exponent `,` $key_exponent `:` type($scores) `,` type($kept) `,`
    type($valid) `,` type($theta) `,` type($kind) `,` type($query_exponent) `,`
    type($key_exponent) `)`
    `outs` `(` $weights `,` $maximum `,` $shift `,` $compensation `,`
    $compensation_weight `,` $unit_exponent `:` type($weights) `,`
    type($maximum) `,` type($shift) `,` type($compensation) `,`
    type($compensation_weight) `,` type($unit_exponent) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def HDP_ApplyOp : HDP_Op<"apply"> {
  let summary = "weights times V, normalised";
  let description = [{
    Numerator, denominator, reciprocal and output codes of every row, from
    weights w i16 `[B, Lq, Lk]`, compensation weights wc i16 `[B, Lq, G]`, V's
    codes i16 `[B, Lk, dv]`, kept and kind of the blocks, validity and gate
    (N10, N11; N12 for gated heads and rows without a valid position).

    Inits: output codes i16 `[B, Lq, dv]`, numerator i64 `[B, Lq, dv]`,
    denominator i32 and reciprocal i32 `[B, Lq]`.

    Example:

    ```mlir
    func.func @apply(%w: tensor<2x16x16xi16>, %wc: tensor<2x16x1xi16>,
                     %v: tensor<2x16x64xi16>, %kept: tensor<2x8x8xi1>,
                     %kind: tensor<2x8x8xi8>, %valid: tensor<2x16x16xi1>,
                     %gate: tensor<2xi1>, %o: tensor<2x16x64xi16>,
                     %num: tensor<2x16x64xi64>, %den: tensor<2x16xi32>,
                     %r: tensor<2x16xi32>) -> tensor<2x16x64xi16> {
      %0:4 = hdp.apply
          ins(%w, %wc, %v, %kept, %kind, %valid, %gate :
              tensor<2x16x16xi16>, tensor<2x16x1xi16>, tensor<2x16x64xi16>,
              tensor<2x8x8xi1>, tensor<2x8x8xi8>, tensor<2x16x16xi1>,
              tensor<2xi1>)
          outs(%o, %num, %den, %r :
               tensor<2x16x64xi16>, tensor<2x16x64xi64>, tensor<2x16xi32>,
               tensor<2x16xi32>)
          {policy = #hdp.policy<compensated>}
          -> tensor<2x16x64xi16>, tensor<2x16x64xi64>, tensor<2x16xi32>,
             tensor<2x16xi32>
      return %0#0 : tensor<2x16x64xi16>
    }
    ```
  }];
  let numInits = 4;
  let arguments = (ins HDP_I16:$weights, HDP_I16:$compensation_weight,
                       HDP_I16:$values, HDP_I1:$kept, HDP_I8:$kind,
                       HDP_I1:$valid, HDP_I1:$gate, HDP_I16:$output,
                       HDP_I64:$numerator, HDP_I32:$denominator,
                       HDP_I32:$reciprocal, HDP_PolicyAttr:$policy);
  let assemblyFormat = [{
    `ins` `(` $weights `,` $compensation_weight `,` $values `,` $kept `,`
    $kind `,` $valid `,` $gate `:` type($weights) `,`
    type($compensation_weight) `,` type($values) `,` type($kept) `,`
    type($kind) `,` type($valid) `,` type($gate) `)`
    `outs` `(` $output `,` $numerator `,` $denominator `,` $reciprocal `:`
    type($output) `,` type($numerator) `,` type($denominator) `,`
    type($reciprocal) `)` attr-dict (`->` type($results)^)?
  }];
}

#endif // HDP_DIALECT_HDP_IR_HDPOPS
