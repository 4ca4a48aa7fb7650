//===- HostCode.cpp - planes, masks, launch, floats again -----------------===//
//
// The host's share of an attention (N1, N2, N4, N11), as ops that the CPU
// pipeline compiles like any other.
//
//===----------------------------------------------------------------------===//

#include "HostCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace hdp;

namespace {

using Shape = SmallVector<int64_t>;

class HostCode {
public:
  HostCode(ImplicitLocOpBuilder &builder, AttentionOp op,
           const machine::AttentionRequest &request)
      : builder(builder), op(op), request(request), site(request.site),
        policy(PolicyAttr::get(builder.getContext(), site.policy)) {
    queryShape = op.getQueryShape();
    keyShape = op.getKeyShape();
    valueShape = op.getValueShape();
  }

  Value run(StringRef program, bool hasMask);

private:
  /// Creates an op from its inputs (null where an optional operand of an op
  /// whose operands have segments is absent) and inits.
  template <typename Op, typename... Args>
  ResultRange create(ArrayRef<Value> inits, Args &&...args) {
    SmallVector<Type> types;
    for (Value init : inits)
      types.push_back(init.getType());
    return Op::create(builder, types, std::forward<Args>(args)...)
        ->getResults();
  }
  Value empty(ArrayRef<int64_t> shape, Type type) {
    return tensor::EmptyOp::create(builder, shape, type);
  }
  Value constant(ShapedType type, int64_t value) {
    return arith::ConstantOp::create(
        builder,
        DenseElementsAttr::get(
            type, builder.getIntegerAttr(type.getElementType(), value)));
  }
  Value cast(Value value, Type element, bool isWider) {
    Type type = llvm::cast<ShapedType>(value.getType()).clone(element);
    return isWider ? arith::ExtSIOp::create(builder, type, value).getResult()
                   : arith::TruncIOp::create(builder, type, value).getResult();
  }
  ArrayRef<int64_t> batchOf(ArrayRef<int64_t> shape) {
    return shape.drop_back(2);
  }
  Value permuted(Value operand, std::optional<ArrayRef<int64_t>> perm);
  ResultRange split(Side side, Value operand, ArrayRef<int64_t> shape);
  Value joined(Value integer, Value fraction);
  Value values(Value codes);
  void addMasks(Value sQ, Value sK, SmallVectorImpl<Value> &inputs);
  Value result(Value codes, Value sV);

