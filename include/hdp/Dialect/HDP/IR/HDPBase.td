//===- HDPBase.td - the dialect and the base classes of its ops -----------===//

#ifndef HDP_DIALECT_HDP_IR_HDPBASE
#define HDP_DIALECT_HDP_IR_HDPBASE

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def HDP_Dialect : Dialect {
  let name = "hdp";
  let summary = "Pruned attention with exact fixed-point meaning";
  let description = [{
    Hybrid Dynamic Pruning (HDP, arXiv 2407.12893) splits the queries and keys
    of attention into integer and fraction parts. The integer parts alone decide
    which blocks of the score matrix and which heads matter; only there are the
    fraction products, the softmax and the product with V computed.

    `hdp.attention` is the entry: without a policy it is exact attention in
    floating point, with one (`#hdp.policy`) it is pruned attention whose every
    number is defined by docs/Numerics.md (rules N0 to N13). The other ops are
    its parts; `--hdp-decompose-attention` refines the one into the others.

    Laws of the dialect: ops are pure on tensors and machine-free; they are in
    destination style and take memrefs as well (then without results, reading
    inputs and writing inits, which they overwrite entirely); any number of
    leading batch dimensions; dynamic sizes anywhere. In shapes, `B` stands for
    the leading dimensions; those of queries and of keys and values are equal
    but for the last, where Hq = g * Hkv (N13). A block row is `bq` query rows,
    a block column `bk` keys (the policy's `block`); `R = ceil(Lq / bq)`,
    `C = ceil(Lk / bk)`, and `G` is the number of groups of block columns: 1
    for `group = 0`, else `ceil(C / group)`.
  }];
  let cppNamespace = "::hdp";
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

/// A ranked tensor or memref of one of `types`.
class HDP_Shaped<list<Type> types, string noun>
    : AnyTypeOf<[RankedTensorOf<types>, MemRefOf<types>],
                "ranked tensor or memref of " # noun>;

def HDP_Float : HDP_Shaped<[F32, F16, BF16], "f32, f16 or bf16">;
def HDP_I1 : HDP_Shaped<[I1], "i1">;
def HDP_I8 : HDP_Shaped<[I8], "i8">;
def HDP_I16 : HDP_Shaped<[I16], "i16">;
def HDP_I32 : HDP_Shaped<[I32], "i32">;
def HDP_I64 : HDP_Shaped<[I64], "i64">;

/// An op in destination style. The inits are its last operands.
class HDP_Op<string mnemonic, list<Trait> traits = []>
    : Op<HDP_Dialect, mnemonic,
         !listconcat(traits, [
           DestinationStyleOpInterface,
           DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
           DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                     ["reifyResultShapes"]>
         ])> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasVerifier = 1;

  /// How many of the last operands are inits.
  int numInits = 1;
  code initsBody = "unsigned count = " # numInits # ";";
  code baseDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      }] # initsBody # [{
      return ::mlir::MutableOperandRange(
          getOperation(), getOperation()->getNumOperands() - count, count);
    }
  }];
  code baseDefinition = [{
    void $cppClass::getEffects(
        ::mlir::SmallVectorImpl<::mlir::MemoryEffects::EffectInstance>
            &effects) {
      ::hdp::detail::getDestinationStyleEffects(
          ::mlir::cast<::mlir::DestinationStyleOpInterface>(getOperation()),
          effects);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder,
        ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      return ::hdp::detail::reifyFromInits(
          ::mlir::cast<::mlir::DestinationStyleOpInterface>(getOperation()),
          builder, shapes);
    }
  }];
  let extraClassDeclaration = baseDeclaration;
  let extraClassDefinition = baseDefinition;
}

#endif // HDP_DIALECT_HDP_IR_HDPBASE
