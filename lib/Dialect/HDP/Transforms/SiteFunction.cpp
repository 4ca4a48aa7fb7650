//===- SiteFunction.cpp - one attention as a function of its own ----------===//

#include "hdp/Dialect/HDP/Transforms/Decompose.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace hdp;

/// The tensor type with the sizes and element type of a tensor or memref.
static RankedTensorType toTensorType(Type type) {
  auto shaped = cast<ShapedType>(type);
  return RankedTensorType::get(shaped.getShape(), shaped.getElementType());
}

static bool isWanted(StringRef name, SiteResults results) {
  switch (results) {
  case SiteResults::OnlyOutput:
    return false;
  case SiteResults::Statistics:
    return llvm::is_contained({"sQ", "sK", "sV", "kind", "kept", "gate"}, name);
  case SiteResults::All:
    return name != "out";
  }
  return false;
}

/// The sizes of the result, from the operands that have them.
static SmallVector<OpFoldResult>
getResultSizes(OpBuilder &builder, AttentionOp op, Value query, Value value) {
  Location loc = op.getLoc();
  int64_t rank = cast<ShapedType>(query.getType()).getRank();
  auto permuted = [&](std::optional<ArrayRef<int64_t>> perm, int64_t dim) {
    return perm ? (*perm)[dim] : dim;
  };
  SmallVector<OpFoldResult> sizes(rank);
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isLast = dim + 1 == rank;
    OpFoldResult size =
        isLast ? tensor::getMixedSize(builder, loc, value,
                                      permuted(op.getValuePerm(), dim))
               : tensor::getMixedSize(builder, loc, query,
                                      permuted(op.getQueryPerm(), dim));
    sizes[permuted(op.getResultPerm(), dim)] = size;
  }
  return sizes;
}

/// What kSiteAttrName holds: all attributes of the op, by name.
static DictionaryAttr getSiteAttributes(AttentionOp op) {
  NamedAttrList attributes;
  for (NamedAttribute attribute : op->getAttrDictionary())
    if (attribute.getName() != op.getOperandSegmentSizesAttrName())
      attributes.append(attribute);
  return attributes.getDictionary(op.getContext());
}

FailureOr<func::FuncOp> hdp::buildSiteFunction(ModuleOp module, AttentionOp op,
                                               StringRef name,
                                               SiteResults results) {
  MLIRContext *context = module.getContext();
  SmallVector<StringRef> argNames = {"q", "k", "v"};
  SmallVector<Type> argTypes = {toTensorType(op.getQuery().getType()),
                                toTensorType(op.getKey().getType()),
                                toTensorType(op.getValue().getType())};
  if (op.getMask()) {
    argNames.push_back("mask");
    argTypes.push_back(toTensorType(op.getMask().getType()));
  }
  if (op.getBias()) {
    argNames.push_back("bias");
    argTypes.push_back(toTensorType(op.getBias().getType()));
  }

  IRRewriter rewriter(context);
  rewriter.setInsertionPointToEnd(module.getBody());
  Location loc = op.getLoc();
  auto func = func::FuncOp::create(
      rewriter, loc, name, rewriter.getFunctionType(argTypes, TypeRange()));
  func.setPrivate();
  func->setAttr(kSiteAttrName, getSiteAttributes(op));
  Block *body = func.addEntryBlock();
  rewriter.setInsertionPointToStart(body);
  ArrayRef<BlockArgument> args = body->getArguments();
  unsigned next = 3;
  Value mask = op.getMask() ? Value(args[next++]) : Value();
  Value bias = op.getBias() ? Value(args[next++]) : Value();

  // The init's own sizes may be static where the operands' are not; keep its
  // type, so that the op means the same.
  RankedTensorType initType = toTensorType(op.getInit().getType());
  SmallVector<OpFoldResult> sizes =
      getResultSizes(rewriter, op, args[0], args[2]);
  Value init =
      tensor::EmptyOp::create(rewriter, loc, sizes, initType.getElementType());
  if (init.getType() != initType)
    init = tensor::CastOp::create(rewriter, loc, initType, init);
  auto attention = AttentionOp::create(
      rewriter, loc, TypeRange(initType), args[0], args[1], args[2], mask, bias,
      init, op.getScaleAttr(), op.getCausalAttr(), op.getPolicyAttr(),
      op.getQueryPermAttr(), op.getKeyPermAttr(), op.getValuePermAttr(),
      op.getResultPermAttr());

  SmallVector<NamedValue> outputs = {{"out", attention->getResult(0)}};
  if (op.getPolicy()) {
    FailureOr<SmallVector<NamedValue>> parts =
        decomposeAttention(rewriter, attention);
    if (failed(parts)) {
      func.erase();
      return failure();
    }
    outputs = {parts->back()};
    for (NamedValue part : *parts)
      if (isWanted(part.name, results))
        outputs.push_back(part);
    rewriter.eraseOp(attention);
  }

  rewriter.setInsertionPointToEnd(body);
  SmallVector<Value> values;
  SmallVector<Type> types;
  for (NamedValue output : outputs) {
    values.push_back(output.value);
    types.push_back(output.value.getType());
  }
  func::ReturnOp::create(rewriter, loc, values);
  func.setFunctionType(rewriter.getFunctionType(argTypes, types));
  auto setName = [&](StringRef text) { return rewriter.getStringAttr(text); };
  for (auto [index, argName] : llvm::enumerate(argNames))
    func.setArgAttr(index, kTensorNameAttrName, setName(argName));
  for (auto [index, output] : llvm::enumerate(outputs))
    func.setResultAttr(index, kTensorNameAttrName, setName(output.name));
  return func;
}