  ImplicitLocOpBuilder &builder;
  AttentionOp op;
  const machine::AttentionRequest &request;
  const machine::Site &site;
  PolicyAttr policy;
  Shape queryShape, keyShape, valueShape;
};

/// The operand with its dimensions in the form of the op's description.
Value HostCode::permuted(Value operand, std::optional<ArrayRef<int64_t>> perm) {
  if (!perm)
    return operand;
  auto type = llvm::cast<RankedTensorType>(operand.getType());
  Value init =
      empty(applyPermutation(type.getShape(), *perm), type.getElementType());
  return linalg::TransposeOp::create(builder, operand, init, *perm)
      ->getResult(0);
}

/// N1, N2.
ResultRange HostCode::split(Side side, Value operand, ArrayRef<int64_t> shape) {
  SmallVector<Value> inits = {empty(shape, builder.getI8Type()),
                              empty(shape, builder.getI16Type()),
                              empty(batchOf(shape), builder.getI32Type())};
  return create<SplitOp>(inits, SideAttr::get(builder.getContext(), side),
                         operand, inits[0], inits[1], inits[2], policy,
                         op.getBias() ? builder.getUnitAttr() : UnitAttr());
}

/// Whole codes of a dense program: (I << F) + fraction.
Value HostCode::joined(Value integer, Value fraction) {
  Value wide = cast(integer, builder.getI16Type(), /*isWider=*/true);
  Value shift = constant(llvm::cast<ShapedType>(wide.getType()),
                         site.policy.format.fractionBits);
  Value codes = arith::AddIOp::create(
      builder, arith::ShLIOp::create(builder, wide, shift), fraction);
  return site.codeBits() == 8
             ? cast(codes, builder.getI8Type(), /*isWider=*/false)
             : codes;
}

/// V in the width that the program loads; hdp.quantize gives 12 fraction bits.
Value HostCode::values(Value codes) {
  if (site.valueBits() == 16)
    return codes;
  Value shift = constant(llvm::cast<ShapedType>(codes.getType()),
                         12 - site.policy.valueFractionBits);
  return cast(arith::ShRSIOp::create(builder, codes, shift),
              builder.getI8Type(), /*isWider=*/false);
}

/// N4: validity, and the additive mask in score units. What does not differ by
/// head or row is one for all; causality is the program's own business.
void HostCode::addMasks(Value sQ, Value sK, SmallVectorImpl<Value> &inputs) {
  if (!site.hasMask)
    return;
  auto shapeOf = [&](bool perHead, bool perRow) {
    Shape shape(batchOf(queryShape));
    if (!perHead)
      shape.assign(shape.size(), 1);
    llvm::append_values(shape, perRow ? int64_t(site.Lq) : 1, int64_t(site.Lk));
    return shape;
  };
  Type i1 = builder.getI1Type(), i32 = builder.getI32Type();
  if (!site.hasBias) {
    Value init = empty(shapeOf(request.maskPerHead, request.maskPerRow), i1);
    inputs.push_back(
        create<ValidityOp>(init, op.getMask(), Value(), Value(), Value(), init,
                           Value(), op.getScaleAttr(), UnitAttr(), policy)[0]);
    return;
  }
  // B differs by head: exponents do.
  auto withBias = [&](Value mask, bool perRow) {
    Shape shape = shapeOf(true, perRow);
    Value valid = empty(shape, i1), bias = empty(shape, i32);
    return create<ValidityOp>({valid, bias}, mask, op.getBias(), sQ, sK, valid,
                              bias, op.getScaleAttr(), UnitAttr(), policy);
  };
  ResultRange both = withBias(op.getMask(), request.maskPerRow);
  Value valid = both[0], bias = both[1];
  if (!request.maskPerHead) {
    Shape shape = shapeOf(false, request.maskPerRow);
    SmallVector<OpFoldResult> zeros(shape.size(), builder.getIndexAttr(0)),
        ones(shape.size(), builder.getIndexAttr(1)), sizes;
    for (int64_t size : shape)
      sizes.push_back(builder.getIndexAttr(size));
    valid = tensor::ExtractSliceOp::create(builder, valid, zeros, sizes, ones);
  }
  if (request.biasPerRow != request.maskPerRow)
    bias = withBias(Value(), request.biasPerRow)[1];
  llvm::append_values(inputs, valid, bias);
}

/// N11, in the layout of the op's init.
Value HostCode::result(Value codes, Value sV) {
  std::optional<ArrayRef<int64_t>> perm = op.getResultPerm();
  Value init = op.getInit();
  Type element = llvm::cast<ShapedType>(init.getType()).getElementType();
  if (!perm)
    return create<DequantizeOp>(init, codes, sV, init)[0];
  Value plain =
      empty(llvm::cast<ShapedType>(codes.getType()).getShape(), element);
  Value floats = create<DequantizeOp>(plain, codes, sV, plain)[0];
  return linalg::TransposeOp::create(builder, floats, init,
                                     invertPermutationVector(*perm))
      ->getResult(0);
}

Value HostCode::run(StringRef program, bool hasMask) {
  Value query = permuted(op.getQuery(), op.getQueryPerm());
  Value key = permuted(op.getKey(), op.getKeyPerm());
  Value value = permuted(op.getValue(), op.getValuePerm());
  ResultRange q = split(Side::Query, query, queryShape);
  ResultRange k = split(Side::Key, key, keyShape);
  SmallVector<Value> valueInits = {
      empty(valueShape, builder.getI16Type()),
      empty(batchOf(valueShape), builder.getI32Type())};
  ResultRange v = create<QuantizeOp>(valueInits, value, valueInits[0],
                                     valueInits[1], policy);
  SmallVector<Value> inputs = {q[2], k[2]};
  if (site.dense)
    llvm::append_values(inputs, joined(q[0], q[1]), joined(k[0], k[1]));
  else
    llvm::append_values(inputs, Value(q[0]), Value(q[1]), Value(k[0]),
                        Value(k[1]));
  inputs.push_back(values(v[0]));
  if (hasMask)
    addMasks(q[2], k[2], inputs);

  Shape outShape(queryShape);
  outShape.back() = valueShape.back();
  Value out = empty(outShape, builder.getI16Type());
  Value codes = hdpa::LaunchOp::create(builder, TypeRange(out.getType()),
                                       program, inputs, ValueRange(out))
                    ->getResult(0);
  return result(codes, v[1]);
}

} // namespace

Value hdp::emitHostCode(OpBuilder &builder, AttentionOp op,
                        const machine::AttentionRequest &request,
                        StringRef program, bool hasMask) {
  builder.setInsertionPoint(op);
  ImplicitLocOpBuilder located(op.getLoc(), builder);
  return HostCode(located, op, request).run(program, hasMask);
}
