//===- IREELinalgExt.td - IREE's attention, as far as it is read ----------===//

#ifndef HDP_DIALECT_FRONTEND_IREELINALGEXT
#define HDP_DIALECT_FRONTEND_IREELINALGEXT

include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def IREELinalgExt_Dialect : Dialect {
  let name = "iree_linalg_ext";
  let summary = "IREE's attention op, for reading only";
  let description = [{
    The ops of IREE's dialect `iree_linalg_ext` that carry attention, so that
    its input IR parses here. Nothing produces them, and
    `--hdp-raise-attention` turns them into `hdp.attention`.
  }];
  let cppNamespace = "::hdp::iree_linalg_ext";
}

def IREELinalgExt_AttentionOp
    : Op<IREELinalgExt_Dialect, "attention", [NoMemoryEffect]> {
  let summary = "attention over an iteration space";
  let description = [{
    `indexing_maps` say, for query, key, value, scale, mask (if any) and output,
    which dimensions of one iteration space index them; the region changes a
    score before the softmax (identity when it yields its argument). The
    definition is IREE's.

    Example:

    ```mlir
    func.func @kept(%q: tensor<8x16x32xf32>, %s: f32, %o: tensor<8x16x32xf32>)
        -> tensor<8x16x32xf32> {
      %0 = iree_linalg_ext.attention {indexing_maps = [
          affine_map<(b, m, n, k, j) -> (b, m, k)>,
          affine_map<(b, m, n, k, j) -> (b, j, k)>,
          affine_map<(b, m, n, k, j) -> (b, j, n)>,
          affine_map<(b, m, n, k, j) -> ()>,
          affine_map<(b, m, n, k, j) -> (b, m, n)>]}
          ins(%q, %q, %q, %s : tensor<8x16x32xf32>, tensor<8x16x32xf32>,
                               tensor<8x16x32xf32>, f32)
          outs(%o : tensor<8x16x32xf32>) {
        ^bb0(%score: f32):
          iree_linalg_ext.yield %score : f32
        } -> tensor<8x16x32xf32>
      return %0 : tensor<8x16x32xf32>
    }
    ```
  }];
  let arguments = (ins AnyShaped:$query, AnyShaped:$key, AnyShaped:$value,
                       AnyFloat:$scale, Optional<AnyShaped>:$mask,
                       AnyShaped:$output, AffineMapArrayAttr:$indexing_maps,
                       OptionalAttr<DictionaryAttr>:$decomposition_config);
  let regions = (region AnyRegion:$region);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    attr-dict `ins` `(` $query `,` $key `,` $value `,` $scale (`,` $mask^)? `:`
    type($query) `,` type($key) `,` type($value) `,` type($scale)
    (`,` type($mask)^)? `)`
    `outs` `(` $output `:` type($output) `)` ($region^)? (`->` type($results)^)?
  }];
}

def IREELinalgExt_YieldOp
    : Op<IREELinalgExt_Dialect, "yield",
         [Pure, Terminator, ParentOneOf<["AttentionOp"]>]> {
  let summary = "the score that the softmax reads";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
}

#endif // HDP_DIALECT_FRONTEND_IREELINALGEXT
