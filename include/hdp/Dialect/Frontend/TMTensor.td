//===- TMTensor.td - torch-mlir's attention, as far as it is read ---------===//

#ifndef HDP_DIALECT_FRONTEND_TMTENSOR
#define HDP_DIALECT_FRONTEND_TMTENSOR

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def TMTensor_Dialect : Dialect {
  let name = "tm_tensor";
  let summary = "torch-mlir's attention op, for reading only";
  let description = [{
    The one op of torch-mlir's dialect `tm_tensor` that carries attention, so
    that its linalg output parses here. Nothing produces it, and
    `--hdp-raise-attention` turns it into `hdp.attention`.
  }];
  let cppNamespace = "::hdp::tm_tensor";
}

def TMTensor_AttentionOp
    : Op<TMTensor_Dialect, "attention",
         [AttrSizedOperandSegments, NoMemoryEffect]> {
  let summary = "scaled dot product attention as torch-mlir keeps it";
  let description = [{
    Inputs Q `[B.., M, K1]`, K `[B.., K2, K1]`, V `[B.., K2, N]` and an optional
    mask `[B.., M, K2]`, i1 (true = may attend) or float (added to the scores);
    the scale is 1/sqrt(K1) unless given. The output `[B.., M, N]` is
    overwritten. The definition is torch-mlir's.

    Example:

    ```mlir
    func.func @kept(%q: tensor<8x16x32xf32>, %m: tensor<8x16x16xi1>,
                    %o: tensor<8x16x32xf32>) -> tensor<8x16x32xf32> {
      %0 = tm_tensor.attention {scale = 0.125 : f64}
          ins(%q, %q, %q, %m : tensor<8x16x32xf32>, tensor<8x16x32xf32>,
                               tensor<8x16x32xf32>, tensor<8x16x16xi1>)
          outs(%o : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
      return %0 : tensor<8x16x32xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyShaped>:$inputs, Variadic<AnyShaped>:$outputs,
                       OptionalAttr<F64Attr>:$scale);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    attr-dict (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` (`->` type($results)^)?
  }];
}

#endif // HDP_DIALECT_FRONTEND_TMTENSOR
