//===- HDPCodeOps.td - floats to fixed-point codes and back ---------------===//

#ifndef HDP_DIALECT_HDP_IR_HDPCODEOPS
#define HDP_DIALECT_HDP_IR_HDPCODEOPS

include "hdp/Dialect/HDP/IR/HDPAttrs.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

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

#endif // HDP_DIALECT_HDP_IR_HDPCODEOPS
