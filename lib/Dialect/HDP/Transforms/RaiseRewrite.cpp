//===- RaiseRewrite.cpp - a matched site becomes hdp.attention ------------===//
//
// What is planned may still be refused; then operands, the tensors found behind
// all moves of data, and the op are written.
//
//===----------------------------------------------------------------------===//

#include "SiteWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::raise;

//===----------------------------------------------------------------------===//
// Planning: everything that can refuse
//===----------------------------------------------------------------------===//

bool SiteWriter::collectLeaves(Node *node, Leaves &leaves) {
  switch (node->kind) {
  case NodeKind::Load:
  case NodeKind::Index:
    leaves.insert(node);
    return true;
  case NodeKind::Const:
  case NodeKind::Scalar:
    return true;
  case NodeKind::Op:
    if (node->op)
      return llvm::all_of(
          node->kids, [&](Node *kid) { return collectLeaves(kid, leaves); });
    [[fallthrough]];
  default:
    return refusal.because("bias-op", "a bias or mask is computed inside an "
                                      "op in a way that cannot be separated");
  }
}

bool SiteWriter::checkTypes() {
  SmallVector<Type> types{site.query->type, site.key->type, site.value->type};
  Type result = getElementTypeOrSelf(site.values->getResult(0).getType());
  for (Type type : {types[0], types[1], types[2], result})
    if (!type.isF32() && !type.isF16() && !type.isBF16())
      return refusal.because(
          "element-type", "an operand has elements of type " + [&] {
            std::string text;
            llvm::raw_string_ostream(text) << type;
            return text;
          }() + ", expected f32, f16 or bf16");
  bool same = types[0] == types[1] && types[1] == types[2];
  elementType = same ? types[0] : Type(b.getF32Type());
  // 16-bit operands whose result stays in f32 keep that precision, unless the
  // result is narrowed at once.
  if (elementType != result && !elementType.isF32()) {
    bool narrowed = llvm::all_of(
        site.values->getResult(0).getUsers(), [&](Operation *user) {
          auto op = dyn_cast<linalg::LinalgOp>(user);
          if (!op || op->getNumRegions() != 1 || op.getNumReductionLoops())
            return false;
          Operation *first = &op.getBlock()->front();
          return isa<arith::TruncFOp>(first) &&
                 first->getResult(0).getType() == elementType;
        });
    if (!narrowed)
      elementType = b.getF32Type();
  }
  return true;
}

bool SiteWriter::plan() {
  if (!checkTypes())
    return false;
  for (const MaskTerm &mask : site.masks) {
    std::optional<TypedAttr> constant = expr.constantOf(mask.condition);
    if (constant &&
        cast<IntegerAttr>(*constant).getValue().isZero() != mask.keepWhen)
      continue;
    // Inside a selection of a finite number -inf does not stand for itself: a
    // row that is the number throughout has it at these places too.
    bool isHard = std::isinf(mask.otherwise) && soft.empty();
    (isHard ? hard : soft).push_back(mask);
    if (!collectLeaves(mask.condition, isHard ? maskLeaves : biasLeaves))
      return false;
  }
  llvm::erase_if(site.biases, [&](const BiasTerm &bias) {
    return expr.isFloat(bias.value, 0.0);
  });
  for (const BiasTerm &bias : site.biases)
    if (!collectLeaves(bias.value, biasLeaves))
      return false;

  SmallVector<Node *> addends(maskLeaves.getArrayRef());
  addends.append(biasLeaves.begin(), biasLeaves.end());
  if (!planDims(expr, site, addends, cuts, dims, refusal))
    return false;

  auto check = [&](Node *load, ArrayRef<Digits> wanted, StringRef what) {
    arranger.noteSizes(load);
    if (arranger.fits(load, wanted))
      return true;
    return refusal.because("layout", "the " + what +
                                         " are not addressed by the "
                                         "contractions' indices alone");
  };
  if (!check(site.query, dims.query(), "queries") ||
      !check(site.key, dims.key(), "keys") ||
      !check(site.value, dims.value(), "values"))
    return false;
  for (Node *leaf : addends) {
    if (leaf->kind == NodeKind::Index) {
      if (leaf->index.empty() || dimensionOf(leaf))
        continue;
      return refusal.because("bias-op", "a bias or mask uses an index that is "
                                        "not one of the scores'");
    }
    if (!check(leaf, dims.scores(), "bias or mask entries"))
      return false;
  }
  if (!arranger.knowsSizes(dims.query()) || !arranger.knowsSizes(dims.result()))
    return refusal.because("dynamic-shape",
                           "the size of a dimension cannot be read from an "
                           "operand");
  return true;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Elementwise width change.
Value SiteWriter::converted(Value value, Type to) {
  auto type = cast<RankedTensorType>(value.getType());
  Type from = type.getElementType();
  if (from == to)
    return value;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, value);
  Value init = tensor::EmptyOp::create(b, loc, sizes, to);
  AffineMap map = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  bool widens = from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth();
  return linalg::GenericOp::create(
             b, loc, init.getType(), value, init,
             SmallVector<AffineMap>{map, map}, iterators,
             [&](OpBuilder &nested, Location where, ValueRange args) {
               Value result =
                   widens ? arith::ExtFOp::create(nested, where, to, args[0])
                                .getResult()
                          : arith::TruncFOp::create(nested, where, to, args[0])
                                .getResult();
               linalg::YieldOp::create(nested, where, result);
             })
      .getResult(0);
}

