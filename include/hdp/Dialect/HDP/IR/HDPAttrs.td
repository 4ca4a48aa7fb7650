//===- HDPAttrs.td - the policy attribute and the enums used in IR --------===//

#ifndef HDP_DIALECT_HDP_IR_HDPATTRS
#define HDP_DIALECT_HDP_IR_HDPATTRS

include "hdp/Dialect/HDP/IR/HDPBase.td"

def HDP_ProductsIntInt : I32EnumAttrCase<"IntInt", 0, "int_int">;
def HDP_ProductsCross : I32EnumAttrCase<"Cross", 1, "cross">;
def HDP_ProductsFull : I32EnumAttrCase<"Full", 2, "full">;
def HDP_MatmulProductsEnum
    : I32EnumAttr<"MatmulProducts", "which partial products are summed",
                  [HDP_ProductsIntInt, HDP_ProductsCross, HDP_ProductsFull]> {
  let cppNamespace = "::hdp";
  let genSpecializedAttr = 0;
}
def HDP_MatmulProductsAttr
    : EnumAttr<HDP_Dialect, HDP_MatmulProductsEnum, "products"> {
  let assemblyFormat = "`<` $value `>`";
}

def HDP_SideQuery : I32EnumAttrCase<"Query", 0, "query">;
def HDP_SideKey : I32EnumAttrCase<"Key", 1, "key">;
def HDP_SideEnum
    : I32EnumAttr<"Side", "which operand of Q K^T", [HDP_SideQuery,
                                                     HDP_SideKey]> {
  let cppNamespace = "::hdp";
  let genSpecializedAttr = 0;
}
def HDP_SideAttr : EnumAttr<HDP_Dialect, HDP_SideEnum, "side"> {
  let assemblyFormat = "`<` $value `>`";
}

def HDP_PolicyAttr : AttrDef<HDP_Dialect, "Policy"> {
  let mnemonic = "policy";
  let summary = "every choice of pruned attention";
  let description = [{
    A preset, `paper` (the published description wherever it says something) or
    `compensated` (the default), then what differs from it, as `key = value`:

    | key | values | rule |
    |---|---|---|
    | `format` | `fixed<I, F>`: 2 <= I <= 8, 1 <= F <= 12, I + F <= 16 | N1 |
    | `value_format` | `fixed<4, 12>` or `fixed<4, 4>` | N1 |
    | `exponents` | `static`, `dynamic` | N1 |
    | `sq`, `sk`, `sv` | integers in [-16, 16], with static exponents | N1 |
    | `split` | `floor`, `nearest` | N2 |
    | `importance` | `abs`, `signed` | N5 |
    | `products` | `cross`, `full` (full needs I + F <= 8) | N8 |
    | `pruned` | `dropped`, `compensated` | N9 |
    | `group` | block columns a group, 0: one group | N9 |
    | `block` | `BQxBK`, 1 to 16 each | N4 |
    | `rho` | a real, \|rint(256 rho)\| < 256 | N6 |
    | `keep` | a real, 0 <= rint(256 keep) <= 256; instead of `rho` | N6 |
    | `measure` | `magnitude`, `spread` | N7 |
    | `tau` | a real, \|rint(256 tau)\| < 2^31; <= 0 keeps every head | N7 |
    | `gated` | `zero`, `mean` | N12 |
    | `reciprocal` | `linear`, `exact` | N11 |

    Keys may come in any order, each at most once. The preset is not stored: two
    spellings of the same choices are one attribute, printed relative to the
    preset with fewer differences (`compensated` on a tie), keys in the order of
    the table. `rho`, `keep` and `tau` are kept as written.

    Example:

    ```mlir
    #default = #hdp.policy<compensated>
    #strong = #hdp.policy<compensated, group = 32, block = 2x1, rho = 0.8>
    #published = #hdp.policy<paper, rho = 0.2>
    #counted = #hdp.policy<compensated, format = fixed<4, 3>, keep = 0.25>
    ```
  }];
  let parameters = (ins
    AttrParameter<"::hdp::numerics::Policy", "the choices">:$value);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // HDP_DIALECT_HDP_IR_HDPATTRS
