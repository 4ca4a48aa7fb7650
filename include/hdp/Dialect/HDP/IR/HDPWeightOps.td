//===- HDPWeightOps.td - scores to weights, weights to outputs ------------===//

#ifndef HDP_DIALECT_HDP_IR_HDPWEIGHTOPS
#define HDP_DIALECT_HDP_IR_HDPWEIGHTOPS

include "hdp/Dialect/HDP/IR/HDPAttrs.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

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

#endif // HDP_DIALECT_HDP_IR_HDPWEIGHTOPS
