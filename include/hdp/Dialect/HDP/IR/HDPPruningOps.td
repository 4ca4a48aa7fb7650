//===- HDPPruningOps.td - scores, and which blocks and heads are kept -----===//

#ifndef HDP_DIALECT_HDP_IR_HDPPRUNINGOPS
#define HDP_DIALECT_HDP_IR_HDPPRUNINGOPS

include "hdp/Dialect/HDP/IR/HDPAttrs.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

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

#endif // HDP_DIALECT_HDP_IR_HDPPRUNINGOPS
