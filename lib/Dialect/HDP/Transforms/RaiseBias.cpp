//===- RaiseBias.cpp - masks and biases that are formulas -----------------===//
//
// One generic op computes a mask or a bias from the tensors that its formula
// loads, over the dimensions of the scores that it depends on.
//
//===----------------------------------------------------------------------===//

#include "SiteWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <functional>
#include <limits>

using namespace mlir;
using namespace hdp;
using namespace hdp::raise;

/// The dimension of the scores that an index formula runs over.
std::optional<unsigned> SiteWriter::dimensionOf(Node *index) {
  SmallVector<Digits> scores = dims.scores();
  Digits pieces = cuts.pieces(index->index);
  for (auto [dim, digits] : llvm::enumerate(scores))
    if (!digits.empty() && digits == pieces)
      return dim;
  return std::nullopt;
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
