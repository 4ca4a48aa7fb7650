//===- RaiseRewrite.cpp - a matched site becomes hdp.attention ------------===//
//
// Operands are the tensors found behind all moves of data. Bias and mask, when
// they are more than a tensor, are computed by one generic op from the tensors
// that their formulas load.
//
//===----------------------------------------------------------------------===//

#include "RaiseRewrite.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>
#include <functional>
#include <limits>

using namespace mlir;
using namespace hdp;
using namespace hdp::raise;

namespace {

/// Formula to IR inside a generic's body.
using Leaves = llvm::SetVector<Node *>;

class SiteWriter {
public:
  SiteWriter(IRRewriter &rewriter, Expr &expr, Site &site, Refusal &refusal)
      : b(rewriter), expr(expr), site(site), refusal(refusal),
        loc(site.values.getLoc()), arranger(b, loc, cuts) {}

  AttentionOp write();

private:
  bool plan();
  bool checkTypes();
  bool collectLeaves(Node *node, Leaves &leaves);
  std::optional<unsigned> dimensionOf(Node *index);
  Value emitOperand(Node *load, ArrayRef<Digits> wanted,
                    SmallVectorImpl<int64_t> &perm);
  Value emitFormula(
      Type elementType, const Leaves &leaves,
      llvm::function_ref<Value(OpBuilder &, llvm::function_ref<Value(Node *)>)>
          body);
  Value emitMask();
  Value emitBias();
  double chooseLow(const MaskTerm &mask) const;
  Value converted(Value value, Type elementType);

  IRRewriter &b;
  Expr &expr;
  Site &site;
  Refusal &refusal;
  Location loc;
  Cuts cuts;
  Dims dims;
  Arranger arranger;
  Leaves maskLeaves, biasLeaves;
  SmallVector<MaskTerm> hard, soft;
  Type elementType;
};

} // namespace

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

/// The dimension of the scores that an index formula runs over.
std::optional<unsigned> SiteWriter::dimensionOf(Node *index) {
  SmallVector<Digits> scores = dims.scores();
  Digits pieces = cuts.pieces(index->index);
  for (auto [dim, digits] : llvm::enumerate(scores))
    if (!digits.empty() && digits == pieces)
      return dim;
  return std::nullopt;
}

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

Value SiteWriter::emitFormula(
    Type type, const Leaves &leaves,
    llvm::function_ref<Value(OpBuilder &, llvm::function_ref<Value(Node *)>)>
        body) {
  SmallVector<Digits> scores = dims.scores();
  unsigned rank = scores.size();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  llvm::SmallBitVector present(rank), none(rank);
  present.set(rank - 1);
  SmallVector<Node *> loads;
  for (Node *leaf : leaves) {
    if (leaf->kind == NodeKind::Index) {
      if (std::optional<unsigned> dim = dimensionOf(leaf))
        present.set(*dim);
      continue;
    }
    loads.push_back(leaf);
    Value input = arranger.arrange(leaf, scores, none, nullptr);
    auto shape = cast<RankedTensorType>(input.getType()).getShape();
    SmallVector<AffineExpr> exprs;
    for (unsigned dim = 0; dim < rank; ++dim) {
      bool has = !scores[dim].empty() && shape[dim] != 1;
      exprs.push_back(has ? b.getAffineDimExpr(dim)
                          : b.getAffineConstantExpr(0));
      if (has)
        present.set(dim);
    }
    inputs.push_back(input);
    maps.push_back(AffineMap::get(rank, 0, exprs, b.getContext()));
  }
  SmallVector<Digits> output(scores);
  for (unsigned dim = 0; dim < rank; ++dim)
    if (!present.test(dim))
      output[dim].clear();
  Value init = arranger.empty(output, type);
  maps.push_back(b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, init.getType(), inputs, init, maps, iterators,
             [&](OpBuilder &nested, Location where, ValueRange args) {
               DenseMap<Node *, Value> values;
               for (auto [leaf, arg] : llvm::zip(loads, args))
                 values[leaf] = arg;
               std::function<Value(Node *)> read = [&](Node *node) {
                 Value &known = values[node];
                 if (known)
                   return known;
                 Value result;
                 if (node->kind == NodeKind::Const) {
                   result = arith::ConstantOp::create(
                       nested, where, cast<TypedAttr>(node->attr));
                 } else if (node->kind == NodeKind::Scalar) {
                   result = node->value;
                 } else if (node->kind == NodeKind::Index) {
                   std::optional<unsigned> dim = dimensionOf(node);
                   result =
                       dim ? linalg::IndexOp::create(nested, where, *dim)
                                 .getResult()
                           : arith::ConstantIndexOp::create(nested, where, 0)
                                 .getResult();
                 } else {
                   IRMapping mapping;
                   for (auto [operand, kid] :
                        llvm::zip_equal(node->op->getOperands(), node->kids))
                     mapping.map(operand, read(kid));
                   result = nested.clone(*node->op, mapping)->getResult(0);
                 }
                 values[node] = result;
                 return result;
               };
               linalg::YieldOp::create(nested, where, body(nested, read));
             })
      .getResult(0);
}