Value SiteWriter::emitOperand(Node *load, ArrayRef<Digits> wanted,
                              SmallVectorImpl<int64_t> &perm) {
  // Leading dimensions are never broadcast; that keys and values have one
  // head for a group of their own is already in `wanted`.
  llvm::SmallBitVector full(wanted.size(), true);
  Value value = arranger.arrange(load, wanted, full, &perm);
  return converted(value, elementType);
}

//===----------------------------------------------------------------------===//
// The op
//===----------------------------------------------------------------------===//

AttentionOp SiteWriter::write() {
  if (!plan())
    return nullptr;
  b.setInsertionPoint(site.values);
  SmallVector<int64_t> queryPerm, keyPerm, valuePerm;
  Value query = emitOperand(site.query, dims.query(), queryPerm);
  Value key = emitOperand(site.key, dims.key(), keyPerm);
  Value value = emitOperand(site.value, dims.value(), valuePerm);
  Value mask = emitMask(), bias = emitBias();

  // The result in the order in which the contraction had it, if it can be.
  Value old = site.values->getResult(0);
  SmallVector<Digits> resultDims = dims.result();
  SmallVector<Digits> oldDims = piecesOf(cuts, site.result);
  SmallVector<int64_t> order;
  if (auto found = Arranger::order(oldDims, resultDims))
    order = *found;
  else
    order = llvm::to_vector(llvm::seq<int64_t>(0, resultDims.size()));
  SmallVector<Digits> ordered;
  SmallVector<int64_t> resultPerm(order.size());
  for (auto [position, dim] : llvm::enumerate(order)) {
    ordered.push_back(resultDims[dim]);
    resultPerm[dim] = position;
  }
  Value init = arranger.empty(ordered, elementType);
  auto op = AttentionOp::create(b, loc, query, key, value, mask, bias, init,
                                site.scale);
  auto setPerm = [&](ArrayRef<int64_t> perm, auto setter) {
    if (!llvm::is_sorted(perm))
      setter(perm);
  };
  setPerm(queryPerm, [&](auto perm) { op.setQueryPerm(perm); });
  setPerm(keyPerm, [&](auto perm) { op.setKeyPerm(perm); });
  setPerm(valuePerm, [&](auto perm) { op.setValuePerm(perm); });
  setPerm(resultPerm, [&](auto perm) { op.setResultPerm(perm); });

  auto oldType = cast<RankedTensorType>(old.getType());
  Value result = arranger.restore(op->getResult(0), ordered, oldDims,
                                  oldType.clone(elementType));
  b.replaceAllUsesWith(old, converted(result, oldType.getElementType()));
  return op;
}

AttentionOp hdp::raise::rewriteSite(IRRewriter &rewriter, Expr &expr,
                                    Site &site, Refusal &refusal) {
  return SiteWriter(rewriter, expr, site, refusal).write();
}
