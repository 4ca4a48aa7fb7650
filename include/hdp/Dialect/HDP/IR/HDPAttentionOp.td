//===- HDPAttentionOp.td - attention, whole -------------------------------===//

#ifndef HDP_DIALECT_HDP_IR_HDPATTENTIONOP
#define HDP_DIALECT_HDP_IR_HDPATTENTIONOP

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

#endif // HDP_DIALECT_HDP_IR_HDPATTENTIONOP