Value SiteWriter::emitMask() {
  if (hard.empty())
    return {};
  llvm::SmallBitVector full(dims.scores().size());
  full.set(full.size() - 1);
  if (hard.size() == 1 && hard[0].keepWhen &&
      hard[0].condition->kind == NodeKind::Load)
    return arranger.arrange(hard[0].condition, dims.scores(), full, nullptr);
  return emitFormula(
      b.getI1Type(), maskLeaves,
      [&](OpBuilder &nested, llvm::function_ref<Value(Node *)> read) {
        Value all;
        for (const MaskTerm &mask : hard) {
          Value keep = read(mask.condition);
          if (!mask.keepWhen) {
            Value yes = arith::ConstantIntOp::create(nested, loc, 1, 1);
            keep = arith::XOrIOp::create(nested, loc, keep, yes);
          }
          all = all ? arith::AndIOp::create(nested, loc, all, keep).getResult()
                    : keep;
        }
        return all;
      });
}

/// A selected number replaces the score, and added to the score it has to
/// leave nothing of it: a row that is the number throughout is uniform. Among
/// several numbers a row has only the largest that it holds.
double SiteWriter::chooseLow(const MaskTerm &mask) const {
  constexpr double lowest = -std::numeric_limits<float>::max();
  if (std::isinf(mask.otherwise))
    return mask.otherwise;
  // Beside biases, which may be as low, it keeps its value.
  if (!site.biases.empty())
    return std::max(mask.otherwise, lowest);
  double factor = 1.0;
  SmallVector<double> below;
  for (const MaskTerm &other : soft)
    if (!std::isinf(other.otherwise) && other.otherwise < mask.otherwise &&
        !llvm::is_contained(below, other.otherwise))
      below.push_back(other.otherwise);
  for (size_t i = 0; i < below.size(); ++i)
    factor /= 256;
  return lowest * factor;
}

Value SiteWriter::emitBias() {
  if (site.biases.empty() && soft.empty())
    return {};
  llvm::SmallBitVector full(dims.scores().size());
  full.set(full.size() - 1);
  if (soft.empty() && !site.floor && site.biases.size() == 1 &&
      site.biases[0].factor == 1.0 &&
      site.biases[0].value->kind == NodeKind::Load &&
      !site.biases[0].value->type.isF64())
    return arranger.arrange(site.biases[0].value, dims.scores(), full, nullptr);
  FloatType f32 = b.getF32Type();
  return emitFormula(
      f32, biasLeaves,
      [&](OpBuilder &nested, llvm::function_ref<Value(Node *)> read) {
        auto constant = [&](double value) -> Value {
          return arith::ConstantOp::create(nested, loc,
                                           nested.getF32FloatAttr(value));
        };
        Value sum;
        auto add = [&](const BiasTerm &bias) {
          Value term = read(bias.value);
          unsigned width = term.getType().getIntOrFloatBitWidth();
          if (width < 32)
            term = arith::ExtFOp::create(nested, loc, f32, term);
          else if (width > 32)
            term = arith::TruncFOp::create(nested, loc, f32, term);
          if (bias.factor != 1.0)
            term =
                arith::MulFOp::create(nested, loc, term, constant(bias.factor));
          sum = sum ? arith::AddFOp::create(nested, loc, sum, term).getResult()
                    : term;
        };
        auto select = [&](const MaskTerm &mask) {
          Value low = constant(chooseLow(mask)), keep = read(mask.condition);
          if (!sum)
            sum = constant(0.0);
          sum = arith::SelectOp::create(nested, loc, keep,
                                        mask.keepWhen ? sum : low,
                                        mask.keepWhen ? low : sum);
        };
        auto cutOff = [&] {
          sum = arith::MaximumFOp::create(
              nested, loc, sum ? sum : constant(0.0), constant(*site.floor));
        };
        // From the scores to the softmax. A cut-off is between biases and
        // masks: those inside of masks come first anyway.
        ArrayRef<BiasTerm> biases = site.biases;
        ArrayRef<MaskTerm> masks = soft;
        while (!biases.empty() || !masks.empty()) {
          bool isBias =
              masks.empty() ||
              (!biases.empty() &&
               (site.floor || biases.back().order > masks.back().order));
          if (isBias) {
            add(biases.back());
            biases = biases.drop_back();
            continue;
          }
          if (site.floor && masks.size() == soft.size())
            cutOff();
          select(masks.back());
          masks = masks.drop_back();
        }
        if (site.floor && soft.empty())
          cutOff();
        return sum;
      });
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
